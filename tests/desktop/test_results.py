"""Where the results of an answer stand, what is said about it, and what stays in view."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from desktop.chat.questions import UserRow
from desktop.widgets.card import CardFrame
from desktop.window import MainWindow
from engine.core.events import CardReady, TextReplaced
from tests.desktop.fake_service import FakeService
from tests.desktop.scripted_chat import Step, ends, says
from tests.desktop.test_chat import TABLE, ask, finished, rows, words


def test_results_stand_under_the_text_and_come_after_it(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    gate = threading.Event()

    def script(_: str) -> Iterator[Step]:
        yield lambda m: CardReady(m, TABLE)
        yield from says("The text comes first.")
        gate.wait(30)
        yield from ends()

    service.chat.script = script
    ask(window, "What?")
    qtbot.waitUntil(lambda: bool(rows(window)) and "first" in rows(window)[0].text.toPlainText())
    row = rows(window)[0]
    assert not row.shows_cards()
    assert "Holdings" not in words(row)
    gate.set()
    qtbot.waitUntil(lambda: finished(window) and "Holdings" in words(row))
    card = next(one for one in row.findChildren(CardFrame) if one.isVisible())
    assert row.text.geometry().bottom() < card.mapTo(row, QPoint(0, 0)).y()


def test_results_do_not_wait_for_a_slow_text(
    qtbot: QtBot, window: MainWindow, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.chat.rows.CARD_PATIENCE_SECONDS", 0.1)
    gate = threading.Event()

    def script(_: str) -> Iterator[Step]:
        yield lambda m: CardReady(m, TABLE)
        gate.wait(30)
        yield from ends()

    service.chat.script = script
    ask(window, "What?")
    qtbot.waitUntil(lambda: bool(rows(window)) and "Holdings" in words(rows(window)[0]))
    assert rows(window)[0].answer.streaming
    gate.set()
    qtbot.waitUntil(lambda: finished(window))


def test_tall_results_leave_the_question_in_view(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    service.chat.script = lambda _: [
        *(lambda m: CardReady(m, TABLE) for _ in range(9)),
        *says("Nine tables."),
        *ends(),
    ]
    transcript = window.chat_page.transcript
    bar = transcript.verticalScrollBar()
    for number in range(2):
        ask(window, "What?")
        qtbot.waitUntil(lambda n=number: len(rows(window)) == n + 1 and finished(window))
        qtbot.waitUntil(lambda n=number: bar.maximum() > 600 * (n + 1))
        question = transcript.findChildren(UserRow)[-1]
        qtbot.waitUntil(
            lambda q=question: 0 <= q.mapTo(transcript.viewport(), QPoint(0, 0)).y() < 40
        )
        assert transcript.following()
    button, seen = transcript.end_button, transcript.viewport().rect()
    assert button.isVisible()
    assert button.geometry().bottom() == seen.bottom() - 8
    assert abs(button.geometry().center().x() - seen.center().x()) <= 1
    button.click()
    assert bar.value() == bar.maximum()


def test_the_notice_of_a_stored_answer_is_shown(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    chat = service.chat.add_chat("Old", ("Should I buy?", "That is yours to decide."))
    stored = service.chat.stored[chat]
    stored[1] = replace(stored[1], notice="Not investment advice.")
    assert window.session is not None
    window.session.open_chat(chat)
    qtbot.waitUntil(
        lambda: bool(rows(window)) and "Not investment advice." in words(rows(window)[0])
    )


def test_an_answer_written_once_more_says_so(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    gates = threading.Event(), threading.Event()

    def script(_: str) -> Iterator[Step]:
        yield from says("All is worth $1.")
        gates[0].wait(30)
        yield lambda m: TextReplaced(m, "")
        gates[1].wait(30)
        yield from [*says("All is worth $2."), *ends()]

    service.chat.script = script
    ask(window, "What?")
    qtbot.waitUntil(lambda: bool(rows(window)) and "$1" in rows(window)[0].text.toPlainText())
    row = rows(window)[0]
    gates[0].set()
    qtbot.waitUntil(lambda: "Checking the figures…" in words(row))
    assert not row.text.isVisible()
    gates[1].set()
    qtbot.waitUntil(lambda: finished(window) and row.text.isVisible())
    assert row.text.toPlainText() == "All is worth $2."
    assert "Checking the figures…" not in words(row)


def test_a_growing_text_over_its_results_stays_in_view(
    qtbot: QtBot, window: MainWindow, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.chat.rows.CARD_PATIENCE_SECONDS", 0.0)
    lines = "".join(f"line {n}\n\n" for n in range(60))
    service.chat.script = lambda _: [
        lambda m: CardReady(m, TABLE),
        0.2,
        *says(lines, 40, 0.002),
        *ends(),
    ]
    ask(window, "Many lines")
    qtbot.waitUntil(lambda: finished(window))
    transcript, row = window.chat_page.transcript, rows(window)[0]

    def end_of_text() -> int:
        return row.text.mapTo(transcript.viewport(), QPoint(0, row.text.height())).y()

    qtbot.waitUntil(lambda: 0 < end_of_text() <= transcript.viewport().height())
    assert row.text.height() > transcript.viewport().height()
