"""The table on the screen: read-only, sortable, as tall as its rows."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from desktop.theme import theme
from desktop.widgets.table import CellModel

ROW_HEIGHT = 36
_HEADER_HEIGHT = 34
_PADDING = 15
_LEAST_WIDEST = 120
"""The widest column is never narrower, unless all of it fits into less."""

Index = QModelIndex | QPersistentModelIndex


class CellDelegate(QStyledItemDelegate):
    """Paints a cell without the style sheet, which would take ten times as long."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        font = self._font(option, index)
        width = QFontMetrics(font).horizontalAdvance(
            _model(index).text(index.row(), index.column())
        )
        return QSize(width + 2 * _PADDING, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = _model(index)
        rect: QRect = option.rect
        self.paint_ground(painter, option)
        font = self._font(option, index)
        text = model.text(index.row(), index.column())
        room = rect.adjusted(_PADDING, 0, -_PADDING, 0)
        metrics = QFontMetrics(font)
        if metrics.horizontalAdvance(text) > room.width():
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        figure = model.is_figure(index.column())
        side = Qt.AlignmentFlag.AlignRight if figure else Qt.AlignmentFlag.AlignLeft
        painter.setFont(font)
        painter.setPen(model.colour(index.row(), index.column()))
        painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, text)

    def paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        """What lies under the text: the mark of a selection, and a line."""
        tokens = theme().tokens
        rect: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(tokens.accent_soft))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(tokens.border))

    def _font(self, option: QStyleOptionViewItem, index: Index) -> QFont:
        if not _model(index).is_total(index.row()):
            return option.font
        font = QFont(option.font)
        font.setWeight(QFont.Weight.DemiBold)
        return font


def _model(index: Index) -> CellModel:
    model = index.model()
    assert isinstance(model, CellModel)
    return model


class DataTable(QTableView):
    """A read-only table; the column `widest` takes the room that is left."""

    def __init__(self, name: str, widest: int = 0) -> None:
        super().__init__()
        self._widest = widest
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setItemDelegate(CellDelegate(self))
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
        self._rows_shown: int | None = None

    def setModel(self, model: CellModel) -> None:  # type: ignore[override]
        """Show the rows of a model; the view keeps it alive."""
        model.setParent(self)
        old = self.model()
        super().setModel(model)
        if old is not None:
            old.deleteLater()
        header = self.horizontalHeader()
        for section in range(model.columnCount()):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.ResizeToContents)
        self._fit_widest()
        if self._order:
            model.sort(*self._order)

    def fit_height(self, most_rows: int) -> None:
        """Be as tall as the rows, or as most_rows of them and scroll."""
        self._rows_shown = min(self.model().rowCount(), most_rows)
        self._fit_widest()
        always_off = self.model().rowCount() <= most_rows
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOff if always_off else policy.ScrollBarAsNeeded
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_widest()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll where the table itself cannot."""
        if self.verticalScrollBar().maximum() == 0:
            event.ignore()
        else:
            super().wheelEvent(event)

    def _fit_widest(self) -> None:
        """Give the widest column the room that is left, or scroll where there is too little."""
        header = self.horizontalHeader()
        if not header.count():
            return
        whole = max(self.sizeHintForColumn(self._widest), header.sectionSizeHint(self._widest))
        least = min(whole, _LEAST_WIDEST)
        others = header.length() - header.sectionSize(self._widest)
        scrolls = others + least > self.viewport().width()
        mode = QHeaderView.ResizeMode.Fixed if scrolls else QHeaderView.ResizeMode.Stretch
        header.setSectionResizeMode(self._widest, mode)
        if scrolls:
            header.resizeSection(self._widest, least)
        if self._rows_shown is not None:
            bar = self.horizontalScrollBar().sizeHint().height() if scrolls else 0
            self.setFixedHeight(_HEADER_HEIGHT + self._rows_shown * ROW_HEIGHT + 2 + bar)

    def _sort(self, section: int) -> None:
        down, up = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder
        self._order = (section, up if self._order == (section, down) else down)
        self.model().sort(*self._order)
