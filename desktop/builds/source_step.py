"""The first step: where the model comes from, in one of four ways."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from desktop.builds.step import Step
from desktop.builds.words import kind_words, source_facts
from desktop.dropping import Cover, local_path
from desktop.safetext import label
from desktop.theme.icons import set_label_icon
from desktop.widgets.activity import Activity
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import boxed, column, row, rule
from desktop.widgets.listing import Line, Listing
from desktop.widgets.titles import set_words

if TYPE_CHECKING:
    from engine.core.builds import BuildSource


class SourceStep(Step):
    """Nothing is asked of another computer before the button that names it is pressed."""

    chosen = Signal(str)
    """A name on the Hub, a folder, a file or a training run."""
    begun = Signal(str)
    """A name on the Hub of which a build has begun."""
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("Source"))
        self.setAcceptDrops(True)
        self.place = QLineEdit()
        self.place.setAccessibleName(self.tr("Name on the Hub"))
        self.place.setPlaceholderText("Qwen/Qwen3-4B")
        self.place.setMaxLength(400)
        self.place.textChanged.connect(self._enable)
        self.place.returnPressed.connect(self._ask)
        self.look = button("", self._ask, kind="primary")
        self.folder = button(self.tr("Choose a folder…"), partial(self._browse, folder=True))
        self.file = button(self.tr("Choose a file…"), partial(self._browse, folder=False))
        self._asks = label("", "small", wrap=True)
        hub = row(gap=8)
        hub.addWidget(self.place, 1)
        hub.addWidget(self.look)
        card = CardFrame(self.tr("Where does the model come from?"))
        folder = self.tr(
            "Weights as makers publish them: safetensors with config.json and tokenizer.json."
        )
        file = self.tr("A GGUF file with 16-bit or 32-bit weights.")
        for one in (
            _way("search", self.tr("The Hub"), self._asks, below=hub),
            rule(),
            _way("folder", self.tr("A folder"), label(folder, "small", wrap=True), self.folder),
            rule(),
            _way("file", self.tr("A file"), label(file, "small", wrap=True), self.file),
        ):
            card.body.addWidget(one)
        self._ways = card
        self.runs = Listing(
            self.tr("Your training runs"),
            self.tr("No run has made a model yet. Runs are started on the Training page."),
        )
        runs = CardFrame(self.tr("Or take what is at hand"))
        runs.body.addWidget(self.runs)
        self._activity = Activity()
        self._stop = button(self.tr("Cancel"), self.cancelled.emit)
        self._stop.hide()
        self._error = label("", "error", wrap=True)
        self._error.hide()
        for one in (card, runs):
            self.body.addWidget(one)
        self.body.addStretch(1)
        self._hint = label(self.tr("A folder or a file can also be dropped here."), "muted")
        for one in (self._activity, self._error, self._hint):
            self.foot.addWidget(one, 1)
        self.foot.addWidget(self._stop)
        self._cover = Cover(self.pane)
        self._cover.say(
            self.tr("Drop to make a model of this"), self.tr("Nothing is changed or sent.")
        )
        self.show_host("")
        self._at_hand = runs

    def begin(self) -> None:
        self.place.setFocus()

    def show_host(self, host: str) -> None:
        """Name who is asked for models."""
        words = self.tr("Look it up") if not host else self.tr("Look it up on {}").format(host)
        self.look.setText(words)
        self.look.setAccessibleName(words)
        learns = self.tr(
            "Named as OWNER/NAME. {} learns which model you ask for, and the address of this "
            "computer."
        )
        self._asks.setText(learns.format(host or self.tr("The Hub")))
        self._enable()

    def show_sources(self, sources: "Sequence[BuildSource]") -> None:
        """Offer the training runs, and downloads that were begun."""
        icons = {"run": "training", "hub": "save"}
        self.runs.show_lines(
            [
                Line(
                    icons.get(one.kind, "folder"),
                    one.name,
                    " · ".join(p for p in (kind_words(one.kind), source_facts(one)) if p),
                    actions=(self._act(one),),
                )
                for one in sources
            ]
        )

    def look_at(self, source: str) -> None:
        """Show that a source is being looked at; "" that none is any more."""
        busy = bool(source)
        for one in (self._ways, self._at_hand):
            one.setEnabled(not busy)
        set_words(self._error, "", "error")
        self._stop.setVisible(busy)
        self._hint.setHidden(busy)
        if busy:
            self._activity.start(self.tr("Looking at {}…").format(Path(source).name or source))
            self._stop.setFocus()
        else:
            self._activity.stop()

    def say(self, sentence: str) -> None:
        """Show why a source cannot be used."""
        set_words(self._error, sentence, "error")
        self._hint.hide()
        self.place.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._ways.isEnabled() and local_path(event.mimeData()) is not None:
            event.acceptProposedAction()
            self._cover.lay()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._cover.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._cover.hide()
        path = local_path(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.chosen.emit(str(path))

    def _act(self, source: "BuildSource") -> tuple[str, str, Callable[[], object]]:
        """What the button of a line does: the Hub is not asked for what was begun."""
        if source.kind == "hub":
            return "", self.tr("Show"), partial(self.begun.emit, source.place)
        return "", self.tr("Take it"), partial(self.chosen.emit, source.place)

    def _enable(self) -> None:
        self.look.setEnabled(bool(self.place.text().strip()))

    def _ask(self) -> None:
        if place := self.place.text().strip():
            self.chosen.emit(place)

    def _browse(self, folder: bool) -> None:
        title = self.tr("Folder of a model") if folder else self.tr("Model file")
        dialog = QFileDialog(self.window(), title)
        modes = QFileDialog.FileMode
        dialog.setFileMode(modes.Directory if folder else modes.ExistingFile)
        if not folder:
            dialog.setNameFilters([self.tr("Model files (*.gguf)"), self.tr("All files (*)")])
        dialog.fileSelected.connect(self.chosen.emit)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _way(
    icon: str,
    title: str,
    text: QWidget,
    act: QPushButton | None = None,
    below: QHBoxLayout | None = None,
) -> QWidget:
    """One of the ways: what it is, and the button for it, or what stands below the words."""
    mark = QLabel()
    set_label_icon(mark, icon, "muted", 18)
    words = column(label(title, "strong"), text, gap=3)
    if below is not None:
        words.addSpacing(4)
        words.addLayout(below)
    line = row(mark, gap=12, margins=(0, 4, 0, 4))
    line.setAlignment(mark, Qt.AlignmentFlag.AlignTop)
    line.addLayout(words, 1)
    if act is not None:
        line.addWidget(act)
    return boxed(line)
