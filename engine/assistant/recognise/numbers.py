"""Reads numbers in digits and in English words."""

import re
from decimal import Decimal

UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000, "million": 10**6, "mil": 10**6,
          "billion": 10**9, "lakh": 10**5, "lac": 10**5, "lakhs": 10**5, "crore": 10**7,
          "crores": 10**7}  # fmt: skip
PARTS = {"half": Decimal("0.5"), "1/2": Decimal("0.5"), "quarter": Decimal("0.25"),
         "1/4": Decimal("0.25"), "quarters": Decimal("0.75"), "3/4": Decimal("0.75")}  # fmt: skip
_WORDS = "|".join(sorted([*UNITS, *SCALES], key=len, reverse=True))
_ONES = "|".join(word for word, value in UNITS.items() if value < 10)
SPELT = (
    rf"(?:{_WORDS})(?:(?:[\s-]+|\s+and\s+)(?:{_WORDS}))*"
    rf"(?:\s+point(?:\s+(?:{_ONES}))+\b(?:\s+(?:{'|'.join(SCALES)})\b)?)?"
)
DIGITS = (
    r"(?:\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)|\d{1,3}(?:,\d{3})+(?:\.\d+)?|"
    r"\d{1,3}(?:[ ’']\d{3})+(?:[.,]\d{1,2})?(?!\d)|"
    r"\d+e\d+|\d+[.,]\d+|\d+|\.\d+)"
)


def digits_number(digits: str) -> Decimal:
    """A number in digits; a comma before three digits groups, before one or two it is decimal."""
    compact = re.sub(r"[ ’']", "", digits)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d{1,2}", compact):
        return Decimal(compact.replace(".", "").replace(",", "."))
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", compact):
        return Decimal(compact.replace(",", ""))
    return Decimal(compact.replace(",", "."))


def spelt_number(words: str) -> Decimal:
    """The value of English words: "two hundred and fifty", "two point five million"."""
    whole, point, rest = " ".join(words.lower().split()).partition(" point ")
    if not point:
        return Decimal(_whole_number(whole))
    digits = "".join(str(UNITS[word]) for word in rest.split() if word in UNITS)
    scale = SCALES.get(rest.split()[-1], 1)
    return (_whole_number(whole) + Decimal(f"0.{digits}")) * scale


def part(words: str | None) -> Decimal:
    """The part of "five and a half", 0 without one."""
    last = (words or "").lower().split()
    if "three" in last:
        return PARTS["3/4"]
    return PARTS[last[-1]] if last else Decimal(0)


def price_words(words: str) -> Decimal | None:
    """22.50 for "twenty two fifty"; None for words that are one number or a year."""
    values = [UNITS.get(word, 0) for word in re.split(r"[\s-]+", words.lower().strip())]
    if not 2 <= len(values) <= 4 or not all(values):
        return None
    first = values.pop(0)
    if first >= 20 and values[0] < 10:
        first += values.pop(0)
    if not values or values[0] < 10 or (first == 20 and values[0] < 40):
        return None
    rest = values.pop(0)
    if values and (rest < 20 or values[0] > 9):
        return None
    rest += values.pop(0) if values else 0
    return None if values else first + Decimal(rest) / 100


def _whole_number(words: str) -> int:
    total, group = 0, 0
    for word in re.split(r"[\s-]+", words):
        if word in UNITS:
            group += UNITS[word]
        elif word == "hundred":
            group = max(group, 1) * 100
        elif word in SCALES:
            total += max(group, 1) * SCALES[word]
            group = 0
        elif word in ("a", "an"):
            group = max(group, 1)
    return total + group


def number(digits: str | None, spelt: str | None) -> Decimal:
    """The value of a match that is either in digits or in words."""
    return digits_number(digits) if digits else spelt_number(spelt or "")
