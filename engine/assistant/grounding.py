"""Links every numeral of an answer to a figure that code computed.

A numeral is grounded when it equals a figure of a tool result, rounded to the digits shown and not
contradicted by its sign or unit. Numbers written as words count when they carry a unit ("thirty
percent"). Everything else is unsupported and must not reach the user unmarked.
"""

import calendar
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.assistant.numerals import Numeral, find_numerals, marks
from engine.assistant.tools.base import Figure

# Names that hold digits: chain layers, token standards, forms.
_NAMES = re.compile(
    r"\b(?:layer[\s-]?[12]|l[12]|erc-?\d+|eip-?\d+|bip-?\d+|web3|v[234]|1inch|24/7)\b", re.I
)
_DAY = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
_MONTHS = [name.lower() for name in calendar.month_abbr]
_MONTH = rf"({'|'.join(_MONTHS[1:])})[a-z]*\b"
_MONTH_BEFORE = re.compile(rf"\b{_MONTH}\.?\s+(?:the\s+)?$", re.I)
_MONTH_AFTER = re.compile(rf"(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}", re.I)


@dataclass(frozen=True, slots=True)
class Link:
    """A numeral of an answer: text[start:end], and the label of its figure or None."""

    start: int
    end: int
    label: str | None


def ground(text: str, figures: Sequence[Figure]) -> list[Link]:
    """Links each numeral in `text` to a figure; unsupported ones have the label None."""
    days = {day for figure in figures for day in _DAY.findall(figure.text)}
    known = [figure for figure in figures if not _DAY.search(figure.text)]
    names = [match.span() for match in _NAMES.finditer(text)]
    links = []
    for numeral in find_numerals(text):
        if any(start <= numeral.start < end for start, end in names):
            continue
        if numeral.day:
            label = "date" if any(day.startswith(numeral.day) for day in days) else None
        else:
            label = _figure(numeral, known) or _part_of_date(text, numeral, days)
        links.append(Link(numeral.start, numeral.end, label))
    return sorted(links, key=lambda link: link.start)


def unsupported(links: Iterable[Link]) -> list[Link]:
    """The numerals no figure accounts for."""
    return [link for link in links if link.label is None]


def _figure(numeral: Numeral, known: Sequence[Figure]) -> str | None:
    """The label of the figure a number stands for; an equal one before a rounded one."""
    best: str | None = None
    for figure in known:
        if not _fits(numeral, figure):
            continue
        exact = abs(figure.value)
        if exact == numeral.value:
            return figure.label
        same_unit = numeral.percent == _is_percent(figure.text)
        if best is None and same_unit and abs(exact - numeral.value) <= numeral.step / 2:
            best = figure.label
    return best


def _fits(numeral: Numeral, figure: Figure) -> bool:
    """Whether sign and unit, as far as they are written, are those of the figure."""
    if numeral.sign * figure.value < 0:
        return False
    if numeral.percent:
        return _is_percent(figure.text)
    return not numeral.currency or any(mark in figure.text for mark in marks(numeral.currency))


def _is_percent(text: str) -> bool:
    return text.endswith(("%", "percent", "per cent"))


def _part_of_date(text: str, numeral: Numeral, days: Iterable[str]) -> str | None:
    """ "date" for a known year, or a known day beside the name of its month."""
    if not numeral.bare:
        return None
    month = _MONTH_BEFORE.search(text[: numeral.start]) or _MONTH_AFTER.match(text, numeral.end)
    if month:
        end = f"-{_MONTHS.index(month[1].lower()):02d}-{int(numeral.value):02d}"
        if any(day.endswith(end) and len(day) > len(end) for day in days):
            return "date"
    return "date" if any(day.startswith(f"{numeral.value:04f}-") for day in days) else None
