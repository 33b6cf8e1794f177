"""Shows where the figures of an answer come from: a dotted line, and the source as a tooltip."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor, QTextDocument

from desktop.safetext import tooltip
from desktop.theme import theme
from engine.core.cards import Card, FactsCard, TableCard
from engine.core.records import FIAT

_FIGURE = re.compile(
    r"(?P<shown>\d{4}-\d\d-\d\d|[-−+]?(?P<symbol>[$€£¥])?(?P<digits>\d[\d,]*(?:\.\d+)?)"
    "(?:[ \u00a0\u202f]?(?P<percent>%))?)"
    r"(?:[ \u00a0](?P<code>[A-Z][A-Z0-9]{1,9})\b)?"
)
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_MOST = 200
"""Figures marked in one answer; more would cost more time than they help."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A figure in a text without its sign: the digits as they stand there, and the unit."""

    digits: str
    unit: str

    @classmethod
    def of(cls, match: re.Match[str]) -> "_Written":
        digits = (match["digits"] or match["shown"]).replace(",", "")
        unit = _CURRENCIES.get(match["symbol"] or "") or match["percent"] or match["code"] or ""
        return cls(digits, unit)

    @property
    def value(self) -> str:
        """The same digits for the same number: 5.00 is 5."""
        return self.digits.rstrip("0").rstrip(".") if "." in self.digits else self.digits


class Sources:
    """What every figure on the cards is there; $5.00, 5 %, 5 BTC and 5 are four figures."""

    def __init__(self, cards: Iterable[Card]) -> None:
        self._exact: dict[tuple[str, str], str] = {}
        self._bare: dict[str, str] = {}
        for card in cards:
            for text, place in _texts(card):
                for match in _FIGURE.finditer(text):
                    written = _Written.of(match)
                    self._exact.setdefault((written.value, written.unit), place)
                    if written.unit != "%":
                        self._bare.setdefault(written.digits, place)

    def place(self, match: re.Match[str]) -> str | None:
        """Where a figure of an answer stands on the cards, if it does.

        A unit that one side leaves out: an answer may write the digits alone, just as they are on
        the card, and name the coin of an amount that stands in a column of amounts.
        """
        written = _Written.of(match)
        exact = self._exact.get((written.value, written.unit))
        if exact is not None or written.unit == "%" or written.unit in FIAT:
            return exact
        if written.unit:
            return self._exact.get((written.value, ""))
        return self._bare.get(written.digits)


def link_figures(document: QTextDocument, cards: Iterable[Card]) -> int:
    """Mark every figure that stands on one of the cards; returns how many were marked."""
    known = Sources(cards)
    marked = 0
    text = document.toRawText()
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    for match in _FIGURE.finditer(text):
        place = known.place(match)
        if place is None:
            continue
        look = QTextCharFormat()
        look.setToolTip(tooltip(place))
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
        look.setUnderlineColor(QColor(theme().tokens.faint))
        cursor.setPosition(_units(text, match.start("shown")))
        cursor.setPosition(_units(text, match.end("shown")), QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(look)
        marked += 1
        if marked == _MOST:
            break
    cursor.endEditBlock()
    return marked


def _units(text: str, index: int) -> int:
    """The same place counted as Qt does, in UTF-16 units."""
    return len(text[:index].encode("utf-16-le", "surrogatepass")) // 2


def _texts(card: Card) -> Iterator[tuple[str, str]]:
    """The texts of a card that hold figures, each with a name for its place."""
    if isinstance(card, FactsCard):
        for name, value in card.facts:
            yield value, f"{card.title}: {name}"
    elif isinstance(card, TableCard):
        lines = card.rows if card.total is None else (*card.rows, card.total)
        for line in lines:
            for column, cell in zip(card.columns, line, strict=True):
                if column.kind != "text":
                    yield cell, f"{card.title}: {line[0]}, {column.title}"
