"""Writes out what people abbreviate or mistype in words too short to be corrected by likeness."""

import re

_WORDS = {
    "the": "teh hte", "this": "ths thsi tihs", "that": "tht taht", "about": "abt abut",
    "year": "yr", "years": "yrs", "month": "mnth mth mnt", "months": "mnths mths mnts",
    "week": "wk", "weeks": "wks", "weekend": "wknd wkend", "today": "2day tdy",
    "tomorrow": "2morrow 2moro 2mrw", "tonight": "2nite 2night", "next": "nxt",
    "last": "lst", "before": "b4", "since": "snc sinse", "from": "frm", "between": "btwn btw'n",
    "percent": "prcnt prcent pcnt prct", "half": "haf hlf hafl", "third": "thrd",
    "quarter": "qrtr qrter", "double": "dbl", "above": "abv", "below": "blw", "drops": "drps",
    "drop": "drp", "should": "shd shud", "bucks": "buks bux", "fortnight": "fornight fortnite",
    "realise": "relaise", "daily": "dialy daly", "solana": "slona", "zero": "zreo zeor",
}  # fmt: skip
_MEANT = {short: word for word, shorts in _WORDS.items() for short in shorts.split()}
_SHORT = re.compile(
    rf"(?<![\w$@.'-])(?:{'|'.join(sorted(_MEANT, key=len, reverse=True))})(?![\w@'-]|\.\w)", re.I
)
# "convert my apr 2 apy", "how much 2 sell", "alert 4 my eth": the sound of a word.
_TO = re.compile(
    r"(?<=[a-z]\s)2(?=\s+(?:apy|apr|know|see|buy|sell|get|do|be|have|check|the|my|zero|nothing|set|"
    r"make|find|a|an|me|you|it|convert|ask|keep|hold|tell|show)\b)",
    re.I,
)
_FOR = re.compile(
    r"(?<=[a-z]\s)4(?=\s+(?:my|the|me|a|an|all|every|each|when|if|this|that)\b)", re.I
)


def written_out(text: str) -> str:
    """The text with texting shorthand as words; a lone word stays, it may be a symbol."""
    if len(text.split()) < 2:
        return text
    text = _SHORT.sub(_meant, text)
    return _FOR.sub("for", _TO.sub("to", text))


def _meant(match: re.Match[str]) -> str:
    said = match.group()
    word = _MEANT[said.lower()]
    return word[0].upper() + word[1:] if said[0].isupper() else word
