"""Finds price changes in percent: percentages, fractions, multiples, "goes to zero"."""

import re
from collections.abc import Iterator
from decimal import Decimal

from engine.assistant.recognise.direction import direction
from engine.assistant.recognise.mention import Mention
from engine.assistant.recognise.multiples import multiples, ratios
from engine.assistant.recognise.numbers import (
    DIGITS,
    PARTS,
    SPELT,
    UNITS,
    digits_number,
    number,
    part,
)

PERCENT_SIGN = (
    r"(?:%|percents?\b|per\s?cents?\b|pct\b|pc\b|prc\b|procent\b|perc\b|precent\b|percnet\b)"
)
_PART = (
    r"(?P<part>\s+(?:(?:and|n|&)\s+)?"
    r"(?:an?\s+half|half|a\s+quarter|three\s+quarters?|1/2|1/4|3/4))?"
)
_PERCENT = re.compile(
    rf"(?:(?P<sign>[-+−–])\s?)?(?:(?P<digits>{DIGITS})|\b(?P<spelt>{SPELT}))"
    rf"{_PART}\s?{PERCENT_SIGN}",
    re.I,
)
# "6 apr", "five and a half p.a.": a rate without its sign
_RATE_OF = re.compile(
    rf"(?<![\w$€£.,])(?:(?P<digits>{DIGITS})|(?P<spelt>{SPELT})\b){_PART}"
    r"\s?(?:(?P<april>apr)(?!\s+\d)|apy|p\.\s?a\.?|pa|per\s+annum)(?!\w)|"
    rf"\bapr\s+(?P<after>\d{{1,3}}(?:\.\d+)?)(?![\w.,]*\d|\w|\s?{PERCENT_SIGN}|\s+\d)",
    re.I,
)
_SINCE = re.compile(r"\b(?:since|on|until|till|before|after|in|last|this)\s+$", re.I)
_INTEREST = re.compile(
    r"\b(?:apy|compound\w*|effective|yields?|interest|rates?|staking|hourly|daily|"
    r"weekly|monthly|quarterly|continuous\w*|every|each|paid|pays|credit\w*)\b",
    re.I,
)
_LARGEST_RATE = 1000
# "the rate is six and a half", "an APR of 5"
_RATE_IS = re.compile(
    r"\b(?:rate|apr|apy|yield|interest)s?\s*(?:(?:is|was|be|of|to|at|makes?|becomes?)\b|[:=])\s*"
    r"(?:(?:actually|really|about|around|only|now|more like|roughly)\s+)*"
    rf"(?:(?P<digits>{DIGITS})|\b(?P<spelt>{SPELT})\b)"
    rf"{_PART}"
    rf"(?![\w.,/]*\d|\w)(?!\s?(?:{PERCENT_SIGN}|[-/x×$€£]|(?:k|m|st|nd|rd|th|times|usd|eur|gbp|"
    r"dollars?|bucks|euros?|pounds?|quid|grand|thousand|hundred|million|lakhs?|crores?|days?|weeks?|"
    r"months?|years?|yrs?|hours?|points?|basis|bps)\b))",
    re.I,
)
_BEFORE_PART = re.compile(
    rf"(?:\d|\b(?:{SPELT}|(?:year|month|week|day)s?))\s+(?:and|n|&)\s+$", re.I
)
_LARGEST = Decimal(10) ** 12  # a larger change is a mistake
_PART_OF_ONE = re.compile(
    rf"\b(?:(half)|(?:a )?(quarter) of|three[ -](quarters) of) (?:an?|one) ?{PERCENT_SIGN}|"
    rf"(?P<basis>{DIGITS})\s?(?:basis points?|bps)\b",
    re.I,
)
_NAMES = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6,
          "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "twentieth": 20,
          "hundredth": 100}  # fmt: skip
_COUNTS = {"a": 1, "an": 1} | {word: n for word, n in UNITS.items() if 0 < n < 20}
_NO_SHARE = (
    r"(?!\s+(?:of\s+)?(?:an?\s+|the\s+)?(?:years?|months?|days?|hours?|weeks?|decades?|century|"
    r"million|grand|thousand|hundred|dollars?|bucks?|euros?|pounds?|party|parties|time|one|coin|"
    r"percent|per cent|%))"
)
_FRACTION = re.compile(
    rf"(?<![\w/.,])(?:(?P<count>{'|'.join(_COUNTS)}|[2-9])[\s-](?P<name>{'|'.join(_NAMES)})s?|"
    rf"(?P<top>\d)/(?P<bottom>\d\d?)|(?P<half>half))(?![\w/%]|\s?%){_NO_SHARE}",
    re.I,
)
_TIME_BEFORE = re.compile(
    r"\b(?:over|in|for|during|within|per|every|each|last|past|this|next)\s+(?:the\s+)?$", re.I
)
# "to a quarter of today's price", "a tenth of its value left": what remains, not what goes.
_OF_WHOLE = re.compile(
    r"\s+(?:of\s+(?=(?:price|value|worth)\b)|(?:of\s+)?(?:its|their|the|today'?s|what|current|present|my|that|this|"
    r"where)\b)"
    r"(?:\s+(?:current|present|old|former|original|whole|full))*"
    r"(?:\s*\b(?:price|value|worth|level|cost|size|it is(?: now| today)?|it was|i have|left))*",
    re.I,
)
_TO = re.compile(
    r"\bto\s+(?:(?:just|only|about|around|roughly|barely|under|some|a mere)\s+)?$", re.I
)
_WORTH = re.compile(
    r"\b(?:worth|at|for|with|keeps?|leaves?(?: me)?|only|just|barely|becomes?|is|be)\s+"
    r"(?:(?:just|only|about|around|roughly|barely|a mere)\s+)*$",
    re.I,
)
_LEFT = re.compile(r"[\w\s']{0,30}?\b(?:left|remain\w*)\b", re.I)
_GONE = (
    r"\b(?:goes?|goin[g']?|went|dropp?e?d?s?|falls?|crash(?:es|ed)?|dump(?:s|ed)?)\s+(?:down\s+)?to\s+"
    r"(?:zero|0|nothing)\b(?![.,]?\d)|\bto (?:zero|0|nothing)\b(?![.,]?\d)|"
    r"\bwiped? out\b|\bworthless\b|\bworth (?:nothing|zero)\b|\bgoes to the ground\b|"
    r"\b(?:goes|going|went|go) (?:bust|belly[ -]up)\b|"
    r"\blos(?:es?|t|ing) (?:all|everything|all of its value|its entire value)\b"
)
_VERBS = {
    r"\bdoubl(?:e[sd]?|ing)\b(?![ -](?:check|click|spen|digit|count|entry|top|bottom|edged))": 100,
    r"\b(?:tripl|trebl)(?:e[sd]?|ing)\b": 200,
    r"\bquadrupl(?:e[sd]?|ing)\b": 300,
    r"\bquintupl(?:e[sd]?|ing)\b": 400,
    r"\bhalv(?:e[sd]?|ing)\b|\bin half\b|\bdivided by two\b": -50,
    r"\b(?:cut|chop\w*|slic\w+|split\w*|snap\w*|brok\w*|break\w*|sawn|torn) in two\b": -50,
    r"\bquartered\b": -75,
}


def find_percents(text: str) -> list[Mention]:
    """Price changes in percent ("2x" = 100, "loses a third" = −33.33, "to a third" = −66.67)."""
    found = [*_percentages(text), *_fractions(text), *multiples(text), *ratios(text)]
    for pattern, value in _VERBS.items():
        found += [
            Mention("percent", Decimal(value), m.start(), m.end(), True)
            for m in re.finditer(pattern, text, re.I)
        ]
    if not any(m.signed for m in found):  # "a third gets wiped out" is no total loss
        found += [
            Mention("percent", Decimal(-100), m.start(), m.end(), True)
            for m in re.finditer(_GONE, text, re.I)
        ]
    return [m for m in found if isinstance(m.value, Decimal) and abs(m.value) <= _LARGEST]


def _percentages(text: str) -> Iterator[Mention]:
    for match in _PERCENT.finditer(text):
        value = _with_part(match)
        rest = _rest(text, match)
        if rest:
            yield Mention("percent", value - 100, match.start(), rest, True)
            continue
        sign = match["sign"] or ""
        explicit = sign in ("-", "−", "–") and not text[: match.start()].rstrip()[-1:].isdigit()
        way = -1 if explicit else 1 if sign == "+" else direction(text, match.start(), match.end())
        signed = -value if way < 0 else value
        yield Mention("percent", signed, match.start(), match.end(), way != 0)
    for match in _RATE_IS.finditer(text):
        rate = _with_part(match)
        if rate < 100:
            start = match.start("digits") if match["digits"] else match.start("spelt")
            yield Mention("percent", rate, start, match.end())
    for match in _RATE_OF.finditer(text):
        rate = Decimal(match["after"]) if match["after"] else _with_part(match)
        before, after = text[: match.start()], text[match.end() :]
        a_day = (match["april"] or match["after"]) and (
            _SINCE.search(before) or not _INTEREST.search(f"{before}|{after}")
        )
        if rate <= _LARGEST_RATE and not a_day:
            yield Mention("percent", rate, match.start(), match.end())
    for match in _PART_OF_ONE.finditer(text):
        word = next((group for group in match.groups()[:3] if group), None)
        value = PARTS[word.lower()] if word else digits_number(match["basis"]) / 100
        way = direction(text, match.start(), match.end())
        yield Mention("percent", -value if way < 0 else value, *match.span(), way != 0)
    for match in re.finditer(
        rf"\b(?P<digits>{DIGITS}|{SPELT})\s+(?:off|out of|in|from|of) every (?:hundred|100)\b",
        text,
        re.I,
    ):
        digits = match["digits"]
        value = number(digits, None) if digits[0].isdigit() else number(None, digits)
        way = direction(text, match.start(), match.end())
        down = way < 0 or " off " in match[0].lower()
        yield Mention("percent", -value if down else value, *match.span(), down or way != 0)


def _with_part(match: re.Match[str]) -> Decimal:
    """ "five and a quarter" as a number."""
    return number(match["digits"], match["spelt"]) + part(match["part"])


def _rest(text: str, match: re.Match[str]) -> int:
    """The end of "40 % of its value" if it says what is left after the change, else 0."""
    before, whole = text[: match.start()], _OF_WHOLE.match(text, match.end())
    left = _LEFT.match(text, match.end())
    if whole and (
        _TO.search(before) or (_WORTH.search(before) and not _TIME_BEFORE.search(before))
    ):
        return whole.end()
    if left and re.search(r"\b(?:with|only|just|barely|has|have|leaves?|to)\b", before, re.I):
        return left.end()
    return 0


def _fractions(text: str) -> Iterator[Mention]:
    for match in _FRACTION.finditer(text):
        share = _share(match)
        before = text[: match.start()]
        if share is None or _TIME_BEFORE.search(before) or _BEFORE_PART.search(before):
            continue
        rest = _rest(text, match)
        way = direction(text, match.start(), match.end())
        if not rest and ((way < 0 and _TO.search(before)) or re.search(r"\bworth\s+$", before)):
            rest = match.end()  # "falls to a third", "is worth half"
        if rest:
            yield Mention("percent", share - 100, match.start(), rest, True)
        elif way:
            yield Mention("percent", share * way, match.start(), match.end(), True)


def _share(match: re.Match[str]) -> Decimal | None:
    """A fraction as a percentage of two decimals, if it is less than one."""
    if match["half"]:
        return Decimal(50)
    if match["count"]:
        top, bottom = _count(match["count"]), _NAMES[match["name"].lower()]
    else:
        top, bottom = int(match["top"]), int(match["bottom"])
    if not 0 < top < bottom:
        return None
    share = (Decimal(100 * top) / bottom).quantize(Decimal("0.01"))
    return share.quantize(Decimal(1)) if share == int(share) else share


def _count(said: str) -> int:
    return int(said) if said.isdigit() else _COUNTS[said.lower()]
