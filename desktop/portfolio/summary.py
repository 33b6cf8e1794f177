"""The head of the portfolio: what it is worth and what it has gained."""

from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QSizePolicy, QWidget

from desktop.portfolio.holdings import oldest_price, signed_money
from desktop.safetext import label
from desktop.widgets.layout import column, row
from engine.core.money import format_money, format_percent

if TYPE_CHECKING:
    from engine.service import Valuation

_GAP = 40


def has_prices(valuation: "Valuation") -> bool:
    """Whether the worth of anything is known."""
    return not valuation.rows or any(line.value is not None for line in valuation.rows)


class Summary(QWidget):
    """Total value in large type, gain and cost beside it, or under it where there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self._total = label("", "display", selectable=True)
        self._when = label("", "small")
        self._gain = label("", "heading", selectable=True)
        self._cost = label("", "heading", selectable=True)
        self._count = label("", "heading")
        self._missing = label("", "small", wrap=True)
        self._tiles = row(
            self._tile(self.tr("Unrealised gain"), self._gain),
            self._tile(self.tr("Cost of what you hold"), self._cost),
            self._tile(self.tr("Assets"), self._count),
            gap=40,
        )
        self._line = row(
            column(label(self.tr("Total value"), "muted"), self._total, self._when, gap=4),
            None,
            self._tiles,
            gap=_GAP,
        )
        self.setLayout(column(self._line, self._missing, gap=10))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_valuation(self, valuation: "Valuation") -> None:
        """Show the totals of a valuation."""
        currency = valuation.currency
        priced = has_prices(valuation)
        self._total.setText(format_money(valuation.total, currency) if priced else "–")
        day = oldest_price(valuation)
        self._when.setText(
            self.tr("By closing prices of {}").format(day)
            if day
            else ""
            if priced
            else self.tr("No prices yet: Assay never goes online. Import a CSV of price history.")
        )
        cost = sum((line.cost or Decimal(0) for line in valuation.rows), Decimal(0))
        gaining = [line for line in valuation.rows if line.unrealised is not None]
        gain = sum((line.unrealised or Decimal(0) for line in gaining), Decimal(0))
        invested = sum((line.cost or Decimal(0) for line in gaining), Decimal(0))
        text = signed_money(gain, currency) if gaining else "–"
        if invested > 0:
            text += f"  ({format_percent(gain / invested, 1, sign=True)})"
        self._gain.setText(text)
        self._cost.setText(format_money(cost, currency))
        self._count.setText(str(len(valuation.rows)))
        self._gain.setStyleSheet("")
        self._gain.setProperty("tone", "negative" if gain < 0 else "positive")
        self._gain.style().polish(self._gain)
        self._missing.setText("\n".join(valuation.missing))
        self._missing.setVisible(bool(valuation.missing))
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Put the tiles beside the total or under it."""
        first = self._line.itemAt(0)
        assert first is not None
        needed = first.minimumSize().width() + _GAP + self._tiles.minimumSize().width()
        narrow = needed > self.width()
        direction = QBoxLayout.Direction
        self._line.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
        self._line.setSpacing(12 if narrow else _GAP)
        self._tiles.setAlignment(
            Qt.AlignmentFlag.AlignLeft if narrow else Qt.AlignmentFlag.AlignRight
        )

    def _tile(self, name: str, value: QLabel) -> QWidget:
        tile = QWidget()
        tile.setLayout(column(label(name, "muted"), value, None, gap=6))
        return tile
