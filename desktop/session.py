"""The window at work: connects its parts with an open service."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication

from desktop.background import Background
from desktop.bridge import Bridge
from desktop.chat.hits import Found
from desktop.chat.presenter import ChatPresenter
from desktop.chat.saving import ask_where
from desktop.dropping import is_model
from desktop.notify import Notifier
from desktop.opening import Start
from desktop.pages import Pages
from desktop.portfolio.importing import Importing
from desktop.sidebar import PAGES
from desktop.theme import theme
from desktop.tray import Tray
from desktop.widgets.dialogs import Question, TextQuestion
from desktop.window import MainWindow
from engine.core.events import AlertCommandFailed, AlertFired, DataChanged, Event, ModelStateChanged

if TYPE_CHECKING:
    from engine.service import Chat, Hit, ModelStatus


class Session(QObject):
    """Presenters, events and shortcuts of one window on one service; closes with the window."""

    def __init__(self, window: MainWindow, start: Start) -> None:
        super().__init__(window)
        service = start.service
        self._window = window
        self._service = service
        self.bridge = Bridge(service.bus, self)
        self.importing = Importing(service, self.bridge, window, window.toasts)
        self.tray = Tray(self)
        self.notifier = Notifier(self.tray)
        self._told_not_notified = False
        self.chat = ChatPresenter(service, self.bridge, window.chat_page)
        self.pages = Pages(service, self.bridge, self.importing, window.toasts, self.tray)
        Background(service, self.bridge, window, self.tray)
        self._connect()
        self._shortcuts()
        self._load_chats(start.chats)
        self._model_state = ""
        self._show_model(start.model)
        window.read_only_banner.say(service.read_only)
        window.demo_banner.setVisible(start.simulated)
        if start.has_data or start.chats:
            window.end_onboarding()
            window.show_page("chat")
        else:
            self._welcome()
        window.attach(self)

    def new_chat(self) -> None:
        """Begin a conversation."""
        self._window.end_onboarding()
        self.chat.new()
        self._window.show_page("chat")

    def _ask_about(self, text: str, call: str) -> None:
        self._window.end_onboarding()
        self._window.show_page("chat")
        self.chat.ask_about(text, call)

    def open_chat(self, chat_id: int) -> None:
        """Show a stored conversation."""
        self._window.end_onboarding()
        if chat_id != self.chat.chat_id:
            self.chat.open(chat_id, self._title(chat_id))
        self._window.show_page("chat")

    def open_hit(self, chat_id: int, message_id: int) -> None:
        """Show a message that a search has found."""
        self._window.end_onboarding()
        self.chat.open(chat_id, self._title(chat_id), message_id)
        self._window.show_page("chat")

    def save_chat(self) -> None:
        """Ask where to write the conversation shown, and write it."""
        chat_id = self.chat.chat_id
        if chat_id is None:
            return
        said = self.tr("The chat was written to {}.")

        def save(path: Path) -> None:
            # The dialog has asked before replacing a file.
            self.bridge.run(
                lambda: self._service.chat.export(chat_id, path, replace=True),
                lambda _: self._window.toasts.show(said.format(path.name)),
            )

        ask_where(self._window, self._title(chat_id), save)

    def take_file(self, path: Path) -> None:
        """A file was dropped: a model or a CSV."""
        if is_model(path):
            self._window.show_page("models")
            self.pages.models().offer(path)
        else:
            self.importing.read(path)

    def _connect(self) -> None:
        window, chats = self._window, self._window.sidebar.conversations
        self.bridge.received.connect(self._on_event)
        self.bridge.failed.connect(window.toasts.show)
        self.chat.said.connect(window.toasts.show)
        self.chat.opened.connect(self._mark)
        chats.new_wanted.connect(self.new_chat)
        chats.list.chosen.connect(self.open_chat)
        chats.search_wanted.connect(self._search)
        chats.hit_chosen.connect(self.open_hit)
        self.chat.branched.connect(self._show_branch)
        self.chat.manners.elsewhere.connect(window.sidebar.show_elsewhere)
        window.chat_page.save_wanted.connect(self.save_chat)
        chats.list.rename_wanted.connect(self._rename)
        chats.list.delete_wanted.connect(self._delete)
        window.chat_page.rename_wanted.connect(lambda: self._rename(self.chat.chat_id))
        window.chat_page.delete_wanted.connect(lambda: self._delete(self.chat.chat_id))
        window.remove_demo_wanted.connect(self._remove_demo)
        window.closing.connect(self.bridge.close)
        window.dropped.connect(self.take_file)
        self.importing.stored.connect(self._after_import)
        self.importing.review_wanted.connect(self._review_transfers)
        self.pages.show_wanted.connect(window.show_page)
        self.pages.ask_wanted.connect(self._ask_about)

    def _shortcuts(self) -> None:
        window = self._window
        keys: dict[str, Callable[[], object]] = {
            "Ctrl+N": self.new_chat,
            "Ctrl+O": self.importing.choose_transactions,
            "Ctrl+F": self._begin_search,
            "Ctrl+S": self.save_chat,
            "Ctrl+R": self.chat.regenerate_last,
            "Ctrl+E": self.chat.edit_last,
            "F2": lambda: self._rename(self.chat.chat_id),
            "Esc": self.chat.stop_if_busy,
        }
        for number, key in enumerate(PAGES, start=1):
            keys[f"Ctrl+{number}"] = partial(window.show_page, key)
        for sequence, act in keys.items():
            QShortcut(QKeySequence(sequence), window).activated.connect(act)

    def _on_event(self, event: Event) -> None:
        run = self.bridge.run
        if isinstance(event, ModelStateChanged):
            self._show_model(event)
        elif isinstance(event, AlertFired):
            self._alert(event)
        elif isinstance(event, AlertCommandFailed):
            self._window.toasts.show(event.notice)
        elif isinstance(event, DataChanged):
            if "chats" in event.kinds:
                run(self._service.chat.list, self._load_chats, owner=self)
            if "transactions" in event.kinds:
                run(
                    self._service.portfolio.is_simulated,
                    self._window.demo_banner.setVisible,
                    owner=self,
                )
            if "settings" in event.kinds:
                run(lambda: self._service.settings.text("theme"), theme().apply, owner=self)

    def _show_model(self, status: "ModelStatus | ModelStateChanged") -> None:
        state: str = status.state
        if state == "failed" and self._model_state in {"busy", "stopped"}:
            # It ended in the middle of an answer, which says so; the next question restarts it.
            state = "stopped"
        self._model_state = state
        self._window.sidebar.show_model(state, status.name, status.notice)
        named = status.name in status.notice
        notice = status.notice if named else f"{status.name}: {status.notice}"
        self._window.model_banner.say(notice if state == "failed" else "")

    def _alert(self, event: AlertFired) -> None:
        def notify(wanted: object) -> None:
            if wanted and not self.notifier.notify(event.title, event.text):
                self._say_not_notified()

        self._window.toasts.show(f"{event.title}: {event.text}")
        if event.sound:
            QApplication.beep()
        self.bridge.run(lambda: self._service.settings.get("notifications"), notify, owner=self)

    def _say_not_notified(self) -> None:
        """Once: the messages in the window are all there is."""
        if not self._told_not_notified:
            self._told_not_notified = True
            self._window.toasts.show(
                self.tr("This desktop shows no notifications: alerts appear in this window only.")
            )

    def _load_chats(self, chats: "list[Chat]") -> None:
        self._window.sidebar.conversations.set_chats([(chat.id, chat.title) for chat in chats])
        shown = self.chat.chat_id
        if shown is not None:
            title = self._title(shown)
            if title:
                self._window.chat_page.set_title(title)
            else:
                self.new_chat()

    def _begin_search(self) -> None:
        search = self._window.sidebar.conversations.search
        search.setFocus()
        search.selectAll()

    def _search(self, words: str) -> None:
        """Look for words in all messages."""
        chats = self._window.sidebar.conversations

        def show(hits: "Sequence[Hit]") -> None:
            names = {
                "question": self.tr("question"),
                "answer": self.tr("answer"),
                "thinking": self.tr("thinking"),
            }
            titles = frozenset(hit.chat_id for hit in hits if not hit.message_id)
            found = [
                Found(h.chat_id, h.message_id, h.title, names[h.where], h.snippet, h.marks)
                for h in hits
                if h.message_id
            ]
            chats.show_hits(words, titles, found)

        self.bridge.run(lambda: self._service.chat.search(words), show, owner=self)

    def _show_branch(self, chat_id: int) -> None:
        """A branch was begun: show it, though its title comes a moment later."""
        self.chat.open(chat_id, self._title(chat_id) or self._window.chat_page.title.text())
        self._window.chat_page.composer.setFocus()
        self._window.toasts.show(self.tr("This is a new chat that goes on from there."))

    def _mark(self, chat_id: int | None) -> None:
        """Another conversation is shown; a new one may have got its title before its place."""
        self._window.sidebar.conversations.mark(chat_id)
        title = "" if chat_id is None else self._title(chat_id)
        if title:
            self._window.chat_page.set_title(title)

    def _title(self, chat_id: int) -> str:
        return self._window.sidebar.conversations.model.title(chat_id)

    def _rename(self, chat_id: int | None) -> None:
        if chat_id is None:
            return
        rename = self._service.chat.rename
        TextQuestion(
            self._window,
            self.tr("Rename chat"),
            self._title(chat_id),
            lambda text: self.bridge.run(lambda: rename(chat_id, text)),
        )

    def _delete(self, chat_id: int | None) -> None:
        if chat_id is None:
            return
        delete = self._service.chat.delete
        Question(
            self._window,
            self.tr("Delete this chat?"),
            self.tr("“{}” is deleted with all its questions and answers, for good.").format(
                self._title(chat_id)
            ),
            self.tr("Delete"),
            lambda: self.bridge.run(lambda: delete(chat_id)),
        )

    def _remove_demo(self) -> None:
        said = self.tr("The demo portfolio was removed.")
        self.bridge.run(
            self._service.portfolio.remove_demo, lambda _: self._window.toasts.show(said)
        )

    def _welcome(self) -> None:
        page = self._window.show_onboarding()
        page.import_wanted.connect(self.importing.choose_transactions)
        page.demo_wanted.connect(self.importing.load_demo)
        page.skip_wanted.connect(self.new_chat)

    def _review_transfers(self) -> None:
        self.pages.show_portfolio("accounts")
        self._window.show_page("portfolio")

    def _after_import(self) -> None:
        """The first thing stored ends the first screen: where it is shown, ask away."""
        first = self._window.onboarding
        if first is not None and first.isVisible():
            self.new_chat()
        else:
            self._window.end_onboarding()
