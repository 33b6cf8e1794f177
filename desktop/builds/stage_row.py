"""One stage of a build: whether it is done, and how far it is."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QProgressBar, QWidget

from desktop.builds.words import stage_text, stage_title
from desktop.safetext import label
from desktop.theme import follow_theme, theme
from desktop.theme.icons import pixmap
from desktop.widgets.layout import column, row
from desktop.widgets.titles import set_words

if TYPE_CHECKING:
    from engine.core.builds import StageStatus

_STEPS = 1000
_EDGE = 20


class Mark(QWidget):
    """A ring for what waits, a dot for what runs, a tick, or a sign of warning."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(_EDGE, _EDGE))
        self._state = "waiting"
        follow_theme(self, self.update)

    def show_state(self, state: str) -> None:
        """Show another state."""
        self._state = state
        words = {
            "waiting": self.tr("To be done"),
            "running": self.tr("Being done"),
            "done": self.tr("Done"),
            "failed": self.tr("Failed"),
        }
        self.setAccessibleName(words[state])
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        drawn = {"done": ("check", "positive"), "failed": ("warning", "negative")}
        if self._state in drawn:
            painter.drawPixmap(0, 0, pixmap(*drawn[self._state], _EDGE, self.devicePixelRatioF()))
            return
        runs = self._state == "running"
        tint = QColor(theme().tokens.accent if runs else theme().tokens.strong_border)
        painter.setPen(QPen(tint, 1.6))
        painter.setBrush(tint if runs else Qt.BrushStyle.NoBrush)
        edge = 8.0 if runs else 9.0
        painter.drawEllipse(QRectF((_EDGE - edge) / 2, (_EDGE - edge) / 2, edge, edge))


class StageRow(QWidget):
    """Its mark, its name, a bar while it runs, and a line of words."""

    def __init__(self) -> None:
        super().__init__()
        self._mark = Mark()
        self._title = label("", "muted")
        self._far = label("", "small")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._said = label("", "small", wrap=True)
        head = row(self._title, None, self._far)
        line = row(gap=12)
        line.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(column(head, self._bar, self._said, gap=6), 1)
        self.setLayout(line)

    def show_stage(self, stage: "StageStatus", left: float | None) -> None:
        """Show how far it is; left: seconds."""
        runs, failed = stage.state == "running", stage.state == "failed"
        self._mark.show_state(stage.state)
        role = "strong" if runs or failed else "muted" if stage.state == "waiting" else "body"
        title = stage_title(stage)
        set_words(self._title, title, role)
        self._far.setText(stage_text(stage, left))
        self._bar.setVisible(runs)
        self._bar.setRange(0, 0 if stage.fraction is None else _STEPS)
        self._bar.setValue(round(_STEPS * (stage.fraction or 0)))
        self._bar.setAccessibleName(title)
        waiting = stage.state == "waiting"
        set_words(self._said, "" if waiting else stage.text, "error" if failed else "small")
