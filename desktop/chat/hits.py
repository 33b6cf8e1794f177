"""What a search has found in messages: the chat, and the words where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPen,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop.safetext import clean, one_line, tooltip
from desktop.theme import theme

Index = QModelIndex | QPersistentModelIndex

_HIT_ROLE = Qt.ItemDataRole.UserRole
_LINES = 2
_MARGIN = 9


@dataclass(frozen=True, slots=True)
class Found:
    """One message; where: what it is. marks: from where to where in the snippet the words are."""

    chat_id: int
    message_id: int
    title: str
    where: str
    snippet: str
    marks: tuple[tuple[int, int], ...]

    def spoken(self) -> str:
        """For screen readers and tooltips."""
        return f"{one_line(self.title)} ({self.where}): {one_line(self.snippet)}"


class HitsModel(QAbstractListModel):
    """What was found, in the order given."""

    def __init__(self) -> None:
        super().__init__()
        self._hits: list[Found] = []

    def set_hits(self, hits: Sequence[Found]) -> None:
        """Replace all."""
        self.beginResetModel()
        self._hits = list(hits)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._hits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        hit = self._hits[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return hit.spoken()
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(hit.spoken())
        return hit if role == _HIT_ROLE else None


class HitDelegate(QStyledItemDelegate):
    """Paints the title of the chat and two lines with the words that were found."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        small = QFontMetrics(_small(option.font))
        height = QFontMetrics(option.font).height() + _LINES * small.lineSpacing() + 2 * _MARGIN
        return QSize(80, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens = theme().tokens
        hit: Found = index.data(_HIT_ROLE)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        under = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(tokens.hover) if chosen or under else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tokens.accent)) if focused else Qt.PenStyle.NoPen)
        ground = option.rect.adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(ground, 7, 7)
        room = QRectF(ground.adjusted(_MARGIN, _MARGIN - 3, -_MARGIN, -2))
        metrics = QFontMetrics(option.font)
        title = metrics.elidedText(
            one_line(hit.title), Qt.TextElideMode.ElideRight, round(room.width())
        )
        painter.setPen(QColor(tokens.text))
        painter.setFont(option.font)
        painter.drawText(room, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, title)
        room.setTop(room.top() + metrics.height() + 1)
        _paint_snippet(painter, hit, room, _small(option.font))
        painter.restore()


class HitList(QListView):
    """The list itself; Enter or a click opens."""

    chosen = Signal(int, int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setItemDelegate(HitDelegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self._hits = HitsModel()
        self.setModel(self._hits)
        self.clicked.connect(self._choose)

    def show_hits(self, hits: Sequence[Found]) -> None:
        """Show these in place of all others."""
        self._hits.set_hits(hits)
        self.scrollToTop()

    def count(self) -> int:
        """How many there are."""
        return self._hits.rowCount()

    def choose_first(self) -> None:
        """Open the first, if there is one."""
        if self.count():
            self._choose(self._hits.index(0, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if enter and self.currentIndex().isValid():
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _choose(self, index: Index) -> None:
        hit: Found = index.data(_HIT_ROLE)
        self.chosen.emit(hit.chat_id, hit.message_id)


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPixelSize(theme().sizes.small)
    return small


def _paint_snippet(painter: QPainter, hit: Found, room: QRectF, font: QFont) -> None:
    """The text in two lines at most, the words that were found in colour and weight."""
    tokens = theme().tokens
    # What is not to be shown becomes a blank, so that the marks stay where they are.
    text = "".join(clean(one) or " " for one in hit.snippet)[: len(hit.snippet)]
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    formats = []
    for start, end in hit.marks:
        one = QTextLayout.FormatRange()
        one.start, one.length = _units(text[:start]), _units(text[start:end])
        form = QTextCharFormat()
        form.setForeground(QColor(tokens.accent_text))
        form.setFontWeight(QFont.Weight.DemiBold)
        one.format = form
        formats.append(one)
    layout.setFormats(formats)
    layout.beginLayout()
    top = 0.0
    for _ in range(_LINES):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(room.width())
        line.setPosition(QRectF(0, top, 0, 0).topLeft())
        top += line.height()
    layout.endLayout()
    painter.setPen(QColor(tokens.muted))
    layout.draw(painter, room.topLeft())


def _units(text: str) -> int:
    """The length as Qt counts it, in units of UTF-16."""
    return len(text) + sum(one > "\uffff" for one in text)
