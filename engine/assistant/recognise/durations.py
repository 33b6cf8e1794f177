"""Finds durations as a number of years."""

import re
from decimal import Decimal

from engine.assistant.recognise.mention import Mention
from engine.assistant.recognise.numbers import DIGITS, SPELT, number, part

_UNIT = (
    r"years?|yrs?|y|months?|mths?|mnths?|mo|weeks?|wks?|days?|fortnights?|decades?|century|"
    r"centuries"
)
_SLASHED = r"(?:1/2|1/4|3/4)"
_PART = rf"(?:(?:a\s+)?(?:half|quarter)|three\s+quarters|{_SLASHED})\b"
_DURATION = re.compile(
    rf"\b(?:(?P<digits>{DIGITS})|"
    r"(?P<spelt>(?:a couple of|half an?|half|(?:a )?quarter(?: of a)?|three[ -]quarters of a|an?|"
    rf"{SPELT})\b))"
    rf"(?P<inner>\s+(?:and|n|&)\s+{_PART}|\s+{_SLASHED})?\s?-?(?P<unit>{_UNIT})\b"
    rf"(?P<half>\s+(?:and|n|&)\s+{_PART}(?!\s+(?:%|percent|per cent)))?",
    re.I,
)
_SHARES = {"quarters": Decimal("0.75"), "quarter": Decimal("0.25"), "half": Decimal("0.5")}
_LONGEST = 100_000  # of any unit; a longer time is a mistake
_PER_YEAR = {"y": Decimal(1), "m": Decimal(12), "w": Decimal(52), "d": Decimal(365),
             "f": Decimal(26), "dec": Decimal("0.1"), "cen": Decimal("0.01")}  # fmt: skip
# "5 % a year" and "four times a year" state a rate, not how long it lasts.
_RATE = re.compile(
    r"(?:%|\b(?:percent|per\s?cent|pct|pc|times|once|twice|thrice|payments?|interest|apr|apy))\s*$",
    re.I,
)
# "10k for 5 at 8 %", "8 % for 5", "n = 10": a number of years where only one is asked for
_UNNAMED = re.compile(
    rf"\bfor\s+(?:(\d{{1,2}})|({SPELT}))(?=\s+(?:at|@)\s*\d)|"
    r"(?<=%)\s+for\s+(\d{1,2})(?=\s*(?:[?!,;]|$))|"
    r"\bn\s?=\s?(?!(?:1|4|12|52|365)\b)(\d{1,2})\b(?![.,/]\d)",
    re.I,
)
_AGE = re.compile(r"[\s-]*(?:old|of age|ago|young)\b", re.I)


def is_rate(text: str, start: int) -> bool:
    """Whether "a year" at `start` belongs to a rate."""
    return bool(_RATE.search(text[:start]))


def find_years(text: str) -> list[Mention]:
    """Durations in years ("18 months" = 1.5); a bare "a year" counts only when it stands alone."""
    found: list[Mention] = []
    bare: list[Mention] = []
    for match in _DURATION.finditer(text):
        spelt = (match["spelt"] or "").lower()
        single = spelt in ("a", "an")
        if _AGE.match(text, match.end()) or (
            (single or spelt == "one") and is_rate(text, match.start())
        ):
            continue
        count = _count(match["digits"], spelt)
        count += part(match["half"] or match["inner"])
        if not 0 <= count <= _LONGEST:
            continue
        unit = match["unit"].lower()
        per_year = _PER_YEAR.get(unit[:3]) or _PER_YEAR[unit[0]]
        years = (count / per_year).quantize(Decimal("0.0001")).normalize()
        mention = Mention("years", Decimal(f"{years:f}"), match.start(), match.end())
        (bare if single and not match["half"] else found).append(mention)
    for match in re.finditer(r"\b[ty]\s?=\s?(\d+(?:\.\d+)?)\b|--years[\s=]+(\d+)\b", text, re.I):
        found.append(Mention("years", Decimal(match[1] or match[2]), match.start(), match.end()))
    for match in re.finditer(r"\bthis time next year\b", text, re.I):
        found.append(Mention("years", Decimal(1), match.start(), match.end()))
    found += [
        Mention("years", number(match[1] or match[3] or match[4], match[2]), *match.span())
        for match in _UNNAMED.finditer(text)
        if not found
    ]
    for match in re.finditer(r"\byear\s+and\s+(?:a\s+)?half\b", text, re.I):
        if not found:  # with no count before it
            found.append(Mention("years", Decimal("1.5"), *match.span()))
    return found or bare


def _count(digits: str | None, spelt: str) -> Decimal:
    if spelt == "a couple of":
        return Decimal(2)
    for word, share in _SHARES.items():
        if word in spelt:
            return share
    return number(digits, spelt)
