"""The Tab key reaches every control of the chat and of the Models page, and each has a name; no
part of them appears as a window of its own."""

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.window import MainWindow
from engine.core.answer_figures import AnswerFigures
from engine.core.events import ThinkDelta
from tests.desktop.fake_service import FakeService, listed_model
from tests.desktop.scripted_chat import ends, says
from tests.desktop.test_chat import ask, finished, rows
from tests.desktop.test_looks import nameless

MOST = 200
LEAST = {"library": 4, "get": 12, "remote": 4, "server": 2}
"""Controls of a tab that has loaded."""


@pytest.fixture(autouse=True)
def filled(service: FakeService) -> None:
    """There are a second model and a server."""
    service.models.models.append(listed_model(1, "Big", 10**9, "Q8_0"))
    service.endpoints.add("gpu", "http://192.168.1.20:8080", "big")


def stops(root: QWidget) -> set[QWidget]:
    """What can be seen and used, and should be stopped at; of a group one is."""
    found = set()
    for one in root.findChildren(QWidget):
        in_group = isinstance(one, QAbstractButton) and one.group() is not None
        usable = one.isVisible() and one.isEnabled() and one.focusProxy() is None
        if usable and one.focusPolicy() & Qt.FocusPolicy.TabFocus and not in_group:
            found.add(one)
    return found


def missed(qtbot: QtBot, window: MainWindow, root: QWidget) -> list[str]:
    """The names of the controls that are not come to with Tab alone."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.sidebar.conversations.search.setFocus()
    seen: set[QWidget] = set()
    for _ in range(MOST):
        at = QApplication.focusWidget()
        assert at is not None
        if at in seen:
            break
        seen.add(at)
        qtbot.keyClick(at, Qt.Key.Key_Tab)
    return [f"{type(one).__name__} {one.accessibleName()}" for one in stops(root) - seen]


class Windows(QObject):
    """Remembers what is shown as a window of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[QObject] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(watched)
        return False


def test_nothing_is_shown_as_a_window_of_its_own(qtbot: QtBot, window: MainWindow) -> None:
    windows = Windows()
    application = QApplication.instance()
    assert application is not None
    application.installEventFilter(windows)
    try:
        ask(window, "Hi")
        qtbot.waitUntil(lambda: finished(window))
        window.show_page("models")
        assert window.session is not None
        page = window.session.pages.models()
        for tab, least in LEAST.items():
            page.tabs.show_tab(tab)
            qtbot.waitUntil(lambda n=least: len(stops(page)) >= n)
    finally:
        application.removeEventFilter(windows)
    assert windows.shown == []


def test_all_of_a_chat_with_versions_and_thinking(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    figures = AnswerFigures("Starter", 3, 1.0, 10, 2, 1.5, 4096, 100, 2)
    service.chat.script = lambda _: [
        lambda m: ThinkDelta(m, "Hm."),
        *says("Hello."),
        *ends(figures=figures),
    ]
    ask(window, "Hi")
    qtbot.waitUntil(lambda: finished(window))
    footer = rows(window)[0].footer
    assert footer is not None
    footer.again.click()
    qtbot.waitUntil(lambda: bool(rows(window)) and rows(window)[0].answer.siblings != ())
    qtbot.waitUntil(lambda: finished(window))
    window.chat_page.composer.put("More")
    assert len(stops(window.chat_page)) >= 15
    assert missed(qtbot, window, window) == []
    assert nameless(window) == []


@pytest.mark.parametrize("tab", ["library", "get", "remote", "server"])
def test_all_of_the_models_page(qtbot: QtBot, window: MainWindow, tab: str) -> None:
    window.show_page("models")
    assert window.session is not None
    page = window.session.pages.models()
    page.tabs.show_tab(tab)
    qtbot.waitUntil(lambda: len(stops(page)) >= LEAST[tab])
    assert missed(qtbot, window, page) == []
    assert nameless(page) == []
