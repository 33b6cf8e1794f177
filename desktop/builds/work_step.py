"""The third step: the stages of a build, which goes on when the wizard is left."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal

from desktop.builds.stage_row import StageRow
from desktop.builds.step import Step, primary
from desktop.builds.words import build_title, stage_title, state_text
from desktop.safetext import label
from desktop.widgets.announce import announce
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import clear, column
from desktop.widgets.titles import ElidedLabel, set_words

if TYPE_CHECKING:
    from engine.core.builds import BuildStatus

STATE_ROLES = {"running": "tag", "stopping": "badge", "stopped": "badge", "failed": "refusal"}
"""How the badge of a state looks; that of one that has ended well is a tag."""


class WorkStep(Step):
    """The rows stay the same widgets while the build goes on."""

    stop_wanted = Signal()
    resume_wanted = Signal()
    delete_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("Making it"))
        self._card = CardFrame("")
        clear(self._card.header)
        self._title = ElidedLabel("", "heading")
        self._state = label("", "tag")
        self._card.header.addWidget(self._title, 1)
        self._card.header.addWidget(self._state, 0, Qt.AlignmentFlag.AlignVCenter)
        self.stages: list[StageRow] = []
        self._running = ""
        self._lines = column(gap=16)
        self._notice = label("", "error", wrap=True)
        self._card.body.addLayout(self._lines)
        self._card.body.addWidget(self._notice)
        self.body.addWidget(self._card)
        words = self.tr(
            "You may leave this page: it goes on while Assay runs. If Assay is closed, go on later "
            "where it was."
        )
        self._may_leave = label(words, "muted", wrap=True)
        self.body.addWidget(self._may_leave)
        self.body.addStretch(1)
        self.delete = button(self.tr("Delete…"), self.delete_wanted.emit, kind="danger")
        self.stop = button(self.tr("Stop"), self.stop_wanted.emit)
        self.resume = primary(button(self.tr("Go on"), self.resume_wanted.emit, kind="primary"))
        self.foot.addWidget(self.delete)
        self.foot.addStretch(1)
        self.foot.addWidget(self.stop)
        self.foot.addWidget(self.resume)

    def begin(self) -> None:
        (self.resume if self.stop.isHidden() else self.stop).setFocus()

    def show_status(self, status: "BuildStatus", left: float | None) -> None:
        """Show how far a build is; left: seconds of its running stage."""
        title = build_title(status.order)
        self._title.set_text(title)
        self._card.setAccessibleName(title)
        set_words(self._state, state_text(status), STATE_ROLES.get(status.state, "tag"))
        while len(self.stages) > len(status.stages):
            gone = self.stages.pop()
            gone.hide()
            gone.deleteLater()
        while len(self.stages) < len(status.stages):
            self.stages.append(StageRow())
            self._lines.addWidget(self.stages[-1])
        for line, stage in zip(self.stages, status.stages, strict=True):
            line.show_stage(stage, left if stage.state == "running" else None)
        # A stage that failed says so itself.
        said = any(one.state == "failed" and one.text for one in status.stages)
        failed = status.state == "failed"
        set_words(self._notice, "" if said else status.notice, "error" if failed else "small")
        self._offer(status.state)
        self._tell(status)

    def _offer(self, state: str) -> None:
        """Show one of two buttons; the focus goes from one to the other."""
        runs = state in ("running", "stopping")
        self._may_leave.setVisible(state == "running")
        shown, other = (self.stop, self.resume) if runs else (self.resume, self.stop)
        words = self.tr("Stopping…") if state == "stopping" else self.tr("Stop")
        if not runs:
            words = self.tr("Try again") if state == "failed" else self.tr("Go on")
        shown.setText(words)
        shown.setAccessibleName(words)
        shown.show()
        if other.hasFocus():
            shown.setFocus()
        other.hide()

    def _tell(self, status: "BuildStatus") -> None:
        """Say aloud which stage has begun."""
        running = next((stage_title(one) for one in status.stages if one.state == "running"), "")
        if running and running != self._running and self.isVisible():
            announce(self, running)
        self._running = running
