"""What moved the portfolio in the last day, week or month."""

from collections.abc import Sequence

from PySide6.QtCore import Signal

from desktop.safetext import label, one_line
from desktop.widgets.card import CardFrame
from desktop.widgets.data_table import DataTable
from desktop.widgets.segments import Segments
from desktop.widgets.table import RowsModel
from engine.core.cards import Card, TableCard

_SHOWN = 8


class MoversCard(CardFrame):
    """Shows the table of the analysis of movers; emits which period is wanted."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("Movers"))
        self.period = "1d"
        periods = [("1d", self.tr("24 h")), ("7d", self.tr("7 days")), ("30d", self.tr("30 days"))]
        self._segments = Segments(self.tr("Period"), periods, self.period, self.show_period)
        self.header.addWidget(self._segments)
        self.table = DataTable(self.tr("Movers"))
        self._note = label("", "muted", wrap=True)
        self.body.addWidget(self.table)
        self.body.addWidget(self._note)
        self.say("")

    def show_period(self, period: str) -> None:
        """Ask for the moves of a day, a week or a month."""
        self.period = period
        self._segments.choose(period)
        self.changed.emit()

    def show_movers(self, cards: Sequence[Card]) -> None:
        """Show the moves, the largest first."""
        table = next((card for card in cards if isinstance(card, TableCard)), None)
        if table is None:
            self.say(self.tr("Nothing moved."))
            return
        self.table.setModel(RowsModel(table.columns, table.rows))
        self.table.fit_height(_SHOWN)
        self.table.show()
        self._note.hide()

    def say(self, sentence: str) -> None:
        """Show a sentence in place of the moves."""
        self.table.hide()
        self._note.setText(one_line(sentence, 500))
        self._note.setVisible(bool(sentence))
