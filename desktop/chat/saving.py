"""Asks where to save a chat, and in which form."""

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QWidget

_translate = QCoreApplication.translate

_UNSAFE = re.compile(r"[^\w -]+")
_LONGEST = 60


def ask_where(parent: QWidget, title: str, on_path: Callable[[Path], object]) -> QFileDialog:
    """Open the dialog; before a file is replaced it asks."""
    dialog = QFileDialog(parent, _translate("saving", "Save chat"))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    markdown = _translate("saving", "Markdown, as shown (*.md)")
    everything = _translate("saving", "JSON, with all versions (*.json)")
    dialog.setNameFilters([markdown, everything])
    dialog.setDefaultSuffix("md")
    dialog.filterSelected.connect(
        lambda chosen: dialog.setDefaultSuffix("json" if chosen == everything else "md")
    )
    dialog.selectFile(f"{file_name(title)}.md")
    dialog.fileSelected.connect(lambda name: on_path(Path(name)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def file_name(title: str) -> str:
    """A title as the name of a file that every system takes."""
    words = " ".join(_UNSAFE.sub(" ", title).split())[:_LONGEST].strip()
    return words or "chat"
