"""The list of conversations: search, open, rename, delete."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from desktop.safetext import label, one_line
from desktop.theme import theme
from desktop.theme.icons import icon
from desktop.widgets.buttons import icon_button
from desktop.widgets.layout import column, row

Index = QModelIndex | QPersistentModelIndex

ID_ROLE = Qt.ItemDataRole.UserRole

_ROW_HEIGHT = 32


class ChatsModel(QAbstractListModel):
    """Titles and ids of the conversations, in the order given."""

    def __init__(self) -> None:
        super().__init__()
        self._chats: list[tuple[int, str]] = []

    def set_chats(self, chats: Sequence[tuple[int, str]]) -> None:
        """Replace all."""
        self.beginResetModel()
        self._chats = [(chat_id, one_line(title)) for chat_id, title in chats]
        self.endResetModel()

    def title(self, chat_id: int) -> str:
        """The title of a conversation, or "" if it is not there."""
        return next((title for one, title in self._chats if one == chat_id), "")

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._chats)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        chat_id, title = self._chats[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return title
        return chat_id if role == ID_ROLE else None


class TitleDelegate(QStyledItemDelegate):
    """Paints a title on a rounded ground when it is chosen or under the pointer."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, _ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens = theme().tokens
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        under = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(tokens.hover) if chosen or under else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tokens.accent)) if focused else Qt.PenStyle.NoPen)
        ground = option.rect.adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(ground, 7, 7)
        painter.setPen(QColor(tokens.text if chosen else tokens.muted))
        room = QRect(ground.adjusted(10, 0, -8, 0))
        text = QFontMetrics(option.font).elidedText(
            index.data(), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()


class TitleList(QListView):
    """The list itself; Enter opens, F2 renames, Delete deletes."""

    chosen = Signal(int)
    rename_wanted = Signal(int)
    delete_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setItemDelegate(TitleDelegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.clicked.connect(lambda index: self.chosen.emit(index.data(ID_ROLE)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        signals = {
            Qt.Key.Key_Return: self.chosen,
            Qt.Key.Key_Enter: self.chosen,
            Qt.Key.Key_F2: self.rename_wanted,
            Qt.Key.Key_Delete: self.delete_wanted,
        }
        signal = signals.get(Qt.Key(event.key()))
        if signal is not None and index.isValid():
            signal.emit(index.data(ID_ROLE))
        else:
            super().keyPressEvent(event)

    def _menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if not index.isValid():
            return
        chat_id = index.data(ID_ROLE)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rename = menu.addAction(icon("pencil", "muted", 16), self.tr("Rename…"))
        rename.triggered.connect(lambda: self.rename_wanted.emit(chat_id))
        delete = menu.addAction(icon("trash", "negative", 16), self.tr("Delete…"))
        delete.triggered.connect(lambda: self.delete_wanted.emit(chat_id))
        menu.popup(self.viewport().mapToGlobal(place))


class Conversations(QWidget):
    """Heading with "new chat", search field and list."""

    new_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.model = ChatsModel()
        self._found = QSortFilterProxyModel()
        self._found.setSourceModel(self.model)
        self._found.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.list = TitleList()
        self.list.setAccessibleName(self.tr("Chats"))
        self.list.setModel(self._found)
        self._current: int | None = None
        new = icon_button("plus", self.tr("New chat (Ctrl+N)"), self.new_wanted.emit, size=16)
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setAccessibleName(self.tr("Search chats"))
        self.search.setPlaceholderText(self.tr("Search chats"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        self._none = label("", "small", wrap=True)
        self._none.setContentsMargins(10, 4, 10, 4)
        heading = row(label(self.tr("Chats"), "overline"), None, new, margins=(10, 0, 0, 0))
        lines = column(heading, self.search, self._none, gap=6)
        lines.addWidget(self.list, 1)
        self.setLayout(lines)
        self._tell()

    def set_chats(self, chats: Sequence[tuple[int, str]]) -> None:
        """Show these conversations; the one marked stays marked."""
        self.model.set_chats(chats)
        self.mark(self._current)
        self._tell()

    def mark(self, chat_id: int | None) -> None:
        """Mark the conversation that is open; None marks none."""
        self._current = chat_id
        for number in range(self._found.rowCount()):
            index = self._found.index(number, 0)
            if index.data(ID_ROLE) == chat_id:
                self.list.setCurrentIndex(index)
                return
        self.list.clearSelection()
        self.list.setCurrentIndex(QModelIndex())

    def _search(self, text: str) -> None:
        self._found.setFilterFixedString(text.strip())
        self.mark(self._current)
        self._tell()

    def _tell(self) -> None:
        """Say why the list is empty, if it is."""
        searching = bool(self.search.text().strip())
        self._none.setText(
            self.tr("No chat has this in its title.") if searching else self.tr("No chats yet.")
        )
        self._none.setVisible(self._found.rowCount() == 0)
