"""What may reach the terminal, and how."""

import io
import sys

import pytest

from engine.cli import terminal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b]0;title\x07", "[31mred]0;title"),
        ("a\rb\x08c\x00", "abc"),
        ("left\u202eright\u2066", "leftright"),
        ("two\n\tlines", "two\n\tlines"),
        ("Zürich ₿ 🚀", "Zürich ₿ 🚀"),
        ("\x9b2J", "2J"),
    ],
)
def test_nothing_that_steers_a_terminal_gets_through(text: str, shown: str) -> None:
    assert terminal.harmless(text) == shown


def test_what_the_encoding_lacks_becomes_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))

    terminal.say("1 € …")

    assert raw.getvalue() == b"1 ? ?\n"


@pytest.mark.parametrize(
    ("typed", "agreed"),
    [("y\n", True), ("YES\n", True), ("\n", False), ("no\n", False), ("", False)],
)
def test_only_a_yes_is_a_yes(typed: str, agreed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))

    assert terminal.agreed("Store it?") is agreed


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("e\u0301", 1), ("日本", 4), ("₿", 1), ("", 0)]
)
def test_width_counts_columns(text: str, columns: int) -> None:
    assert terminal.display_width(text) == columns


@pytest.mark.parametrize("pieces", [["**a** `b` 2 * 3*"], list("**a** `b` 2 * 3*")])
def test_marks_of_markdown_are_left_out_however_the_text_is_cut(pieces: list[str]) -> None:
    plain = terminal.PlainMarkdown()

    text = "".join(plain.feed(piece) for piece in pieces) + plain.end()

    assert text == "a b 2 * 3*"


def test_a_status_line_is_for_terminals_only(capsys: pytest.CaptureFixture[str]) -> None:
    status = terminal.StatusLine()
    status.show("Working…")
    status.clear()

    assert capsys.readouterr().out == ""
