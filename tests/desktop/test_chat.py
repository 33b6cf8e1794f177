"""The chat page, driven through the real window with scripted answers."""

from collections.abc import Iterable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.chat.composer import Composer
from desktop.chat.questions import UserRow
from desktop.chat.rows import AnswerRow
from desktop.session import Session
from desktop.widgets.markdown_view import MarkdownView
from desktop.window import MainWindow
from engine.core.cards import Choice, Column, Draft, FactsCard, QuoteCard, TableCard
from engine.core.events import (
    CardReady,
    ChoicesOffered,
    DraftOffered,
    StatusChanged,
    TextReplaced,
    ThinkDelta,
)
from tests.desktop.fake_service import FakeService
from tests.desktop.scripted_chat import Step, choices, ends, says

TABLE = TableCard(
    "Holdings",
    (Column("Asset", "text"), Column("Value", "money")),
    (("BTC", "$38,462.04"), ("ETH", "$17,577.27")),
    ("Total", "$56,039.31"),
    "by last close",
    simulated=True,
)


def ask(window: MainWindow, text: str) -> None:
    """Type a question and send it."""
    window.chat_page.composer.put(text)
    window.chat_page.composer.submit()


def rows(window: MainWindow) -> list[AnswerRow]:
    """The answers shown, oldest first."""
    column = window.chat_page.transcript.column
    widgets = [column.itemAt(n).widget() for n in range(column.count())]
    return [widget for widget in widgets if isinstance(widget, AnswerRow)]


def finished(window: MainWindow) -> bool:
    """Whether there is an answer and all of it is on the screen."""
    shown = rows(window)
    return bool(shown) and not shown[-1].answer.streaming and shown[-1].text.settled()


def words(row: AnswerRow) -> list[str]:
    """Every text on labels and buttons of an answer that can be seen."""
    labels = [one.text() for one in row.findChildren(QLabel) if one.isVisible()]
    return labels + [one.text() for one in row.findChildren(QPushButton) if one.isVisible()]


@pytest.fixture
def composer(window: MainWindow) -> Composer:
    return window.chat_page.composer


@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_a_streamed_answer_is_shown_whole(
    qtbot: QtBot, window: MainWindow, service: FakeService, piece: int
) -> None:
    text = "Zürich 日本 🙂 **bold** – ünïcödé\n\n- one\n- two"
    service.chat.script = lambda _: [*says(text, piece, 0.001 if piece == 3 else 0.0), *ends()]
    ask(window, "Tell me")
    qtbot.waitUntil(lambda: finished(window))
    row = rows(window)[0]
    assert row.text.text() == text
    assert row.text.toPlainText() == "Zürich 日本 🙂 bold – ünïcödé\n•\tone\n•\ttwo"
    assert service.chat.asked == ["Tell me"]
    qtbot.waitUntil(lambda: window.chat_page.title.text() == "Tell me")


def test_enter_sends_and_shift_enter_does_not(
    qtbot: QtBot, window: MainWindow, composer: Composer, service: FakeService
) -> None:
    qtbot.keyClicks(composer.field, "one")
    qtbot.keyClick(composer.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(composer.field, "two")
    height = composer.field.height()
    assert composer.field.toPlainText() == "one\ntwo"
    qtbot.keyClick(composer.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: service.chat.asked == ["one\ntwo"])
    assert composer.field.toPlainText() == ""
    assert composer.field.height() < height
    qtbot.waitUntil(lambda: finished(window))


def test_nothing_empty_or_too_long_is_sent(
    qtbot: QtBot, window: MainWindow, composer: Composer, service: FakeService
) -> None:
    for text in ("", "   \n ", "x" * 8_001):
        composer.put(text)
        assert not composer.action.isEnabled()
        composer.submit()
    qtbot.wait(30)
    assert service.chat.asked == []


def test_a_question_that_is_too_long_says_so_and_stays(
    qtbot: QtBot, window: MainWindow, composer: Composer
) -> None:
    assert not composer.too_long.isVisible()
    composer.put("x" * 100_000)
    assert composer.too_long.isVisible()
    said = "The question has 100,000 characters; 8,000 are possible. Shorten it."
    assert composer.too_long.text() == said
    composer.submit()
    assert composer.field.toPlainText() == "x" * 100_000
    composer.put("How much?")
    assert not composer.too_long.isVisible()
    composer.submit()
    qtbot.waitUntil(lambda: finished(window))
    question = window.chat_page.transcript.last_question()
    assert question is not None
    question.begin_edit()
    assert question.field is not None
    question.field.setPlainText("x" * 8_001)
    said = "\n".join(one.text() for one in question.findChildren(QLabel))
    assert "8,001 characters" in said


def test_stop_keeps_what_was_written(
    qtbot: QtBot, window: MainWindow, composer: Composer, service: FakeService
) -> None:
    service.chat.script = lambda _: [*says("Begun"), *says(" and on" * 2_000, 7, 0.01), *ends()]
    ask(window, "Go on")
    qtbot.waitUntil(lambda: bool(rows(window)) and "Begun" in rows(window)[0].text.toPlainText())
    assert composer.action.accessibleName() == "Stop"
    qtbot.keyClick(composer.field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: finished(window))
    assert rows(window)[0].text.toPlainText().startswith("Begun")
    qtbot.waitUntil(lambda: "Stopped." in words(rows(window)[0]))
    assert composer.action.accessibleName() == "Send"


def test_a_crash_keeps_the_text_and_the_next_question_works(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    sentence = "The model stopped unexpectedly. Ask again."
    service.chat.script = lambda _: [*says("Half an ans"), *ends("failed", sentence)]
    ask(window, "One")
    qtbot.waitUntil(lambda: finished(window))
    assert rows(window)[0].text.toPlainText() == "Half an ans"
    qtbot.waitUntil(lambda: sentence in words(rows(window)[0]))
    service.chat.script = lambda _: [*says("Whole."), *ends()]
    ask(window, "Two")
    qtbot.waitUntil(lambda: len(rows(window)) == 2 and finished(window))
    assert rows(window)[1].text.toPlainText() == "Whole."


def test_a_refused_question_goes_back_into_the_field(
    qtbot: QtBot, window: MainWindow, composer: Composer
) -> None:
    ask(window, "refused")
    qtbot.waitUntil(lambda: bool(window.toasts.texts()))
    assert window.toasts.texts() == ["This question cannot be asked. Ask another."]
    assert composer.field.toPlainText() == "refused"
    assert composer.action.isEnabled()


def test_status_thinking_cards_and_notice(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    steps: list[Step] = [
        lambda m: StatusChanged(m, "Looking at your portfolio…"),
        0.2,
        lambda m: ThinkDelta(m, "I call "),
        lambda m: ThinkDelta(m, "a tool."),
        lambda m: CardReady(m, TABLE),
        lambda m: CardReady(m, QuoteCard("Staking", "Locking coins.", "Assay glossary")),
        *says("You hold **$38,462.04** in BTC and 99 problems."),
        *ends("complete", "This is not advice."),
    ]
    service.chat.script = lambda _: steps
    ask(window, "What?")
    qtbot.waitUntil(
        lambda: bool(rows(window)) and "Looking at your portfolio…" in words(rows(window)[0])
    )
    qtbot.waitUntil(lambda: finished(window))
    row = rows(window)[0]
    expected = {"Holdings", "Simulated", "by last close", "This is not advice."}
    expected |= {"Source: Assay glossary"}
    qtbot.waitUntil(lambda: expected <= set(words(row)))
    quoted = [one.toPlainText() for one in row.findChildren(MarkdownView) if one is not row.text]
    assert quoted == ["Locking coins."]
    assert row.thinking.text() == "I call a tool."
    assert not any("I call" in one or "Looking" in one for one in words(row))


def test_figures_name_the_card_they_come_from(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    text = "🙂 BTC is $38,462.04, all is **$56,039.31**, 99 is from nowhere, as is 2026-01-38."
    service.chat.script = lambda _: [lambda m: CardReady(m, TABLE), *says(text), *ends()]
    ask(window, "What?")
    qtbot.waitUntil(lambda: finished(window) and "Holdings: BTC, Value" in tips(rows(window)[0]))
    assert tips(rows(window)[0]) == {
        "Holdings: BTC, Value": "$38,462.04",
        "Holdings: Total, Value": "$56,039.31",
    }


def tips(row: AnswerRow) -> dict[str, str]:
    """The tooltips in an answer and the text each is on."""
    found: dict[str, str] = {}
    block = row.text.document().begin()
    while block.isValid():
        for place in block:
            fragment = place.fragment()
            tip = fragment.charFormat().toolTip()
            if tip:
                found[tip.removeprefix("<qt>").removesuffix("</qt>")] = fragment.text()
        block = block.next()
    return found


def test_a_replaced_text_replaces(qtbot: QtBot, window: MainWindow, service: FakeService) -> None:
    service.chat.script = lambda _: [
        *says("It is $1 million."),
        lambda m: TextReplaced(m, "It is $56,039.31."),
        *ends(),
    ]
    ask(window, "What?")
    qtbot.waitUntil(lambda: finished(window))
    assert rows(window)[0].text.toPlainText() == "It is $56,039.31."


def test_choosing_asks_again(qtbot: QtBot, window: MainWindow, service: FakeService) -> None:
    service.chat.script = lambda q: (
        [lambda m: ChoicesOffered(m, "Did you mean …", choices()), *ends()]
        if q == "btc -30"
        else [*says("Answered."), *ends()]
    )
    ask(window, "btc -30")
    qtbot.waitUntil(lambda: finished(window))
    row = rows(window)[0]
    buttons = [b for b in row.findChildren(QPushButton) if b.property("kind") == "chip"]
    assert [b.text() for b in buttons] == ["What if BTC falls 30 %?", "How much did BTC fall?"]
    qtbot.mouseClick(buttons[1], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(rows(window)) == 2 and finished(window))
    assert service.chat.chosen == [(row.answer.message_id, "text:How much did BTC fall?")]
    assert not any(b.isEnabled() for b in buttons)
    assert rows(window)[1].text.toPlainText() == "Answered."


@pytest.mark.parametrize("draft_id", ["d1", "broken"])
def test_a_draft_is_stored_only_when_confirmed(
    qtbot: QtBot, window: MainWindow, service: FakeService, draft_id: str
) -> None:
    draft = Draft(draft_id, "alert", "New alert", (("Asset", "BTC"), ("Above", "$100,000.00")))
    service.chat.script = lambda _: [lambda m: DraftOffered(m, draft), *ends()]
    ask(window, "Tell me when")
    qtbot.waitUntil(lambda: finished(window))
    row = rows(window)[0]
    confirm = next(b for b in row.findChildren(QPushButton) if b.accessibleName() == "Confirm")
    qtbot.waitUntil(confirm.isVisible)
    assert service.chat.confirmed == []
    qtbot.mouseClick(confirm, Qt.MouseButton.LeftButton)
    if draft_id == "d1":
        qtbot.waitUntil(lambda: any(text.startswith("Done.") for text in words(row)))
        assert service.chat.confirmed == ["d1"]
        assert not confirm.isVisible()
    else:
        qtbot.waitUntil(lambda: bool(window.toasts.texts()))
        assert confirm.isEnabled()


def test_a_discarded_draft_is_gone(qtbot: QtBot, window: MainWindow, service: FakeService) -> None:
    draft = Draft("d2", "alert", "New alert", ())
    service.chat.script = lambda _: [lambda m: DraftOffered(m, draft), *ends()]
    ask(window, "Tell me when")
    qtbot.waitUntil(lambda: finished(window))
    row = rows(window)[0]
    discard = next(b for b in row.findChildren(QPushButton) if b.accessibleName() == "Discard")
    qtbot.waitUntil(discard.isVisible)
    qtbot.mouseClick(discard, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Discarded." in words(row))
    assert service.chat.discarded == ["d2"]
    assert service.chat.confirmed == []


def test_leaving_a_chat_while_it_answers_loses_nothing(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    other = service.chat.add_chat("Other", ("Old question", "Old answer"))
    text = " ".join(f"word{n}" for n in range(150))
    service.chat.script = lambda _: [*says(text, 9, 0.003), *ends()]
    session = window.session
    assert isinstance(session, Session)
    ask(window, "Long one")
    qtbot.waitUntil(lambda: bool(rows(window)) and "word3" in rows(window)[0].text.toPlainText())
    chat = session.chat.chat_id
    assert chat is not None
    session.open_chat(other)
    qtbot.waitUntil(
        lambda: bool(rows(window)) and rows(window)[0].text.toPlainText() == "Old answer"
    )
    session.open_chat(chat)
    qtbot.waitUntil(lambda: bool(rows(window)) and finished(window))
    qtbot.waitUntil(lambda: rows(window)[0].text.toPlainText() == text)
    assert len(rows(window)) == 1


def test_the_view_follows_the_end_unless_the_user_scrolls_up(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    lines = "".join(f"line {n}\n\n" for n in range(60))
    service.chat.script = lambda _: [*says(lines, 40, 0.002), 0.4, *says(lines, 40), *ends()]
    ask(window, "Many lines")
    bar = window.chat_page.transcript.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 900)
    qtbot.wait(30)
    assert bar.value() == bar.maximum()
    bar.setValue(100)
    qtbot.waitUntil(lambda: finished(window))
    qtbot.wait(50)
    assert bar.value() == 100
    window.chat_page.transcript.follow()
    assert bar.value() == bar.maximum()


def test_a_long_conversation_is_built_from_its_end(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    pairs: Iterable[tuple[str, str]] = ((f"Question {n}", f"Answer {n}") for n in range(60))
    chat = service.chat.add_chat("Long", *pairs)
    assert window.session is not None
    window.session.open_chat(chat)
    transcript = window.chat_page.transcript
    qtbot.waitUntil(lambda: len(transcript.findChildren(UserRow)) == 12)
    assert rows(window)[-1].answer.text == "Answer 59"
    more = next(b for b in transcript.findChildren(QPushButton) if "earlier" in b.accessibleName())
    qtbot.waitUntil(more.isVisible)
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(transcript.findChildren(UserRow)) == 24)
    assert [row.answer.text for row in rows(window)] == [f"Answer {n}" for n in range(36, 60)]


def test_a_hostile_choice_is_only_text(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    option = Choice("text:x", "<img src=file:///etc/hostname> & co")
    card = FactsCard("<b>t</b>", (("<i>n</i>", "<img src=//h/x>"),), "<u>m</u>", simulated=False)
    service.chat.script = lambda _: [
        lambda m: CardReady(m, card),
        lambda m: ChoicesOffered(m, "<b>?</b>", (option,)),
        *ends(),
    ]
    ask(window, "<script>")
    qtbot.waitUntil(lambda: finished(window))
    expected = {"<b>t</b>", "<i>n</i>", "<img src=//h/x>", "<u>m</u>", "<b>?</b>"}
    expected |= {"<img src=file:///etc/hostname> && co"}
    qtbot.waitUntil(lambda: expected <= set(words(rows(window)[0])))
    formats = {one.textFormat() for one in rows(window)[0].findChildren(QLabel) if one.text()}
    assert formats == {Qt.TextFormat.PlainText}
