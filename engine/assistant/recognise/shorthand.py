"""Writes out what people abbreviate or mistype in words too short to be corrected by likeness."""

import re
from decimal import Decimal

from engine.assistant.recognise.numbers import UNITS
from engine.core.words import capitalised

_WORDS = {
    "the": "teh hte", "this": "ths thsi tihs", "that": "tht taht", "about": "abt abut",
    "year": "yr", "years": "yrs", "month": "mnth mth mnt", "months": "mnths mths mnts",
    "week": "wk", "weeks": "wks", "weekend": "wknd wkend", "today": "2day tdy",
    "tomorrow": "2morrow 2moro 2mrw", "tonight": "2nite 2night", "next": "nxt",
    "last": "lst", "before": "b4", "since": "snc sinse", "from": "frm", "between": "btwn btw'n",
    "percent": "prcnt prcent pcnt prct", "half": "haf hlf hafl hauf", "third": "thrd",
    "quarter": "qrtr qrter", "double": "dbl", "above": "abv", "below": "blw ablow",
    "under": "uder undr udner", "drops": "drps",
    "drop": "drp", "should": "shd shud", "bucks": "buks bux", "fortnight": "fornight fortnite",
    "realise": "relaise", "daily": "dialy daly", "solana": "slona", "zero": "zreo zeor",
    "hundred": "hunner hunnert hunnerd hunderd", "thousand": "thoosan thoosand thousan",
    "two": "twa", "four": "fower", "twenty": "twinty", "percents": "procents",
    "sorry": "sory srry", "meant": "ment",
    "winning": "wining", "profit": "prift proift prfit", "which": "wich whch wihch whihc wotch",
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
# "a hundred an twenty", "three an a half": the sound of "and".
_AND = re.compile(
    r"(?<=[a-z\d])\s+an'?(?=\s+(?:an?\s+half|half\b|a\s+quarter|three\s+quarters?\b))|"
    rf"(?:(?<=hundred)|(?<=thousand))\s+an'?(?=\s+(?:{'|'.join(UNITS)})\b)",
    re.I,
)
# "lower then 80,000"
_THAN = re.compile(
    r"(?<=\b)(lower|less|more|higher|greater|cheaper|dearer|bigger|smaller|better|worse)\s+then"
    r"(?=\s+(?:[$€£\d]|an?\b|the\b))",
    re.I,
)
_FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75", "⅛": "0.125", "⅜": "0.375", "⅝": "0.625",
              "⅞": "0.875"}  # fmt: skip
_FRACTION = re.compile(rf"(?<![\w.,])(?P<whole>\d*)\s?(?P<part>[{''.join(_FRACTIONS)}])")
_LONE = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8"}
_DIGITS = {"zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
           "six": "6", "seven": "7", "eight": "8", "nine": "9"}  # fmt: skip
_POINT = re.compile(
    rf"(?<![\w.,])(?P<whole>\d+)\s+point\s+(?P<rest>\d{{1,3}}\b|(?:{'|'.join(_DIGITS)})\b)", re.I
)
# "2 and a half grand"
_HALVES = re.compile(
    r"(?<=\d)(?<![.,]\d)(?<![.,]\d\d)(?<![.,]\d\d\d)\s+(?:and|n|&)\s+a\s+half(?=\s?(?:k|m|grand|thousand|"
    r"thou|million|mil|billion|lakhs?|crores?)\b)",
    re.I,
)
_YEARLY = re.compile(r"(?<=[\d%a-z])\s?\bp\.\s?a\.(?!\w)", re.I)  # no end of a sentence
_DOZEN = re.compile(
    r"\b(?:(?P<half>half\s+an?\s+)|(?P<baker>an?\s+baker'?s\s+)|(?P<two>two\s+)|"
    r"(?P<three>three\s+)|(?:an?|one)\s+)dozen\b",
    re.I,
)
_DOZENS = {"half": "6", "baker": "13", "two": "24", "three": "36"}


def written_out(text: str) -> str:
    """The text with texting shorthand as words; a lone word stays, it may be a symbol.

    Numbers become plain ones: "4¼" 4.25, "18 point 4" 18.4, "a baker's dozen" 13.
    """
    text = _FRACTION.sub(_decimal, text)
    if len(text.split()) < 2:
        return text
    text = _AND.sub(" and", _SHORT.sub(_meant, text))
    text = _THAN.sub(r"\1 than", text)
    text = _YEARLY.sub(" per annum", text)
    text = _HALVES.sub(".5", text)
    text = _POINT.sub(lambda m: f"{m['whole']}.{_DIGITS.get(m['rest'].lower(), m['rest'])}", text)
    text = _DOZEN.sub(lambda m: _DOZENS.get(m.lastgroup or "", "12"), text)
    return _FOR.sub("for", _TO.sub("to", text))


def _decimal(match: re.Match[str]) -> str:
    whole, part = match["whole"], match["part"]
    return f"{int(whole) + Decimal(_FRACTIONS[part])}" if whole else _LONE[part]


def _meant(match: re.Match[str]) -> str:
    said = match.group()
    if len(said) > 1 and said.isupper():
        return said  # a symbol
    word = _MEANT[said.lower()]
    return capitalised(word) if said[0].isupper() else word
