"""The list of conversations: search in titles and messages, open, rename, delete."""

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
    QTimer,
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

from desktop.chat.hits import Found, HitList
from desktop.safetext import label, one_line, tooltip
from desktop.theme import theme
from desktop.theme.icons import icon
from desktop.widgets.buttons import icon_button
from desktop.widgets.layout import column, row

Index = QModelIndex | QPersistentModelIndex

ID_ROLE = Qt.ItemDataRole.UserRole

_ROW_HEIGHT = 32
_MOST_TITLES = 5
"""Titles shown above what is found in messages."""
_UNLIMITED = 16_777_215
_PATIENCE_MILLISECONDS = 120
"""A search begins when nothing has been typed for so long."""


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


class TitleFilter(QSortFilterProxyModel):
    """The titles in which a text stands, and those the service has found."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._found: frozenset[int] = frozenset()

    def search(self, text: str, found: frozenset[int] = frozenset()) -> None:
        """Show these only; all if the text is empty."""
        self.beginFilterChange()
        self._text, self._found = text.strip().casefold(), found
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        index = self.sourceModel().index(row, 0)
        return self._text in index.data().casefold() or index.data(ID_ROLE) in self._found


class Conversations(QWidget):
    """Heading with "new chat", search field and list; while searching, what is in messages too."""

    new_wanted = Signal()
    search_wanted = Signal(str)
    """Words to look for in all messages, once the user has stopped typing."""

    hit_chosen = Signal(int, int)
    """A conversation and a message of it."""

    def __init__(self) -> None:
        super().__init__()
        self.model = ChatsModel()
        self._found = TitleFilter()
        self._found.setSourceModel(self.model)
        self.list = TitleList()
        self.list.setAccessibleName(self.tr("Chats"))
        self.list.setModel(self._found)
        self._current: int | None = None
        new = icon_button("plus", self.tr("New chat (Ctrl+N)"), self.new_wanted.emit, size=16)
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setAccessibleName(self.tr("Search chats"))
        self.search.setPlaceholderText(self.tr("Search chats"))
        self.search.setToolTip(tooltip(self.tr("Search titles and messages (Ctrl+F)")))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._open_first)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PATIENCE_MILLISECONDS)
        self._pause.timeout.connect(lambda: self.search_wanted.emit(self.words()))
        self._none = label("", "small", wrap=True)
        self._none.setContentsMargins(10, 4, 10, 4)
        self._heading = label(self.tr("In messages"), "overline")
        self._heading.setContentsMargins(10, 6, 0, 0)
        self.hits = HitList(self.tr("Found in messages"))
        self.hits.chosen.connect(self.hit_chosen.emit)
        heading = row(label(self.tr("Chats"), "overline"), None, new, margins=(10, 0, 0, 0))
        lines = column(heading, self.search, self._none, gap=6)
        lines.addWidget(self.list, 1)
        lines.addWidget(self._heading)
        lines.addWidget(self.hits, 3)
        self.setLayout(lines)
        self._tell()

    def set_chats(self, chats: Sequence[tuple[int, str]]) -> None:
        """Show these conversations; the one marked stays marked."""
        self.model.set_chats(chats)
        self.mark(self._current)
        self._tell()

    def words(self) -> str:
        """What is looked for."""
        return self.search.text().strip()

    def show_hits(self, words: str, titles: frozenset[int], hits: Sequence[Found]) -> None:
        """Show what was found, unless something else is looked for by now.

        titles: conversations whose title fits.
        """
        if words == self.words():
            self._found.search(words, titles)
            self.hits.show_hits(hits)
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
        self._found.search(text)
        self.hits.show_hits(())
        if self.words():
            self._pause.start()
        else:
            self._pause.stop()
        self.mark(self._current)
        self._tell()

    def _open_first(self) -> None:
        """Enter in the search field opens what stands first."""
        if not self.words():
            return
        if self._found.rowCount():
            self.list.chosen.emit(self._found.index(0, 0).data(ID_ROLE))
        else:
            self.hits.choose_first()

    def _tell(self) -> None:
        """Say why there is nothing, if so, and share out the room."""
        searching, titles = bool(self.words()), self._found.rowCount()
        found = self.hits.count()
        self._none.setText(self.tr("No chat has this.") if searching else self.tr("No chats yet."))
        self._none.setVisible(titles == 0 and found == 0)
        self._heading.setVisible(found > 0)
        self.hits.setVisible(found > 0)
        self.list.setVisible(titles > 0 or found == 0)
        height = _ROW_HEIGHT * min(titles, _MOST_TITLES) + 2 if found else _UNLIMITED
        self.list.setMaximumHeight(height)
