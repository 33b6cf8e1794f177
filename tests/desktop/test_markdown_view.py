"""The streaming text: right at the end, cheap on the way."""

import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QTextCursor, QTextDocument, QTextTable
from pytestqt.qtbot import QtBot

from desktop.markdown.formats import formats_for
from desktop.markdown.stream import BlockStream, parse
from desktop.markdown.writer import DocumentWriter
from desktop.theme import theme
from desktop.widgets.markdown_view import FLUSH_SECONDS, MarkdownView
from tests.desktop.test_markdown_blocks import ANSWER, PIECES


@pytest.fixture
def view(qtbot: QtBot) -> MarkdownView:
    view = MarkdownView("Answer")
    qtbot.addWidget(view)
    view.resize(640, 400)
    view.show()
    return view


@pytest.mark.parametrize("seed", range(6))
def test_streaming_gives_what_showing_at_once_gives(
    qtbot: QtBot, view: MarkdownView, seed: int
) -> None:
    dice = random.Random(seed)
    text = ANSWER + "\n\nZürich 日本 🙂 – done\n" + ANSWER
    at = 0
    while at < len(text):
        size = dice.randint(1, 25)
        view.append(text[at : at + size])
        at += size
        if dice.random() < 0.3:
            view.flush()
    view.finish()
    qtbot.waitUntil(view.settled)
    streamed = view.document().toHtml()
    assert view.text() == text
    view.set_text(text)
    assert view.document().toHtml() == streamed
    assert "Zürich 日本 🙂 – done" in view.toPlainText()


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(PIECES, st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_any_text_in_any_pieces_ends_up_the_same(
    qapp: object, pieces: list[str], sizes: list[int]
) -> None:
    text = "".join(pieces)
    formats = formats_for(theme().tokens, theme().sizes)
    streamed, whole = QTextDocument(), QTextDocument()
    writer, stream, at, turn = DocumentWriter(streamed, formats), BlockStream(), 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        stream.feed(text[at : at + size])
        at, turn = at + size, turn + 1
        writer.render(stream.take(), stream.open())
    stream.close()
    writer.render(stream.take(), [])
    DocumentWriter(whole, formats).render(parse(text), [])
    assert streamed.toHtml() == whole.toHtml()


def test_text_after_an_open_table_is_shown_at_once(view: MarkdownView) -> None:
    for piece in ("| A |\n|---|\n| 1 |\n", "Aft", "er", " it"):
        view.append(piece)
        view.flush()
    assert view.toPlainText().split() == ["A", "1", "After", "it"]


def test_a_text_written_once_more_is_one_paragraph(qtbot: QtBot, view: MarkdownView) -> None:
    view.append("It is $1 million.")
    view.flush()
    view.set_text("")
    for piece in ("Ready ", "to go: ETH ", "falls below", " $2,000.00."):
        view.append(piece)
        view.flush()
    view.finish()
    qtbot.waitUntil(view.settled)
    assert view.toPlainText() == "Ready to go: ETH falls below $2,000.00."


def test_what_is_finished_is_not_written_again(view: MarkdownView) -> None:
    view.append("# One\n\nfirst paragraph\n\nsecond")
    view.flush()
    cursor = QTextCursor(view.document())
    cursor.setPosition(1)
    view.append(" paragraph goes on\n\nthird")
    view.flush()
    # A cursor inside text that is removed and written again would have moved.
    assert cursor.position() == 1
    assert view.toPlainText() == "One\nfirst paragraph\nsecond paragraph goes on\nthird"


def test_a_table_grows_in_place(view: MarkdownView) -> None:
    view.append("| A | B |\n|---|--:|\n| 1 | 2 |\n")
    view.flush()
    view.append("| 3 | 4 |\n\nAfter.")
    view.flush()
    tables = [f for f in view.document().rootFrame().childFrames() if isinstance(f, QTextTable)]
    assert [(table.rows(), table.columns()) for table in tables] == [(3, 2)]
    assert view.toPlainText().split() == ["A", "B", "1", "2", "3", "4", "After."]


@pytest.mark.alone
def test_flushes_are_throttled(qtbot: QtBot, view: MarkdownView) -> None:
    times = 0
    original = view.flush

    def counting() -> None:
        nonlocal times
        times += 1
        original()

    view.timer.timeout.disconnect()
    view.timer.timeout.connect(counting)
    begun = time.monotonic()
    for _ in range(200):
        view.append("word ")
        qtbot.wait(1)
    assert 1 <= times <= (time.monotonic() - begun) / FLUSH_SECONDS + 2


def test_the_view_is_as_tall_as_its_text(qtbot: QtBot, view: MarkdownView) -> None:
    view.set_text("one line")
    short = view.height()
    view.set_text("line\n\n" * 20)
    qtbot.waitUntil(lambda: view.height() > 10 * short)
    assert view.verticalScrollBar().maximum() == 0


def test_a_theme_change_keeps_the_text(qtbot: QtBot, view: MarkdownView) -> None:
    view.set_text(ANSWER)
    before = view.toPlainText()
    theme().apply("dark")
    qtbot.waitUntil(view.settled)
    assert view.toPlainText() == before
