"""The lots of one asset, and the ways on from there: its transactions, a question about it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from desktop.portfolio.part import Desk
from desktop.safetext import label, one_line
from desktop.widgets.activity import Activity
from desktop.widgets.buttons import button
from desktop.widgets.card import card_widget
from desktop.widgets.layout import clear, column, row
from desktop.widgets.scroll import ScrollColumn

if TYPE_CHECKING:
    from engine.service import AnalysisOutcome

_SIZE = (1040, 660)
_MARGIN = 24
_ANALYSIS = "lots_held"


class CoinDialog(QDialog):
    """Runs the analysis of lots for one asset."""

    def __init__(self, desk: Desk, parent: QWidget, asset: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk = desk
        self._asset = asset
        self._call = ""
        name = one_line(asset)
        self.setWindowTitle(self.tr("Lots of {}").format(name))
        self.resize(*_SIZE)
        self.activity = Activity()
        self.ask = button(
            self.tr("Ask about {}").format(name), self._ask_about, kind="primary", icon="chat"
        )
        self.ask.setEnabled(False)
        self.transactions = button(self.tr("Its transactions"), self._show_transactions)
        close = button(self.tr("Close"), self.reject)
        self._cards = column(gap=16)
        scroll = ScrollColumn(self.windowTitle(), _SIZE[0], gap=16, margin=_MARGIN)
        scroll.column.addLayout(self._cards)
        scroll.column.addStretch(1)
        head = column(label(name, "title"), self.activity, margins=(_MARGIN, 20, _MARGIN, 0))
        actions = (self.transactions, None, close, self.ask)
        # The cards and their scroll bar take the whole width.
        lines = column(head, gap=0)
        lines.addWidget(scroll, 1)
        lines.addLayout(row(*actions, margins=(_MARGIN, 12, _MARGIN, 20)))
        self.setLayout(lines)
        self.activity.start(self.tr("Computing…"))
        desk.bridge.run_job(
            lambda: desk.service.analysis.run(_ANALYSIS, {"asset": asset}),
            self._show,
            self._say,
            owner=self,
        )

    def _show(self, outcome: "AnalysisOutcome") -> None:
        self.activity.stop()
        self._call = outcome.call
        self.ask.setEnabled(True)
        clear(self._cards)
        for card in outcome.cards:
            self._cards.addWidget(card_widget(card))

    def _say(self, sentence: str) -> None:
        self.activity.stop()
        self._cards.addWidget(label(sentence, "muted", wrap=True))

    def _ask_about(self) -> None:
        self.accept()
        self._desk.ask_wanted.emit(self.windowTitle(), self._call)

    def _show_transactions(self) -> None:
        self.accept()
        self._desk.transactions_wanted.emit({"asset": self._asset})
