"""One online source: what it learns, its switch, and what can be done with it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QPushButton, QWidget

from desktop.bridge import Bridge, Call
from desktop.safetext import clean, label, one_line
from desktop.widgets.buttons import button
from desktop.widgets.layout import boxed, column, row
from desktop.widgets.switch import Switch
from engine.core.events import Event, JobProgress
from engine.core.jobs import Job

if TYPE_CHECKING:
    from engine.service import SourceState

T = TypeVar("T")

_STEPS = 1000


class SourceRow(QWidget):
    """The switch shows what is stored: turning it on is asked for, and shown once it is done."""

    switch_wanted = Signal(bool)

    def __init__(self, bridge: Bridge, state: "SourceState") -> None:
        super().__init__()
        self._bridge = bridge
        self._call: Call | None = None
        self.info = state.info
        self._on = False
        self._last_error = ""
        self.switch = Switch(state.info.title)
        self.switch.clicked.connect(self._clicked)
        self._note = label("", "small", wrap=True)
        self._note.hide()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Fetching from {}").format(state.info.title))
        self._doing = label("", "small")
        self._cancel = button(self.tr("Cancel"), self._stop)
        busy = row(gap=12)
        busy.addLayout(column(self._doing, self._bar, gap=6), 1)
        busy.addWidget(self._cancel)
        self._busy = boxed(busy)
        self._busy.hide()
        self._actions = row(gap=8)
        self._needs_on: list[QPushButton] = []
        words = column(label(state.info.title, "strong"), gap=2)
        words.addWidget(label(self._learns(), "small", wrap=True))
        line = row(gap=16)
        line.addLayout(words, 1)
        line.addLayout(self._actions)
        line.addWidget(self.switch)
        self.setLayout(column(line, self._note, self._busy, gap=6, margins=(0, 4, 0, 4)))
        self.show_state(state)
        bridge.received.connect(self._on_event)

    def add_action(
        self, text: str, act: Callable[[], object], hint: str = "", needs_on: bool = True
    ) -> QPushButton:
        """Add a button; needs_on: it is there only while the source is on."""
        one = button(text, act, hint=hint)
        one.setAccessibleName(f"{text}: {self.info.title}")
        self._actions.addWidget(one)
        if needs_on:
            self._needs_on.append(one)
            one.setVisible(self._on)
        return one

    def host(self) -> str:
        """Who is asked, "" for nodes."""
        return urlsplit(self.info.base).hostname or ""

    def show_state(self, state: "SourceState") -> None:
        """Show whether it is on, and what went wrong last."""
        self._on = state.on
        self.switch.setChecked(state.on)
        for one in self._needs_on:
            one.setVisible(state.on)
        if state.last_error:
            self.say(state.last_error, wrong=True)
        elif self._last_error:
            self.say("")
        self._last_error = state.last_error

    def say(self, text: str, wrong: bool = False) -> None:
        """Show what came of the last job."""
        self._note.setText(clean(text))
        self._note.setProperty("role", "error" if wrong else "small")
        self._note.style().unpolish(self._note)
        self._note.style().polish(self._note)
        self._note.setVisible(bool(text))

    def run(self, fn: Callable[[], Job[T]], done: Callable[[T], object]) -> None:
        """Run a job and show how far it is; what goes wrong is said here."""

        def ended(result: T) -> None:
            self._end()
            done(result)

        self.say("")
        self._show_progress("", None)
        self._set_busy(True)
        self._call = self._bridge.run_job(fn, ended, self._failed, owner=self)

    def busy(self) -> bool:
        """Whether a job runs."""
        return self._call is not None

    def _failed(self, sentence: str) -> None:
        self._end()
        self.say(sentence, wrong=True)

    def _stop(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._end()
            self.say(self.tr("Stopped; nothing was stored."))

    def _end(self) -> None:
        self._call = None
        self._set_busy(False)

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, JobProgress) or event.done or self._call is None:
            return
        if self._call.is_of(event.job_id):
            text = f"{event.title}: {event.text}" if event.text else event.title
            self._show_progress(text, event.fraction)

    def _show_progress(self, text: str, fraction: float | None) -> None:
        self._doing.setText(one_line(text))
        self._bar.setRange(0, 0 if fraction is None else _STEPS)
        self._bar.setValue(round(_STEPS * (fraction or 0)))

    def _set_busy(self, busy: bool) -> None:
        self._busy.setVisible(busy)
        for one in self._needs_on:
            one.setEnabled(not busy)

    def _clicked(self, on: bool) -> None:
        self.switch.setChecked(self._on)
        self.switch_wanted.emit(on)

    def _learns(self) -> str:
        host = self.host()
        words = (
            self.tr("{host} learns {what}, and the address of this computer.")
            if host
            else self.tr("The nodes you name learn {what}, and the address of this computer.")
        )
        return words.format(host=host, what=self.info.learns)
