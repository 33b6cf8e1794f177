"""The section of the models on this computer: which answers, the files, their adapters."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from desktop.bridge import Bridge, Call
from desktop.market.section import Section
from desktop.models.adapters import AdaptersCard
from desktop.models.current import CurrentCard
from desktop.models.draft_card import DraftCard
from desktop.safetext import label, one_line
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.dialogs import Question
from desktop.widgets.figures import file_size
from desktop.widgets.layout import boxed, column, row
from desktop.widgets.listing import Line, Listing
from desktop.widgets.titles import set_words
from desktop.widgets.toast import Toasts
from engine.core.events import Event, JobProgress, ModelStateChanged

if TYPE_CHECKING:
    from engine.service import DiskUse, Endpoint, ListedModel, ModelStatus, Service

_STEPS = 1000


class LibrarySection(Section):
    """Files are chosen, added and removed here."""

    kinds = frozenset({"models", "settings", "documents"})
    get_wanted = Signal()

    def __init__(self, service: "Service", bridge: Bridge, toasts: Toasts, making: QWidget) -> None:
        """making: the models that are being made."""
        super().__init__(bridge)
        self._service = service
        self._bridge = bridge
        self._toasts = toasts
        self._adding: Call | None = None
        self._models: list[ListedModel] = []
        self._state = ""
        self.current = CurrentCard()
        self.current.again_wanted.connect(self._again)
        self.current.here_wanted.connect(self._here)
        self._doing = label("", "small")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName(self.tr("Adding a model"))
        busy = row(gap=12)
        busy.addLayout(column(self._doing, self._progress, gap=6), 1)
        busy.addWidget(button(self.tr("Cancel"), self._stop))
        self._busy = boxed(busy)
        self._busy.hide()
        self._files = Listing(self.tr("Model files"), self.tr("There are no model files."))
        self._space = label("", "small", wrap=True)
        files = CardFrame(self.tr("Models on this computer"))
        files.header.addWidget(button(self.tr("Get models"), self.get_wanted.emit))
        self._error = label("", "error", wrap=True)
        self._error.hide()
        for one in (self._busy, self._error, self._files, self._space):
            files.body.addWidget(one)
        self.drafts = DraftCard(service, bridge)
        self.adapters = AdaptersCard(service, bridge)
        self.setLayout(column(self.current, making, files, self.drafts, self.adapters, gap=16))

    def refresh(self) -> None:
        """Load everything again."""
        models, downloads = self._service.models, self._service.downloads
        run = self._bridge.run
        run(
            lambda: (models.current(), models.list()),
            lambda found: self._show(*found),
            owner=self,
        )
        run(models.own_template, self.current.template.show_template, owner=self)
        run(downloads.disk_use, self._show_space, owner=self)
        run(self._remote, self.current.show_remote, owner=self)
        self.drafts.refresh()
        self.adapters.refresh()

    def add(self, path: Path, link: bool = False) -> None:
        """Check a file, take it into the library, and use it."""
        self._show_progress(self.tr("Checking {}…").format(path.name), None)
        self._busy.show()
        set_words(self._error, "", "error")
        self._adding = self._bridge.run_job(
            lambda: self._service.models.add_file(path, link),
            lambda model: self._added(model.id),
            self._refused,
            owner=self,
        )

    def use(self, model_id: int) -> None:
        """Let a model answer from now on, and no server elsewhere."""
        service = self._service
        set_words(self._error, "", "error")

        def use() -> str:
            name = service.models.use(model_id)
            if service.settings.text("answers_from"):
                service.settings.set("answers_from", "")
            return name

        self._bridge.run(
            use,
            lambda name: self._toasts.show(self.tr("{} answers from now on.").format(name)),
            owner=self,
        )

    def _remote(self) -> "Endpoint | None":
        name = self._service.settings.text("answers_from")
        return next((one for one in self._service.endpoints.list() if one.name == name), None)

    def _here(self) -> None:
        """Let the model on this computer answer again."""
        choose = partial(self._service.settings.set, "answers_from", "")
        self._bridge.run(choose, owner=self)

    def _added(self, model_id: int) -> None:
        self._end()
        self.use(model_id)

    def _refused(self, sentence: str) -> None:
        """Said where one looks, and in a message that also reaches screen readers."""
        self._end()
        set_words(self._error, sentence, "error")
        self._toasts.show(sentence)

    def _stop(self) -> None:
        if self._adding is not None:
            self._adding.cancel()
        self._end()

    def _end(self) -> None:
        self._adding = None
        self._busy.hide()

    def _again(self) -> None:
        path = self._service.models.choice
        models = self._service.models
        self._bridge.run(lambda: models.use(_number(models.list(), path())), owner=self)

    def _show(self, status: "ModelStatus", models: "Sequence[ListedModel]") -> None:
        starter = any(model.in_use and model.id == 0 for model in models)
        self.current.show_status(status, starter)
        # Built anew only if something else is said: the focus stays where it is.
        if list(models) != self._models:
            self._models = list(models)
            self._files.show_lines([self._line(model) for model in models])

    def _show_space(self, use: "DiskUse") -> None:
        words = [
            self.tr("Added models take {models} on the disk; {free} are free.").format(
                models=file_size(use.models) if use.models else self.tr("nothing"),
                free=file_size(use.free),
            )
        ]
        if use.parts:
            words.append(self.tr("Unfinished downloads take {}.").format(file_size(use.parts)))
        self._space.setText(" ".join(words))

    def _line(self, model: "ListedModel") -> Line:
        facts = [model.architecture, model.quantization, file_size(model.size), model.file_name]
        if model.linked:
            facts.append(self.tr("your own file, not a copy"))
        text = " · ".join(one_line(fact) for fact in facts if fact)
        known_as = f"{model.name} ({text})"
        if model.trouble:
            text = f"{text}\n{one_line(model.trouble, 500)}"
        actions: list[tuple[str, str, Callable[[], object]]] = []
        if not model.in_use and not model.trouble:
            actions.append(("", self.tr("Use"), partial(self.use, model.id)))
        if model.id > 0:
            ask = partial(self._ask_remove, model, known_as)
            actions.append(("trash", self.tr("Remove model"), ask))
        tag, role = (self.tr("In use"), "tag") if model.in_use else ("", "tag")
        if model.trouble:
            tag, role = self.tr("Cannot be used"), "refusal"
        return Line("models", model.name, text, tag, role, tuple(actions))

    def _ask_remove(self, model: "ListedModel", known_as: str) -> None:
        words = (
            self.tr("{} and its file are deleted from this computer.").format(known_as)
            if not model.linked
            else self.tr("{} is taken off the list; your own file stays.").format(known_as)
        )
        if model.frees:
            words += " " + self.tr("That frees {}.").format(file_size(model.frees))
        if model.in_use:
            words += " " + self.tr("The starter model answers then.")
        remove = partial(self._service.models.remove, model.id)

        def removed(freed: int) -> None:
            if freed:
                self._toasts.show(self.tr("{} are free again.").format(file_size(freed)))

        Question(
            self.window(),
            self.tr("Remove this model?"),
            words,
            self.tr("Remove"),
            lambda: self._bridge.run(remove, removed, owner=self),
        )

    def _show_progress(self, text: str, fraction: float | None) -> None:
        self._doing.setText(one_line(text))
        self._progress.setRange(0, 0 if fraction is None else _STEPS)
        self._progress.setValue(round(_STEPS * (fraction or 0)))

    def _on_event(self, event: Event) -> None:
        super()._on_event(event)
        if isinstance(event, ModelStateChanged):
            if event.state == self._state == "loading":
                self.current.say(event.notice)
                return
            self._state = event.state
            self._stale = True
            if self.isVisible():
                self._refresh_if_stale()
        elif isinstance(event, JobProgress) and self._is_adding(event):
            self._show_progress(f"{event.title}: {event.text}", event.fraction)

    def _is_adding(self, event: JobProgress) -> bool:
        return self._adding is not None and not event.done and self._adding.is_of(event.job_id)


def _number(models: "Sequence[ListedModel]", path: Path) -> "Path | int":
    """The number of the model with this file, or the file where it is not in the list."""
    return next((one.id for one in models if one.path == path and one.id >= 0), path)
