"""One build on the Models page: how far it is, and what can be done."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget

from desktop.builds.words import build_title, how_far
from desktop.safetext import label, one_line
from desktop.theme.icons import set_label_icon
from desktop.widgets.buttons import button, icon_button
from desktop.widgets.layout import column, row
from desktop.widgets.titles import ElidedLabel, set_words

if TYPE_CHECKING:
    from engine.core.builds import BuildStatus

_STEPS = 1000


class BuildRow(QWidget):
    """Stays the same widget while the build goes on, so that the focus stays where it is."""

    show_wanted = Signal()
    stop_wanted = Signal()
    resume_wanted = Signal()
    delete_wanted = Signal()

    def __init__(self, status: "BuildStatus", left: float | None) -> None:
        super().__init__()
        self.status = status
        self._name = one_line(status.order.name)
        mark = QLabel()
        set_label_icon(mark, "flask", "muted", 18)
        self._text = label("", "small", wrap=True)
        self._notice = label("", "error", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Making of {}").format(self._name))
        self.open = button("", self.show_wanted.emit)
        self.go = button("", self._go)
        delete = icon_button(
            "trash", self.tr("Delete: {}").format(self._name), self.delete_wanted.emit, size=16
        )
        title = ElidedLabel(build_title(status.order), "strong")
        words = column(title, self._text, self._bar, self._notice, gap=5)
        line = row(mark, gap=12, margins=(0, 4, 0, 4))
        line.setAlignment(mark, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        for one in (self.open, self.go, delete):
            line.addWidget(one)
        self.setLayout(line)
        self.show_status(status, left)

    def show_status(self, status: "BuildStatus", left: float | None) -> None:
        """Show how far it is now; left: seconds of the running stage."""
        self.status = status
        set_words(self._text, how_far(status, left), "small")
        failed = status.state == "failed"
        set_words(self._notice, status.notice if failed else "", "error")
        runs = status.state in ("running", "stopping")
        stage = next((one for one in status.stages if one.state == "running"), None)
        known = stage is not None and stage.fraction is not None
        self._bar.setVisible(runs)
        self._bar.setRange(0, _STEPS if known else 0)
        self._bar.setValue(round(_STEPS * ((stage and stage.fraction) or 0)))
        ready = status.state == "built"
        self._name_button(self.open, self.tr("Add…") if ready else self.tr("Show"))
        words = {
            "running": self.tr("Stop"),
            "stopping": self.tr("Stopping…"),
            "failed": self.tr("Try again"),
        }.get(status.state, self.tr("Go on"))
        self._name_button(self.go, words)
        self.go.setVisible(status.state not in ("built", "registered"))

    def _name_button(self, one: QPushButton, words: str) -> None:
        one.setText(words)
        one.setAccessibleName(f"{words}: {self._name}")

    def _go(self) -> None:
        if self.status.state in ("running", "stopping"):
            self.stop_wanted.emit()
        else:
            self.resume_wanted.emit()
