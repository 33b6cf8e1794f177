"""The list of transactions as a table that makes the text of a cell only when it is painted."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QCoreApplication, QModelIndex, Qt, Signal

from desktop.portfolio.kinds import kind_name
from desktop.safetext import one_line
from desktop.widgets.table import CellModel, Index
from engine.core.cards import Column
from engine.core.money import format_amount, format_money
from engine.core.records import FIAT, Transaction

_translate = QCoreApplication.translate

_NO_PARENT = QModelIndex()


def side_text(amount: Decimal, asset: str | None) -> str:
    """One side of a transaction: "0.5 BTC", "$40,000.00", "" for nothing."""
    if not asset:
        return ""
    return format_money(amount, asset) if asset in FIAT else f"{format_amount(amount)} {asset}"


def account_text(t: Transaction) -> str:
    """Where it happened: "Coinbase", "Coinbase → Ledger"."""
    return f"{t.account} → {t.to_account}" if t.to_account else t.account


def sent_text(t: Transaction) -> str:
    """What left the account."""
    return side_text(t.amount_out, t.asset_out)


def received_text(t: Transaction) -> str:
    """What came in; a transfer shows what it moves once, as sent."""
    return "" if t.kind == "transfer" else side_text(t.amount_in, t.asset_in)


def fee_text(t: Transaction) -> str:
    """What was paid as a fee."""
    return side_text(t.fee_amount, t.fee_asset) if t.fee_amount else ""


def worth_text(t: Transaction) -> str:
    """What the whole was worth, as stated."""
    return "" if t.value is None else side_text(t.value, t.value_currency)


def summary(t: Transaction) -> str:
    """A transaction in a few words: "Buy 0.5 BTC for $40,000.00"."""
    sent, received = sent_text(t), received_text(t)
    both = _translate("transactions", "{received} for {sent}")
    sides = both.format(received=received, sent=sent) if sent and received else sent or received
    return f"{kind_name(t.kind)} {sides}"


_TEXTS: tuple[Callable[[Transaction], str], ...] = (
    lambda t: f"{t.time:%Y-%m-%d %H:%M}",
    lambda t: kind_name(t.kind),
    sent_text,
    received_text,
    fee_text,
    account_text,
    lambda t: t.tag,
    lambda t: t.note,
)
# Amounts of different assets cannot be compared, so they go by asset first. A binary fraction is
# near enough to sort by; it and a text sort several times as fast as a Decimal or a pair.
_KEYS: tuple[tuple[Callable[[Transaction], Any], ...], ...] = (
    (lambda t: t.time,),
    (lambda t: kind_name(t.kind),),
    (lambda t: t.asset_out or "", lambda t: float(t.amount_out)),
    (lambda t: t.asset_in or "", lambda t: float(t.amount_in)),
    (lambda t: t.fee_asset or "", lambda t: float(t.fee_amount)),
    (account_text,),
    (lambda t: t.tag.casefold(),),
    (lambda t: t.note.casefold(),),
)
TIME, TAG = 0, 6
Order = tuple[int, Qt.SortOrder]


def ordered(rows: Sequence[Transaction], order: Order) -> list[Transaction]:
    """The rows by a column; of equals those come first that came first."""
    column, direction = order
    found = list(rows)
    for key in reversed(_KEYS[column]):
        found.sort(key=key, reverse=direction == Qt.SortOrder.DescendingOrder)
    return found


class TransactionsModel(CellModel):
    """Any number of transactions; sorting them is left to others, who have the time."""

    sort_wanted = Signal(int, Qt.SortOrder)

    def __init__(self) -> None:
        super().__init__(
            (
                Column(_translate("transactions", "Time (UTC)"), "date"),
                Column(_translate("transactions", "Kind"), "text"),
                Column(_translate("transactions", "Sent"), "amount"),
                Column(_translate("transactions", "Received"), "amount"),
                Column(_translate("transactions", "Fee"), "amount"),
                Column(_translate("transactions", "Account"), "text"),
                Column(_translate("transactions", "Tag"), "text"),
                Column(_translate("transactions", "Note"), "text"),
            )
        )
        self._rows: Sequence[Transaction] = ()

    def show_rows(self, rows: Sequence[Transaction], order: Order) -> None:
        """Show these rows, which are in this order."""
        self.beginResetModel()
        self._rows, self._sorted = rows, order
        self.endResetModel()

    def row(self, number: int) -> Transaction:
        """The transaction in a row."""
        return self._rows[number]

    def find(self, row_id: int) -> int:
        """The row of a transaction, -1 if it is not shown."""
        return next((n for n, t in enumerate(self._rows) if t.id == row_id), -1)

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def text(self, row: int, column: int) -> str:
        return one_line(_TEXTS[column](self._rows[row]), 500)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if column >= 0:
            self.sort_wanted.emit(column, order)
