"""The Training page: the runs, the curves of the chosen ones, and a dialog to start another."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from desktop.bridge import Bridge
from desktop.safetext import label
from desktop.training.command import CommandDialog
from desktop.training.panel import RunPanel
from desktop.training.rows import RunsTable
from desktop.training.start import StartDialog
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.dialogs import Notice, Question
from desktop.widgets.empty_state import EmptyState
from desktop.widgets.figures import file_size
from desktop.widgets.layout import column
from desktop.widgets.scroll import ScrollColumn
from desktop.widgets.titles import page_head
from desktop.widgets.toast import Toasts

if TYPE_CHECKING:
    from desktop.training.rows import Listed
    from engine.service import Service, TrainingRecipe, TrainingRun

_WIDTH = 980
_LOOK_MILLISECONDS = 1_000


class TrainingPage(QWidget):
    """Looks every second how far the runs are, while it is seen."""

    make_wanted = Signal(str)
    """The name of a run of whose model a smaller one is to be made."""

    def __init__(self, service: "Service", bridge: Bridge, toasts: Toasts) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._training, self._service = service.training, service
        self._bridge, self._toasts = bridge, toasts
        self._looking = False
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MILLISECONDS)
        self._timer.timeout.connect(self.look)
        self.new = button(self.tr("Start a run…"), self._begin, kind="primary", icon="plus")
        self.table = RunsTable()
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_chosen())
        hint = self.tr("Select several with Ctrl or Shift to compare them.")
        self.runs = CardFrame(self.tr("Runs"))
        self.runs.body.addWidget(self.table)
        self.runs.body.addWidget(label(hint, "small"))
        text = self.tr(
            "A recipe says how a model is trained. Choose one, the model to begin with and your "
            "data; everything stays on this computer."
        )
        self._empty = CardFrame(self.tr("Runs"))
        first = button(self.tr("Start a run…"), self._begin)
        self._empty.body.addWidget(EmptyState("training", self.tr("No runs yet"), text, first))
        self.panel = RunPanel()
        self._acts: dict[str, Callable[[TrainingRun], object]] = {
            "stop": partial(self._do, self._training.stop),
            "resume": partial(self._do, self._training.resume),
            "quantize": self._quantize,
            "report": self._report,
            "delete": self._ask_delete,
        }
        self.panel.wanted.connect(lambda what, run: self._acts[what](run))
        self._scroll = ScrollColumn(self.tr("Training"), _WIDTH, gap=16, margin=24)
        words = self.tr("Models that are trained on this computer, each in a process of its own.")
        head = page_head(self.tr("Training"), words, self.new)
        self._scroll.column.addLayout(head)
        for one in (self._empty, self.runs, self.panel):
            one.hide()
            self._scroll.column.addWidget(one)
        self._scroll.column.addStretch(1)
        self.setLayout(column(self._scroll))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def look(self) -> None:
        """Look how far everything is, once at a time."""
        if not self._looking:
            self._looking = True
            self._bridge.run(self._training.list, self._show, self._failed, owner=self)

    def _show(self, listed: "Sequence[Listed]") -> None:
        self._looking = False
        self._empty.setVisible(not listed)
        self.runs.setVisible(bool(listed))
        self.table.show_runs(listed)
        self._show_chosen()

    def _show_chosen(self) -> None:
        self.panel.show_runs(self.table.chosen())

    def _failed(self, sentence: str) -> None:
        self._looking = False
        self._toasts.show(sentence)

    def _begin(self) -> None:
        title = self.tr("Training cannot be started yet")

        def ask(recipes: "list[TrainingRecipe]") -> None:
            if recipes:
                dialog = StartDialog(self.window(), self._service, self._bridge, recipes)
                dialog.started.connect(self._added)

        self._bridge.run(
            self._training.recipes,
            ask,
            lambda sentence: Notice(self.window(), title, sentence),
            owner=self,
        )

    def _added(self, folder: Path) -> None:
        """Choose a run once it is in the list."""

        def show(listed: "Sequence[Listed]") -> None:
            self._show(listed)
            self.table.choose({folder})

        self._bridge.run(self._training.list, show, owner=self)

    def _do(self, act: Callable[[Path], object], run: "TrainingRun") -> None:
        self._bridge.run(partial(act, run.folder), lambda _: self.look(), owner=self)

    def _quantize(self, run: "TrainingRun") -> None:
        title = self.tr("Make a smaller model of {}").format(run.name)
        commands = self._training.quantize_commands(run)
        intro = self.tr(
            "Assay makes a GGUF file of the trained model that fits this computer, compares it "
            "with the original and adds it to your models. Or run these commands in a terminal, "
            "one after the other: they make a file with 8-bit weights."
        )
        here = (self.tr("Make it here…"), partial(self.make_wanted.emit, run.name))
        CommandDialog(self.window(), title, intro, commands, here)

    def _report(self, run: "TrainingRun") -> None:
        self._toasts.show(self.tr("The report is being written…"))
        self._bridge.run_job(partial(self._training.report, run.folder), self._offer, owner=self)

    def _offer(self, report: Path) -> None:
        address = QUrl.fromLocalFile(str(report))
        open_it = (self.tr("Open"), lambda: QDesktopServices.openUrl(address))
        self._toasts.show(self.tr("The report is {}.").format(report), open_it)

    def _ask_delete(self, run: "TrainingRun") -> None:
        delete = partial(self._do, self._training.delete, run)

        def ask(space: int) -> None:
            words = self.tr("{folder} is deleted with all that is in it. That frees {size}.")
            Question(
                self.window(),
                self.tr("Delete this run?"),
                words.format(folder=run.folder, size=file_size(space)),
                self.tr("Delete"),
                delete,
            )

        self._bridge.run(partial(self._training.space, run.folder), ask, owner=self)
