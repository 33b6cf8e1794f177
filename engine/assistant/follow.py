"""What a follow-up takes from the call before: the gaps that a text leaning on it leaves."""

import re
from decimal import Decimal

from engine.assistant.amend import ALL, EVERY_ACCOUNT, EVERYTHING, SAME_TIME
from engine.assistant.recognise import Recognised
from engine.assistant.relative import Previous, relative
from engine.assistant.tools.base import Param, Tool

__all__ = ["ALL", "Previous", "inherited", "is_follow_up", "partners", "relative"]

Value = str | Decimal

_CUE = re.compile(
    r"^\W*(?:and|also|(?:roll|go|step|wind) (?:it )?back|what ab(?:ou)?t|how ab(?:ou)?t|same|"
    r"ok(?:ay)?|now|then|but|only|just|or|no|hmm|"
    r"what if the (?:rate|apr|amount|deposit)|"
    r"instead|again|make (?:it|that)|sorry|oops|whoops|i meant?|plus|"
    r"wbu|nd|n|versus|vs|swap|"
    r"zoom|start with|try|say|with|for|over|not (?:just|only)|exactly|double|triple|half|twice)\b",
    re.I,
)
# Anywhere in a short text.
_CUE_WITHIN = re.compile(
    r"\b(?:as well|too|instead|then|swap|zoom|make (?:it|that)|versus|vs|i meant|my mistake|"
    r"nothing else|"
    r"the other way|though|tho|the rest|the whole (?:portfolio|market|lot)|all together)\b",
    re.I,
)
# Only where a short text begins, and where it compares with what was asked about.
_SHORT_CUE = re.compile(
    r"^\W*(?:hm|nah|nope|aye|an(?=\s+(?:the|if|what|how|for|in)\b)|"
    r"(?:(?:just|only)\s+)?the\s+\w+\s+ones\b)|"
    r"^\W*(?:do|does|is|was|did|has)\b.*\b(?:less|more|better|worse|calmer|wilder)\W*$",
    re.I,
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|it's|that|them|those|these|same|there|this one|the other|a single one|"
    r"one of (?:them|those)|each one|apiece|the ride|along the way|on the way|the way)\b",
    re.I,
)
_MEANWHILE = re.compile(
    r"\b(?:same|that|then|there|the ride|along the way|on the way|in between|meanwhile)\b", re.I
)
# A question of its own: these words begin one, and that many words make one.
_OWN = re.compile(
    r"^\W*(?:what|how|which|when|where|who|show|list|give|tell|did|do|does|is|are|am|was|were|"
    r"have|has|can|could|my(?!\s+(?:whole|entire|portfolio))|total|net)\b",
    re.I,
)
_ADDS = re.compile(r"^\W*(?:what|how) ab(?:ou)?t\b|^\W*(?:what|how) if\b", re.I)
_NOW = re.compile(
    r"\b(?:today|currently|right now|at the moment)\b|"
    r"^\W*(?:and\s+|but\s+|(?:what|how) about\s+)?now\W*$",
    re.I,
)
_CUE_LENGTH = 10
_POINTING_LENGTH = 14
_SAME_LENGTH = 8
_SHORT = 3


def is_follow_up(text: str) -> bool:
    """Whether a text leans on the turn before."""
    words = len(text.split())
    if _CUE.search(text) or words <= _SHORT:
        return True
    if words <= _CUE_LENGTH and (_CUE_WITHIN.search(text) or _SHORT_CUE.search(text)):
        return True
    return bool(_POINTS_BACK.search(text)) and words <= _POINTING_LENGTH


def inherited(tool: Tool, param: Param, previous: Previous, found: Recognised) -> tuple[Value, ...]:
    """A gap filled from the call before: the same argument, or the coin it was about."""
    text = found.text
    if param.kind == "asset":
        if not param.required and EVERYTHING.search(text):
            return ()
        for name in (param.name, "asset", "asset_a"):
            value = previous.arguments.get(name)
            if value is not None and (value != ALL or tool.name == "what_if"):
                return (value,)
        return ()
    same = previous.arguments.get(param.name)
    if same is None or (param.name == "value" and previous.tool != tool.name):
        return ()
    if param.kind in ("account", "period", "date") and _is_whole(text):
        return ()
    if param.kind == "date" and _NOW.search(text):
        return ()
    if param.kind == "account" and EVERY_ACCOUNT.search(text):
        return ()
    if param.kind == "period" and previous.tool != tool.name and not _same_time(text):
        return ()
    return (same,)


def _is_whole(text: str) -> bool:
    """Whether a text is a question of its own, which takes no place or time from another."""
    asks = _OWN.search(text) and not _ADDS.search(text)
    cues = (_POINTS_BACK, _CUE_WITHIN, _SHORT_CUE)
    return bool(asks) and not any(cue.search(text) for cue in cues)


def _same_time(text: str) -> bool:
    words = len(text.split())
    if _MEANWHILE.search(text) or SAME_TIME.search(text) or words <= _SAME_LENGTH:
        return True
    return words <= _POINTING_LENGTH and bool(re.search(r"\bit\b", text, re.I))


def partners(
    said_a: tuple[Value, ...], said_b: tuple[Value, ...], previous: Previous | None
) -> tuple[Value, ...]:
    """Second assets of a pair: the coin asked about before may complete a single one."""
    said = tuple(dict.fromkeys((*said_a, *said_b)))
    if len(said) >= 2 or previous is None:
        return said
    before = [previous.arguments.get(n) for n in ("asset", "asset_a", "asset_b")]
    others = [b for b in before if isinstance(b, str) and b not in said and b != ALL]
    return (*said, *others[:1])
