"""Qt is loaded on the main thread only, and slow parts of it in the user's pauses."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from desktop.ahead import PAUSE_SECONDS, Ahead
from desktop.bridge import Bridge
from engine.core.events import EventBus, StatusChanged

ROOT = Path(__file__).resolve().parents[2]


def test_nothing_is_loaded_while_the_user_or_the_engine_is_busy(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[bool] = []
    monkeypatch.setattr("desktop.ahead.load_plots", lambda: loaded.append(True))
    bus = EventBus()
    bridge = Bridge(bus)
    field = QLineEdit()
    qtbot.addWidget(field)
    Ahead(bridge, field.text)
    for _ in range(12):
        qtbot.wait(round(PAUSE_SECONDS * 100))
        qtbot.keyClick(field, Qt.Key.Key_A)
    for _ in range(12):
        qtbot.wait(round(PAUSE_SECONDS * 100))
        bus.publish(StatusChanged(1, "busy"))
    assert loaded == []
    qtbot.waitUntil(lambda: loaded == [True])
    bridge.close()


def test_the_engine_is_free_of_qt() -> None:
    """What another thread loads must not touch Qt, which would crash now and then."""
    code = "import sys, engine.service; print([m for m in sys.modules if 'PySide' in m])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
