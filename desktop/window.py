"""The main window: sidebar, pages and toasts. It stands before the data are open.

What is typed or wanted in the first moments is kept and handed to the session once there is one.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget

from desktop.chat.page import ChatPage
from desktop.dropping import DropHint, local_file
from desktop.sidebar import Sidebar
from desktop.theme.icons import icon
from desktop.widgets.banner import Banner
from desktop.widgets.buttons import button
from desktop.widgets.layout import boxed, column, row
from desktop.widgets.toast import Toasts

if TYPE_CHECKING:
    from desktop.onboarding.page import OnboardingPage
    from desktop.session import Session

_SIZE = (1280, 800)
_LEAST = (940, 600)


class MainWindow(QMainWindow):
    """One window; first_run: nothing has been stored yet, so the first screen is shown."""

    closing = Signal()
    left_behind = Signal()
    """The window was closed, and Assay goes on without it."""
    remove_demo_wanted = Signal()
    dropped = Signal(Path)

    def __init__(self, first_run: bool = False) -> None:
        super().__init__()
        self.setWindowTitle("Assay")
        self.setWindowIcon(icon("assay", "accent", 32))
        self.resize(*_SIZE)
        self.setMinimumSize(*_LEAST)
        self.setAcceptDrops(True)
        self.sidebar = Sidebar()
        self.toasts = Toasts(self, left=self.sidebar.width(), below=self._foot_height)
        self._drop_hint = DropHint(self)
        self.demo_banner = Banner(
            "flask",
            self.tr("Demo portfolio: all holdings, prices and figures are simulated."),
            button(self.tr("Remove demo"), self.remove_demo_wanted.emit, kind="link"),
        )
        self.read_only_banner = Banner("lock", "")
        self.model_banner = Banner(
            "warning",
            "",
            button(self.tr("Open Models"), lambda: self.show_page("models"), kind="link"),
        )
        self.chat_page = ChatPage()
        self.onboarding: OnboardingPage | None = None
        self.session: Session | None = None
        self.stays: Callable[[], bool] = lambda: False
        self._quitting = False
        self._wanted_page = ""
        self._early_question = ""
        self._stack = QStackedWidget()
        self._stack.addWidget(self.chat_page)
        banners = (self.read_only_banner, self.model_banner, self.demo_banner)
        right = boxed(column(*banners, self._stack, gap=0), "canvas")
        content = row(self.sidebar, gap=0)
        content.addWidget(right, 1)
        self.setCentralWidget(boxed(content))
        self.sidebar.page_wanted.connect(self.show_page)
        self.chat_page.composer.sent.connect(self._keep_question)
        self.chat_page.welcome.asked.connect(self._keep_question)
        if first_run:
            self.show_onboarding()
        else:
            self.show_page("chat")

    def attach(self, session: "Session") -> None:
        """The data are open: do what was wanted so far."""
        self.session = session
        self.chat_page.composer.sent.disconnect(self._keep_question)
        self.chat_page.welcome.asked.disconnect(self._keep_question)
        if self._wanted_page:
            self.show_page(self._wanted_page)
        if self._early_question:
            session.chat.new()
            session.chat.ask(self._early_question)

    def show_page(self, key: str) -> None:
        """Show chat, portfolio, models or settings; the first time a page is built."""
        self.sidebar.mark(key)
        page: QWidget = self.chat_page
        if key != "chat":
            if self.session is None:
                self._wanted_page = key
                return
            page = self.session.pages.page(key)
        elif self.onboarding is not None:
            page = self.onboarding
        if self._stack.indexOf(page) < 0:
            self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)
        if page is self.chat_page:
            self.chat_page.composer.setFocus()
        self.toasts.place()

    def show_onboarding(self) -> "OnboardingPage":
        """Show the first screen in place of the chat."""
        # Needed once in the life of a data folder.
        from desktop.onboarding.page import OnboardingPage  # noqa: PLC0415

        if self.onboarding is None:
            self.onboarding = OnboardingPage()
        self.show_page("chat")
        self.onboarding.setFocus()
        return self.onboarding

    def end_onboarding(self) -> None:
        """The chat takes the place of the first screen."""
        if self.onboarding is not None:
            self._stack.removeWidget(self.onboarding)
            self.onboarding.deleteLater()
            self.onboarding = None

    def come_to_front(self) -> None:
        """Show the window over all others."""
        QApplication.setQuitOnLastWindowClosed(True)
        self.showNormal()
        self.raise_()
        self.activateWindow()

    def will_quit(self) -> None:
        """Assay is being ended: closing the window is not put off any more."""
        self._quitting = True

    def quit(self) -> None:
        """End Assay, whether the window is shown or not."""
        self.will_quit()
        self.close()
        QApplication.quit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.toasts.place()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        path = local_file(event.mimeData())
        if self.session is not None and path is not None:
            event.acceptProposedAction()
            self._drop_hint.cover(path)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_hint.hide()
        path = local_file(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.dropped.emit(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._quitting and self.stays():
            # The last dialog that is closed later must not end the program.
            QApplication.setQuitOnLastWindowClosed(False)
            event.ignore()
            self.hide()
            self.left_behind.emit()
            return
        self.closing.emit()
        super().closeEvent(event)

    def _foot_height(self) -> int:
        """How much of the bottom is for typing, or for buttons that must be reached."""
        for foot in (self.chat_page.composer, *self.findChildren(QWidget, "foot")):
            if foot.isVisible():
                return self.height() - foot.mapTo(self, QPoint(0, 0)).y()
        return 0

    def _keep_question(self, text: str) -> None:
        self._early_question = text
        self.chat_page.add(text)
        self.chat_page.composer.set_busy(True)
