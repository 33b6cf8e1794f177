"""Model and preset of a chat, and saving it as a file."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from desktop.chat.manner import MannerSwitch
from desktop.chat.saving import file_name
from desktop.window import MainWindow
from engine.core.answer_figures import AnswerFigures
from engine.core.events import ModelStateChanged
from engine.core.presets import PRESETS
from tests.desktop.fake_service import FakeService, listed_model
from tests.desktop.scripted_chat import ends, says
from tests.desktop.test_chat import ask, finished, rows


@pytest.fixture
def service(service: FakeService) -> FakeService:
    """With a second model that is not loaded."""
    service.models.models.append(listed_model(3, "Qwen3 4B", 2_500_000_000, "Q4_K_M"))
    return service


@pytest.fixture
def switch(qtbot: QtBot, window: MainWindow) -> MannerSwitch:
    switch = window.chat_page.manner
    qtbot.waitUntil(lambda: switch.model_button.text() == "Assay starter")
    return switch


def offered(switch: MannerSwitch, kind: str) -> list[tuple[str, bool]]:
    """What the menu of a kind says, and what is ticked."""
    menu = switch.menu(kind)
    found = [(action.text(), action.isChecked()) for action in menu.actions()]
    menu.deleteLater()
    return found


def choose(switch: MannerSwitch, kind: str, number: int) -> None:
    menu = switch.menu(kind)
    menu.actions()[number].trigger()
    menu.deleteLater()


def test_all_presets_and_models_are_offered(switch: MannerSwitch) -> None:
    assert offered(switch, "model") == [
        ("As on the Models page (Assay starter)", True),
        ("Assay starter", False),
        ("Qwen3 4B", False),
    ]
    presets = offered(switch, "preset")
    assert [ticked for _, ticked in presets] == [True, False, False, False]
    assert [key for key, _, _ in switch._presets()] == [preset.id for preset in PRESETS]
    assert switch.model_button.accessibleName() == "Model of this chat: Assay starter"
    assert switch.preset_button.accessibleName() == "Manner of answers: Precise"


def test_a_new_chat_is_stored_with_what_was_chosen_for_it(
    qtbot: QtBot, window: MainWindow, switch: MannerSwitch, service: FakeService
) -> None:
    choose(switch, "model", 2)
    choose(switch, "preset", 3)
    assert service.chat.chats == {}
    assert switch._state.text() == "This model is loaded with the next question."
    ask(window, "Hi")
    qtbot.waitUntil(lambda: finished(window))
    (chat,) = service.chat.chats.values()
    assert (chat.model, chat.preset) == ("3", "thinking")
    assert switch.model_button.text() == "Qwen3 4B"


def test_a_chat_keeps_its_manner(
    qtbot: QtBot, window: MainWindow, switch: MannerSwitch, service: FakeService
) -> None:
    first, second = service.chat.add_chat("First", ("a", "b")), service.chat.add_chat("Second")
    session = window.session
    assert session is not None
    session.open_chat(first)
    qtbot.waitUntil(lambda: session.chat.manners._chat_id == first)
    choose(switch, "preset", 2)
    choose(switch, "model", 2)
    qtbot.waitUntil(lambda: service.chat.chats[first].model == "3")
    qtbot.waitUntil(lambda: service.chat.chats[first].preset == "creative")
    session.open_chat(second)
    qtbot.waitUntil(lambda: switch.preset_button.text() == "Precise")
    assert switch.model_button.text() == "Assay starter"
    session.open_chat(first)
    qtbot.waitUntil(lambda: switch.preset_button.text() == "Creative")
    assert switch.model_button.text() == "Qwen3 4B"
    session.new_chat()
    assert switch.preset_button.text() == "Precise"


def test_another_model_answers_beside_and_each_answer_names_its_own(
    qtbot: QtBot, window: MainWindow, switch: MannerSwitch, service: FakeService
) -> None:
    names = iter(["Assay starter", "Qwen3 4B"])
    service.chat.script = lambda q: [*says(q), *ends(figures=AnswerFigures(next(names), 3, 1.0))]
    ask(window, "Hi")
    qtbot.waitUntil(lambda: finished(window))
    footer = rows(window)[0].footer
    assert footer is not None
    assert footer.figures.text() == "3.0 tokens/s · 3 tokens"
    qtbot.mouseClick(footer.other, Qt.MouseButton.LeftButton)
    menu = switch.findChild(QMenu)
    assert menu is not None
    assert [one.text() for one in menu.actions()] == ["Assay starter", "Qwen3 4B"]
    first = rows(window)[0].answer.message_id
    menu.actions()[1].trigger()
    menu.close()
    qtbot.waitUntil(lambda: rows(window)[0].answer.message_id != first and finished(window))
    assert service.chat.regenerated == [(first, "3")]
    footer = rows(window)[0].footer
    assert footer is not None
    assert footer.figures.text() == "Qwen3 4B · 3.0 tokens/s · 3 tokens"
    qtbot.mouseClick(footer.walker.back, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: rows(window)[0].answer.message_id == first)
    footer = rows(window)[0].footer
    assert footer is not None
    assert footer.figures.text() == "Assay starter · 3.0 tokens/s · 3 tokens"
    assert switch.model_button.text() == "Assay starter"


def test_where_there_is_one_model_it_is_said_where_others_are_got(switch: MannerSwitch) -> None:
    switch.know_models("Assay starter", [("0", "Assay starter")])
    menu = switch.others_menu(lambda key: None)
    assert [(one.text(), one.isEnabled()) for one in menu.actions()] == [
        ("Assay starter", True),
        ("More models: see “Get models” under Models", False),
    ]
    menu.deleteLater()


def test_a_model_that_is_gone_is_named_so(
    qtbot: QtBot, window: MainWindow, switch: MannerSwitch, service: FakeService
) -> None:
    chat = service.chat.new("9")
    assert window.session is not None
    window.session.open_chat(chat)
    qtbot.waitUntil(lambda: switch.model_button.text() == "A model that is gone")


def test_loading_is_shown(qtbot: QtBot, switch: MannerSwitch, service: FakeService) -> None:
    service.bus.publish(ModelStateChanged("loading", "Qwen3 4B", ""))
    qtbot.waitUntil(lambda: switch._state.text() == "The model is being loaded…")
    service.models.use(3)
    service.bus.publish(ModelStateChanged("ready", "Qwen3 4B", ""))
    qtbot.waitUntil(lambda: switch._state.text() == "")
    qtbot.waitUntil(lambda: switch.model_button.text() == "Qwen3 4B")


def test_models_of_one_name_are_told_apart(
    qtbot: QtBot, window: MainWindow, switch: MannerSwitch, service: FakeService
) -> None:
    service.models.models.append(listed_model(4, "Qwen3 4B", 4_000_000_000, "Q8_0"))
    service.models.use(0)
    qtbot.waitUntil(lambda: len(offered(switch, "model")) == 4)
    assert [text for text, _ in offered(switch, "model")][2:] == [
        "Qwen3 4B Q4_K_M", "Qwen3 4B Q8_0",
    ]  # fmt: skip


def test_a_chat_is_saved_where_the_user_says(
    qtbot: QtBot, window: MainWindow, service: FakeService, tmp_path: Path
) -> None:
    ask(window, "What/is: this?")
    qtbot.waitUntil(lambda: finished(window))
    qtbot.waitUntil(lambda: window.chat_page.title.text() == "What/is: this?")
    qtbot.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = window.findChildren(QFileDialog)
    assert dialog.selectedFiles()[0].endswith("What is this.md")
    assert not dialog.testOption(QFileDialog.Option.DontConfirmOverwrite)
    for name in ("chat.json", "full.md"):
        dialog.fileSelected.emit(str(tmp_path / name))
    qtbot.waitUntil(lambda: len(window.toasts.texts()) == 2)
    assert [path.name for _, path, _ in service.chat.exported] == ["chat.json"]
    assert sorted(window.toasts.texts()) == [
        "Could not write full.md: the disk is full. Free some space.",
        "The chat was written to chat.json.",
    ]
    dialog.reject()


def test_nothing_is_saved_of_a_chat_that_is_not_begun(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert window.findChildren(QFileDialog) == []


@pytest.mark.parametrize(
    ("title", "name"),
    [("../../etc/passwd", "etc passwd"), ("Größe – 日本?", "Größe 日本"), ("///", "chat"),
     ("x" * 200, "x" * 60)],
)  # fmt: skip
def test_file_names_are_safe(title: str, name: str) -> None:
    assert file_name(title) == name
