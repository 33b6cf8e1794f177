"""The user's own texts, by which it is measured which weights matter."""

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.widgets.buttons import button
from desktop.widgets.layout import column, row
from desktop.widgets.listing import Line, Listing


class Texts(QWidget):
    """A list of files that may be empty."""

    def __init__(self) -> None:
        super().__init__()
        nothing = self.tr("None: Assay's own dialogues about crypto and finance are used alone.")
        self.paths: tuple[Path, ...] = ()
        self._list = Listing(self.tr("Texts of your own"), nothing)
        self.add = button(self.tr("Add texts…"), self._browse)
        self.setLayout(column(self._list, row(self.add, None), gap=8))

    def show_texts(self, paths: tuple[Path, ...]) -> None:
        """Replace the files."""
        self.paths = paths
        self._list.show_lines(
            [
                Line(
                    "file",
                    path.name,
                    str(path.parent),
                    actions=(("trash", self.tr("Leave out"), partial(self._remove, path)),),
                )
                for path in paths
            ]
        )

    def take(self, names: list[str]) -> None:
        """Add files, each once."""
        self.show_texts(tuple(dict.fromkeys((*self.paths, *(Path(name) for name in names)))))

    def _remove(self, path: Path) -> None:
        self.show_texts(tuple(one for one in self.paths if one != path))
        self.add.setFocus()

    def _browse(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("Texts of your own"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        filters = [self.tr("Texts (*.txt *.md)"), self.tr("All files (*)")]
        dialog.setNameFilters(filters)
        dialog.filesSelected.connect(self.take)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
