"""Tables as Qt model and view: figures right-aligned, sortable, as tall as their rows."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from desktop.safetext import one_line, tooltip
from desktop.theme import theme
from engine.core.cards import Column
from engine.core.money import parse_amount

ROW_HEIGHT = 36
_HEADER_HEIGHT = 34
_FIGURES = frozenset({"amount", "money", "percent"})
_UNITS = "$€£¥% "

Index = QModelIndex | QPersistentModelIndex


class RowsModel(QAbstractTableModel):
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
        super().__init__()
        self._columns = tuple(columns)
        self._rows = [tuple(one_line(cell, 500) for cell in line) for line in rows]
        self._keys = None if keys is None else [tuple(line) for line in keys]
        self._total = None if total is None else tuple(one_line(cell) for cell in total)
        self._order = list(range(len(self._rows)))
        self._sorted: tuple[int, Qt.SortOrder] | None = None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows) + (self._total is not None)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        is_total = index.row() >= len(self._rows)
        text = self._line(index.row())[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(index.column())
            case Qt.ItemDataRole.FontRole if is_total:
                font = QFont()
                font.setWeight(QFont.Weight.DemiBold)
                return font
            case Qt.ItemDataRole.ForegroundRole:
                return self._colour(index.column(), text)
            case Qt.ItemDataRole.ToolTipRole if len(text) > 40:
                return tooltip(text)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        arrow = ""
        if self._sorted and self._sorted[0] == section:
            arrow = " ↑" if self._sorted[1] == Qt.SortOrder.AscendingOrder else " ↓"
        return one_line(self._columns[section].title) + arrow

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; rows without a value in it come last."""
        if column < 0:
            return
        self.layoutAboutToBeChanged.emit()
        self._sorted = (column, order)
        down = order == Qt.SortOrder.DescendingOrder
        known = [i for i in range(len(self._rows)) if self._key(i, column) is not None]
        rest = [i for i in range(len(self._rows)) if self._key(i, column) is None]
        self._order = sorted(known, key=lambda i: self._key(i, column), reverse=down) + rest
        self.layoutChanged.emit()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)

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

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        figure = self._columns[column].kind in _FIGURES
        side = Qt.AlignmentFlag.AlignRight if figure else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def _colour(self, column: int, text: str) -> QColor | None:
        """Gains and losses are coloured, by the sign that is written as well."""
        if self._columns[column].kind not in {"money", "percent"}:
            return None
        if text.startswith("+"):
            return QColor(theme().tokens.positive)
        return QColor(theme().tokens.negative) if text.startswith(("-", "−")) else None


def _figure(text: str) -> Decimal | None:
    """The number in a display string such as "-$1,234.50", "12.3 %" or "10.00 CHF"."""
    digits = text.replace("−", "-").translate({ord(unit): None for unit in _UNITS})
    try:
        return parse_amount(digits.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    except ValueError:
        return None


class DataTable(QTableView):
    """A read-only table; the first column takes the room that is left."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setFixedHeight(_HEADER_HEIGHT)
        header.setHighlightSections(False)
        header.setResizeContentsPrecision(40)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(False)
        header.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        header.sectionClicked.connect(self._sort)
        self._order: tuple[int, Qt.SortOrder] | None = None

    def setModel(self, model: RowsModel) -> None:  # type: ignore[override]
        """Show the rows of a model; the view keeps it alive."""
        model.setParent(self)
        old = self.model()
        super().setModel(model)
        if old is not None:
            old.deleteLater()
        header = self.horizontalHeader()
        for section in range(model.columnCount()):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        if self._order:
            model.sort(*self._order)

    def fit_height(self, most_rows: int) -> None:
        """Be as tall as the rows, or as most_rows of them and scroll."""
        rows = min(self.model().rowCount(), most_rows)
        self.setFixedHeight(_HEADER_HEIGHT + rows * ROW_HEIGHT + 2)
        always_off = self.model().rowCount() <= most_rows
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOff if always_off else policy.ScrollBarAsNeeded
        )

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll where the table itself cannot."""
        if self.verticalScrollBar().maximum() == 0:
            event.ignore()
        else:
            super().wheelEvent(event)

    def _sort(self, section: int) -> None:
        down, up = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder
        self._order = (section, up if self._order == (section, down) else down)
        self.model().sort(*self._order)
