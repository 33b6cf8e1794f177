"""Links every numeral of an answer to a figure that code computed.

A numeral is grounded when it equals a figure of a tool result, rounded to the digits shown,
or a number the user said. Numbers written as words count when they carry a unit
("thirty percent"). Everything else is unsupported and must not reach the user unmarked.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from engine.assistant.recognise.numbers import spelt_number
from engine.assistant.tools.base import Figure

_NUMERAL = re.compile(
    r"(?P<iso>\d{4}-\d{2}(?:-\d{2})?(?!\d))"
    r"|(?P<sign>[-−–+]\s?)?(?P<currency>[$€£]\s?)?"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?P<exponent>[eE][-+]?\d+)?"
    r"(?P<scale>\s?(?:k|m|bn|million|billion|thousand)\b)?"
    r"(?P<percent>\s?(?:%|percent\b|per cent\b))?"
)
_SPELT = re.compile(
    r"\b(?P<words>(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|"
    r"fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|"
    r"eighty|ninety|hundred|thousand|million)(?:[\s-]+(?:one|two|three|four|five|six|seven|eight|"
    r"nine|ten|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million))*)"
    r"\s+(?:percent|per cent|dollars?|euros?|pounds?|usd|eur|gbp|times|coins?|days?|years?|months?)\b",
    re.I,
)
_SCALES = {"k": 3, "thousand": 3, "m": 6, "million": 6, "bn": 9, "billion": 9}
# Names that hold digits: chain layers, token standards, forms.
_NAMES = re.compile(
    r"\b(?:layer[\s-]?[12]|l[12]|erc-?\d+|eip-?\d+|bip-?\d+|web3|v[234]|1inch|24/7)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Link:
    """A numeral of an answer: text[start:end], and the label of its figure or None."""

    start: int
    end: int
    label: str | None


def ground(text: str, figures: Sequence[Figure], said: Iterable[Decimal] = ()) -> list[Link]:
    """Links each numeral in `text` to a figure; unsupported ones have the label None.

    said: numbers of the user's own question, which an answer may repeat.
    """
    known = [(figure.label, abs(figure.value), figure.text) for figure in figures]
    known += [("your question", abs(value), "") for value in said]
    days = _days(figures)
    names = [match.span() for match in _NAMES.finditer(text)]
    links = []
    for match in _NUMERAL.finditer(text):
        if any(start <= match.start() < end for start, end in names):
            continue
        if match["iso"]:
            label = "date" if match["iso"] in days else None
        else:
            label = _match(match, known) or ("date" if match["number"] in days else None)
        links.append(Link(match.start(), match.end(), label))
    for match in _SPELT.finditer(text):
        value = spelt_number(match["words"])
        same = (name for name, exact, _ in known if exact == value)
        links.append(Link(match.start(), match.end(), next(same, None)))
    return sorted(links, key=lambda link: link.start)


def unsupported(links: Iterable[Link]) -> list[Link]:
    """The numerals no figure accounts for."""
    return [link for link in links if link.label is None]


def _days(figures: Sequence[Figure]) -> set[str]:
    """Every whole or partial date shown in the figures, in the forms an answer may use."""
    days: set[str] = set()
    for figure in figures:
        for year, month, day in re.findall(r"(\d{4})-(\d{2})(?:-(\d{2}))?", figure.text):
            days |= {year, f"{year}-{month}"}
            if day:
                days |= {f"{year}-{month}-{day}", str(int(day))}
    return days


def _match(match: re.Match[str], known: Sequence[tuple[str, Decimal, str]]) -> str | None:
    digits = match["number"].replace(",", "")
    try:
        shown = Decimal(digits + (match["exponent"] or ""))
    except InvalidOperation:
        return None
    exponent = _SCALES.get((match["scale"] or "").strip().lower(), 0)
    decimals = len(digits.partition(".")[2])
    unit = Decimal(10) ** (exponent - decimals)
    shown = shown.scaleb(exponent)
    best: str | None = None
    for label, exact, text in known:
        if exact == shown:
            return label
        # Rounded to the digits shown; a lone leading digit says too little to count.
        enough = decimals > 0 or exponent > 0 or len(digits.lstrip("0")) >= 2
        if best is None and enough and abs(exact - shown) <= unit / 2 and _same_unit(match, text):
            best = label
    return best


def _same_unit(match: re.Match[str], text: str) -> bool:
    return not text or bool(match["percent"]) == text.rstrip().endswith("%")
