"""What an import would store, before anything is stored."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDialog, QStackedWidget, QWidget

from desktop.portfolio.preview_rows import refused_model, transactions_model
from desktop.safetext import label, one_line
from desktop.widgets.buttons import button
from desktop.widgets.data_table import DataTable
from desktop.widgets.layout import column, framed, row
from desktop.widgets.segments import Segments
from desktop.widgets.table import RowsModel
from desktop.widgets.titles import ElidedLabel

if TYPE_CHECKING:
    from engine.service import ImportPreview

_WARNINGS = 20


class PreviewDialog(QDialog):
    """New rows, known rows and refused rows of a file; accepted means "store the new ones"."""

    def __init__(self, parent: QWidget, file_name: str, count: int) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Import"))
        self.resize(920, 620)
        self._file_name = one_line(file_name)
        self.confirm_button = button(
            self.tr("Import {} rows").format(f"{count:,}"), self.accept, kind="primary"
        )
        self.confirm_button.setEnabled(count > 0)
        self.confirm_button.setDefault(count > 0)
        self._stack = QStackedWidget()
        self._keys: list[str] = []
        self._choices: list[tuple[str, str]] = []
        self.segments: Segments | None = None

    @classmethod
    def of_transactions(cls, parent: QWidget, preview: "ImportPreview") -> "PreviewDialog":
        """The preview of a file of transactions."""
        dialog = cls(parent, preview.file_name, len(preview.rows))
        dialog.add("new", dialog.tr("New"), transactions_model(preview.rows), len(preview.rows))
        dialog.add(
            "known",
            dialog.tr("Already stored"),
            refused_model(preview.duplicates),
            len(preview.duplicates),
        )
        dialog.add(
            "refused",
            dialog.tr("Not understood"),
            refused_model(preview.refused),
            len(preview.refused),
        )
        dialog.fill(_said(preview), preview.warnings)
        return dialog

    def show_tab(self, key: str) -> None:
        """Show new, known or refused rows."""
        self._stack.setCurrentIndex(self._keys.index(key))
        if self.segments is not None:
            self.segments.choose(key)

    def add(self, key: str, name: str, model: RowsModel, count: int) -> None:
        """Add a list of the first rows of `count`, or a word if there are none."""
        shown: QWidget
        if model.rowCount():
            # Reasons must be readable; the text of a refused line is cut where there is no room.
            texts = [one for one in range(model.columnCount()) if not model.is_figure(one)]
            shown = table = DataTable(name, widest=texts[-1])
            table.setModel(model)
        else:
            shown = empty = label(self.tr("None."), "muted")
            empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(shown)
        self._keys.append(key)
        self._choices.append((key, f"{name}  {count:,}"))

    def fill(self, sentence: str, warnings: Sequence[str], *actions: QWidget) -> None:
        """Say what was recognised, show the lists added so far; actions: further buttons."""
        filled = (
            key
            for number, key in enumerate(self._keys)
            if isinstance(self._stack.widget(number), DataTable)
        )
        first = next(filled, "new")
        self.segments = Segments(self.tr("Rows"), self._choices, first, self.show_tab)
        self.show_tab(first)
        lines = column(gap=12, margins=(24, 20, 24, 20))
        lines.addWidget(ElidedLabel(self._file_name, "title"))
        lines.addWidget(label(sentence, "muted", wrap=True))
        if warnings:
            words = label("\n".join(warnings[:_WARNINGS]), "small", wrap=True)
            lines.addWidget(framed(row(words, margins=(12, 10, 12, 10)), "well"))
        lines.addLayout(row(self.segments, None))
        lines.addWidget(self._stack, 1)
        lines.addLayout(
            row(
                label(self.tr("Nothing is stored until you import."), "small"),
                None,
                *actions,
                button(self.tr("Cancel"), self.reject),
                self.confirm_button,
            )
        )
        self.setLayout(lines)


def _said(preview: "ImportPreview") -> str:
    """What was recognised, and what becomes of the rows that are not new."""
    tr = partial(QCoreApplication.translate, "PreviewDialog")
    words = [tr("Recognised as {}.").format(preview.source)]
    if not preview.rows:
        words.append(tr("There is nothing new to import."))
    elif preview.refused:
        words.append(tr("What is not understood is left out; each row says why."))
    return " ".join(words)
