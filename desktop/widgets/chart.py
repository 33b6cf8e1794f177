"""Picks the widget for a chart card and tells screen readers what it shows."""

import importlib

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from desktop.safetext import one_line
from desktop.widgets.bars import LyingBars
from desktop.widgets.donut import DonutChart
from desktop.widgets.figures import short
from desktop.widgets.heatmap import Heatmap
from desktop.widgets.layout import boxed, column
from desktop.widgets.legend import Legend
from engine.core.cards import ChartCard

_translate = QCoreApplication.translate

CHART_HEIGHT = 220
SCATTER_HEIGHT = 320
_UPRIGHT_NAME = 12
"""Bars with longer names lie on their side: an axis has no room for them."""


def chart(card: ChartCard) -> QWidget:
    """The drawn chart of a card, under the names of its lines where it has several."""
    drawn = _drawn(card)
    drawn.setAccessibleName(one_line(card.title))
    drawn.setAccessibleDescription(summary(card))
    if card.kind != "line" or len(card.series) < 2:
        return drawn
    return boxed(column(Legend([one.name for one in card.series]), drawn, gap=10))


def _drawn(card: ChartCard) -> QWidget:
    widget: QWidget
    if card.kind == "donut":
        widget = DonutChart(
            [(x, y) for one in card.series for x, y in zip(one.x, one.y, strict=True)]
        )
    elif card.kind == "heatmap":
        widget = Heatmap(card.series, card.unit)
    elif card.kind == "bar" and _has_long_names(card):
        widget = LyingBars(card.series[0], card.unit)
    elif card.kind == "scatter":
        # Loaded late: it takes a quarter of a second.
        from desktop.widgets.scatter import Scatter  # noqa: PLC0415

        widget = Scatter(card.series, card.unit, card.x_unit)
        widget.setFixedHeight(SCATTER_HEIGHT)
    else:
        # As above.
        from desktop.widgets.plot import Plot  # noqa: PLC0415

        widget = Plot(card.kind, card.series, card.unit)
        widget.setFixedHeight(CHART_HEIGHT)
    return widget


def _has_long_names(card: ChartCard) -> bool:
    return len(card.series) == 1 and any(len(name) > _UPRIGHT_NAME for name in card.series[0].x)


def load_plots() -> None:
    """Load the chart library, a quarter of a second of work; on the main thread only."""
    importlib.import_module("desktop.widgets.plot")


def summary(card: ChartCard) -> str:
    """What the chart shows, in words."""
    sentences = []
    for one in card.series:
        if not one.y:
            continue
        words = _translate("chart", "{name}: from {first} to {last}, lowest {low}, highest {high}.")
        sentences.append(
            words.format(
                name=one_line(one.name),
                first=short(one.y[0], card.unit),
                last=short(one.y[-1], card.unit),
                low=short(min(one.y), card.unit),
                high=short(max(one.y), card.unit),
            )
        )
    return " ".join(sentences)
