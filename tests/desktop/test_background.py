"""The tray's menu, and what closing the window means while Assay watches on."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from desktop.background import tomorrow
from tests.desktop.alerts_window import AlertsWindow

ENDED = """
from PySide6.QtCore import QTimer
from desktop.app import Application
from desktop.window import MainWindow
application, window = Application([]), MainWindow()
window.stays = lambda: True
window.closing.connect(lambda: print("closed"))
application.ending.connect(window.will_quit)
window.show()
QTimer.singleShot(0, application.quit)
application.exec()
"""
"""Asks the program to end, as a desktop does, while it would stay in the tray."""


class FakeIcon(QObject):
    """What a desktop's tray shows of the program."""

    messageClicked = Signal()
    activated = Signal(QSystemTrayIcon.ActivationReason)
    MessageIcon = QSystemTrayIcon.MessageIcon
    ActivationReason = QSystemTrayIcon.ActivationReason
    shown: ClassVar["list[FakeIcon]"] = []
    there = True

    def __init__(self, icon: object, parent: QObject) -> None:
        super().__init__(parent)
        self.visible = False
        self.messages: list[tuple[str, str]] = []

    @classmethod
    def isSystemTrayAvailable(cls) -> bool:
        return cls.there

    def setToolTip(self, text: str) -> None:
        self.tip = text

    def setContextMenu(self, menu: object) -> None:
        self.menu = menu

    def show(self) -> None:
        self.visible = True
        FakeIcon.shown.append(self)

    def hide(self) -> None:
        self.visible = False
        FakeIcon.shown.remove(self)

    def showMessage(self, title: str, text: str, icon: object, milliseconds: int) -> None:
        self.messages.append((title, text))


@pytest.fixture
def icons(monkeypatch: pytest.MonkeyPatch) -> list[FakeIcon]:
    FakeIcon.shown = []
    monkeypatch.setattr(FakeIcon, "there", True)
    monkeypatch.setattr("desktop.tray.QSystemTrayIcon", FakeIcon)
    return FakeIcon.shown


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path, icons: list[FakeIcon]) -> Iterator[AlertsWindow]:
    with AlertsWindow.opened(qtbot, tmp_path / "home") as found:
        yield found
    QApplication.setQuitOnLastWindowClosed(True)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the program was asked to end."""
    asked: list[bool] = []
    monkeypatch.setattr("desktop.window.QApplication.quit", lambda: asked.append(True))
    return asked


def offered(it: AlertsWindow) -> list[str]:
    """What stands in the menu."""
    return [one.text() for one in it.session.tray.menu.actions() if one.isVisible() and one.text()]


def take(it: AlertsWindow, text: str) -> None:
    """Choose from the menu."""
    (action,) = [one for one in it.session.tray.menu.actions() if one.text().startswith(text)]
    action.trigger()


def keep(it: AlertsWindow) -> None:
    """Switch it on that Assay watches on without its window."""
    control = it.page.delivery.controls["keep_in_tray"]
    it.wait(control.isEnabled)
    it.qtbot.wait(50)
    it.service.settings.set("keep_in_tray", True)
    it.wait(it.window.stays)


def test_the_icon_is_there_as_long_as_the_window(it: AlertsWindow, icons: list[FakeIcon]) -> None:
    (icon,) = icons
    assert (icon.visible, icon.tip, icon.menu) == (True, "Assay", it.session.tray.menu)
    it.window.close()
    assert icons == []


def test_the_alerts_are_paused_from_the_menu(it: AlertsWindow) -> None:
    telling = it.service.alerts.telling
    it.wait(lambda: "Pause alerts until tomorrow, 08:00" in offered(it))
    assert offered(it) == [
        "Open Assay", "Pause alerts for 1 hour", "Pause alerts until tomorrow, 08:00", "Quit",
    ]  # fmt: skip
    take(it, "Pause alerts for 1 hour")
    it.wait(lambda: any("Resume" in text for text in offered(it)))
    until = telling.paused_until()
    assert until is not None
    assert timedelta(minutes=59) < until - datetime.now(UTC) <= timedelta(hours=1)
    assert len(offered(it)) == 3
    take(it, "Resume alerts")
    it.wait(lambda: len(offered(it)) == 4)
    assert telling.paused_until() is None
    take(it, "Pause alerts until")
    it.wait(lambda: len(offered(it)) == 3)
    until = telling.paused_until()
    assert until is not None
    assert f"{until.astimezone():%H:%M}" == "08:00"


def test_tomorrow_is_the_next_morning() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert tomorrow(late) == datetime(2027, 1, 1, 8, tzinfo=UTC)
    assert tomorrow(datetime(2026, 11, 22, 0, 5, tzinfo=UTC)) == datetime(
        2026, 11, 23, 8, tzinfo=UTC
    )


def test_closing_hides_the_window_where_that_is_wanted(
    it: AlertsWindow, icons: list[FakeIcon]
) -> None:
    keep(it)
    it.window.close()
    assert it.window.isHidden()
    assert not QApplication.quitOnLastWindowClosed()
    (icon,) = icons
    assert icon.messages == [("Assay goes on watching", "Open or quit it by its icon in the tray.")]
    icon.activated.emit(QSystemTrayIcon.ActivationReason.Context)
    assert it.window.isHidden()
    icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    assert it.window.isVisible()
    assert QApplication.quitOnLastWindowClosed()
    it.window.close()
    assert len(icon.messages) == 1
    take(it, "Open Assay")
    assert it.window.isVisible()


def test_quit_ends_assay_with_the_window_hidden(
    it: AlertsWindow, icons: list[FakeIcon], ended: list[bool]
) -> None:
    keep(it)
    it.window.close()
    closed: list[bool] = []
    it.window.closing.connect(lambda: closed.append(True))
    take(it, "Quit")
    assert (closed, ended, icons) == ([True], [True], [])


def test_a_desktop_that_ends_is_not_kept_waiting(it: AlertsWindow) -> None:
    keep(it)
    closed: list[bool] = []
    it.window.closing.connect(lambda: closed.append(True))
    it.window.will_quit()
    it.window.close()
    assert closed == [True]


def test_a_tray_that_has_gone_keeps_nothing(
    it: AlertsWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(it)
    monkeypatch.setattr(FakeIcon, "there", False)
    closed: list[bool] = []
    it.window.closing.connect(lambda: closed.append(True))
    it.window.close()
    assert closed == [True]


def test_a_message_appears_at_the_icon_and_opens_the_window(
    it: AlertsWindow, icons: list[FakeIcon]
) -> None:
    keep(it)
    it.window.close()
    assert it.session.notifier.notify("BTC <above>", "BTC was at $2.00.")
    (icon,) = icons
    assert icon.messages[-1] == ("BTC ‹above›", "BTC was at $2.00.")
    icon.messageClicked.emit()
    assert it.window.isVisible()


def test_the_program_ends_when_the_desktop_asks_it_to() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDED], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "closed\n"
