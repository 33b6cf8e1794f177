"""The card that says which model guesses ahead for the one that answers."""

from pathlib import Path
from typing import TYPE_CHECKING

from desktop.bridge import Bridge
from desktop.safetext import label
from desktop.widgets.card import CardFrame
from desktop.widgets.picker import Picker

if TYPE_CHECKING:
    from engine.service import ModelFile, Service


class DraftCard(CardFrame):
    """Seen where there is a model to choose; each model has its own choice."""

    def __init__(self, service: "Service", bridge: Bridge) -> None:
        super().__init__(self.tr("Guess ahead"))
        self._service = service
        self._bridge = bridge
        words = self.tr(
            "A smaller model of the same family can guess the next words, which this one then only "
            "checks. The answers stay the same; they come faster where it guesses well, and it "
            "needs memory of its own."
        )
        self.body.addWidget(label(words, "muted", wrap=True))
        self.picker = Picker(self.tr("Guess ahead with"))
        self.picker.picked.connect(self._choose)
        self.body.addWidget(self.picker)
        self.hide()

    def refresh(self) -> None:
        """Load it again."""
        drafts = self._service.models.drafts
        self._bridge.run(
            lambda: (drafts.choices(), drafts.chosen()),
            lambda found: self._show(*found),
            owner=self,
        )

    def _show(self, choices: "list[ModelFile]", chosen: Path | None) -> None:
        names = [(str(one.id), one.name) for one in choices]
        self.picker.offer([("", self.tr("No other model")), *names])
        ids = (str(one.id) for one in choices if one.path == chosen)
        self.picker.choose(next(ids, ""))
        self.setVisible(bool(choices))

    def _choose(self, key: str) -> None:
        drafts = self._service.models.drafts
        self._bridge.run(lambda: drafts.choose(int(key) if key else None), owner=self)
