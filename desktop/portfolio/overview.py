"""The tab of the whole: total, value over time, allocation, and what moved it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from desktop.bridge import Call
from desktop.portfolio.holdings import has_prices
from desktop.portfolio.missing import MissingCard
from desktop.portfolio.movers import MoversCard
from desktop.portfolio.part import Desk, Part
from desktop.portfolio.summary import Summary
from desktop.portfolio.value_chart import ValueChart
from desktop.safetext import label
from desktop.widgets.card import CardFrame
from desktop.widgets.donut import DonutChart
from desktop.widgets.layout import clear, row
from engine.core.cards import Card

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.service import AnalysisOutcome, Form, Valuation

_RING_WIDTH = 300
_LEAST_WIDTH = 860
_ANY = 16_777_215


class OverviewPart(Part):
    """Figures come from the valuation and from the analyses growth, benchmark and movers."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.summary = Summary()
        self.value_chart = ValueChart()
        self.value_chart.changed.connect(self._load_growth)
        self.movers = MoversCard()
        self.movers.changed.connect(self._load_movers)
        self.missing = MissingCard()
        self._allocation = CardFrame(self.tr("Allocation"))
        self._ring = QVBoxLayout()
        self._allocation.body.addLayout(self._ring)
        self._running: dict[str, Call] = {}
        self._charts = charts = row(gap=16)
        charts.addWidget(self.value_chart, 1)
        charts.addWidget(self._allocation)
        content = self.scrolling(self.tr("Overview"))
        content.addWidget(self.summary)
        content.addSpacing(4)
        content.addLayout(charts)
        content.addWidget(self.movers, 0, Qt.AlignmentFlag.AlignTop)
        content.addWidget(self.missing)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the allocation beside the value, or under it where there is no room."""
        super().resizeEvent(event)
        narrow = self.width() < _LEAST_WIDTH
        direction = QBoxLayout.Direction
        self._charts.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
        self._allocation.setMinimumWidth(0 if narrow else _RING_WIDTH)
        self._allocation.setMaximumWidth(_ANY if narrow else _RING_WIDTH)

    def load(self) -> None:
        self.run(self.service.portfolio.valuation, self.show_valuation)
        self.run(self.service.analysis.forms, self._offer)

    def show_valuation(self, valuation: "Valuation") -> None:
        """Show totals and allocation, and ask for what depends on prices if there are any."""
        self.summary.show_valuation(valuation)
        self.missing.show_missing(valuation.missing)
        priced = has_prices(valuation)
        for widget in (self.value_chart, self._allocation, self.movers):
            widget.setVisible(priced)
        clear(self._ring)
        weights = [(line.asset, float(line.weight or 0)) for line in valuation.rows]
        ring: QWidget
        if weights:
            ring = DonutChart(weights, upright=True)
            ring.setAccessibleName(self.tr("Allocation"))
        else:
            ring = label(self.tr("Nothing is held now."), "muted")
            ring.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._ring.addWidget(ring)
        if priced:
            self._load_growth()
            self._load_movers()

    def _offer(self, forms: "Sequence[Form]") -> None:
        found = next((form for form in forms if form.name == "benchmark"), None)
        self.value_chart.offer(found.offers.get("against", ()) if found is not None else ())

    def _load_growth(self) -> None:
        chart = self.value_chart
        period, against = chart.period, chart.against.key()
        self._compute("growth", {"period": period}, chart.show_growth, chart.say)
        if against:
            arguments = {"period": period, "against": against}
            self._compute("benchmark", arguments, chart.show_benchmark, chart.say)
        elif "benchmark" in self._running:
            self._running["benchmark"].cancel()

    def _load_movers(self) -> None:
        movers = self.movers
        self._compute("movers", {"period": movers.period}, movers.show_movers, movers.say)

    def _compute(
        self,
        name: str,
        arguments: Mapping[str, str],
        show: "Callable[[Sequence[Card]], object]",
        say: Callable[[str], object],
    ) -> None:
        """Run an analysis; only the newest run of each is shown."""
        if name in self._running:
            self._running[name].cancel()

        def done(outcome: "AnalysisOutcome") -> None:
            show(outcome.cards)

        self._running[name] = self.desk.bridge.run_job(
            lambda: self.service.analysis.run(name, arguments), done, say, owner=self
        )
