"""Searching all messages from the list of chats, and going to what was found."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.chat.conversations import Conversations
from desktop.chat.hits import Found
from desktop.window import MainWindow
from engine.service import Hit
from tests.desktop.fake_service import FakeService
from tests.desktop.scripted_chat import NOW
from tests.desktop.test_chat import rows
from tests.desktop.test_conversations import titles

LONG = 40
"""Turns of the long chat: more than are built at first."""


@pytest.fixture
def window(open_window: Callable[[], MainWindow], service: FakeService) -> MainWindow:
    pairs = [
        (f"Question {n}", f"Answer {n} about staking\n\n" + "line\n\n" * 9) for n in range(LONG)
    ]
    chat = service.chat.add_chat("Long", *pairs)
    service.chat.add_chat("Something else", ("a", "b"))
    third = service.chat.stored[chat][7]
    service.chat.hits = [
        Hit(2, 0, "Something else", "title", "Something else about staking", (), NOW),
        Hit(chat, third.id, "Long", "answer", "Answer 3 about staking", ((15, 22),), NOW),
    ]
    return open_window()


@pytest.fixture
def chats(window: MainWindow) -> Conversations:
    return window.sidebar.conversations


def search(qtbot: QtBot, window: MainWindow, words: str) -> Conversations:
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    chats = window.sidebar.conversations
    qtbot.keyClicks(chats.search, words)
    return chats


def test_messages_and_titles_are_found(qtbot: QtBot, window: MainWindow) -> None:
    chats = search(qtbot, window, "staking")
    qtbot.waitUntil(lambda: chats.hits.count() == 1)
    hit: Found = chats.hits.model().index(0, 0).data(Qt.ItemDataRole.UserRole)
    assert (hit.title, hit.where, hit.marks) == ("Long", "answer", ((15, 22),))
    spoken = chats.hits.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Long (answer): Answer 3 about staking"
    assert chats.hits.isVisible()
    chats.search.clear()
    assert chats.hits.count() == 0
    assert not chats.hits.isVisible()
    assert titles(chats) == ["Something else", "Long"]


def test_a_hit_is_gone_to_and_marked(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    chats = search(qtbot, window, "staking")
    qtbot.waitUntil(lambda: chats.hits.count() == 1)
    chats.hits.setCurrentIndex(chats.hits.model().index(0, 0))
    qtbot.keyClick(chats.hits, Qt.Key.Key_Return)
    transcript = window.chat_page.transcript
    wanted = service.chat.stored[1][7].id
    # It is among the messages that are not built at first.
    qtbot.waitUntil(lambda: transcript.row(wanted) is not None)
    row = transcript.row(wanted)
    assert row is not None

    def seen() -> bool:
        top = row.mapTo(transcript.viewport(), row.rect().topLeft()).y()
        return 0 <= top < 60

    qtbot.waitUntil(seen)
    halos = [w for w in transcript.inner.children() if w.objectName() == "halo"]
    assert len(halos) == 1
    qtbot.wait(400)
    assert seen()
    assert window.chat_page.title.text() == "Long"


def test_a_hit_on_a_hidden_branch_shows_that_branch(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    answer = service.chat.stored[1][7]
    service.chat._store(1, "assistant", "Another answer", "complete", answer.parent_id)
    chats = search(qtbot, window, "staking")
    qtbot.waitUntil(lambda: chats.hits.count() == 1)
    chats.hits.choose_first()
    qtbot.waitUntil(lambda: len(rows(window)) > 4)
    qtbot.waitUntil(lambda: window.chat_page.transcript.row(answer.id) is not None)


def test_enter_opens_the_first(qtbot: QtBot, window: MainWindow, chats: Conversations) -> None:
    search(qtbot, window, "else")
    qtbot.keyClick(chats.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.chat_page.title.text() == "Something else")


def test_what_was_found_for_older_words_is_not_shown(chats: Conversations) -> None:
    chats.search.setText("staking")
    chats.show_hits("stak", frozenset(), [Found(1, 2, "x", "answer", "y", ())])
    assert chats.hits.count() == 0


@pytest.mark.parametrize(
    ("snippet", "marks"),
    [("<b>bold</b> \u202e 🙂🙂 x", ((0, 3), (15, 16))), ("", ()), ("a" * 999, ((0, 999),)),
     ("\x00\x01", ((0, 2),)), ("e\u0301" * 40, ((3, 77),)), ("abc", ((2, 90), (5, 1)))],
)  # fmt: skip
@pytest.mark.parametrize("width", [60, 244])
def test_whatever_was_found_is_drawn(
    qtbot: QtBot,
    window: MainWindow,
    chats: Conversations,
    snippet: str,
    marks: tuple[tuple[int, int], ...],
    width: int,
) -> None:
    chats.search.setText("staking")
    chats.show_hits("staking", frozenset(), [Found(1, 2, "<i>t</i>" * 9, "answer", snippet, marks)])
    chats.hits.resize(width, 200)
    assert not chats.hits.grab().isNull()
