"""Answers asked for anew, changed questions, versions and branches, through the real window."""

from collections.abc import Sequence

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.chat.answer import Answer
from desktop.chat.questions import UserRow
from desktop.chat.rows import AnswerRow
from desktop.chat.transcript import Entry
from desktop.window import MainWindow
from engine.core.events import TurnStarted
from tests.desktop.fake_service import FakeService
from tests.desktop.scripted_chat import ends, says
from tests.desktop.test_chat import ask, finished, rows


@pytest.fixture(autouse=True)
def numbered(service: FakeService) -> None:
    """Every answer says which it is."""
    numbers = iter(range(1, 100))
    service.chat.script = lambda q: [*says(f"{q} {next(numbers)}"), *ends()]


def questions(window: MainWindow) -> list[UserRow]:
    column = window.chat_page.transcript.column
    widgets = [column.itemAt(n).widget() for n in range(column.count())]
    return [widget for widget in widgets if isinstance(widget, UserRow)]


def texts(window: MainWindow) -> list[str]:
    """Everything that is shown, in its order."""
    column = window.chat_page.transcript.column
    widgets = [column.itemAt(n).widget() for n in range(column.count())]
    return [
        w.asked.text if isinstance(w, UserRow) else w.answer.text
        for w in widgets
        if isinstance(w, UserRow | AnswerRow)
    ]


def told(window: MainWindow, *expected: str) -> bool:
    """Whether exactly this is shown, and complete."""
    return texts(window) == list(expected) and finished(window)


def asked_twice(qtbot: QtBot, window: MainWindow) -> None:
    """Two questions with their answers."""
    ask(window, "A?")
    qtbot.waitUntil(lambda: told(window, "A?", "A? 1"))
    ask(window, "B?")
    qtbot.waitUntil(lambda: told(window, "A?", "A? 1", "B?", "B? 2"))


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key) -> None:
    qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)


def test_an_answer_comes_again_and_both_can_be_seen(qtbot: QtBot, window: MainWindow) -> None:
    asked_twice(qtbot, window)
    footer = rows(window)[0].footer
    assert footer is not None
    assert not footer.walker.isVisible()
    qtbot.mouseClick(footer.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: told(window, "A?", "A? 3"))
    footer = rows(window)[0].footer
    assert footer is not None
    qtbot.waitUntil(footer.walker.isVisible)
    assert footer.walker.count.text() == "2/2"
    assert footer.figures.text() == "worked out without a model"
    assert not footer.walker.forth.isEnabled()
    qtbot.mouseClick(footer.walker.back, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: told(window, "A?", "A? 1", "B?", "B? 2"))
    footer = rows(window)[0].footer
    assert footer is not None
    assert footer.walker.count.text() == "1/2"
    assert footer.walker.accessibleName() == "Version 1 of 2"
    # What comes next goes on from what is shown.
    ask(window, "C?")
    qtbot.waitUntil(lambda: told(window, "A?", "A? 1", "B?", "B? 2", "C?", "C? 4"))


def test_an_answer_that_begins_before_it_is_built_is_shown_once(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The news that it has begun may come between reading its path and building the rows."""
    asked_twice(qtbot, window)
    assert window.session is not None
    presenter, page = window.session.chat, window.chat_page
    show_path = page.show_path

    def show_and_hear(entries: Sequence[Entry], message_id: int = 0) -> None:
        show_path(entries, message_id)
        last = entries[-1]
        assert isinstance(last, Answer)
        presenter._on_event(TurnStarted(last.chat_id, last.message_id, last.question_id))

    monkeypatch.setattr(page, "show_path", show_and_hear)
    press(qtbot, window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: told(window, "A?", "A? 1", "B?", "B? 3"))


def test_a_question_is_changed_in_its_place(qtbot: QtBot, window: MainWindow) -> None:
    asked_twice(qtbot, window)
    row = questions(window)[0]
    qtbot.waitUntil(row.pencil.isVisible)
    qtbot.mouseClick(row.pencil, Qt.MouseButton.LeftButton)
    assert row.field is not None
    assert row.field.toPlainText() == "A?"
    row.field.setPlainText(" ")
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    assert row.field is not None  # nothing empty is asked
    row.field.setPlainText("Z?")
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: told(window, "Z?", "Z? 3"))
    row = questions(window)[0]
    assert row.walker.count.text() == "2/2"
    qtbot.mouseClick(row.walker.back, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: told(window, "A?", "A? 1", "B?", "B? 2"))


def test_esc_gives_a_change_up(qtbot: QtBot, window: MainWindow, service: FakeService) -> None:
    asked_twice(qtbot, window)
    press(qtbot, window, Qt.Key.Key_E)
    row = questions(window)[1]
    assert row.field is not None
    qtbot.waitUntil(row.field.isVisible)
    row.field.setPlainText("Something else")
    qtbot.keyClick(row.field, Qt.Key.Key_Escape)
    assert row.field is None
    assert texts(window)[2] == "B?"
    assert service.chat.asked == ["A?", "B?"]


def test_the_newest_answer_comes_again_by_keyboard(qtbot: QtBot, window: MainWindow) -> None:
    asked_twice(qtbot, window)
    press(qtbot, window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: told(window, "A?", "A? 1", "B?", "B? 3"))


def test_while_an_answer_is_written_no_other_is_begun(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    asked_twice(qtbot, window)
    service.chat.script = lambda _: [*says("on and on " * 500, 7, 0.01), *ends()]
    ask(window, "Long?")
    qtbot.waitUntil(lambda: "on" in rows(window)[-1].text.toPlainText())
    footer = rows(window)[0].footer
    assert footer is not None
    qtbot.mouseClick(footer.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(window.toasts.texts()))
    assert "Stop it first" in window.toasts.texts()[0]
    assert len(rows(window)) == 3
    assert window.session is not None
    window.session.chat.stop()
    qtbot.waitUntil(lambda: finished(window))


def test_a_streaming_answer_that_comes_again_can_be_stopped(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    asked_twice(qtbot, window)
    service.chat.script = lambda _: [*says("on and on " * 500, 7, 0.01), *ends()]
    press(qtbot, window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: "on and" in rows(window)[-1].text.toPlainText())
    assert window.chat_page.composer.action.accessibleName() == "Stop"
    qtbot.waitUntil(lambda: len(rows(window)) == 2)  # the newest is shown first
    qtbot.keyClick(window.chat_page.composer.field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: finished(window))
    assert rows(window)[-1].answer.status == "stopped"
    assert window.chat_page.composer.action.accessibleName() == "Send"


def test_a_change_that_is_refused_leaves_everything(qtbot: QtBot, window: MainWindow) -> None:
    asked_twice(qtbot, window)
    row = questions(window)[1]
    row.begin_edit()
    assert row.field is not None
    row.field.setPlainText("refused")
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(window.toasts.texts()))
    assert texts(window) == ["A?", "A? 1", "B?", "B? 2"]
    assert window.chat_page.composer.action.accessibleName() == "Send"
    ask(window, "C?")
    qtbot.waitUntil(lambda: finished(window) and len(rows(window)) == 3)


def test_a_branch_goes_on_in_a_chat_of_its_own(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    asked_twice(qtbot, window)
    footer = rows(window)[0].footer
    assert footer is not None
    qtbot.mouseClick(footer.branch, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: told(window, "A?", "A? 1"))
    qtbot.waitUntil(lambda: window.chat_page.title.text() == "A? (branch)")
    ask(window, "C?")
    qtbot.waitUntil(lambda: told(window, "A?", "A? 1", "C?", "C? 3"))
    assert len(service.chat.chats) == 2


def test_versions_survive_leaving_the_chat(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    other = service.chat.add_chat("Other", ("Old?", "Old."))
    asked_twice(qtbot, window)
    press(qtbot, window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: told(window, "A?", "A? 1", "B?", "B? 3"))
    assert window.session is not None
    chat = window.session.chat.chat_id
    assert chat is not None
    window.session.open_chat(other)
    qtbot.waitUntil(lambda: told(window, "Old?", "Old."))
    window.session.open_chat(chat)
    qtbot.waitUntil(lambda: told(window, "A?", "A? 1", "B?", "B? 3"))
    footer = rows(window)[-1].footer
    assert footer is not None
    assert footer.walker.count.text() == "2/2"
    QApplication.processEvents()
