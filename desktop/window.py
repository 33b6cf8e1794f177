"""The main window: sidebar, pages, the banner over simulated data, toasts and shortcuts."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QMainWindow, QStackedWidget

from desktop.bridge import Bridge
from desktop.chat.page import ChatPage
from desktop.chat.presenter import ChatPresenter
from desktop.dropping import DropArea
from desktop.notify import Notifier
from desktop.onboarding.page import OnboardingPage
from desktop.pages import Pages
from desktop.portfolio.importing import Importing
from desktop.sidebar import PAGES, Sidebar
from desktop.theme import theme
from desktop.theme.icons import icon
from desktop.widgets.banner import SimulatedBanner
from desktop.widgets.dialogs import Question, TextQuestion
from desktop.widgets.layout import boxed, column, row
from desktop.widgets.toast import Toasts
from engine.core.events import AlertFired, DataChanged, Event, ModelStateChanged

if TYPE_CHECKING:
    from engine.service import Chat, Service

_SIZE = (1280, 800)
_LEAST = (940, 600)


class MainWindow(QMainWindow):
    """One window on one service; it owns the bridge and closes it."""

    def __init__(self, service: "Service") -> None:
        super().__init__()
        self.setWindowTitle("Assay")
        self.setWindowIcon(icon("assay", "accent", 32))
        self.resize(*_SIZE)
        self.setMinimumSize(*_LEAST)
        self._service = service
        self.bridge = Bridge(service.bus, self)
        self.toasts = Toasts(self)
        self.importing = Importing(service, self.bridge, self, self.toasts)
        self.notifier = Notifier(self)
        self.sidebar = Sidebar()
        self.banner = SimulatedBanner()
        self.chat_page = ChatPage()
        self.chat = ChatPresenter(service, self.bridge, self.chat_page)
        self.pages = Pages(service, self.bridge, self.importing, self.toasts)
        self.onboarding: OnboardingPage | None = None
        self._stack = QStackedWidget()
        self._stack.addWidget(self.chat_page)
        right = boxed(column(self.banner, self._stack, gap=0), "canvas")
        content = row(self.sidebar, gap=0)
        content.addWidget(right, 1)
        self.setCentralWidget(boxed(content))
        self.drop = DropArea(self)
        self._connect()
        self._shortcuts()
        self._load_chats(service.chat.list())
        status = service.models.current()
        self.sidebar.show_model(status.state, status.name, status.notice)
        has_data, simulated = self._portfolio_state()
        self.banner.setVisible(simulated)
        if not has_data and not self.sidebar.conversations.model.rowCount():
            self._show_onboarding()
        else:
            self.show_page("chat")

    def show_page(self, key: str) -> None:
        """Show one of the four pages; the first time it is built."""
        page = self.chat_page if key == "chat" else self.pages.page(key)
        if key == "chat" and self.onboarding is not None:
            page = self.onboarding
        if self._stack.indexOf(page) < 0:
            self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)
        self.sidebar.mark(key)
        if page is self.chat_page:
            self.chat_page.composer.setFocus()

    def new_chat(self) -> None:
        """Begin a conversation."""
        self._end_onboarding()
        self.chat.new()
        self.show_page("chat")

    def open_chat(self, chat_id: int) -> None:
        """Show a stored conversation."""
        self._end_onboarding()
        if chat_id != self.chat.chat_id:
            self.chat.open(chat_id, self.sidebar.conversations.model.title(chat_id))
        self.show_page("chat")

    def take_file(self, path: Path) -> None:
        """A file was dropped: a model or a CSV."""
        if path.suffix.lower() == ".gguf":
            self.show_page("models")
            self.pages.models().add(path)
        else:
            self.importing.read(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.bridge.close()
        super().closeEvent(event)

    def _connect(self) -> None:
        chats = self.sidebar.conversations
        self.bridge.event.connect(self._on_event)
        self.bridge.failed.connect(self.toasts.show)
        self.chat.said.connect(self.toasts.show)
        self.chat.opened.connect(chats.mark)
        self.sidebar.page_wanted.connect(self.show_page)
        chats.new_wanted.connect(self.new_chat)
        chats.list.chosen.connect(self.open_chat)
        chats.list.rename_wanted.connect(self._rename)
        chats.list.delete_wanted.connect(self._delete)
        self.chat_page.rename_wanted.connect(lambda: self._rename(self.chat.chat_id))
        self.chat_page.delete_wanted.connect(lambda: self._delete(self.chat.chat_id))
        self.banner.remove_wanted.connect(self._remove_demo)
        self.drop.dropped.connect(self.take_file)
        self.importing.stored.connect(self._after_import)
        self.notifier.opened.connect(self._to_front)
        self.pages.show_wanted.connect(self.show_page)

    def _shortcuts(self) -> None:
        keys: dict[str, Callable[[], object]] = {
            "Ctrl+N": self.new_chat,
            "Ctrl+O": self.importing.choose_transactions,
            "Ctrl+F": self.sidebar.conversations.search.setFocus,
            "Ctrl+L": lambda: self.show_page("chat"),
            "F2": lambda: self._rename(self.chat.chat_id),
            "Esc": self.chat.stop_if_busy,
        }
        for number, key in enumerate(PAGES, start=1):
            keys[f"Ctrl+{number}"] = lambda key=key: self.show_page(key)
        for sequence, act in keys.items():
            QShortcut(QKeySequence(sequence), self).activated.connect(act)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, ModelStateChanged):
            self.sidebar.show_model(event.state, event.name, event.notice)
        elif isinstance(event, AlertFired):
            self._alert(event)
        elif isinstance(event, DataChanged):
            run = self.bridge.run
            if "chats" in event.kinds:
                run(self._service.chat.list, self._load_chats, owner=self)
            if "transactions" in event.kinds:
                run(self._portfolio_state, lambda s: self.banner.setVisible(s[1]), owner=self)
            if "settings" in event.kinds:
                run(lambda: self._service.settings.get("theme"), theme().apply, owner=self)

    def _portfolio_state(self) -> tuple[bool, bool]:
        """Whether there is a portfolio, and whether it is the demo."""
        portfolio = self._service.portfolio
        return portfolio.has_data(), portfolio.is_simulated()

    def _alert(self, event: AlertFired) -> None:
        self.toasts.show(f"{event.title} {event.text}")
        if self._service.settings.get("notifications"):
            self.notifier.notify(event.title, event.text)

    def _load_chats(self, chats: "list[Chat]") -> None:
        self.sidebar.conversations.set_chats([(chat.id, chat.title) for chat in chats])
        shown = self.chat.chat_id
        if shown is not None:
            title = self.sidebar.conversations.model.title(shown)
            if title:
                self.chat_page.set_title(title)
            else:
                self.new_chat()

    def _rename(self, chat_id: int | None) -> None:
        if chat_id is None:
            return
        title = self.sidebar.conversations.model.title(chat_id)
        rename = self._service.chat.rename
        TextQuestion(
            self,
            self.tr("Rename chat"),
            title,
            lambda text: self.bridge.run(lambda: rename(chat_id, text)),
        )

    def _delete(self, chat_id: int | None) -> None:
        if chat_id is None:
            return
        delete = self._service.chat.delete
        Question(
            self,
            self.tr("Delete this chat?"),
            self.sidebar.conversations.model.title(chat_id),
            self.tr("Delete"),
            lambda: self.bridge.run(lambda: delete(chat_id)),
        )

    def _remove_demo(self) -> None:
        self.bridge.run(
            self._service.portfolio.remove_demo,
            lambda _: self.toasts.show(self.tr("The demo portfolio was removed.")),
        )

    def _show_onboarding(self) -> None:
        self.onboarding = page = OnboardingPage()
        page.import_wanted.connect(self.importing.choose_transactions)
        page.demo_wanted.connect(self.importing.load_demo)
        page.skip_wanted.connect(self.new_chat)
        self.show_page("chat")
        page.setFocus()

    def _end_onboarding(self) -> None:
        if self.onboarding is not None:
            self._stack.removeWidget(self.onboarding)
            self.onboarding.deleteLater()
            self.onboarding = None

    def _after_import(self) -> None:
        """The first thing stored ends the first screen: ask away."""
        if self.onboarding is not None:
            self.new_chat()

    def _to_front(self) -> None:
        self.showNormal()
        self.raise_()
        self.activateWindow()
