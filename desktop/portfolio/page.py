"""The portfolio page: totals, value over time, allocation, holdings, alerts, imports."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from desktop.alerts.section import AlertsCard
from desktop.portfolio.holdings import holdings_model
from desktop.portfolio.imports import ImportsCard
from desktop.portfolio.summary import Summary, has_prices
from desktop.portfolio.value_chart import ValueChart
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.data_table import DataTable
from desktop.widgets.donut import DonutChart
from desktop.widgets.empty_state import EmptyState
from desktop.widgets.layout import clear, column, row
from desktop.widgets.scroll import ScrollColumn
from desktop.widgets.titles import page_head

if TYPE_CHECKING:
    from engine.service import Alert, Batch, Valuation

_WIDTH = 1080
_ROWS_SHOWN = 20


class PortfolioPage(QWidget):
    """Shows what the presenter hands it; every button is a signal."""

    import_wanted = Signal()
    prices_wanted = Signal()
    demo_wanted = Signal()
    undo_wanted = Signal(int)
    delete_alert_wanted = Signal(int, str)
    shown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.summary = Summary()
        self.value_chart = ValueChart()
        self.table = DataTable(self.tr("Holdings"))
        self.alerts = AlertsCard(self.delete_alert_wanted.emit)
        self.imports = ImportsCard(self.undo_wanted.emit)
        self._allocation = CardFrame(self.tr("Allocation"))
        self._ring = QVBoxLayout()
        self._allocation.body.addLayout(self._ring)
        self._allocation.setFixedWidth(300)
        self._stack = QStackedWidget()
        self._empty, self._full = self._nothing(), self._content()
        # Blank until it is known whether there is a portfolio.
        for page in (QWidget(), self._empty, self._full):
            self._stack.addWidget(page)
        self.setLayout(column(self._stack))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def show_empty(self) -> None:
        """There is no portfolio."""
        self._stack.setCurrentWidget(self._empty)

    def show_valuation(self, valuation: "Valuation") -> None:
        """Show totals, allocation and holdings."""
        self._stack.setCurrentWidget(self._full)
        self.summary.show_valuation(valuation)
        for chart in (self.value_chart, self._allocation):
            chart.setVisible(has_prices(valuation))
        self.table.setModel(holdings_model(valuation))
        self.table.fit_height(_ROWS_SHOWN)
        clear(self._ring)
        weights = [(line.asset, float(line.weight or 0)) for line in valuation.rows]
        ring = DonutChart(weights, upright=True)
        ring.setAccessibleName(self.tr("Allocation"))
        self._ring.addWidget(ring)

    def show_history(self, days: Sequence[date], values: Sequence[float], unit: str) -> None:
        """Show the value over time."""
        self.value_chart.show_history(days, values, unit)

    def show_batches(self, transactions: Sequence["Batch"], prices: Sequence["Batch"]) -> None:
        """Show the imports."""
        self.imports.show_batches(transactions, prices)

    def show_alerts(self, alerts: Sequence["Alert"]) -> None:
        """Show the alerts."""
        self.alerts.show_alerts(alerts)

    def _nothing(self) -> QWidget:
        return EmptyState(
            "portfolio",
            self.tr("No portfolio yet"),
            self.tr(
                "Import a CSV from your exchange by the button below, or drop the file anywhere "
                "on this window. Nothing is stored before you confirm."
            ),
            button(self.tr("Import a CSV"), self.import_wanted.emit, kind="primary", icon="upload"),
            button(self.tr("Try the demo portfolio"), self.demo_wanted.emit, icon="flask"),
        )

    def _content(self) -> QWidget:
        head = page_head(
            self.tr("Portfolio"),
            "",
            button(self.tr("Import prices"), self.prices_wanted.emit, icon="chart"),
            button(
                self.tr("Import a CSV"),
                self.import_wanted.emit,
                kind="primary",
                icon="upload",
                hint=self.tr("Ctrl+O; or drop the file anywhere on the window"),
            ),
        )
        charts = row(gap=16)
        charts.addWidget(self.value_chart, 1)
        charts.addWidget(self._allocation)
        holdings = CardFrame(self.tr("Holdings"), self.tr("Cost and gain by first in, first out."))
        holdings.body.addWidget(self.table)
        lists = row(gap=16)
        lists.addWidget(self.alerts, 1, Qt.AlignmentFlag.AlignTop)
        lists.addWidget(self.imports, 1, Qt.AlignmentFlag.AlignTop)
        scroll = ScrollColumn(self.tr("Portfolio"), _WIDTH, gap=16, margin=24)
        scroll.column.addLayout(head)
        scroll.column.addWidget(self.summary)
        scroll.column.addSpacing(4)
        scroll.column.addLayout(charts)
        scroll.column.addWidget(holdings)
        scroll.column.addLayout(lists)
        scroll.column.addStretch(1)
        return scroll
