"""Value over a period with its returns, beside what was paid in or beside a benchmark."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.safetext import label, one_line
from desktop.widgets.card import CardFrame
from desktop.widgets.chart import CHART_HEIGHT, summary
from desktop.widgets.flow import Flow
from desktop.widgets.layout import clear, column, row
from desktop.widgets.legend import Legend
from desktop.widgets.picker import Picker
from desktop.widgets.segments import Segments
from desktop.widgets.tiles import Tile
from engine.core.cards import Card, ChartCard, FactsCard

_GAIN, _TWR, _XIRR, _EXCESS = "gain", "(TWR)", "(XIRR)", "excess return"
"""What the labels of the figures end with."""
_PICKER_WIDTH = 170


def facts_of(cards: Sequence[Card]) -> Mapping[str, str]:
    """All labelled values of some cards."""
    return dict(pair for card in cards if isinstance(card, FactsCard) for pair in card.facts)


def chart_of(cards: Sequence[Card]) -> ChartCard | None:
    """The first chart of some cards."""
    return next((card for card in cards if isinstance(card, ChartCard)), None)


class ValueChart(CardFrame):
    """Shows the cards of two analyses, growth and benchmark; emits what is wanted of them."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("Value over time"))
        self.period = "1y"
        periods = [
            ("1m", self.tr("1M")),
            ("3m", self.tr("3M")),
            ("6m", self.tr("6M")),
            ("1y", self.tr("1Y")),
            ("all", self.tr("All")),
        ]
        self._segments = Segments(self.tr("Period"), periods, self.period, self.show_period)
        self.against = Picker(self.tr("Benchmark"), [("", self.tr("No benchmark"))])
        self.against.setMaximumWidth(_PICKER_WIDTH)
        self.against.picked.connect(lambda _: self.changed.emit())
        self.header.addWidget(self.against)
        self.header.addWidget(self._segments)
        self.gain = Tile(self.tr("Gain"))
        self.twr = Tile(self.tr("Return (TWR)"), self.tr("Time-weighted, of the whole period"))
        self.xirr = Tile(self.tr("Yearly (XIRR)"), self.tr("Money-weighted, a year"))
        self.excess = Tile(self.tr("Excess return"), self.tr("Beyond that of the benchmark"))
        self._legend = row()
        self._note = label("", "small", wrap=True)
        self._note.hide()
        self._drawn = column(gap=0)
        tiles = Flow(gap=36, line_gap=10)
        for tile in (self.gain, self.twr, self.xirr, self.excess):
            tiles.addWidget(tile)
        self.body.addLayout(tiles)
        self.body.addSpacing(4)
        self.body.addLayout(self._legend)
        self.body.addLayout(self._drawn, 1)
        self.body.addWidget(self._note)
        self.setMinimumHeight(CHART_HEIGHT + 150)

    def offer(self, benchmarks: Sequence[str]) -> None:
        """Offer series to compare with."""
        named = [(name, name) for name in benchmarks]
        self.against.offer([("", self.tr("No benchmark")), *named])

    def show_period(self, period: str) -> None:
        """Ask for the last month, quarter … or everything."""
        self.period = period
        self._segments.choose(period)
        self.changed.emit()

    def show_growth(self, cards: Sequence[Card]) -> None:
        """Show the returns, and the value over time unless a benchmark is chosen."""
        facts = facts_of(cards)
        for tile, ending in ((self.gain, _GAIN), (self.twr, _TWR), (self.xirr, _XIRR)):
            found = next((text for name, text in facts.items() if name.endswith(ending)), "")
            tile.show_value(found)
        self.excess.setVisible(bool(self.against.key()))
        if not self.against.key():
            self._show(chart_of(cards))

    def show_benchmark(self, cards: Sequence[Card]) -> None:
        """Show both lines."""
        self.excess.show_value(facts_of(cards).get(_EXCESS, ""))
        self._show(chart_of(cards))

    def say(self, sentence: str) -> None:
        """Show a sentence in place of a chart."""
        self.excess.show_value("")
        self._show(None)
        self._note.setText(one_line(sentence, 500))
        self._note.show()

    def plot(self) -> QWidget | None:
        """What is drawn."""
        item = self._drawn.itemAt(0)
        return item.widget() if item is not None else None

    def _show(self, card: ChartCard | None) -> None:
        # It takes a quarter of a second to load.
        from desktop.widgets.plot import Plot  # noqa: PLC0415

        for layout in (self._legend, self._drawn):
            clear(layout)
        self._note.hide()
        if card is None:
            return
        self._legend.addWidget(Legend([one.name for one in card.series], compared=True))
        drawn = Plot(card.kind, card.series, card.unit, compared=True)
        drawn.setMinimumHeight(CHART_HEIGHT)
        drawn.setAccessibleName(one_line(card.title))
        drawn.setAccessibleDescription(summary(card))
        self._drawn.addWidget(drawn)
