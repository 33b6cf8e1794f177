"""The wait for a long file: how far it is, and a way out."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog, QProgressBar, QWidget

from desktop.bridge import Bridge, Call
from desktop.safetext import label, one_line
from desktop.widgets.buttons import button
from desktop.widgets.layout import column, row
from desktop.widgets.titles import ElidedLabel
from engine.core.events import Event, JobProgress

PATIENCE_MILLISECONDS = 400
"""What ends sooner is not worth a dialog."""
_STEPS = 1000


class WaitingDialog(QDialog):
    """Shows the progress of one job; rejected means that the user wants to wait no longer."""

    def __init__(self, parent: QWidget, title: str, note: str, way_out: str) -> None:
        """way_out: the word on the button."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Import"))
        self.setMinimumWidth(460)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(one_line(title))
        self._bar.setRange(0, 0)
        self._words = label("")
        self.setLayout(
            column(
                ElidedLabel(title, "heading"),
                self._bar,
                self._words,
                8,
                row(label(note, "small"), None, button(way_out, self.reject)),
                gap=8,
                margins=(24, 20, 24, 20),
            )
        )
        self.finished.connect(self.deleteLater)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._appear)
        self._call: Call | None = None
        self._heard: dict[str, JobProgress] = {}

    def follow(self, bridge: Bridge, call: Call) -> None:
        """Show how far this call's job is, from a moment on."""
        self._call = call
        bridge.received.connect(self._on_event)
        self._patience.start(PATIENCE_MILLISECONDS)

    def end(self) -> None:
        """There is nothing to wait for any more."""
        self._patience.stop()
        self.accept()

    def _appear(self) -> None:
        self._show_progress()
        self.open()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, JobProgress) and not event.done:
            # The first ones may come before it is known which job is behind the call.
            self._heard[event.job_id] = event
            self._show_progress()

    def _show_progress(self) -> None:
        for job_id, event in self._heard.items():
            if self._call is not None and self._call.is_of(job_id):
                self._words.setText(one_line(event.text))
                self._bar.setRange(0, 0 if event.fraction is None else _STEPS)
                self._bar.setValue(round(_STEPS * (event.fraction or 0)))
