"""The fields of one transaction; a kind shows only those that it has."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QWidget

from desktop.portfolio.filters import Names
from desktop.portfolio.kinds import income_choices, kind_choices, sides_of
from desktop.safetext import label
from desktop.widgets.layout import row
from desktop.widgets.picker import Picker
from engine.core.errors import KnownError
from engine.core.fields import FieldError, read_positive, read_symbol, read_time
from engine.core.money import to_text
from engine.core.records import Transaction, TransactionKind

_translate = QCoreApplication.translate

_PRICED_BY_THEMSELVES = frozenset({"buy", "sell"})
"""Kinds whose worth is the money on one side."""
_ASSET_WIDTH = 130
_NAME_WIDTH = 112
LONGEST_SYMBOL, LONGEST_NAME, LONGEST_TAG, LONGEST_NOTE = 99, 60, 40, 200
"""Characters; more would not be stored."""
_ZERO = Decimal(0)

_NEW = Transaction(
    datetime(2009, 1, 3, tzinfo=UTC), "buy", "", None, _ZERO, None, _ZERO, None, _ZERO, None, None,
    "", "",
)  # fmt: skip


class AmountField(QWidget):
    """An amount and the asset it is of; both empty mean nothing."""

    def __init__(self, name: str, assets: tuple[str, ...]) -> None:
        super().__init__()
        self.amount = QLineEdit()
        self.amount.setAccessibleName(_translate("transaction", "{}: amount").format(name))
        self.amount.setPlaceholderText("0.00")
        self.asset = _names(_translate("transaction", "{}: asset").format(name), assets)
        self.asset.setFixedWidth(_ASSET_WIDTH)
        _limit(self.asset, LONGEST_SYMBOL, _translate("transaction", "asset"))
        line = row(gap=8)
        line.addWidget(self.amount, 1)
        line.addWidget(self.asset)
        self.setLayout(line)

    def show_side(self, amount: Decimal, asset: str | None) -> None:
        """Show an amount, or nothing without an asset."""
        self.amount.setText(to_text(amount) if asset else "")
        self.asset.setEditText(asset or "")

    def value(self, name: str) -> tuple[str | None, Decimal]:
        """Asset and amount, None and 0 if both are empty; KnownError for what cannot be."""
        number, symbol = self.amount.text().strip(), self.asset.currentText().strip()
        if not number and not symbol:
            return None, _ZERO
        try:
            return read_symbol(symbol), read_positive(number, "amount")
        except FieldError as error:
            hint = _translate("transaction", "Write it like 1234.56.") if "," in number else ""
            raise KnownError(f"{name}: {error}.", hint) from error


class TransactionForm(QWidget):
    """Reads and shows a transaction."""

    def __init__(self, names: Names) -> None:
        super().__init__()
        tr = self.tr
        self.kind = Picker(tr("Kind"), kind_choices())
        self.time = QLineEdit()
        self.time.setAccessibleName(tr("Time (UTC)"))
        self.time.setPlaceholderText("2025-01-31 14:05")
        self.account = _names(tr("Account"), names.accounts)
        self.to_account = _names(tr("To account"), names.accounts)
        self.sent = AmountField(tr("Sent"), names.assets)
        self.received = AmountField(tr("Received"), names.assets)
        self.fee = AmountField(tr("Fee"), names.assets)
        self.worth = AmountField(tr("Worth in all"), names.assets)
        self.income_kind = Picker(tr("Kind of income"), income_choices())
        self.tag = _names(tr("Tag"), names.tags)
        self.note = QLineEdit()
        self.note.setAccessibleName(tr("Note"))
        self.note.setMaxLength(LONGEST_NOTE)
        self.note.setPlaceholderText(tr("none"))
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(10)
        self._grid.setColumnMinimumWidth(0, _NAME_WIDTH)
        self._grid.setColumnStretch(1, 1)
        self._labels: dict[QWidget, QLabel] = {}
        for name, field in (
            (tr("Kind"), self.kind),
            (tr("Time (UTC)"), self.time),
            (tr("Account"), self.account),
            (tr("To account"), self.to_account),
            ("", self.sent),
            ("", self.received),
            (tr("Fee"), self.fee),
            (tr("Worth in all"), self.worth),
            (tr("Kind of income"), self.income_kind),
            (tr("Tag"), self.tag),
            (tr("Note"), self.note),
        ):
            self._add(name, field)
        _limit(self.account, LONGEST_NAME, tr("such as Kraken"))
        _limit(self.to_account, LONGEST_NAME, tr("such as Ledger"))
        _limit(self.tag, LONGEST_TAG, tr("none"))
        self.fee.amount.setPlaceholderText(tr("none"))
        self.worth.amount.setPlaceholderText(tr("by the price of the day"))
        self.setLayout(self._grid)
        self.kind.currentIndexChanged.connect(lambda _: self._arrange())
        self._arrange()

    def show_transaction(self, t: Transaction) -> None:
        """Fill the fields."""
        self.kind.choose(t.kind)
        self.time.setText(f"{t.time:%Y-%m-%d %H:%M:%S}".removesuffix(":00"))
        self.account.setEditText(t.account)
        self.to_account.setEditText(t.to_account or "")
        self.sent.show_side(t.amount_out, t.asset_out)
        self.received.show_side(t.amount_in, None if t.kind == "transfer" else t.asset_in)
        self.fee.show_side(t.fee_amount, t.fee_asset)
        self.worth.show_side(t.value or _ZERO, t.value_currency)
        self.income_kind.choose(t.income_kind)
        self.tag.setEditText(t.tag)
        self.note.setText(t.note)

    def transaction(self, before: Transaction | None) -> Transaction:
        """What is entered, in the place of before; KnownError with the first thing that is wrong.

        Whether the sides make sense together is for the ledger to say.
        """
        kind: TransactionKind = self.kind.key()  # type: ignore[assignment]
        try:
            time = read_time(self.time.text())
        except FieldError as error:
            raise KnownError(f"{self.tr('Time')}: {error}.") from error
        account = self.account.currentText().strip()
        if not account:
            raise KnownError(self.tr("Account: say where it happened."))
        sent = self._side(self.sent)
        received = sent if kind == "transfer" else self._side(self.received)
        fee = self._side(self.fee)
        worth = self._side(self.worth)
        return replace(
            before or _NEW,
            time=time,
            kind=kind,
            account=account,
            to_account=self.to_account.currentText().strip() or None if _moves(kind) else None,
            asset_out=sent[0],
            amount_out=sent[1],
            asset_in=received[0],
            amount_in=received[1],
            fee_asset=fee[0],
            fee_amount=fee[1],
            value=worth[1] if worth[0] else None,
            value_currency=worth[0],
            income_kind=self.income_kind.key() if kind == "income" else "",
            tag=self.tag.currentText().strip(),
            note=self.note.text().strip(),
        )

    def _side(self, field: AmountField) -> tuple[str | None, Decimal]:
        """What a field holds, nothing if this kind does not have it."""
        if field.isHidden():
            return None, _ZERO
        return field.value(self._labels[field].text())

    def _add(self, name: str, field: QWidget) -> None:
        line = self._grid.rowCount()
        self._labels[field] = title = label(name, "muted")
        self._grid.addWidget(title, line, 0)
        self._grid.addWidget(field, line, 1)

    def _arrange(self) -> None:
        """Show what the chosen kind has, under the names that it gives them."""
        kind = self.kind.key()
        sides = sides_of(kind)
        for field, name in ((self.sent, sides.sent), (self.received, sides.received)):
            self._labels[field].setText(name)
            self._show(field, bool(name))
        self._show(self.to_account, _moves(kind))
        self._show(self.income_kind, kind == "income")
        self._show(self.worth, kind not in _PRICED_BY_THEMSELVES)

    def _show(self, field: QWidget, shown: bool) -> None:
        field.setVisible(shown)
        self._labels[field].setVisible(shown)


def _moves(kind: str) -> bool:
    return kind == "transfer"


def _names(name: str, known: tuple[str, ...]) -> QComboBox:
    """A field for a name, which offers those that are known."""
    box = QComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.addItems(list(known))
    box.setEditText("")
    box.setAccessibleName(name)
    box.view().setAccessibleName(name)
    line = box.lineEdit()
    if line is not None:
        line.setAccessibleName(name)
    return box


def _limit(box: QComboBox, most: int, hint: str) -> None:
    """Let no more characters be typed than are stored; hint: shown while there are none."""
    line = box.lineEdit()
    assert line is not None
    line.setMaxLength(most)
    line.setPlaceholderText(hint)
