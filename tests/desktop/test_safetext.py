"""Untrusted text: cleaned, never interpreted, and nothing is ever loaded for it."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QTextDocument
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from desktop.chat.answer import Asked
from desktop.chat.questions import UserRow
from desktop.safetext import (
    LIMIT,
    SafeBrowser,
    ask_before_opening,
    button_text,
    clean,
    label,
    notification,
    one_line,
    safe_address,
    tooltip,
)
from desktop.widgets.markdown_view import MarkdownView

HOSTILE = """
![x](file:///etc/hostname) ![x](http://evil.example/p.png) ![x](//evil.example/p.png)
![x](data:image/png;base64,iVBORw0KGgo=) <img src="file:///etc/hostname">
<style>@import url(file:///etc/hostname)</style><link rel=stylesheet href=//evil.example/a.css>
[ok](https://example.org) [bad](file:///etc/passwd) [bad](javascript:alert(1))

| ![x](file:///etc/hostname) | <img src=http://evil.example/p.png> |
|---|---|
| <object data="file:///etc/hostname"> | ![x](qrc:/secret) |
"""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses handed to the desktop."""
    addresses: list[str] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: bool(addresses.append(url.toString())) or True
    )
    return addresses


def test_hostile_markdown_loads_nothing(
    qtbot: QtBot, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[QUrl | str] = []
    original = SafeBrowser.loadResource
    monkeypatch.setattr(
        SafeBrowser,
        "loadResource",
        lambda self, kind, name: (asked.append(name), original(self, kind, name))[1],
    )
    view = MarkdownView("Answer")
    qtbot.addWidget(view)
    view.set_text(HOSTILE)
    view.resize(600, 400)
    view.show()
    view.grab()
    # Our own writer makes no images at all, so that Qt does not even ask.
    assert asked == []
    assert opened == []
    assert "￼" not in view.toPlainText()
    assert "<img src=" in view.toPlainText()


def test_a_browser_loads_no_resource_even_if_html_gets_into_it(
    qtbot: QtBot, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.css"
    secret.write_text("body { color: red }")
    image = tmp_path / "image.png"
    image.write_bytes(bytes.fromhex("89504e470d0a1a0a"))
    browser = SafeBrowser()
    qtbot.addWidget(browser)
    for kind in QTextDocument.ResourceType:
        for address in (secret.as_uri(), "http://evil.example/x", "//evil.example/x", "qrc:/x"):
            assert not browser.document().resource(kind.value, QUrl(address))
    browser.setHtml(f"<link rel=stylesheet href='{secret.as_uri()}'><img src='{image.as_uri()}'>x")
    browser.grab()
    assert "color" not in browser.toPlainText()
    assert not browser.document().resource(2, QUrl(image.as_uri()))


def test_a_link_opens_only_after_its_address_was_shown(qtbot: QtBot, opened: list[str]) -> None:
    view = MarkdownView("Answer")
    qtbot.addWidget(view)
    view.set_text("[my bank](https://evil.example/login)")
    view.anchorClicked.emit(QUrl("https://evil.example/login"))
    box = view.findChild(QMessageBox)
    assert box is not None
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert "https://evil.example/login" in box.informativeText()
    assert box.defaultButton().text() == "Cancel"
    box.reject()
    assert opened == []

    second = ask_before_opening(view, "https://example.org/a?b=c")
    assert second is not None
    next(b for b in second.buttons() if b.text() == "Open").click()
    assert opened == ["https://example.org/a?b=c"]


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://a.b",
        "javascript:x",
        "",
        "https://",
        "https://a@b/",
        "https://[::",
    ],
)
def test_no_other_address_can_be_opened(qtbot: QtBot, opened: list[str], address: str) -> None:
    assert ask_before_opening(None, address) is None
    assert opened == []


def test_a_foreign_host_is_shown_in_ascii() -> None:
    assert safe_address("https://аpple.com/") == "https://xn--pple-43d.com/"


def test_deceptive_characters_are_dropped() -> None:
    assert clean("pay \u202e0001\u202c $\u2066x\u2069") == "pay 0001 $x"
    assert clean("a\x00b\x1b[31mc\ufffcd\ufdd0e\u200bf") == "ab[31mcdef"
    assert clean("a\r\nb\rc\u2028d\u2029e") == "a\nb\nc\nd\ne"
    assert clean("Z" + "\u0301" * 50) == "Z" + "\u0301" * 3
    assert clean("\ud800x") == "x"
    assert clean("naïve 日本 مرحبا 🙂\ttab") == "naïve 日本 مرحبا 🙂\ttab"


def test_too_long_text_is_cut_and_says_so() -> None:
    text = clean("x" * (LIMIT + 5))
    assert text.startswith("x" * LIMIT)
    assert "too long" in text


def test_short_forms() -> None:
    assert one_line("  a\n b\t c ") == "a b c"
    assert one_line("x" * 300, 10) == "xxxxxxxxx…"
    assert button_text("A & B") == "A && B"
    assert tooltip("<img src=x>") == "<qt>&lt;img src=x&gt;</qt>"
    assert notification("<b>x</b> & y") == "‹b›x‹/b› + y"


def test_labels_never_interpret(qtbot: QtBot) -> None:
    shown = label("<b>bold</b><img src='file:///etc/hostname'>")
    qtbot.addWidget(shown)
    assert shown.textFormat() == Qt.TextFormat.PlainText
    row = UserRow(Asked(0, "<img src='http://evil.example/x.png'>"))
    qtbot.addWidget(row)
    row.grab()


def test_copied_text_is_plain(qtbot: QtBot) -> None:
    view = MarkdownView("Answer")
    qtbot.addWidget(view)
    view.set_text("**bold** [link](https://example.org)")
    view.selectAll()
    data = view.createMimeDataFromSelection()
    assert data.formats() == ["text/plain"]
    assert data.text() == "bold link"


def test_a_huge_text_is_shown_in_bounded_time(qtbot: QtBot) -> None:
    view = MarkdownView("Answer")
    qtbot.addWidget(view)
    view.append("[" * 3_000_000)
    view.finish()
    qtbot.waitUntil(view.settled, timeout=30_000)
    assert len(view.text()) < LIMIT + 100
