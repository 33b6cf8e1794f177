"""The card of the model that answers: how it is, why it does not, and what to do then."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal

from desktop.models.endpoint_words import name_of, place_of
from desktop.models.template import TemplateNote
from desktop.safetext import label, one_line
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import boxed, row
from desktop.widgets.titles import ElidedLabel, set_words

if TYPE_CHECKING:
    from engine.service import Endpoint, ModelStatus


class CurrentCard(CardFrame):
    """Its name and state; one that failed can be tried again."""

    again_wanted = Signal()
    here_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("Answers now"))
        self._name = ElidedLabel("", "title")
        self._state = label("", "muted", wrap=True)
        self._starter_note = label(
            self.tr(
                "Starter model: it knows Assay's tools and little else. For better wording and "
                "reasoning, take a 4B model from “Get models”. The figures are computed by "
                "Assay in either case."
            ),
            "muted",
            wrap=True,
        )
        self._starter_note.hide()
        self.again = button(self.tr("Try again"), self.again_wanted.emit, kind="primary")
        self.again.hide()
        self._place = label("", "badge")
        self.here = button(self.tr("Answer on this computer"), self.here_wanted.emit)
        self._elsewhere = label("", wrap=True)
        remote = row(gap=8)
        remote.addWidget(self._place, 0, Qt.AlignmentFlag.AlignVCenter)
        remote.addWidget(self._elsewhere, 1)
        remote.addWidget(self.here)
        self._remote = boxed(remote)
        self._remote.hide()
        self.body.addWidget(self._remote)
        head = row(gap=8)
        head.addWidget(self._name, 1)
        head.addWidget(self.again)
        self.body.addLayout(head)
        self.body.addWidget(self._state)
        self.body.addWidget(self._starter_note)
        self.template = TemplateNote()
        self.body.addWidget(self.template)

    def show_status(self, status: "ModelStatus", starter: bool) -> None:
        """Show which model answers and how it is."""
        states = {
            "none": self.tr("No model is loaded. Questions are answered with plain results."),
            "loading": self.tr("Loading…"),
            "ready": self.tr("Ready."),
            "busy": self.tr("Writing an answer."),
            "failed": self.tr("It could not be loaded."),
        }
        self._name.set_text(one_line(status.name) or self.tr("No model"))
        failed = status.state == "failed"
        words = one_line(status.notice, 500) or states[status.state]
        set_words(self._state, words, "error" if failed else "muted")
        self.again.setVisible(failed)
        self._starter_note.setVisible(starter and not failed)

    def show_remote(self, endpoint: "Endpoint | None") -> None:
        """Show that a server answers instead, or none."""
        self._remote.setVisible(endpoint is not None)
        if endpoint is not None:
            self._place.setText(place_of(endpoint))
            words = self.tr("{} answers; the model below is not asked.")
            self._elsewhere.setText(one_line(words.format(name_of(endpoint)), 300))

    def say(self, notice: str) -> None:
        """Show how far loading is."""
        set_words(self._state, one_line(notice, 500), "muted")
