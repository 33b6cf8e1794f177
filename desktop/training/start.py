"""The dialog that starts a run: a recipe, and only what it needs."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit, QWidget

from desktop.bridge import Bridge
from desktop.safetext import label
from desktop.widgets.buttons import button, icon_button
from desktop.widgets.fitting import Fitting
from desktop.widgets.layout import boxed, clear, column, row
from desktop.widgets.picker import Picker
from desktop.widgets.titles import set_words

if TYPE_CHECKING:
    from engine.service import Service, TrainingRecipe

_OUT = "out"


class StartDialog(QDialog):
    """Stays open, and says why, until the run has started."""

    started = Signal(Path)

    def __init__(
        self,
        parent: QWidget,
        service: "Service",
        bridge: Bridge,
        recipes: "Sequence[TrainingRecipe]",
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = self.tr("Start a training run")
        self.setWindowTitle(title)
        self.setMinimumWidth(600)
        self._service, self._bridge = service, bridge
        self._recipes = {one.name: one for one in recipes}
        names = [(name, name) for name in self._recipes]
        self.recipe = Picker(self.tr("Recipe"), names)
        self.recipe.currentIndexChanged.connect(self._ask)
        self._text = label("", "muted", wrap=True)
        self.fields: dict[str, QLineEdit] = {}
        self._places = column(gap=10)
        self.until = QLineEdit()
        self.until.setAccessibleName(self.tr("Time limit"))
        self.until.setPlaceholderText(self.tr("such as 90m or 8h; as the recipe says, if empty"))
        self._error = label("", "error", wrap=True)
        self._error.hide()
        self.start = button(self.tr("Start"), self._start, kind="primary")
        self.start.setDefault(True)
        recipe = column(label(self.tr("Recipe"), "small"), self.recipe, self._text, gap=4)
        until = column(label(self.tr("Time limit"), "small"), self.until, gap=4)
        note = self.tr("The run is a process of its own: it goes on when Assay is closed.")
        buttons = row(None, button(self.tr("Cancel"), self.reject), self.start)
        self.setLayout(
            column(
                label(title, "heading"),
                label(note, "muted", wrap=True),
                4,
                recipe,
                self._places,
                until,
                self._error,
                8,
                buttons,
                gap=10,
                margins=(24, 20, 24, 20),
            )
        )
        self._fitting = Fitting(self)
        self._ask()
        self.recipe.setFocus()
        self.open()

    def chosen(self) -> "TrainingRecipe":
        """The recipe."""
        return self._recipes[self.recipe.key()]

    def _ask(self) -> None:
        """Ask for what the chosen recipe needs; what was entered for another one stays."""
        from engine.service import setting_title as titles  # noqa: PLC0415

        recipe = self.chosen()
        before = {key: field.text() for key, field in self.fields.items() if key != _OUT}
        clear(self._places)
        self.fields = {}
        set_words(self._text, recipe.text, "muted")
        set_words(self._error, "", "error")
        for key, proposed in recipe.places.items():
            words = self.tr("{} (may be left out)") if key in recipe.optional else "{}"
            self._add(key, words.format(titles(key)), proposed)
            self.fields[key].setText(before.get(key, ""))
        self._add(_OUT, self.tr("Folder of the run"), "")
        find = partial(self._service.training.free_folder, recipe)
        out = self.fields[_OUT]
        self._bridge.run(find, lambda folder: out.setText(str(folder)), owner=out)
        self._fitting.again()

    def _add(self, key: str, title: str, proposed: str) -> None:
        field = QLineEdit()
        field.setAccessibleName(title)
        field.setMaxLength(2_000)
        if proposed:
            field.setPlaceholderText(self.tr("{}, if empty").format(proposed))
        browse = icon_button(
            "folder", self.tr("Choose: {}").format(title), partial(self._browse, key)
        )
        line = row(gap=6)
        line.addWidget(field, 1)
        line.addWidget(browse)
        self._places.addWidget(boxed(column(label(title, "small"), boxed(line), gap=4)))
        self.fields[key] = field

    def _browse(self, key: str) -> None:
        """Ask for a file where the recipe has one, else for a folder."""
        field = self.fields[key]
        dialog = QFileDialog(self, field.accessibleName(), field.text())
        modes = QFileDialog.FileMode
        is_file = key in ("data", "held_out") or Path(self.chosen().places.get(key, "")).suffix
        dialog.setFileMode(modes.ExistingFile if is_file else modes.Directory)
        dialog.fileSelected.connect(field.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _start(self) -> None:
        values = {key: field.text().strip() for key, field in self.fields.items()}
        out, until = values.pop(_OUT), self.until.text().strip()
        folder = Path(out) if out else None
        self.start.setEnabled(False)
        start = partial(self._service.training.start, self.chosen(), values, folder, until)
        self._bridge.run(start, self._started, self._failed, owner=self)

    def _started(self, run: object) -> None:
        self.started.emit(run.folder)  # type: ignore[attr-defined]
        self.accept()

    def _failed(self, sentence: str) -> None:
        self.start.setEnabled(True)
        set_words(self._error, sentence, "error")
        self._fitting.again()
