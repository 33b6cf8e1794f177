"""The chart of one price series: by day, week or month, as a line or as candles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from desktop.safetext import label
from desktop.widgets.card import CardFrame, simulated_badge
from desktop.widgets.chart import CHART_HEIGHT, chart, summary
from desktop.widgets.layout import clear, column, row
from desktop.widgets.segments import Segments
from engine.core.cards import ChartCard, Series
from engine.core.records import SIMULATED, PricePoint

if TYPE_CHECKING:
    from engine.service import Candle, Quality

_DAYS = {"3m": 91, "1y": 365, "5y": 1826}


@dataclass(frozen=True, slots=True)
class SeriesData:
    """One stored series: its points, its candles, and what is doubtful about it."""

    points: "Sequence[PricePoint]"
    weeks: "tuple[Candle, ...]"
    months: "tuple[Candle, ...]"
    quality: "Quality"

    @property
    def asset(self) -> str:
        """Whose prices they are."""
        return self.points[0].asset

    @property
    def currency(self) -> str:
        """In which currency."""
        return self.points[0].currency

    @property
    def whole(self) -> bool:
        """Whether there is a day of which more than the close is stored."""
        return any(point.open and point.high and point.low for point in self.points)


@dataclass(slots=True)
class View:
    """How the user wants to see a series; outlives the choice of another one."""

    span: str = "day"
    form: str = "line"
    period: str = "1y"


@dataclass(frozen=True, slots=True)
class _Bar:
    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class SeriesChart(CardFrame):
    """The card with the chart; the buttons change the view in place."""

    def __init__(self, data: SeriesData, view: View) -> None:
        words = {"asset": data.asset, "currency": data.currency}
        title = self.tr("{asset} in {currency}").format(**words)
        super().__init__(title)
        self._data = data
        self._view = view
        self._bars = {
            "day": [_day(point) for point in data.points],
            "week": [_Bar(c.start, c.open, c.high, c.low, c.close) for c in data.weeks],
            "month": [_Bar(c.start, c.open, c.high, c.low, c.close) for c in data.months],
        }
        self._spans = Segments(
            self.tr("Interval"),
            [("day", self.tr("Day")), ("week", self.tr("Week")), ("month", self.tr("Month"))],
            view.span,
            lambda key: self._choose(span=key),
        )
        self._forms = Segments(
            self.tr("Form"),
            [("line", self.tr("Line")), ("candles", self.tr("Candles"))],
            view.form,
            lambda key: self._choose(form=key),
        )
        self._periods = Segments(
            self.tr("Period"),
            [("3m", self.tr("3M")), ("1y", self.tr("1Y")), ("5y", self.tr("5Y")),
             ("all", self.tr("All"))],
            view.period,
            lambda key: self._choose(period=key),
        )  # fmt: skip
        if any(point.source == SIMULATED for point in data.points):
            self.header.addWidget(simulated_badge())
        self.body.addLayout(row(self._spans, self._forms, None, self._periods, gap=20))
        self._place = column(gap=8)
        self.body.addLayout(self._place)
        self._draw()

    def _choose(self, **chosen: str) -> None:
        for name, key in chosen.items():
            setattr(self._view, name, key)
        self._draw()

    def _draw(self) -> None:
        view = self._view
        # A day of which only the close is known is no candle.
        possible = view.span != "day" or self._data.whole
        self._forms.set_enabled("candles", possible)
        candles = view.form == "candles" and possible
        self._forms.choose("candles" if candles else "line")
        clear(self._place)
        bars = _since(self._bars[view.span], _DAYS.get(view.period))
        for widget in (self._drawn(bars, candles), label(self._method(candles), "small")):
            self._place.addWidget(widget)
            # At once, so that the page does not shrink meanwhile.
            widget.setVisible(True)

    def _drawn(self, bars: Sequence[_Bar], candles: bool) -> QWidget:
        names = {
            "open": self.tr("Open"),
            "high": self.tr("High"),
            "low": self.tr("Low"),
            "close": self.tr("Close"),
        }
        days = tuple(bar.day.isoformat() for bar in bars)
        series = [
            Series(name, days, tuple(float(getattr(bar, key)) for bar in bars))
            for key, name in names.items()
        ]
        currency = self._data.currency
        card = ChartCard(self.accessibleName(), "line", (series[-1],), currency, "", False)
        if not candles:
            return chart(card)
        # Drawn by the chart library, which takes a quarter of a second to load.
        from desktop.market.candles import Candles  # noqa: PLC0415

        drawn = Candles(series, currency)
        drawn.setFixedHeight(CHART_HEIGHT)
        drawn.setAccessibleName(self.accessibleName())
        drawn.setAccessibleDescription(summary(card))
        return drawn

    def _method(self, candles: bool) -> str:
        if self._view.span == "day":
            if candles:
                return self.tr("Open, high, low and close of UTC days; rises are hollow.")
            return self.tr("Closing prices of UTC days.")
        words = {
            "week": self.tr("Weeks from Monday"),
            "month": self.tr("Calendar months"),
        }[self._view.span]
        return self.tr(
            "{spans}: the open of the first day with a price, the close of the last, the highest "
            "and the lowest price of all."
        ).format(spans=words)


def _day(point: PricePoint) -> _Bar:
    """A day; where only its close is known, that stands for everything."""
    close = point.close
    return _Bar(point.day, point.open or close, point.high or close, point.low or close, close)


def _since(bars: Sequence[_Bar], days: int | None) -> Sequence[_Bar]:
    if days is None:
        return bars
    start = bars[-1].day - timedelta(days)
    return [bar for bar in bars if bar.day >= start]
