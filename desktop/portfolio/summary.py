"""The head of the overview: what the portfolio is worth and what it has gained."""

from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from desktop.portfolio.holdings import has_prices, oldest_price, signed_money
from desktop.safetext import label
from desktop.widgets.layout import column, row
from desktop.widgets.tiles import UNKNOWN, Tile
from engine.core.money import format_money, format_percent

if TYPE_CHECKING:
    from engine.service import Valuation

_GAP = 40


class Summary(QWidget):
    """Total value in large type, gain and cost beside it, or under it where there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self._total = label("", "display", selectable=True)
        self._when = label("", "small")
        self._gain = Tile(self.tr("Unrealised gain"))
        self._cost = Tile(self.tr("Cost of what you hold"))
        self._count = Tile(self.tr("Assets"))
        self._tiles = row(self._gain, self._cost, self._count, gap=_GAP)
        self._line = row(
            column(label(self.tr("Total value"), "muted"), self._total, self._when, gap=4),
            None,
            self._tiles,
            gap=_GAP,
        )
        self.setLayout(self._line)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_valuation(self, valuation: "Valuation") -> None:
        """Show the totals of a valuation."""
        currency = valuation.currency
        priced = has_prices(valuation)
        self._total.setText(
            format_money(valuation.total, currency) if priced else self.tr("Not known")
        )
        day = oldest_price(valuation)
        self._when.setText(
            self.tr("By closing prices of {}").format(day)
            if day
            else ""
            if priced
            else self.tr("No prices yet: import a price history, or switch an online source on.")
        )
        cost = sum((line.cost or Decimal(0) for line in valuation.rows), Decimal(0))
        gaining = [line for line in valuation.rows if line.unrealised is not None]
        gain = sum((line.unrealised or Decimal(0) for line in gaining), Decimal(0))
        invested = sum((line.cost or Decimal(0) for line in gaining), Decimal(0))
        text = signed_money(gain, currency) if gaining else UNKNOWN
        if invested > 0:
            text += f"  ({format_percent(gain / invested, 1, sign=True)})"
        self._gain.show_value(text)
        self._cost.show_value(format_money(cost, currency))
        self._count.show_value(str(len(valuation.rows)))

    def event(self, event: QEvent) -> bool:
        """Arrange anew when the figures or the room for them have another size."""
        done = super().event(event)
        if event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Resize}:
            self._arrange()
        return done

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
