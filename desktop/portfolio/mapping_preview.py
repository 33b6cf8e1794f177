"""The transactions that a mapping makes of a file, while it is being put together."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.portfolio.preview_rows import refused_model, transactions_model
from desktop.safetext import label
from desktop.widgets.activity import Activity
from desktop.widgets.data_table import DataTable
from desktop.widgets.layout import column, row
from desktop.widgets.segments import Segments

if TYPE_CHECKING:
    from engine.service import ImportPreview

_SHOWN = 100
_REASON, _ACCOUNT = 1, 5


class MappingPreview(QWidget):
    """Counts, the first transactions, and the rows that were not understood."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = DataTable(self.tr("Transactions"), widest=_ACCOUNT)
        self.refused = DataTable(self.tr("Not understood"), widest=_REASON)
        self._note = label("", "muted", wrap=True)
        self._activity = Activity()
        self._stack = QStackedWidget()
        for widget in (self.rows, self.refused):
            self._stack.addWidget(widget)
        self._segments = Segments(
            self.tr("Rows"),
            [("rows", self.tr("Transactions")), ("refused", self.tr("Not understood"))],
            "rows",
            self._pick,
        )
        self._picked = False
        lines = column(row(self._segments, self._activity, None), self._note, gap=8)
        lines.addWidget(self._stack, 1)
        lines.addStretch()
        self.setLayout(lines)
        self.say("")

    def _pick(self, key: str) -> None:
        self._picked = True
        self.show_tab(key)

    def show_tab(self, key: str) -> None:
        """Show the transactions or the rows that were not understood."""
        self._segments.choose(key)
        self._stack.setCurrentWidget(self.rows if key == "rows" else self.refused)

    def wait(self) -> None:
        """Something has changed and is being read anew."""
        self._activity.start(self.tr("Reading…"))

    def show_preview(self, preview: "ImportPreview") -> None:
        """Show what would be imported."""
        self._activity.stop()
        self._note.setVisible(bool(preview.warnings))
        self._note.setText("\n".join(preview.warnings[:3]))
        taken = len(preview.rows) + len(preview.duplicates)
        self._count("rows", self.tr("Transactions"), taken)
        self._count("refused", self.tr("Not understood"), len(preview.refused))
        self.rows.setModel(transactions_model(preview.rows[:_SHOWN]))
        self.refused.setModel(refused_model(preview.refused[:_SHOWN]))
        self._stack.show()
        if not self._picked:
            # Where nothing is understood, the reasons are what helps.
            self.show_tab("rows" if taken or not preview.refused else "refused")

    def say(self, sentence: str) -> None:
        """Show why there is nothing to show."""
        self._activity.stop()
        self._count("rows", self.tr("Transactions"), 0)
        self._count("refused", self.tr("Not understood"), 0)
        self.rows.setModel(transactions_model(()))
        self.refused.setModel(refused_model(()))
        self._note.setText(sentence)
        self._note.setVisible(bool(sentence))
        self._stack.hide()

    def _count(self, key: str, name: str, count: int) -> None:
        self._segments.set_text(key, f"{name}  {count:,}")
