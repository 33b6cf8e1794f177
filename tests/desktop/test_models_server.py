"""The switch of the server for other programs, its address and its key."""

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from desktop.models.server import ServerSection
from desktop.window import MainWindow
from engine.service import ServerState
from tests.desktop.fake_service import FakeService
from tests.desktop.models_window import ModelsWindow
from tests.desktop.test_looks import nameless

RUNS = ServerState(True, "http://127.0.0.1:8642", 0, "")


@pytest.fixture
def server(qtbot: QtBot, window: MainWindow) -> ModelsWindow:
    found = ModelsWindow(qtbot, window, "server")
    found.sees("It is off.")
    return found


@pytest.fixture
def running(server: ModelsWindow, service: FakeService) -> ModelsWindow:
    service.serving.become(RUNS)
    server.sees("It runs.")
    server.wait(lambda: server.section(ServerSection).key.text() == "assay-first")
    return server


def test_it_is_off_until_it_is_switched_on(server: ModelsWindow, service: FakeService) -> None:
    section = server.section(ServerSection)
    assert not section.switch.isChecked()
    assert not section.key.isVisible()
    assert "your portfolio, your chats and your files stay out of their reach" in server.words()
    section.switch.click()
    server.wait(lambda: service.settings.values["server"] is True)
    server.wait(section.switch.isChecked)
    assert nameless(server.page) == []


def test_address_and_key_can_be_copied(running: ModelsWindow) -> None:
    section = running.section(ServerSection)
    assert section.address.text() == RUNS.address
    assert section.key.echoMode() == QLineEdit.EchoMode.Password
    running.press("Copy the address")
    assert QApplication.clipboard().text() == RUNS.address
    running.press("Copy the key")
    assert QApplication.clipboard().text() == "assay-first"
    running.press("Show the key")
    assert section.key.echoMode() == QLineEdit.EchoMode.Normal
    running.press("Hide the key")
    assert section.key.echoMode() == QLineEdit.EchoMode.Password
    assert nameless(running.page) == []


def test_a_new_key_takes_a_question(running: ModelsWindow, service: FakeService) -> None:
    running.press("New key…")
    assert "locked out" in running.answer(yes=False)
    assert service.serving.keys == ["assay-first"]
    running.press("New key…")
    running.answer()
    section = running.section(ServerSection)
    running.wait(lambda: section.key.text() == "assay-second")


def test_why_it_does_not_run_is_said(server: ModelsWindow, service: FakeService) -> None:
    sentence = "The port 8642 is taken by another program. Choose another port."
    service.settings.set("server", True)
    service.serving.become(ServerState(False, "", 0, sentence))
    server.sees(sentence)
    service.serving.become(ServerState(True, "http://127.0.0.1:8642", 2, ""))
    server.sees("It runs and is writing 2 answers.")
