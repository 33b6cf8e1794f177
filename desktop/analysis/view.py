"""One analysis: its form, and under it the cards it gives."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.analysis.controls import Value
from desktop.analysis.form import FormView
from desktop.bridge import Bridge, Call
from desktop.safetext import label
from desktop.widgets.activity import Activity
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame, card_widget
from desktop.widgets.empty_state import EmptyState
from desktop.widgets.layout import clear, column
from engine.core.cards import Card, QuoteCard
from engine.core.events import DataChanged, Event

if TYPE_CHECKING:
    from engine.service import AnalysisOutcome, Form, Service

_DATA = {"transactions", "prices", "measurements", "settings"}


class AnalysisView(QWidget):
    """Runs the analysis when the form or the data change; only the newest run is shown."""

    ask_wanted = Signal(str, str)
    """Words and the call of a result, for the chat."""

    market_wanted = Signal()
    """Where what an analysis lacks is imported."""

    def __init__(
        self, service: "Service", bridge: Bridge, form: "Form", entered: Mapping[str, Value]
    ) -> None:
        """entered: values in place of those that the form begins with, by parameter."""
        super().__init__()
        self._service = service
        self._bridge = bridge
        self._analysis = form
        self._running: Call | None = None
        self._call = ""
        self.form = FormView(form)
        self.form.enter(entered)
        self.form.changed.connect(self._run)
        self.form.incomplete.connect(self._incomplete)
        self._ask = button(
            self.tr("Ask about this"),
            self._ask_about,
            icon="chat",
            hint=self.tr("Open this result in the chat"),
        )
        self._remember = button(
            self.tr("Keep as my profile"),
            self._keep,
            hint=self.tr("Begin with these values from now on, also in the chat"),
        )
        self._remember.setVisible(form.remembers)
        self._activity = Activity()
        self._message = label("", "muted", wrap=True)
        self._cards = column(gap=16)
        card = CardFrame(self.tr("What to compute"))
        card.header.addWidget(self._remember)
        card.header.addWidget(self._ask)
        card.body.addWidget(self.form)
        card.setVisible(bool(form.parameters) and not form.lacks)
        self.setLayout(column(card, self._activity, self._message, self._cards, gap=16))
        self._clear()
        bridge.received.connect(self._on_event)
        self._compute()

    def cards(self) -> list[QWidget]:
        """The cards shown."""
        items = [self._cards.itemAt(number) for number in range(self._cards.count())]
        return [widget for item in items if item and (widget := item.widget()) is not None]

    def _run(self, values: dict[str, str | Decimal]) -> None:
        if self._running is not None:
            self._running.cancel()
        self._activity.start(self.tr("Computing…"))
        name = self._analysis.name
        self._running = self._bridge.run_job(
            lambda: self._service.analysis.run(name, values), self._show, self._refused, owner=self
        )

    def _compute(self) -> None:
        if not self._analysis.lacks:
            self.form.emit_values()
            return
        market = button(self.tr("Open Market data"), self.market_wanted.emit, kind="primary")
        self._explain(self.tr("Nothing imported yet"), self._analysis.lacks, market)

    def _show(self, outcome: "AnalysisOutcome") -> None:
        self._clear()
        self._call = outcome.call
        self._ask.setEnabled(True)
        for card in _told_once(outcome.cards):
            self._cards.addWidget(card_widget(card))
        self._say("\n".join(outcome.notes))

    def _say(self, text: str) -> None:
        self._message.setText(text)
        self._message.setVisible(bool(text))

    def _clear(self) -> None:
        self._activity.stop()
        clear(self._cards)
        self._call = ""
        self._ask.setEnabled(False)
        self._say("")

    def _explain(self, title: str, text: str, *buttons: QWidget) -> None:
        """Say in place of results why there are none."""
        self._clear()
        self._cards.addWidget(EmptyState("analysis", title, text, *buttons))

    def _refused(self, sentence: str) -> None:
        self._explain(self.tr("No result yet"), sentence)

    def _incomplete(self, name: str, meaning: str) -> None:
        if self._running is not None:
            self._running.cancel()
        words = self.tr("Enter “{name}”: {meaning}.").format(name=name, meaning=meaning)
        self._explain(self.tr("Nothing to compute yet"), words)

    def _keep(self) -> None:
        values = self.form.values()
        self._bridge.run(
            lambda: self._service.analysis.remember_profile(values),
            lambda _: self._say(self.tr("Your profile is stored.")),
            self._say,
            owner=self,
        )

    def _ask_about(self) -> None:
        if self._call:
            self.ask_wanted.emit(self._analysis.title, self._call)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged) and event.kinds & _DATA:
            self._compute()


def _told_once(cards: Iterable[Card]) -> Iterator[Card]:
    """The cards, without the method where a card before has told it."""
    told: set[str] = set()
    for card in cards:
        if isinstance(card, QuoteCard):
            yield card
        else:
            yield replace(card, method="") if card.method in told else card
            told.add(card.method)
