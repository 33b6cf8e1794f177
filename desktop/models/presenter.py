"""Keeps the models page in step with the model and the files there are."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from desktop.bridge import Bridge
from desktop.models.page import ModelsPage
from desktop.widgets.dialogs import Question
from desktop.widgets.toast import Toasts
from engine.core.events import DataChanged, Event, JobProgress, ModelStateChanged

if TYPE_CHECKING:
    from engine.service import ListedModel, ModelStatus, Service

_OF_INTEREST = frozenset({"models", "settings"})


class ModelsPresenter(QObject):
    """Loads the page again whenever a model was added, removed or chosen."""

    def __init__(
        self, service: "Service", bridge: Bridge, page: ModelsPage, toasts: Toasts
    ) -> None:
        super().__init__(page)
        self._service = service
        self._bridge = bridge
        self._page = page
        self._toasts = toasts
        self._adding = ""
        bridge.received.connect(self._on_event)
        page.use_wanted.connect(self._use)
        page.remove_wanted.connect(self._remove)
        page.file_wanted.connect(self._choose)
        self.refresh()

    def refresh(self) -> None:
        """Load everything again."""
        page, models = self._page, self._service.models
        self._bridge.run(self._state, lambda both: self._show(*both), owner=page)
        self._bridge.run(models.catalogue, page.show_catalogue, owner=page)

    def add(self, path: Path) -> None:
        """Check a file, take it into the models folder, and use it."""
        self._adding = path.name
        self._page.show_progress(self.tr("Checking {}…").format(path.name), None)

        self._bridge.run_job(
            lambda: self._service.models.add_file(path),
            lambda model: self._use_added(model.id),
            self._added,
            owner=self._page,
        )

    def _use_added(self, model_id: int) -> None:
        self._added("")
        self._use(model_id)

    def _added(self, sentence: str) -> None:
        self._adding = ""
        self._page.show_progress("", None)
        if sentence:
            self._toasts.show(sentence)

    def _state(self) -> "tuple[ModelStatus, list[ListedModel]]":
        return self._service.models.current(), self._service.models.list()

    def _show(self, status: "ModelStatus", models: "list[ListedModel]") -> None:
        self._page.show_status(status)
        self._page.show_models(models)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, ModelStateChanged) or (
            isinstance(event, DataChanged) and event.kinds & _OF_INTEREST
        ):
            self.refresh()
        elif isinstance(event, JobProgress) and self._is_ours(event):
            self._page.show_progress(f"{event.title} {event.text}", event.fraction)

    def _is_ours(self, event: JobProgress) -> bool:
        return bool(self._adding) and self._adding in event.title and not event.done

    def _use(self, model_id: int) -> None:
        self._bridge.run(
            lambda: self._service.models.use(model_id),
            lambda name: self._toasts.show(self.tr("{} answers from now on.").format(name)),
            owner=self._page,
        )

    def _remove(self, model_id: int, name: str) -> None:
        Question(
            self._page.window(),
            self.tr("Remove this model?"),
            self.tr("{} and its file are deleted from this computer.").format(name),
            self.tr("Remove"),
            lambda: self._bridge.run(lambda: self._service.models.remove(model_id)),
        )

    def _choose(self) -> None:
        dialog = QFileDialog(self._page.window(), self.tr("Use a GGUF file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Model files (*.gguf)"), self.tr("All files (*)")])
        dialog.fileSelected.connect(lambda name: self.add(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
