"""Shows where the figures of an answer come from: a dotted line, and the source as a tooltip."""

import re
from collections.abc import Iterable, Iterator

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor, QTextDocument

from desktop.safetext import tooltip
from desktop.theme import theme
from engine.core.cards import Card, FactsCard, TableCard

_FIGURE = re.compile(r"\d{4}-\d\d-\d\d|[-−+]?[$€£¥]?\d[\d,]*(?:\.\d+)?(?:[  ]?%)?")
_MOST = 200
"""Figures marked in one answer; more would cost more time than they help."""


def sources(cards: Iterable[Card]) -> dict[str, str]:
    """Every figure written on the cards, in a plain form, and what it is there."""
    found: dict[str, str] = {}
    for card in cards:
        for text, place in _texts(card):
            for match in _FIGURE.finditer(text):
                found.setdefault(plain(match[0]), place)
    return found


def plain(figure: str) -> str:
    """A figure without what may be written differently: sign, currency mark, commas, spaces."""
    digits = figure.replace(",", "").lstrip("+-−$€£¥")
    percent = "%" if digits.endswith("%") else ""
    digits = digits.removesuffix("%").rstrip()
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits + percent


def link_figures(document: QTextDocument, cards: Iterable[Card]) -> int:
    """Mark every figure that stands on one of the cards; returns how many were marked."""
    known = sources(cards)
    if not known:
        return 0
    marked = 0
    text = document.toRawText()
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    for match in _FIGURE.finditer(text):
        place = known.get(plain(match[0]))
        if place is None:
            continue
        look = QTextCharFormat()
        look.setToolTip(tooltip(place))
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
        look.setUnderlineColor(QColor(theme().tokens.faint))
        cursor.setPosition(_units(text, match.start()))
        cursor.setPosition(_units(text, match.end()), QTextCursor.MoveMode.KeepAnchor)
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
