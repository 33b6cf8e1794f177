"""The table of runs; rows are kept, so that what is selected stays so while figures change."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QItemSelection, QItemSelectionModel, QModelIndex
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView

from desktop.safetext import one_line
from desktop.theme import theme
from desktop.training.words import figure_text, left_text, state_text
from desktop.widgets.data_table import DataTable
from desktop.widgets.table import CellModel, Index
from engine.core.cards import Column

if TYPE_CHECKING:
    from engine.service import TrainingFigures, TrainingRun

    Listed = tuple[TrainingRun, TrainingFigures]

_STATE = 2
_ROWS = 6
_TINTS = {"running": "accent_text", "stopping": "warning", "failed": "negative"}


class RunsModel(CellModel):
    """Runs with their newest figures."""

    def __init__(self) -> None:
        names = [("Run", "text"), ("Recipe", "text"), ("State", "text"), ("Step", "amount"),
                 ("Loss", "amount"), ("Time left", "text")]  # fmt: skip
        super().__init__([Column(_tr(name), kind) for name, kind in names])  # type: ignore[arg-type]
        self.listed: list[Listed] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.listed)

    def text(self, row: int, column: int) -> str:
        run, figures = self.listed[row]
        return (
            one_line(run.name),
            one_line(run.recipe),
            state_text(run),
            f"{figures.step:,}" if figures.last else "",
            figure_text("loss", figures.last.get("loss")),
            left_text(run, figures),
        )[column]

    def colour(self, row: int, column: int) -> QColor:
        tint = _TINTS.get(self.listed[row][0].state, "text") if column == _STATE else "text"
        return QColor(getattr(theme().tokens, tint))

    def show(self, listed: "Sequence[Listed]") -> bool:
        """Show runs as they are now; returns whether other ones are there than before."""
        others = [run.folder for run, _ in listed] != [run.folder for run, _ in self.listed]
        if others:
            self.beginResetModel()
        self.listed = list(listed)
        if others:
            self.endResetModel()
        elif listed:
            last = self.index(len(listed) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)
        return others


class RunsTable(DataTable):
    """One run is chosen, or several to compare them (Ctrl or Shift with a click or the arrows)."""

    def __init__(self) -> None:
        super().__init__(_tr("Training runs"))
        self.runs = RunsModel()
        self.setModel(self.runs)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)

    def chosen(self) -> "list[Listed]":
        """What is selected, from the top."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.runs.listed[row] for row in rows]

    def show_runs(self, listed: "Sequence[Listed]") -> None:
        """Show runs; what was selected stays so, and the newest is where nothing was."""
        before = {run.folder for run, _ in self.chosen()}
        if self.runs.show(listed):
            self.fit_height(_ROWS)
            self.choose(before)

    def choose(self, folders: set[Path]) -> None:
        """Select the runs in these folders, or the first one."""
        found = [row for row, (run, _) in enumerate(self.runs.listed) if run.folder in folders]
        selection = QItemSelection()
        for row in found or ([0] if self.runs.listed else []):
            selection.select(self.runs.index(row, 0), self.runs.index(row, self._last_column()))
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(selection, flags.ClearAndSelect)

    def _last_column(self) -> int:
        return self.runs.columnCount() - 1


def _tr(text: str) -> str:
    return QCoreApplication.translate("training", text)
