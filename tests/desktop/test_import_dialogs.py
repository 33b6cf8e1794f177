"""What the window shows while a file is read or stored, and when it can make nothing of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.portfolio.waiting import WaitingDialog
from desktop.widgets.dialogs import Notice
from desktop.window import MainWindow
from engine.core.events import JobProgress
from tests.desktop.dropped import drop, preview, session
from tests.desktop.fake_service import FakeService


@pytest.fixture
def window(open_window: Callable[[], MainWindow]) -> MainWindow:
    return open_window()


def waiting(qtbot: QtBot, window: MainWindow) -> WaitingDialog:
    """The dialog that shows how far a job is, once it is seen."""

    def seen() -> bool:
        dialog = session(window).importing.waiting
        return dialog is not None and dialog.isVisible()

    qtbot.waitUntil(seen)
    dialog = session(window).importing.waiting
    assert dialog is not None
    return dialog


def words(dialog: QDialog) -> list[str]:
    return [label.text() for label in dialog.findChildren(QLabel)]


def test_a_long_reading_shows_how_far_it_is(
    qtbot: QtBot, window: MainWindow, service: FakeService, trades: Path
) -> None:
    service.portfolio.may_read.clear()
    drop(window, trades)
    dialog = waiting(qtbot, window)
    qtbot.waitUntil(lambda: "0 rows read" in words(dialog))
    assert "Reading trades.csv" in words(dialog)
    service.portfolio.may_read.set()
    preview(qtbot, window)
    assert session(window).importing.waiting is None


def test_a_long_reading_can_be_cancelled(
    qtbot: QtBot, window: MainWindow, service: FakeService, trades: Path
) -> None:
    service.portfolio.may_read.clear()
    ended: list[JobProgress] = []
    service.bus.subscribe(lambda e: ended.append(e) if isinstance(e, JobProgress) else None)
    drop(window, trades)
    dialog = waiting(qtbot, window)
    next(b for b in dialog.findChildren(QPushButton) if b.text() == "Cancel").click()
    qtbot.waitUntil(lambda: any(e.done and e.text == "Stopped." for e in ended))
    qtbot.wait(50)
    assert session(window).importing.waiting is None
    assert session(window).importing.dialog is None
    assert window.findChildren(Notice) == []
    assert service.portfolio.stored == {}
    # The next file is read as if nothing had been.
    service.portfolio.may_read.set()
    drop(window, trades)
    preview(qtbot, window)


def test_a_long_storing_shows_how_far_it_is_and_goes_on_when_hidden(
    qtbot: QtBot, window: MainWindow, service: FakeService, trades: Path
) -> None:
    service.portfolio.may_store.clear()
    drop(window, trades)
    preview(qtbot, window).confirm_button.click()
    dialog = waiting(qtbot, window)
    qtbot.waitUntil(lambda: "1 of 2 rows stored" in words(dialog))
    next(b for b in dialog.findChildren(QPushButton) if b.text() == "Hide").click()
    assert session(window).importing.waiting is None
    service.portfolio.may_store.set()
    qtbot.waitUntil(lambda: window.toasts.texts() == ["2 rows imported from trades.csv."])


def notice(qtbot: QtBot, window: MainWindow) -> Notice:
    """What the window says about a file it cannot use, once it is there."""
    qtbot.waitUntil(lambda: len(window.findChildren(Notice)) == 1)
    return window.findChildren(Notice)[0]


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"a,b\n", "é".encode("utf-16")])
def test_a_file_that_is_none_gets_one_sentence(
    qtbot: QtBot, window: MainWindow, service: FakeService, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "strange.csv"
    path.write_bytes(content)
    drop(window, path)
    assert notice(qtbot, window).words.text()
    assert session(window).importing.dialog is None
    assert service.portfolio.stored == {}


def test_a_long_reason_is_told_in_full(qtbot: QtBot, window: MainWindow) -> None:
    reason = " ".join(f"unheard of column {number}," for number in range(80))
    session(window).importing.refuse(reason)

    dialog = notice(qtbot, window)

    assert dialog.words.text() == reason
    # All of it is seen: no line is wider than the label, and no line is below its end.
    room = dialog.words.contentsRect()
    metrics = dialog.words.fontMetrics()
    flags = Qt.TextFlag.TextWordWrap
    needed = metrics.boundingRect(QRect(0, 0, room.width(), 100_000), flags, reason)
    assert needed.width() <= room.width()
    assert needed.height() <= room.height()
    assert window.screen().availableGeometry().height() >= dialog.height()
