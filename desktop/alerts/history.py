"""What the alerts fired, newest first, and the data rows that made a firing."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex
from PySide6.QtGui import QColor

from desktop.alerts.moments import moment_text
from desktop.alerts.summary import Summary
from desktop.safetext import label
from desktop.theme import theme
from desktop.widgets.card import CardFrame, simulated_badge
from desktop.widgets.data_table import DataTable
from desktop.widgets.figures import day_text
from desktop.widgets.layout import boxed, clear, column, row
from desktop.widgets.picker import Picker
from desktop.widgets.table import RowsModel
from engine.core.cards import Column
from engine.core.money import format_money, format_percent
from engine.core.words import capitalised

if TYPE_CHECKING:
    from engine.service import DataRow, FiredAlert

_ROWS_SHOWN = 8
_WHAT = 3


class _FiringsModel(RowsModel):
    """The mark of what is new has a colour."""

    def colour(self, row: int, column: int) -> QColor:
        if column == 0:
            return QColor(theme().tokens.accent_text)
        return super().colour(row, column)


class HistoryCard(CardFrame):
    """The table; of the chosen firing the rows it was worked out from are shown below.

    summary: shown above it, when it is asked for.
    """

    def __init__(self, summary: Summary) -> None:
        super().__init__(self.tr("History"))
        self._all: Sequence[FiredAlert] = ()
        self._listed: Sequence[FiredAlert] = ()
        self._new: frozenset[int] = frozenset()
        self.filter = Picker(self.tr("Alert"))
        self.filter.setMinimumWidth(220)
        self.filter.picked.connect(lambda _: self._show())
        self.summary = summary
        self.header.addWidget(summary.ask)
        self.header.addWidget(self.filter)
        self.table = DataTable(self.tr("What the alerts fired"), widest=_WHAT)
        self._nothing = label(
            self.tr("Nothing has fired yet. Alerts are checked while Assay runs."), "muted"
        )
        self._detail = column(gap=8)
        self.body.addWidget(summary)
        self.body.addWidget(self._nothing)
        self.body.addWidget(self.table)
        self.body.addWidget(boxed(self._detail))
        self._show()

    def show_history(self, history: "Sequence[FiredAlert]", new: frozenset[int]) -> None:
        """Show these firings; new: the ids of those that the user has not seen before."""
        if (tuple(history), new) == (tuple(self._all), self._new):
            return
        self._all, self._new = history, new
        titles = {str(one.alert_id): one.title for one in history if one.alert_id is not None}
        choices = [("", self.tr("All alerts")), *sorted(titles.items(), key=lambda one: one[1])]
        self.filter.offer(choices)
        self._show()

    def _show(self) -> None:
        chosen = self.filter.key()
        self._listed = [one for one in self._all if not chosen or str(one.alert_id) == chosen]
        columns = (
            Column(self.tr("New"), "text"),
            Column(self.tr("Noticed"), "date"),
            Column(self.tr("Alert"), "text"),
            Column(self.tr("What happened"), "text"),
        )
        rows = [
            (
                self.tr("New") if one.id in self._new else "",
                moment_text(one.fired),
                capitalised(one.title),
                one.text,
            )
            for one in self._listed
        ]
        keys = [(-one.id, one.id, one.title, one.text) for one in self._listed]
        self.table.setModel(_FiringsModel(columns, rows, keys=keys))
        self.table.setColumnHidden(0, not self._new)
        self.table.fit_height(_ROWS_SHOWN)
        self.table.setVisible(bool(rows))
        self._nothing.setVisible(not rows)
        self.filter.setVisible(bool(self._all))
        self.summary.ask.setVisible(bool(self._all))
        self.table.selectionModel().currentRowChanged.connect(self._choose)
        clear(self._detail)
        if rows:
            self.table.selectRow(0)

    def _choose(self, now: QModelIndex) -> None:
        model = self.table.model()
        assert isinstance(model, RowsModel)
        if now.isValid():
            self._show_evidence(self._listed[model.original(now.row())])

    def _show_evidence(self, firing: "FiredAlert") -> None:
        clear(self._detail)
        title = label(self.tr("The data that fired it"), "overline")
        head = row(title, gap=8)
        if firing.simulated:
            head.addWidget(simulated_badge())
        head.addStretch(1)
        if firing.told is None and firing.alert_id is not None:
            waits = self.tr("You are told of it when the quiet time is over.")
            head.addWidget(label(waits, "small"))
        # In the table there may be no room for all of it.
        self._detail.addWidget(label(firing.text, wrap=True, selectable=True))
        self._detail.addLayout(head)
        if not firing.rows:
            nothing = self.tr("An older version of Assay kept no data with its alerts.")
            self._detail.addWidget(label(nothing, "muted"))
            return
        table = DataTable(self.tr("The data that fired it"))
        columns = (
            Column(self.tr("Series"), "text"),
            Column(self.tr("Day"), "date"),
            Column(self.tr("High"), "money"),
            Column(self.tr("Low"), "money"),
            Column(self.tr("Close"), "money"),
        )
        table.setModel(RowsModel(columns, [self._evidence(one) for one in firing.rows]))
        table.fit_height(_ROWS_SHOWN)
        self._detail.addWidget(table)
        for one in firing.rows:
            if one.note:
                self._detail.addWidget(label(one.note, "small", wrap=True))

    def _evidence(self, found: "DataRow") -> tuple[str, ...]:
        names = {
            "price": self.tr("Price of {}"),
            "weight": self.tr("Weight of {}"),
            "yield": self.tr("Yield of {}"),
            "health": self.tr("Health factor of {}"),
            "flags": self.tr("New red flags of {}"),
        }
        topic, name = found.series.topic, found.series.name
        asset, _, currency = name.partition("/")
        if topic == "price":
            name = self.tr("{asset} in {currency}").format(asset=asset, currency=currency)
        figures = (found.high, found.low, found.close)
        shown = tuple(_figure(topic, one, currency) for one in figures)
        return (names[topic].format(name), day_text(found.day), *shown)


def _figure(topic: str, value: float, currency: str) -> str:
    if not math.isfinite(value):
        return "–"
    if topic == "price":
        return format_money(Decimal(repr(value)), currency)
    return format_percent(value) if topic == "weight" else f"{value:,.6g}"
