"""A notification reaches the desktop by the tray or by its own program, or not at all."""

from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot

from desktop.notify import Notifier
from desktop.tray import Tray


@pytest.fixture(autouse=True)
def no_tray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: False))


def test_without_a_tray_the_program_of_the_desktop_is_asked(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tmp_path / "shown"
    program = tmp_path / "notify-send"
    program.write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {shown}.part\nmv {shown}.part {shown}\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    parent = QObject()

    assert Notifier(Tray(parent)).notify("-BTC <b>above</b> $1.00", "BTC was at $2.00.")

    qtbot.waitUntil(shown.exists)
    assert shown.read_text().splitlines() == [
        "--app-name=Assay",
        "--",
        "-BTC ‹b›above‹/b› $1.00",
        "BTC was at $2.00.",
    ]


@pytest.mark.usefixtures("qapp")
def test_without_either_it_is_admitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    parent = QObject()
    assert not Notifier(Tray(parent)).notify("BTC above $1.00", "BTC was at $2.00.")
