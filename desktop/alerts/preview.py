"""What an alert would have done: how often in the last year, on which days, at which prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.safetext import clean, label, tooltip
from desktop.widgets.announce import announce
from desktop.widgets.card import simulated_badge
from desktop.widgets.figures import day_text
from desktop.widgets.layout import boxed, clear, column, row
from desktop.widgets.titles import set_words
from engine.core.cards import ChartCard, Series
from engine.core.errors import KnownError
from engine.core.money import parse_amount
from engine.core.records import SIMULATED

if TYPE_CHECKING:
    from engine.service import AlertPreview, Service

_DAYS_SHOWN = 6
_DAYS_WIDTH = 150
_HEIGHT = 170
_LEVELS = ("level", "lower", "upper", "peg")
_PRICED = frozenset({"price", "move", "drawdown", "volatility", "correlation", "depeg", "range"})


@dataclass(frozen=True, slots=True)
class Tried:
    """A preview, and the closes of the price that the alert is about, if it is about one."""

    found: "AlertPreview"
    asset: str = ""
    currency: str = ""
    days: tuple[str, ...] = ()
    closes: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    simulated: bool = False


def try_out(service: "Service", text: str, conditions: Sequence[Mapping[str, str]]) -> Tried:
    """Ask for the preview of a rule; conditions: those it is made of. Raises KnownError."""
    found = service.alerts.preview(text)
    simulated = any(one.simulated for one in found.firings)
    priced = next((one for one in conditions if one["kind"] in _PRICED), None)
    if priced is None:
        return Tried(found, simulated=simulated)
    asset, currency = priced["asset"], priced["currency"]
    try:
        points = service.market.history(asset, currency)
    except KnownError:
        # Worked out from prices in another currency: there is no series to draw.
        return Tried(found, simulated=simulated)
    points = [one for one in points if found.start <= one.day <= found.end]
    levels = tuple(float(parse_amount(priced[one])) for one in _LEVELS if one in priced)
    days = tuple(one.day.isoformat() for one in points)
    closes = tuple(float(one.close) for one in points)
    simulated = simulated or any(one.source == SIMULATED for one in points)
    return Tried(found, asset, currency, days, closes, levels, simulated)


class PreviewView(QWidget):
    """A sentence, and under it the days and the chart."""

    def __init__(self) -> None:
        super().__init__()
        self._sentence = label("", "strong", wrap=True)
        self._badge = simulated_badge()
        self._note = label("", "small", wrap=True)
        self._days = column(gap=5)
        self._chart = column(gap=0)
        line = row(gap=24)
        self._drawing = boxed(self._chart)
        line.addWidget(self._drawing, 1)
        self._side = boxed(self._days)
        line.addWidget(self._side, 0, Qt.AlignmentFlag.AlignTop)
        self._line = boxed(line)
        head = row(self._badge, gap=10)
        head.insertWidget(0, self._sentence, 1)
        self.setLayout(column(head, self._note, self._line, gap=6))
        self.say("")

    def text(self) -> str:
        """The sentence shown."""
        return self._sentence.text()

    def say(self, sentence: str, wrong: bool = False) -> None:
        """Show a sentence in place of a preview."""
        self._show(sentence, "error" if wrong else "muted", "")
        self._badge.hide()
        clear(self._days)
        clear(self._chart)
        self._line.hide()

    def show_tried(self, tried: Tried) -> None:
        """Show a preview."""
        found = tried.found
        whole = (found.end - found.start).days + 1
        gaps = self.tr("There is data of {known} of {whole} days.")
        note = "" if found.days >= whole else gaps.format(known=found.days, whole=whole)
        self._show(self._often(len(found.firings)), "strong", note)
        self._badge.setVisible(tried.simulated)
        announce(self, self._sentence.text())
        clear(self._days)
        clear(self._chart)
        newest = list(reversed(found.firings))
        for firing in newest[:_DAYS_SHOWN]:
            day = label(day_text(firing.day))
            day.setToolTip(tooltip(firing.text))
            day.setAccessibleDescription(clean(firing.text))
            self._days.addWidget(day)
        if len(newest) > _DAYS_SHOWN:
            more = self.tr("and {} earlier").format(len(newest) - _DAYS_SHOWN)
            self._days.addWidget(label(more, "small"))
        drawn = len(tried.days) > 1
        self._drawing.setVisible(drawn)
        if drawn:
            self._chart.addWidget(self._drawn(tried))
        # Beside the chart, or in its place.
        self._side.setMinimumWidth(_DAYS_WIDTH)
        self._side.setVisible(bool(newest))
        self._line.setVisible(bool(newest) or drawn)

    def _often(self, count: int) -> str:
        if count == 0:
            return self.tr("It would not have fired in the last year.")
        if count == 1:
            return self.tr("It would have fired once in the last year.")
        return self.tr("It would have fired {} times in the last year.").format(count)

    def _show(self, sentence: str, role: str, note: str) -> None:
        set_words(self._sentence, sentence, role)
        set_words(self._note, note, "small")

    def _drawn(self, tried: Tried) -> QWidget:
        # Drawn by the chart library, which takes a quarter of a second to load.
        from desktop.alerts.marked_plot import MarkedPlot  # noqa: PLC0415
        from desktop.widgets.chart import summary  # noqa: PLC0415

        words = {"asset": tried.asset, "currency": tried.currency}
        name = self.tr("{asset} in {currency}").format(**words)
        series = Series(name, tried.days, tried.closes)
        marked = [one.day.isoformat() for one in tried.found.firings]
        plot = MarkedPlot(series, tried.currency, marked, tried.levels)
        plot.setFixedHeight(_HEIGHT)
        plot.setAccessibleName(name)
        card = ChartCard(name, "line", (series,), tried.currency, "", simulated=False)
        plot.setAccessibleDescription(summary(card))
        holder = column(label(name, "small"), plot, gap=4)
        return boxed(holder)
