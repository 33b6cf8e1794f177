"""The first screen and the first minute; the window on a real service."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.memory import WindowMemory
from desktop.window import MainWindow
from engine.core.paths import Paths
from tests.desktop.fake_service import FakeService
from tests.desktop.test_chat import ask, finished, rows
from tests.desktop.test_settings_and_models import press


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data")


@pytest.fixture
def start(qtbot: QtBot, paths: Paths) -> Iterator[Callable[[], App]]:
    """Starts the app on a real data folder; closed at the end."""
    apps: list[App] = []

    def start_() -> App:
        app = App(paths)
        qtbot.addWidget(app.window)
        app.start()
        apps.append(app)
        return app

    yield start_
    for app in apps:
        app.window.close()
        app.close()


def test_the_demo_leads_to_a_first_answer(
    qtbot: QtBot, open_window: Callable[[], MainWindow], service: FakeService
) -> None:
    window = open_window()
    assert window.onboarding is not None
    assert window.onboarding.isVisible()
    press(qtbot, window, "Try the demo portfolio")
    qtbot.waitUntil(window.chat_page.welcome.isVisible)
    qtbot.waitUntil(window.demo_banner.isVisible)
    press(qtbot, window, "What is my portfolio worth?")
    qtbot.waitUntil(lambda: finished(window))
    assert service.chat.asked == ["What is my portfolio worth?"]


def test_one_can_start_without_a_portfolio(
    qtbot: QtBot, open_window: Callable[[], MainWindow]
) -> None:
    window = open_window()
    press(qtbot, window, "Start without a portfolio")
    assert window.chat_page.isVisible()
    assert window.onboarding is None


def test_who_has_been_here_is_not_welcomed_again(
    open_window: Callable[[], MainWindow], service: FakeService
) -> None:
    service.chat.add_chat("Old", ("Question", "Answer"))
    assert open_window().onboarding is None


def test_a_real_start_with_an_early_question(
    qtbot: QtBot, start: Callable[[], App], paths: Paths
) -> None:
    app = start()
    assert app.window.onboarding is not None
    qtbot.waitUntil(lambda: app.window.session is not None, timeout=30_000)
    app.window.close()
    app.close()
    assert paths.database.exists()

    again = start()
    # The data folder is not open yet, and one can type all the same.
    assert again.window.session is None
    assert again.window.onboarding is None
    ask(again.window, "What is staking?")
    again.window.show_page("settings")
    qtbot.waitUntil(lambda: again.window.session is not None, timeout=30_000)
    qtbot.waitUntil(lambda: finished(again.window), timeout=60_000)
    assert rows(again.window)[0].text.toPlainText()
    assert again.window.chat_page.title.text() == "What is staking?"


def test_a_data_folder_that_cannot_be_opened_gets_a_sentence(
    qtbot: QtBot, start: Callable[[], App], paths: Paths
) -> None:
    paths.ensure()
    paths.database.write_bytes(b"not a database" * 1_000)
    app = start()
    qtbot.waitUntil(lambda: bool(app.window.findChildren(QMessageBox)), timeout=30_000)
    box = app.window.findChildren(QMessageBox)[0]
    assert box.informativeText()
    assert "Traceback" not in box.informativeText()
    box.buttons()[0].click()
    qtbot.waitUntil(lambda: not app.window.isVisible())
    assert app.status == 1
    assert paths.database.read_bytes() == b"not a database" * 1_000


def test_closing_while_the_data_open_closes_them_too(
    qtbot: QtBot, start: Callable[[], App]
) -> None:
    for wait in (0, 30):
        app = start()
        qtbot.wait(wait)
        app.window.close()
        app.close()
    again = start()
    qtbot.waitUntil(lambda: again.window.session is not None, timeout=30_000)


def test_a_bug_is_reported_without_the_users_data(
    qtbot: QtBot, start: Callable[[], App], paths: Paths
) -> None:
    app = start()
    qtbot.waitUntil(lambda: app.window.session is not None, timeout=30_000)
    try:
        raise ValueError("12.5 BTC at Kraken")
    except ValueError as error:
        app.report(error)
    reports = list(paths.logs.glob("crash-*.txt"))
    assert len(reports) == 1
    assert "ValueError" in reports[0].read_text()
    assert "12.5" not in reports[0].read_text()
    assert str(reports[0]) in app.window.toasts.texts()[0]


def test_data_of_a_newer_version_are_marked_as_read_only(
    open_window: Callable[[], MainWindow], service: FakeService
) -> None:
    service.read_only = "A newer version has used this data."
    banner = open_window().read_only_banner
    assert banner.isVisible()
    assert banner.text() == service.read_only


def test_the_window_remembers_its_size_and_theme(qtbot: QtBot, tmp_path: Path) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    window.resize(1100, 700)
    WindowMemory(tmp_path).save(window, "dark")
    memory = WindowMemory(tmp_path)
    assert memory.theme == "dark"
    other = MainWindow()
    qtbot.addWidget(other)
    memory.restore(other)
    # The width is cut to that of the screen, which is narrow in tests.
    assert other.height() == 700


@pytest.mark.parametrize("content", ["", "{", "[]", '{"theme": 1}', '{"theme":"x","geometry":"?"}'])
def test_a_damaged_memory_is_ignored(
    qtbot: QtBot, tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "window.json").write_text(content)
    window = MainWindow()
    qtbot.addWidget(window)
    WindowMemory(tmp_path).restore(window)
    assert window.width() == 1280
    caplog.clear()
