"""Prices and rates that the user enters: a small form, and those of the series shown."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from desktop.safetext import clean, label
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.data_table import DataTable
from desktop.widgets.layout import column, row
from desktop.widgets.table import RowsModel
from engine.core.cards import Column
from engine.core.money import format_money, parse_amount
from engine.core.records import MANUAL, PricePoint

_ROWS_SHOWN = 4


class OwnPrices(CardFrame):
    """The form; what is wrong with an entry is said under it."""

    save_wanted = Signal(str, str, object, object)
    """Asset, currency, day and price."""
    delete_wanted = Signal(str, str, object)
    """Asset, currency and day."""

    def __init__(self) -> None:
        super().__init__(self.tr("Your own price"))
        self._entered: list[PricePoint] = []
        self.asset = _field(self.tr("Asset"), "BTC")
        self.currency = _field(self.tr("In"), "USD")
        self.day = _field(self.tr("Day"), "2026-01-31")
        self.price = _field(self.tr("Price"), "42000.50")
        self.error = label("", "error", wrap=True)
        self.error.hide()
        self._save = button(self.tr("Save"), self._check, kind="primary")
        for one in (self.asset, self.currency, self.day, self.price):
            one.returnPressed.connect(self._check)
        note = self.tr(
            "Counts before every imported price of that day. The rate of a currency is a price "
            "too: EUR in USD."
        )
        self.table = DataTable(self.tr("Prices you entered"))
        self._delete = button(self.tr("Delete"), self._delete_chosen, icon="trash")
        self._list = label(self.tr("Entered so far"), "overline")
        self.body.addWidget(label(note, "muted", wrap=True))
        for pair in ((self.asset, self.currency), (self.day, self.price)):
            fields = row(gap=12)
            for one in pair:
                fields.addLayout(column(label(one.accessibleName(), "small"), one, gap=4), 1)
            self.body.addLayout(fields)
        self.body.addWidget(self.error)
        self.body.addLayout(row(None, self._save))
        self.body.addWidget(self._list)
        self.body.addWidget(self.table)
        self.body.addLayout(row(None, self._delete))
        self.body.addStretch(1)
        self.show_series("", "", ())

    def show_series(self, asset: str, currency: str, points: Sequence[PricePoint]) -> None:
        """Enter prices of this series from now on, and list those entered."""
        if asset:
            self.asset.setText(asset)
            self.currency.setText(currency)
        self._entered = [point for point in reversed(points) if point.source == MANUAL]
        columns = (Column(self.tr("Day"), "date"), Column(self.tr("Price"), "money"))
        self.table.setModel(
            RowsModel(
                columns,
                [
                    (point.day.isoformat(), format_money(point.close, point.currency))
                    for point in self._entered
                ],
            )
        )
        self.table.fit_height(_ROWS_SHOWN)
        self.table.selectionModel().currentRowChanged.connect(self._enable)
        for widget in (self._list, self.table, self._delete):
            widget.setVisible(bool(self._entered))
        self._enable()

    def take_day(self, day: date) -> None:
        """Offer to enter a price of this day."""
        self.day.setText(day.isoformat())

    def saved(self) -> None:
        """The entry was stored."""
        self.day.clear()
        self.price.clear()
        self.say("")

    def say(self, sentence: str) -> None:
        """Say what is wrong, or nothing."""
        self.error.setText(clean(sentence))
        self.error.setVisible(bool(sentence))

    def _enable(self) -> None:
        self._delete.setEnabled(self.table.currentIndex().isValid())

    def _check(self) -> None:
        asset, currency = (one.text().strip().upper() for one in (self.asset, self.currency))
        day, price = _day(self.day.text()), _price(self.price.text())
        if not asset or not currency:
            self.say(self.tr("Name the asset and the currency."))
        elif day is None:
            self.say(self.tr("Write the day as 2026-01-31."))
        elif price is None:
            self.say(self.tr("Write the price as a number such as 42000.50."))
        else:
            self.say("")
            self.save_wanted.emit(asset, currency, day, price)

    def _delete_chosen(self) -> None:
        model = self.table.model()
        assert isinstance(model, RowsModel)
        point = self._entered[model.original(self.table.currentIndex().row())]
        self.delete_wanted.emit(point.asset, point.currency, point.day)


def _field(name: str, example: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(example)
    field.setMaxLength(40)
    return field


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _price(text: str) -> Decimal | None:
    try:
        return parse_amount(text.strip())
    except ValueError:
        return None
