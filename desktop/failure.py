"""What is shown when the data folder cannot be opened."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from desktop.safetext import clean
from engine.core.errors import KnownError


def failure_box(parent: QWidget, error: KnownError) -> QMessageBox:
    """One sentence, and what to do about it; nothing is changed meanwhile."""
    box = QMessageBox(parent)
    box.setWindowTitle("Assay")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(QCoreApplication.translate("failure", "Assay cannot open your data."))
    box.setInformativeText(f"{clean(error.sentence)}\n{clean(error.hint)}".strip())
    box.setIcon(QMessageBox.Icon.Warning)
    box.addButton(
        QCoreApplication.translate("failure", "Close Assay"), QMessageBox.ButtonRole.AcceptRole
    )
    return box
