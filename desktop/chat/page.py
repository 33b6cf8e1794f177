"""The chat page: header, transcript or welcome, composer."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from desktop.chat.composer import Composer
from desktop.chat.manner import MannerSwitch
from desktop.chat.transcript import Entry, Transcript
from desktop.chat.welcome import Welcome
from desktop.safetext import label, one_line
from desktop.theme.tokens import READING_WIDTH
from desktop.widgets.buttons import icon_button
from desktop.widgets.layout import boxed, column, row
from desktop.widgets.titles import ElidedLabel


class ChatPage(QWidget):
    """Shows one conversation; everything that happens in it is the presenter's doing."""

    rename_wanted = Signal()
    delete_wanted = Signal()
    save_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = ElidedLabel("", "heading")
        # The Tab key goes through everything in the order in which it is made.
        self._save = icon_button(
            "save", self.tr("Save chat as a file (Ctrl+S)"), self.save_wanted.emit
        )
        self._rename = icon_button("pencil", self.tr("Rename chat (F2)"), self.rename_wanted.emit)
        self._delete = icon_button("trash", self.tr("Delete chat"), self.delete_wanted.emit)
        self.transcript = Transcript()
        self.welcome = Welcome()
        self._middle = QStackedWidget()
        self._middle.addWidget(self.welcome)
        self._middle.addWidget(self.transcript)
        self.manner = MannerSwitch()
        self.composer = Composer()
        self.composer.setMaximumWidth(READING_WIDTH)
        self.composer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        typing = boxed(column(self.manner, self.composer, gap=4))
        typing.setMaximumWidth(READING_WIDTH)
        typing.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        hint = label(self.tr("Assay computes and explains; it does not advise."), "small")
        for one in (self._save, self._rename, self._delete):
            # The header is as tall without them.
            policy = one.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            one.setSizePolicy(policy)
        header = row(gap=4, margins=(24, 10, 16, 6))
        header.addWidget(self.title, 1)
        header.addWidget(self._save)
        header.addWidget(self._rename)
        header.addWidget(self._delete)
        below = row(margins=(24, 8, 24, 0))
        below.addStretch(1)
        below.addWidget(typing, 1000)
        below.addStretch(1)
        self.setLayout(
            column(
                boxed(header),
                self._middle,
                below,
                row(None, hint, None, margins=(0, 6, 0, 10)),
                gap=0,
            )
        )
        self.show_chat("", [])

    def show_chat(self, title: str, entries: Sequence[Entry]) -> None:
        """Show a stored conversation, or the welcome if there is nothing in it."""
        self.set_title(title)
        self.transcript.show_entries(entries)
        self._middle.setCurrentWidget(self.transcript if entries else self.welcome)

    def add(self, entry: Entry) -> QWidget:
        """Add a question or answer at the end of the conversation."""
        self._middle.setCurrentWidget(self.transcript)
        return self.transcript.add(entry)

    def show_path(self, entries: Sequence[Entry], message_id: int = 0) -> None:
        """Show another path of the conversation, at its end or at a message."""
        self._middle.setCurrentWidget(self.transcript if entries else self.welcome)
        self.transcript.show_entries(entries)
        if message_id:
            self.transcript.reveal(message_id)

    def set_title(self, title: str) -> None:
        """Name the conversation; a new one has no name yet."""
        self.title.set_text(one_line(title) if title else self.tr("New chat"))
        for one in (self._save, self._rename, self._delete):
            one.setVisible(bool(title))
