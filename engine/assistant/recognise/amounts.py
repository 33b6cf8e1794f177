"""Finds money and plain numbers."""

import re
from collections.abc import Iterator
from decimal import Decimal

from engine.assistant.recognise.mention import Mention
from engine.assistant.recognise.numbers import (
    DIGITS,
    SCALES,
    SPELT,
    UNITS,
    digits_number,
    number,
    price_words,
    spelt_number,
)

_SUFFIX = r"(?:k|m|mn|mil|million|thousand|thou|grand|bn|b|billion|lakhs?|lac|crores?)"
_BEFORE = r"(?:[$€£¥₹]|\b(?:us\$|usd|eur|gbp|chf|cad|aud|inr|rs)(?!\w)\.?)\s?"
_CURRENCY = (
    r"(?:usd|eur|gbp|chf|cad|aud|nzd|inr|jpy|sek|nok|dkk|pln|dollars?|bucks?|euros?|pounds?|quid|"
    r"francs?|rupees?|yen|kron[ae]r?|[$€£¥₹])"
)
_MONEY = re.compile(
    rf"(?P<symbol>{_BEFORE})?(?P<digits>{DIGITS})\s?(?P<suffix>{_SUFFIX})?"
    rf"(?:\s?(?P<unit>{_CURRENCY}))?"
    rf"(?![\w.]*\d)(?!\w)",
    re.I,
)
_SCALE = "|".join(SCALES)
_SPELT_MONEY = re.compile(
    rf"\b(?!milk\b)(?P<spelt>(?:an?\s+(?=(?:{_SCALE})\b))?{SPELT})(?P<k>\s?k)?"
    rf"(?:\s+and\s+(?:a\s+)?(?P<half>half|quarter|three\s+quarters)(?:\s+(?P<scale>{_SCALE}|k))?)?\b"
    rf"(?P<cents>\s+cents?\b)?(?P<unit>\s+(?:{_CURRENCY})(?!\w))?|"
    r"(?P<cent_digits>\d+)(?:\s?(?:cents?|¢)|c\b)",
    re.I,
)
# "3 dollars fifty", "a dollar ten", "a buck"
_PRICE = re.compile(
    rf"(?<![\w.,])(?:(?P<digits>\d+)|(?P<spelt>{SPELT})|(?P<one>an?))\s+"
    r"(?:dollars?|bucks?|euros?|pounds?|quid)\b"
    rf"(?:\s+(?:and\s+)?(?:(?P<cents>\d{{2}})|(?P<words>(?:{'|'.join(UNITS)})(?:[\s-](?:{'|'.join(UNITS)}))?))\b"
    r"(?!\s?(?:%|percent|per cent|times|years?|months?|weeks?|days?|hours?|coins?|[\d.,]+\d))"
    r"(?:\s*(?:cents?|pence|p)\b)?)?"
    r"(?!\s+(?:cost|averag|amount|bill|value|worth|terms|sign|index)\w*)",
    re.I,
)
_SHARE = re.compile(
    r"\b(?P<share>half|(?:a\s+)?quarter|three[\s-]quarters|(?:a\s+)?couple)\s+(?:of\s+)?(?:an?\s+)?"
    rf"(?P<of>dollar|buck|euro|pound|{_SCALE}|k\b)s?\b",
    re.I,
)
_RATIO = re.compile(r"fifty[\s-]fifty|(?:eighty|ninety)[\s-](?:twenty|ten)", re.I)
_LARGEST = Decimal(10) ** 18  # a longer number is no amount of money
_SHARES = {"half": Decimal("0.5"), "quarter": Decimal("0.25"), "quarters": Decimal("0.75"),
           "couple": Decimal(2)}  # fmt: skip


def find_amounts(text: str) -> list[Mention]:
    """Money and plain numbers ("$5,000", "5k", "two grand", "65000").

    `signed` says that a sign, unit or scale leaves no doubt that an amount is meant.
    """
    found = [*_digits(text), *_words(text), *_shares(text), *_prices(text)]
    return [m for m in found if isinstance(m.value, Decimal) and m.value <= _LARGEST]


def _digits(text: str) -> Iterator[Mention]:
    for match in _MONEY.finditer(text):
        before = text[match.start() - 1 : match.start()]
        if before.isalnum() or (before in (".", "-", "/", ":") and not match["symbol"]):
            continue
        if re.match(r"\s?[/-]\s?\d|:\d\d", text[match.end() :]):
            continue  # "50/50", "80-20", "18:30"
        value = _scaled(match["digits"], match["suffix"])
        clear = bool(match["symbol"] or match["suffix"] or match["unit"])
        yield Mention("amount", value, match.start(), match.end(), clear)


def _words(text: str) -> Iterator[Mention]:
    for match in _SPELT_MONEY.finditer(text):
        if _RATIO.fullmatch(match["spelt"] or ""):
            continue
        value, clear = _spelt_money(match)
        if clear or value >= 10 or value != int(value):
            yield Mention("amount", value, match.start(), match.end(), clear)


def _shares(text: str) -> Iterator[Mention]:
    """ "half a million", "a quarter of a million", "a couple of grand"."""
    for match in _SHARE.finditer(text):
        share = _SHARES[re.split(r"[\s-]", match["share"].lower())[-1]]
        unit = match["of"].lower()
        value = share * (1000 if unit == "k" else SCALES.get(unit, 1))
        yield Mention("amount", value, match.start(), match.end(), True)


def _prices(text: str) -> Iterator[Mention]:
    """ "3 dollars fifty", "a dollar ten", "a buck"."""
    for match in _PRICE.finditer(text):
        said, digits = match["words"], match["cents"]
        cents = spelt_number(said) if said else Decimal(digits or 0)
        if (said or digits) and not 10 <= cents < 100:
            continue
        whole = Decimal(1) if match["one"] else number(match["digits"], match["spelt"])
        yield Mention("amount", whole + cents / 100, match.start(), match.end(), True)


def _scaled(digits: str, suffix: str | None) -> Decimal:
    value = digits_number(digits)
    first = (suffix or "").lower()
    if first in ("k", "thousand", "thou", "grand"):
        return value * 1000
    if first.startswith(("lakh", "lac")):
        return value * 10**5
    if first.startswith("crore"):
        return value * 10**7
    if first in ("m", "mn", "mil", "million"):
        return value * 10**6
    if first in ("b", "bn", "billion"):
        return value * 10**9
    return value


def _spelt_money(match: re.Match[str]) -> tuple[Decimal, bool]:
    """The value, and whether the words leave no doubt that it is an amount."""
    if match["cent_digits"]:
        return Decimal(match["cent_digits"]) / 100, True
    words = match["spelt"].lower().split()
    price = price_words(match["spelt"])
    value = spelt_number(match["spelt"]) if price is None else price
    scaled = any(word in SCALES for word in words) or bool(match["k"] or match["unit"])
    if match["k"]:
        value *= 1000
    if match["half"]:
        share = _SHARES[match["half"].lower().split()[-1]]
        if match["scale"]:  # "two and a half grand"
            scale = SCALES.get(match["scale"].lower(), 1000)
            value, scaled = (value + share) * scale, True
        else:  # "a million and a half"
            value += share * SCALES.get(words[-1], 1)
    return (value / 100, True) if match["cents"] else (value, scaled)
