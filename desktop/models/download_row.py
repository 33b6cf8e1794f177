"""One download: how far it is, how fast, how long it still takes, and what can be done."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QWidget

from desktop.models.words import download_text
from desktop.safetext import one_line
from desktop.theme.icons import set_label_icon
from desktop.widgets.buttons import button, icon_button
from desktop.widgets.layout import column, row
from desktop.widgets.titles import ElidedLabel, set_words

if TYPE_CHECKING:
    from engine.service import DownloadStatus

_STEPS = 1000


class DownloadRow(QWidget):
    """Stays the same widget while the download goes on, so that the focus stays where it is."""

    pause_wanted = Signal()
    resume_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, status: "DownloadStatus") -> None:
        super().__init__()
        name = one_line(status.name)
        self.status = status
        mark = QLabel()
        set_label_icon(mark, "save", "muted", 18)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._notice = QLabel()
        self._notice.setTextFormat(Qt.TextFormat.PlainText)
        self._notice.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, _STEPS)
        self._bar.setAccessibleName(self.tr("Download of {}").format(name))
        self.go = button(self.tr("Pause"), self._go)
        self._name = name
        cancel = icon_button(
            "trash", self.tr("Stop and delete: {}").format(name), self.cancel_wanted.emit, size=16
        )
        words = column(
            ElidedLabel(status.name, "strong"), self._text, self._bar, self._notice, gap=5
        )
        line = row(mark, gap=12, margins=(0, 4, 0, 4))
        line.setAlignment(mark, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        line.addWidget(self.go)
        line.addWidget(cancel)
        self.setLayout(line)
        self.show_status(status)

    def show_status(self, status: "DownloadStatus") -> None:
        """Show how far it is now."""
        self.status = status
        set_words(self._text, download_text(status), "small")
        failed = status.state == "failed"
        set_words(self._notice, status.notice if failed else "", "error")
        known = bool(status.size)
        self._bar.setRange(0, _STEPS if known or not status.running else 0)
        if known:
            self._bar.setValue(_STEPS * status.done // status.size)
        words = self.tr("Pause")
        if failed:
            words = self.tr("Try again")
        elif not status.running:
            words = self.tr("Go on")
        if self.go.text() != words:
            self.go.setText(words)
        self.go.setAccessibleName(f"{words}: {self._name}")

    def _go(self) -> None:
        if self.status.running:
            self.pause_wanted.emit()
        else:
            self.resume_wanted.emit()
