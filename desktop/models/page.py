"""The models page: which model answers, the files there are, and what can be got."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from desktop.safetext import ask_before_opening, label, one_line
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.figures import file_size
from desktop.widgets.layout import column
from desktop.widgets.listing import Line, Listing
from desktop.widgets.scroll import ScrollColumn
from desktop.widgets.titles import page_head

if TYPE_CHECKING:
    from engine.service import CatalogueEntry, ListedModel, ModelStatus

_WIDTH = 820


class ModelsPage(QWidget):
    """Shows what the presenter hands it; every button is a signal."""

    use_wanted = Signal(int)
    remove_wanted = Signal(int, str)
    file_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._name = label("", "title")
        self._state = label("", "muted", wrap=True)
        current = CardFrame(self.tr("Answers now"))
        current.body.addWidget(self._name)
        current.body.addWidget(self._state)
        self._starter_note = label(
            self.tr(
                "Starter model: it knows Assay's tools and little else. For better wording and "
                "reasoning, get a 4B model from the list below. The figures are computed by "
                "Assay in either case."
            ),
            "muted",
            wrap=True,
        )
        current.body.addWidget(self._starter_note)
        self._busy = label("", "small")
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName(self.tr("Adding a model"))
        self._progress_box = QWidget()
        self._progress_box.setLayout(column(self._busy, self._progress, gap=6))
        self._progress_box.hide()
        self._files = Listing(self.tr("Model files"), self.tr("There are no model files."))
        files = CardFrame(self.tr("On this computer"))
        files.body.addWidget(self._progress_box)
        files.body.addWidget(self._files)
        self._catalogue = Listing(self.tr("Models to get"), self.tr("The list is empty."))
        offers = CardFrame(
            self.tr("Models to get"),
            self.tr(
                "Assay downloads nothing by itself. Get the file with your browser, then choose "
                "“Use a GGUF file…”."
            ),
        )
        offers.body.addWidget(self._catalogue)
        head = page_head(
            self.tr("Models"),
            self.tr("The model puts the results into words. It runs on this computer only."),
            button(self.tr("Use a GGUF file…"), self.file_wanted.emit, kind="primary", icon="file"),
        )
        scroll = ScrollColumn(self.tr("Models"), _WIDTH, gap=16, margin=24)
        scroll.column.addLayout(head)
        for card in (current, files, offers):
            scroll.column.addWidget(card)
        scroll.column.addStretch(1)
        self.setLayout(column(scroll))

    def show_status(self, status: "ModelStatus") -> None:
        """Show which model answers and how it is."""
        states = {
            "none": self.tr("No model is loaded. Questions are answered with plain results."),
            "loading": self.tr("Loading…"),
            "ready": self.tr("Ready."),
            "busy": self.tr("Writing an answer."),
            "failed": self.tr("It could not be loaded."),
        }
        self._name.setText(one_line(status.name) or self.tr("No model"))
        self._state.setText(one_line(status.notice, 500) or states[status.state])

    def show_models(self, models: Sequence["ListedModel"]) -> None:
        """Show the model files."""
        self._files.show_lines([self._model(model) for model in models])
        starter = any(model.in_use and model.id == 0 for model in models)
        self._starter_note.setVisible(starter)

    def show_catalogue(self, entries: Sequence["CatalogueEntry"]) -> None:
        """Show what can be got."""
        self._catalogue.show_lines([self._entry(entry) for entry in entries if entry.page])

    def show_progress(self, text: str, fraction: float | None) -> None:
        """Show how far adding a file is; an empty text ends it."""
        self._progress_box.setVisible(bool(text))
        self._busy.setText(one_line(text))
        self._progress.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self._progress.setValue(round(1000 * fraction))

    def _model(self, model: "ListedModel") -> Line:
        facts = (model.architecture, model.quantization, file_size(model.size), model.file_name)
        text = " · ".join(one_line(fact) for fact in facts if fact)
        known_as = f"{model.name} ({text})"
        actions: list[tuple[str, str, Callable[[], object]]] = []
        if not model.in_use:
            actions.append(("", self.tr("Use"), lambda: self.use_wanted.emit(model.id)))
        if model.id != 0:
            wanted = self.remove_wanted
            actions.append(
                ("trash", self.tr("Remove model"), lambda: wanted.emit(model.id, known_as))
            )
        tag = self.tr("In use") if model.in_use else ""
        return Line("models", model.name, text, tag, actions=tuple(actions))

    def _entry(self, entry: "CatalogueEntry") -> Line:
        words = self.tr("{note} Needs about {memory} of memory. Licence: {licence}.")
        text = words.format(note=entry.note, memory=file_size(entry.memory), licence=entry.licence)
        page = entry.page or ""
        get = ("", self.tr("Get…"), lambda: ask_before_opening(self.window(), page))
        return Line("models", entry.name, text, actions=(get,))
