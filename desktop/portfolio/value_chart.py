"""Value over time, with buttons for how far back."""

from collections.abc import Sequence
from datetime import date, timedelta

from PySide6.QtWidgets import QWidget

from desktop.widgets.card import CardFrame
from desktop.widgets.chart import CHART_HEIGHT, chart
from desktop.widgets.layout import clear
from desktop.widgets.segments import Segments
from engine.core.cards import ChartCard, Series

QWIDGETSIZE_MAX = 16_777_215

_DAYS = {"1m": 30, "3m": 91, "6m": 182, "1y": 365}


class ValueChart(CardFrame):
    """The value of the portfolio at the close of each day."""

    def __init__(self) -> None:
        super().__init__(self.tr("Value over time"))
        self._days: Sequence[date] = ()
        self._values: Sequence[float] = ()
        self._unit = ""
        self._period = "1y"
        choices = [
            ("1m", self.tr("1M")),
            ("3m", self.tr("3M")),
            ("6m", self.tr("6M")),
            ("1y", self.tr("1Y")),
            ("all", self.tr("All")),
        ]
        self._segments = Segments(self.tr("Period"), choices, self._period, self.show_period)
        self.header.addWidget(self._segments)
        self.setMinimumHeight(CHART_HEIGHT + 70)

    def show_history(self, days: Sequence[date], values: Sequence[float], unit: str) -> None:
        """Show these values; days and values are of the same length, unit is a currency."""
        self._days, self._values, self._unit = days, values, unit
        self.show_period(self._period)

    def show_period(self, period: str) -> None:
        """Show the last month, quarter … or everything."""
        self._period = period
        self._segments.choose(period)
        clear(self.body)
        if not self._days:
            return
        start = self._days[-1] - timedelta(_DAYS[period]) if period in _DAYS else self._days[0]
        chosen = [
            (day.isoformat(), float(value))
            for day, value in zip(self._days, self._values, strict=True)
            if day >= start
        ]
        series = Series(self.tr("Portfolio"), *map(tuple, zip(*chosen, strict=True)))
        self.body.addWidget(self._drawn(series))

    def _drawn(self, series: Series) -> QWidget:
        card = ChartCard(self.accessibleName(), "line", (series,), self._unit, "", False)
        widget = chart(card)
        # As tall as the card beside it.
        widget.setMinimumHeight(CHART_HEIGHT)
        widget.setMaximumHeight(QWIDGETSIZE_MAX)
        return widget
