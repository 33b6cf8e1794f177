"""The list of conversations: open, search, rename, delete."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel
from pytestqt.qtbot import QtBot

from desktop.chat.conversations import Conversations
from desktop.widgets.dialogs import Question, TextQuestion
from desktop.window import MainWindow
from tests.desktop.fake_service import FakeService
from tests.desktop.test_chat import rows


@pytest.fixture
def window(open_window: Callable[[], MainWindow], service: FakeService) -> MainWindow:
    for title in ("Ether staking", "Value & weights", "<b>bold</b>"):
        service.chat.add_chat(title, (f"About {title}", "Answer"))
    return open_window()


@pytest.fixture
def chats(window: MainWindow) -> Conversations:
    return window.sidebar.conversations


def titles(chats: Conversations) -> list[str]:
    """The titles in the list."""
    model = chats.list.model()
    return [model.index(n, 0).data() for n in range(model.rowCount())]


def dialog(window: MainWindow, kind: type[QDialog]) -> QDialog | None:
    """The open dialog of a kind."""
    return next((one for one in window.findChildren(kind) if one.isVisible()), None)


def click(qtbot: QtBot, chats: Conversations, number: int) -> None:
    """Click a title."""
    place = chats.list.visualRect(chats.list.model().index(number, 0)).center()
    qtbot.mouseClick(chats.list.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_newest_first_and_as_text(chats: Conversations) -> None:
    assert titles(chats) == ["<b>bold</b>", "Value & weights", "Ether staking"]


def test_a_click_opens(qtbot: QtBot, window: MainWindow, chats: Conversations) -> None:
    window.show_page("settings")
    click(qtbot, chats, 2)
    qtbot.waitUntil(lambda: len(rows(window)) == 1)
    assert window.chat_page.isVisible()
    assert window.chat_page.title.text() == "Ether staking"


def test_the_keyboard_opens_renames_and_deletes(
    qtbot: QtBot, window: MainWindow, chats: Conversations, service: FakeService
) -> None:
    chats.list.setCurrentIndex(chats.list.model().index(1, 0))
    qtbot.keyClick(chats.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.chat_page.title.text() == "Value & weights")

    qtbot.keyClick(chats.list, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: dialog(window, TextQuestion) is not None)
    asked = dialog(window, TextQuestion)
    assert isinstance(asked, TextQuestion)
    asked.field.setText("  Weights  ")
    qtbot.keyClick(asked.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: titles(chats)[1] == "Weights")
    assert window.chat_page.title.text() == "Weights"

    qtbot.keyClick(chats.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: dialog(window, Question) is not None)
    assert "Weights" in titles(chats)
    question = dialog(window, Question)
    assert isinstance(question, Question)
    question.yes_button.click()
    qtbot.waitUntil(lambda: "Weights" not in titles(chats))
    # The conversation shown is gone, so a new one is.
    assert window.chat_page.title.text() == "New chat"
    assert len(service.chat.chats) == 2


def test_deleting_can_be_refused(
    qtbot: QtBot, window: MainWindow, chats: Conversations, service: FakeService
) -> None:
    chats.list.delete_wanted.emit(1)
    qtbot.waitUntil(lambda: dialog(window, Question) is not None)
    question = dialog(window, Question)
    assert question is not None
    said = "\n".join(one.text() for one in question.findChildren(QLabel))
    assert "is deleted with all its questions and answers, for good." in said
    question.reject()
    qtbot.wait(30)
    assert len(service.chat.chats) == 3


def test_search(qtbot: QtBot, window: MainWindow, chats: Conversations) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(chats.search, "STAK")
    assert titles(chats) == ["Ether staking"]
    chats.search.setText("nothing like it")
    assert titles(chats) == []
    chats.search.clear()
    assert len(titles(chats)) == 3


def test_a_new_chat_is_listed_with_its_first_question(
    qtbot: QtBot, window: MainWindow, chats: Conversations
) -> None:
    qtbot.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert window.chat_page.welcome.isVisible()
    window.chat_page.composer.put("Brand new")
    window.chat_page.composer.submit()
    qtbot.waitUntil(lambda: titles(chats)[0] == "Brand new")
    qtbot.waitUntil(lambda: chats.list.currentIndex().data() == "Brand new")


def test_pages_by_keyboard(qtbot: QtBot, window: MainWindow) -> None:
    assert window.session is not None
    for key, name in ((Qt.Key.Key_2, "portfolio"), (Qt.Key.Key_6, "models")):
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        assert window.session.pages.page(name).isVisible()
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.chat_page.isVisible()
