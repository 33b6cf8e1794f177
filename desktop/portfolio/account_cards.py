"""One card per account: what it is worth and what lies in it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from desktop.portfolio.holdings import has_prices
from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import clear, row
from desktop.widgets.tiles import UNKNOWN
from desktop.widgets.titles import ElidedLabel
from engine.core.money import format_amount, format_money

if TYPE_CHECKING:
    from engine.service import HoldingRow, Valuation

_SHOWN = 5
_LEAST_WIDTH = 300
_GAP = 16

Account = tuple[str, "Valuation"]


class AccountCard(CardFrame):
    """An account; the button shows its transactions."""

    def __init__(self, name: str, valuation: "Valuation", on_open: Callable[[str], object]) -> None:
        super().__init__(name)
        self.header.addWidget(
            button(self.tr("Transactions"), partial(on_open, name), kind="link"),
            alignment=Qt.AlignmentFlag.AlignTop,
        )
        rows = valuation.rows
        total = format_money(valuation.total, valuation.currency)
        if has_prices(valuation):
            self.body.addWidget(label(total, "title", selectable=True))
        else:
            self.body.addWidget(label(self.tr("Value not known"), "muted"))
        for line in rows[:_SHOWN]:
            self.body.addLayout(_holding(line, valuation.currency))
        rest = len(rows) - _SHOWN
        if rest > 0:
            self.body.addWidget(label(self.tr("and {} more").format(rest), "small"))
        if valuation.nfts:
            count = len(valuation.nfts)
            words = self.tr("1 NFT") if count == 1 else self.tr("{} NFTs").format(count)
            self.body.addWidget(label(words, "small"))
        if not rows and not valuation.nfts:
            self.body.addWidget(label(self.tr("Nothing is held here."), "muted"))
        self.body.addStretch(1)


class AccountCards(QWidget):
    """The cards in as many columns as there is room for."""

    def __init__(self, on_open: Callable[[str], object]) -> None:
        super().__init__()
        self._on_open = on_open
        self._cards: list[AccountCard] = []
        self._columns = 0
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_GAP)
        self.setLayout(self._grid)

    def show_accounts(self, accounts: Sequence[Account]) -> None:
        """Replace all cards."""
        clear(self._grid)
        self._cards = [AccountCard(name, one, self._on_open) for name, one in accounts]
        self._columns = 0
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = max(1, (self.width() + _GAP) // (_LEAST_WIDTH + _GAP))
        if columns == self._columns:
            return
        self._columns = columns
        for number, card in enumerate(self._cards):
            self._grid.removeWidget(card)
            self._grid.addWidget(card, number // columns, number % columns)
        for number in range(12):
            self._grid.setColumnStretch(number, 1 if number < columns else 0)


def _holding(line: "HoldingRow", currency: str) -> QHBoxLayout:
    value = UNKNOWN if line.value is None else format_money(line.value, currency)
    held = row(gap=12)
    held.addWidget(ElidedLabel(f"{format_amount(line.amount)} {line.asset}", "muted"), 1)
    held.addWidget(label(value))
    return held
