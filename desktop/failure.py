"""What is shown when Assay cannot start."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox

from desktop.safetext import clean
from desktop.theme.icons import icon
from engine.core.errors import KnownError


def failure_box(error: KnownError) -> QMessageBox:
    """One sentence, and what to do about it."""
    box = QMessageBox()
    box.setWindowTitle("Assay")
    box.setWindowIcon(icon("assay", "accent", 32))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(QCoreApplication.translate("failure", "Assay cannot start.") + "\n\n" + clean(error.sentence))
    box.setInformativeText(clean(error.hint))
    box.setIcon(QMessageBox.Icon.Warning)
    return box


def show_failure(error: KnownError) -> int:
    """Show the error until it is dismissed; returns the exit status."""
    failure_box(error).exec()
    return 1
