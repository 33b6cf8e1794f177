"""The models behind every table: display strings, aligned and sorted by what they mean."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from desktop.safetext import one_line, tooltip
from desktop.theme import theme
from engine.core.cards import Column
from engine.core.money import parse_amount

_FIGURES = frozenset({"amount", "money", "percent"})
_UNITS = "$€£¥% "
_LONG = 40

Index = QModelIndex | QPersistentModelIndex


class CellModel(QAbstractTableModel):
    """What the table paints: a text for each cell, aligned by the kind of its column."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self._columns = tuple(columns)
        self._sorted: tuple[int, Qt.SortOrder] | None = None

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._columns)

    def text(self, row: int, column: int) -> str:
        """What stands in a cell."""
        raise NotImplementedError

    def is_total(self, row: int) -> bool:
        """Whether this is the row of totals."""
        return False

    def is_figure(self, column: int) -> bool:
        """Whether a column holds figures, which are aligned at the right."""
        return self._columns[column].kind in _FIGURES

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self.text(index.row(), index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            text = self.text(index.row(), index.column())
            return tooltip(text) if len(text) > _LONG else None
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = (
                Qt.AlignmentFlag.AlignRight
                if self.is_figure(section)
                else Qt.AlignmentFlag.AlignLeft
            )
            return side | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        arrow = ""
        if self._sorted and self._sorted[0] == section:
            arrow = " ↑" if self._sorted[1] == Qt.SortOrder.AscendingOrder else " ↓"
        return one_line(self._columns[section].title) + arrow

    def colour(self, row: int, column: int) -> QColor:
        """Gains and losses are coloured, by the sign that is written as well."""
        tokens = theme().tokens
        if self._columns[column].kind in {"money", "percent"}:
            first = self.text(row, column)[:1]
            if first == "+":
                return QColor(tokens.positive)
            if first in {"-", "−"}:
                return QColor(tokens.negative)
        return QColor(tokens.text)


class RowsModel(CellModel):
    """Rows of display strings; a total row, if given, stays last however the rows are sorted.

    keys: what to sort the rows by, one per cell; without them figures are read from their text.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        rows: Sequence[Sequence[str]],
        *,
        keys: Sequence[Sequence[Any]] | None = None,
        total: Sequence[str] | None = None,
    ) -> None:
        super().__init__(columns)
        self._rows = [tuple(one_line(cell, 500) for cell in line) for line in rows]
        self._keys = None if keys is None else [tuple(line) for line in keys]
        self._total = None if total is None else tuple(one_line(cell) for cell in total)
        self._order = list(range(len(self._rows)))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows) + (self._total is not None)

    def text(self, row: int, column: int) -> str:
        return self._line(row)[column]

    def is_total(self, row: int) -> bool:
        return row >= len(self._rows)

    def original(self, row: int) -> int:
        """The number that a row, as sorted, had when the rows were given; not of the totals."""
        return self._order[row]

    def place(self, number: int) -> int:
        """Where the row is now that had this number when the rows were given."""
        return self._order.index(number)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; rows without a value in it come last."""
        if column < 0:
            return
        self.layoutAboutToBeChanged.emit()
        before = self._order
        self._sorted = (column, order)
        down = order == Qt.SortOrder.DescendingOrder
        known = [i for i in range(len(self._rows)) if self._key(i, column) is not None]
        rest = [i for i in range(len(self._rows)) if self._key(i, column) is None]
        self._order = sorted(known, key=lambda i: self._key(i, column), reverse=down) + rest
        self._move_selection(before)
        self.layoutChanged.emit()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)

    def _move_selection(self, before: Sequence[int]) -> None:
        """Let what is selected go with its row."""
        for index in self.persistentIndexList():
            if not self.is_total(index.row()):
                row = self.place(before[index.row()])
                self.changePersistentIndex(index, self.index(row, index.column()))

    def _line(self, row: int) -> tuple[str, ...]:
        if row < len(self._rows):
            return self._rows[self._order[row]]
        assert self._total is not None
        return self._total

    def _key(self, row: int, column: int) -> Any:
        if self._keys is not None:
            return self._keys[row][column]
        text = self._rows[row][column]
        if self._columns[column].kind not in _FIGURES:
            return text.casefold()
        return _figure(text)


def _figure(text: str) -> Decimal | None:
    """The number in a display string such as "-$1,234.50", "12.3 %" or "10.00 CHF"."""
    digits = text.replace("−", "-").translate({ord(unit): None for unit in _UNITS})
    try:
        return parse_amount(digits.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    except ValueError:
        return None
