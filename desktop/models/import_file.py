"""Asks for a model file, and whether it is to be copied or used from where it is."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from desktop.safetext import label, one_line
from desktop.widgets.buttons import button
from desktop.widgets.figures import file_size
from desktop.widgets.fitting import Fitting
from desktop.widgets.layout import column, row

_translate = QCoreApplication.translate


class CopyOrLink(QDialog):
    """Two ways of adding a file, with what each means and takes."""

    def __init__(self, parent: QWidget, path: Path, on_choice: Callable[[bool], object]) -> None:
        """on_choice: called with whether it is to be linked."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = self.tr("Use {}").format(one_line(path.name, 80))
        self.setWindowTitle(title)
        self.setMinimumWidth(520)
        self.link = button(self.tr("Use it where it is"), self.accept)
        self.copy = button(self.tr("Copy it"), self.accept, kind="primary")
        self.copy.setDefault(True)
        self.link.clicked.connect(lambda: on_choice(True))
        self.copy.clicked.connect(lambda: on_choice(False))
        copied = self.tr(
            "Copy it: takes {} of the disk. Assay keeps a file of its own, and you may move or "
            "delete the original."
        ).format(file_size(_bytes(path)))
        linked = self.tr(
            "Use it where it is: takes no more space on the disk. Do not change the file "
            "afterwards; on another disk it must also stay where it is."
        )
        self.setLayout(
            column(
                label(title, "heading", wrap=True),
                label(copied, "muted", wrap=True),
                label(linked, "muted", wrap=True),
                8,
                row(button(self.tr("Cancel"), self.reject), None, self.link, self.copy),
                gap=8,
                margins=(24, 20, 24, 20),
            )
        )
        Fitting(self)
        self.copy.setFocus()
        self.open()


def ask_for_file(parent: QWidget, on_file: Callable[[Path, bool], object]) -> None:
    """Ask for a file and for the way; on_file gets its path and whether it is to be linked."""
    dialog = QFileDialog(parent, _translate("models", "Use a GGUF file"))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(
        [_translate("models", "Model files (*.gguf)"), _translate("models", "All files (*)")]
    )

    def chosen(name: str) -> None:
        path = Path(name)
        CopyOrLink(parent, path, lambda link: on_file(path, link))

    dialog.fileSelected.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def _bytes(path: Path) -> int:
    """The size of a file; 0 if it cannot be told: adding it says why."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
