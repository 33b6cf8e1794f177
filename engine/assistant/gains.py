"""Whether a question means realised gains, unrealised ones, or does not say."""

import re

_REALISED = re.compile(
    r"\b(?<!un)(?<!un-)(?:reali[sz]ed|relised|realsied|realised|locked[\s-]?in|lock(?:ed)? in|"
    r"closed|sold|(?:did|have|had) i (?:\w+ )?reali[sz]e|"
    r"flogged|offloaded|unloaded|let go of|got rid of|parted with|"
    r"(?:by|from|through|off) (?:\w+ )?(?:selling|flogging|offloading|disposing|"
    r"cashing out)|"
    r"booked|banked|cashed|disposed|pocketed|crystalli[sz]ed|actual(?:ly)? (?:taken|sold)|"
    r"(?:profits? )?taken(?: out| in profits?| profits?)|took profits?|cash(?:ed)? (?:out|in)|"
    r"by selling|when i sold|from (?:my )?sales|already (?:taken|sold|made|booked))\b",
    re.I,
)
_UNREALISED = re.compile(
    r"\b(?:un-?\s?reali[sz]ed|unrelised|unrealsied|paper|open|unsold|u-?pnl|"
    r"mark(?:ed)?[\s-]to[\s-]market|mtm|(?:nothing|none|nowt) (?:\w+ )?sold|"
    r"still on the (?:table|felt)|(?:only )?in my head|floating|still hold(?:ing)?|"
    r"(?:(?:haven|havn|hasn)'?t|(?:have|has) not|not|yet to|never) (?:yet |been |actually )*"
    r"(?:sell|sold|cash(?:ed)?|taken|closed?|flog(?:ged)?|offload(?:ed)?|let go|got rid|"
    r"part(?:ed)? with|unload(?:ed)?|disposed|crystalli[sz]ed?|booked?|banked?|pocket(?:ed)?|"
    r"locked(?: in)?|reali[sz]ed?)(?: of)?|"
    r"(?:still|am|im|i'm|are|we're) (?:sat|sitting|sittin) on|theoretical|"
    r"if i (?:let go|got rid|flogged|offloaded|unloaded)(?: of)?|"
    r"would(?! you\b)|if i (?:sold|closed|cashed)|"
    r"before selling)\b",
    re.I,
)
_WITHOUT = re.compile(
    r"\b(?:without|excluding|ignoring|leav(?:e|ing) out|not|apart from|except(?: for)?|forget)\s+"
    r"(?:(?:counting|including|the|my|any|anything|what|all|of|i've|ive|i|have|about)\s+)*$",
    re.I,
)


def which_gains(text: str) -> tuple[str, ...]:
    """ "realised" or "unrealised", if one of them is meant; "not the open ones" are the others."""
    kinds = set()
    for pattern, kind, other in (
        (_UNREALISED, "unrealised", "realised"),
        (_REALISED, "realised", "unrealised"),
    ):
        for match in pattern.finditer(text):
            kinds.add(other if _WITHOUT.search(text[: match.start()]) else kind)
        text = pattern.sub(" ", text)
    return tuple(kinds) if len(kinds) == 1 else ()
