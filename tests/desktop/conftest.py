"""The real window on a scripted service."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from desktop.opening import Start
from desktop.session import Session
from desktop.theme import theme
from desktop.window import MainWindow
from engine.core import garbage
from tests.desktop.dropped import TRADES
from tests.desktop.fake_service import FakeService

PATIENCE = 60_000
"""Milliseconds to wait for what must happen."""

OFFSCREEN_ONLY = "This plugin does not support"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Qt's platform without a screen complains about what it cannot do; everything else fails."""
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore(OFFSCREEN_ONLY))


@pytest.fixture
def qtbot(qtbot: QtBot) -> QtBot:
    """Waits as long as a busy machine needs."""
    wait = qtbot.waitUntil

    def patiently(callback: Callable[[], bool | None], *, timeout: int = PATIENCE) -> None:
        wait(callback, timeout=timeout)

    qtbot.waitUntil = patiently  # type: ignore[method-assign]
    return qtbot


@pytest.fixture(autouse=True)
def destroyed_here(qapp: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Widgets of a test are destroyed at its end, on this thread, as the app does it too.

    What then still lives are modules, a million objects that need not be looked through each time;
    an import, which puts off the collection, would have them looked through again.
    """
    gc.disable()
    monkeypatch.setattr(garbage, "gc", Mock())
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def light_theme(qapp: object) -> None:
    """Every test begins with the light theme."""
    theme().apply("light")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FakeService]:
    fake = FakeService(tmp_path / "home")
    yield fake
    fake.close()


@pytest.fixture
def open_window(qtbot: QtBot, service: FakeService) -> Callable[[], MainWindow]:
    """Opens the window on the service as it is by then."""

    def open_() -> MainWindow:
        window = MainWindow()
        qtbot.addWidget(window)
        Session(window, Start.read(service))  # type: ignore[arg-type]
        window.show()
        return window

    return open_


@pytest.fixture
def trades(tmp_path: Path) -> Path:
    path = tmp_path / "trades.csv"
    path.write_text(TRADES)
    return path


@pytest.fixture
def window(open_window: Callable[[], MainWindow], service: FakeService) -> MainWindow:
    """A window on a loaded demo portfolio, with an empty conversation."""
    service.portfolio.load_demo()
    return open_window()
