"""Which way the words around a number say a price moves."""

import re

_DOWN = re.compile(
    r"\b(?:drop\w*|drap(?:s|ped)?|fall\w*|fell|los\w+|crash\w*|dump\w*|tank\w*|down(?:wards?)?|declin\w*|dip\w*|sink\w*|"
    r"sank|plung\w*|slump\w*|decreas\w*|bleed\w*|nuk\w*|shed\w*|cuts?|lower|correct\w*|collaps\w*|"
    r"plummet\w*|minus|negative|tumbl\w*|slid\w*|slip(?:s|ped|ping)?|depeg\w*|sag(?:s|ged|ging)?|skid\w*|haircut|depreciat\w*|underperform\w*|weaken\w*|"
    r"cheaper|giv\w+ way|buckl\w*|"
    r"rugs?|rugged|evaporat\w*|vanish\w*|rekt|wip(?:ed?|es|ing)|retrac\w*|pull\w*\s?back|"
    r"drawdown|red|shav\w*|giv\w+ (?:up|back)|drp|flush\w*|dives?|dived|dove|nosediv\w*|melts?|"
    r"knock\w*|chop\w*|slic\w*|slash\w*|trim\w*|erod\w*|crater\w*|implod\w*|shrink\w*|shrank|"
    r"vapori[sz]\w*|disappear\w*|(?:(?:go|goes|going|went|gone) )?up in (?:smoke|flames)|"
    r"(?:go|goes|going|went|gone|head\w*) south|(?<!better )(?<!well )off)\b|↓",
    re.I,
)
_UP = re.compile(
    r"\b(?:ris\w+|rose|raises?|raised|gain\w*|pump\w*|moon\w*|up(?:wards?)?|increas\w*|rall(?:y|ies|ied)|climb\w*|jump\w*|"
    r"grow\w*|grew|outperform\w*|strengthen\w*|surg\w*|soar\w*|higher|plus|add\w*|appreciat\w*|"
    r"rip|rips|ripped|spik\w*|rocket\w*|skyrocket\w*|green|leap\w*|rebound\w*|bounc\w*|fl(?:y\w*|ies|ew)|dearer|"
    r"explod\w*|recover\w*|tack\w* on|balloon\w*)\b|↑",
    re.I,
)
# Here "loss" and "drop" are part of a name, not a direction.
_TERMS = re.compile(
    r"\b(?:im?perm\w*|imp\.?|divergence|permanent) (?:loss|los)\b|\bdivergence\b|"
    r"\bair\s?drop\w*",
    re.I,
)
_CLAUSE = re.compile(r"\b(?:if|when|whenever|should|suppose|assuming|imagine|after|once)\b", re.I)
_REACH = 60  # characters
_SEEN = 250  # … around a number that are looked at


def direction(text: str, start: int, end: int) -> int:
    """−1, +1 or 0: the way the words nearest to text[start:end] say a price moves."""
    first = max(0, start - _SEEN)
    text, start, end = text[first : end + _SEEN], start - first, end - first
    text = _TERMS.sub(_blank, text)
    clause = list(_CLAUSE.finditer(text, 0, start))
    if clause:  # "how much do I lose if it gains 5 %": the direction stands after "if"
        text = "_" * clause[-1].end() + text[clause[-1].end() :]
    nearest, sign = _REACH, 0
    for pattern, value in ((_DOWN, -1), (_UP, 1)):
        for match in pattern.finditer(text):
            gap = start - match.end() if match.end() <= start else (match.start() - end) * 2 + 1
            if 0 <= gap < nearest:
                nearest, sign = gap, value
        text = pattern.sub(_blank, text)  # "goes up in smoke" does not go up
    return sign


def _blank(match: re.Match[str]) -> str:
    return "_" * len(match[0])
