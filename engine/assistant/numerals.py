"""Finds the numerals of a text: digits with their signs and units, days, numbers as words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from engine.assistant.recognise.numbers import spelt_number
from engine.core.records import FIAT

_DOLLARS = ("$", "USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN")
_MARKS = {
    "dollar": _DOLLARS, "dollars": _DOLLARS, "bucks": _DOLLARS, "usd": ("$", "USD"),
    "euro": ("€", "EUR"), "euros": ("€", "EUR"), "eur": ("€", "EUR"),
    "pound": ("£", "GBP"), "pounds": ("£", "GBP"), "gbp": ("£", "GBP"), "quid": ("£", "GBP"),
    "yen": ("¥", "JPY"), "jpy": ("¥", "JPY"), "franc": ("CHF",), "francs": ("CHF",),
    "rupees": ("INR",), "kronor": ("SEK",), "kroner": ("NOK", "DKK"),
}  # fmt: skip
_CODES = "|".join(code.lower() for code in sorted(FIAT))
_UNIT = rf"(?:{'|'.join(_MARKS)}|{_CODES})"
_DIGITS = re.compile(
    r"(?P<day>\d{4}-\d{2}(?:-\d{2})?(?!\d))"
    r"|(?P<sign>[-−–+])?(?P<currency>[$€£¥]\s?)?"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?P<exponent>[e][-+]?\d{1,2}(?!\d))?"
    r"(?P<scale>\s?(?:k|m|bn|million|billion|thousand)\b)?"
    r"(?P<percent>[\s-]?(?:%|percent\b|per cent\b))?"
    rf"(?:(?=\s?(?P<unit>{_UNIT})\b))?",
    re.I,
)
_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|"
    r"hundred|thousand|million)"
)
# "one day" and "the two coins" are ways of speaking rather than figures.
_SPELT = re.compile(
    rf"\b(?!one\s+(?!per)|two\s+coins?\b)(?P<words>{_WORD}(?:[\s-]+{_WORD})*)"
    rf"\s+(?:(?P<percent>percent|per cent)|(?P<unit>{_UNIT})|times|coins?|days?|years?|months?|"
    r"(?:[a-z]+\s+)?alerts?)\b",
    re.I,
)
_SCALES = {"k": 3, "thousand": 3, "m": 6, "million": 6, "bn": 9, "billion": 9}


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number or day written at text[start:end].

    value: the number without its sign, or the year of a day. step: place value of the last digit
    shown, 0 if too few digits are shown to have been rounded. sign: −1, +1, or 0 if unwritten.
    currency: its symbol, code or word, or "". day: YYYY-MM or YYYY-MM-DD, or "". bare: digits and
    nothing else.
    """

    start: int
    end: int
    value: Decimal
    step: Decimal = Decimal(0)
    sign: int = 0
    currency: str = ""
    percent: bool = False
    day: str = ""
    bare: bool = False


_NUMBER_WORD = re.compile(rf"\d|[-+−–$€£¥]$|\b{_WORD}\b", re.I)


def starts_numeral(word: str) -> bool:
    """Whether a numeral may begin in this word, to be finished by the next ones."""
    return bool(_NUMBER_WORD.search(word))


def find_numerals(text: str) -> Iterator[Numeral]:
    """All numerals in digits, then all as words; those only if a unit makes them a figure."""
    for match in _DIGITS.finditer(text):
        if match["day"]:
            yield Numeral(*match.span(), Decimal(match["day"][:4]), day=match["day"])
        else:
            yield _number(text, match)
    for match in _SPELT.finditer(text):
        value = spelt_number(match["words"])
        unit = (match["unit"] or "").lower()
        yield Numeral(*match.span(), value, currency=unit, percent=bool(match["percent"]))


def marks(currency: str) -> tuple[str, ...]:
    """How the texts of figures may write a currency: "dollars" as $, USD, CAD …"""
    return _MARKS.get(currency, (currency.upper(),))


def _number(text: str, match: re.Match[str]) -> Numeral:
    digits = match["number"].replace(",", "")
    exponent = int((match["exponent"] or "e0")[1:])
    exponent += _SCALES.get((match["scale"] or "").strip().lower(), 0)
    decimals = len(digits.partition(".")[2])
    rounded = decimals or exponent or len(digits.lstrip("0")) >= 2
    # A dash within a word or range ("BTC-2", "10-20") is no minus.
    signed = match["sign"] and not text[: match.start()][-1:].isalnum()
    return Numeral(
        *match.span(),
        Decimal(digits).scaleb(exponent),
        step=Decimal(1).scaleb(exponent - decimals) if rounded else Decimal(0),
        sign=(1 if match["sign"] == "+" else -1) if signed else 0,
        currency=(match["currency"] or match["unit"] or "").strip().lower(),
        percent=bool(match["percent"]),
        bare=match[0].isdigit(),
    )
