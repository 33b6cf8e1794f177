"""The section of the price series: the table, and the chosen series in detail."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QLineEdit

from desktop.bridge import Bridge, Call
from desktop.market.chart import SeriesChart, SeriesData, View
from desktop.market.findings import FindingsCard
from desktop.market.imports import MarketImports
from desktop.market.own_prices import OwnPrices
from desktop.market.section import Section
from desktop.market.series_table import SeriesTable, series_model
from desktop.portfolio.importing import Importing
from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.empty_state import EmptyState
from desktop.widgets.layout import boxed, clear, column, row
from desktop.widgets.table import RowsModel

if TYPE_CHECKING:
    from engine.service import Batch, Quality, SeriesInfo, Service
    from engine.service.market import MarketArea

_ROWS_SHOWN = 8
_FORM_WIDTH = 320


class SeriesSection(Section):
    """All stored series; the chosen one with its chart, its findings and the user's own prices."""

    online_wanted = Signal()

    kinds = frozenset({"prices"})

    def __init__(self, service: "Service", bridge: Bridge, importing: Importing) -> None:
        super().__init__(bridge)
        self._service = service
        self._bridge = bridge
        self._importing = importing
        self._all: Sequence[SeriesInfo] = ()
        self._listed: Sequence[SeriesInfo] = ()
        self._qualities: Mapping[tuple[str, str], Quality] = {}
        self._chosen: tuple[str, str] | None = None
        self._calls: list[Call] = []
        self._loading: Call | None = None
        self._view = View()
        self.filter = QLineEdit()
        self.filter.setObjectName("search")
        self.filter.setAccessibleName(self.tr("Filter series"))
        self.filter.setPlaceholderText(self.tr("Filter by asset, currency or source"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setFixedWidth(260)
        self.filter.textChanged.connect(lambda _: self._show_table())
        self.table = SeriesTable(self.tr("Price series"))
        self._none = label(self.tr("No series fits the filter."), "muted")
        self._chart = column(gap=0)
        self._findings = column(gap=0)
        self.own = OwnPrices()
        self.own.save_wanted.connect(self._save)
        self.own.delete_wanted.connect(self._delete)
        self.imports = MarketImports(importing.undo)
        self._arrange()

    def refresh(self) -> None:
        """Load everything again; what was being loaded is dropped."""
        for call in self._calls:
            call.cancel()
        market = self._service.market
        self._calls = [
            self._bridge.run(market.series, self._show, owner=self),
            self._bridge.run(market.imports, self._show_imports, owner=self),
        ]

    def choose(self, asset: str, currency: str) -> None:
        """Show a series in detail."""
        self._chosen = (asset, currency)
        if self._loading is not None:
            self._loading.cancel()
        load = partial(_load, self._service.market, asset, currency)
        self._loading = self._bridge.run(load, self._show_series, owner=self)

    def _arrange(self) -> None:
        listed = CardFrame(self.tr("Price series"))
        listed.header.addWidget(self.filter)
        listed.header.addWidget(
            button(self.tr("Import"), self._importing.market.choose, kind="primary", icon="upload")
        )
        listed.body.addWidget(self.table)
        listed.body.addWidget(self._none)
        self._full = boxed(column(listed, self._chart, self._findings, gap=16))
        self._empty = EmptyState(
            "chart",
            self.tr("No prices yet"),
            self.tr(
                "Import a file of prices, yields, sentiment or NFT sales (CSV, JSON or Parquet), "
                "or switch an online source on. Until you do, nothing is fetched."
            ),
            button(
                self.tr("Import a file"), self._importing.market.choose, kind="primary",
                icon="upload",
            ),
            button(self.tr("Online sources"), self.online_wanted.emit),
        )  # fmt: skip
        self.own.setFixedWidth(_FORM_WIDTH)
        lower = row(gap=16)
        lower.addWidget(self.imports, 1, Qt.AlignmentFlag.AlignTop)
        lower.addWidget(self.own, 0, Qt.AlignmentFlag.AlignTop)
        self._lower = boxed(lower)
        self.setLayout(column(self._empty, self._full, self._lower, None, gap=16))
        # Blank until it is known whether there is a series.
        for widget in (self._empty, self._full, self._lower):
            widget.hide()

    def _show(self, series: "Sequence[SeriesInfo]") -> None:
        self._all = series
        self._full.setVisible(bool(series))
        self._empty.setVisible(not series)
        self._lower.show()
        known = [(one.asset, one.currency) for one in series]
        if self._chosen not in known:
            self._chosen = None
        self._show_table()
        if self._chosen is None and known:
            self.choose(*known[0])
        elif self._chosen is not None:
            self.choose(*self._chosen)
        else:
            self._show_nothing()
        if known:
            self._calls.append(
                self._bridge.run_job(
                    self._service.market.qualities, self._show_qualities, owner=self
                )
            )

    def _show_qualities(self, found: "Mapping[tuple[str, str], Quality]") -> None:
        self._qualities = found
        self._show_table()

    def _show_imports(self, imports: "Sequence[tuple[str, Batch]]") -> None:
        self.imports.show_imports(imports)

    def _show_table(self) -> None:
        words = self.filter.text().casefold().split()
        self._listed = [one for one in self._all if _fits(one, words)]
        self.table.setModel(series_model(self._listed, self._qualities, _today()))
        self.table.fit_height(_ROWS_SHOWN)
        self.table.setVisible(bool(self._listed))
        self._none.setVisible(not self._listed)
        self._mark()
        self.table.selectionModel().currentRowChanged.connect(self._row_chosen)

    def _mark(self) -> None:
        """Select the row of the chosen series."""
        model = self.table.model()
        assert isinstance(model, RowsModel)
        for number, one in enumerate(self._listed):
            if (one.asset, one.currency) == self._chosen:
                self.table.selectRow(model.place(number))

    def _row_chosen(self, now: QModelIndex) -> None:
        model = self.table.model()
        assert isinstance(model, RowsModel)
        if now.isValid():
            one = self._listed[model.original(now.row())]
            if (one.asset, one.currency) != self._chosen:
                self.choose(one.asset, one.currency)

    def _show_series(self, data: SeriesData) -> None:
        self._show_nothing()
        chart, findings = SeriesChart(data, self._view), FindingsCard(data.quality)
        findings.day_chosen.connect(self.own.take_day)
        for layout, card in ((self._chart, chart), (self._findings, findings)):
            layout.addWidget(card)
            # At once, so that the page does not shrink and scroll meanwhile.
            card.show()
        self.own.show_series(data.asset, data.currency, data.points)
        self._mark()

    def _show_nothing(self) -> None:
        clear(self._chart)
        clear(self._findings)
        self.own.show_series("", "", ())

    def _save(self, asset: str, currency: str, day: date, price: Decimal) -> None:
        def saved(_: int) -> None:
            self.own.saved()
            self._chosen = (asset, currency)
            self.refresh()

        add = self._service.market.add_price
        self._bridge.run(lambda: add(asset, day, price, currency), saved, self.own.say, owner=self)

    def _delete(self, asset: str, currency: str, day: date) -> None:
        delete = self._service.market.delete_price
        self._bridge.run(lambda: delete(asset, day, currency), owner=self)


def _load(market: "MarketArea", asset: str, currency: str) -> SeriesData:
    return SeriesData(
        market.history(asset, currency),
        market.candles(asset, "week", currency),
        market.candles(asset, "month", currency),
        market.quality(asset, currency),
    )


def _fits(one: "SeriesInfo", words: Sequence[str]) -> bool:
    text = " ".join((one.asset, one.currency, *one.sources)).casefold()
    return all(word in text for word in words)


def _today() -> date:
    return datetime.now(UTC).date()
