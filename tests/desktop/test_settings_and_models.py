"""Settings are stored at once; models are added, used and removed."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.models.page import ModelsPage
from desktop.settings.page import ELSEWHERE, SettingsPage
from desktop.theme import theme
from desktop.widgets.dialogs import Question
from desktop.window import MainWindow
from engine.core.errors import KnownError
from engine.core.events import DataChanged, ModelStateChanged
from engine.core.settings import SETTINGS
from engine.service import ModelStatus
from tests.desktop.fake_service import FakeService, listed_model


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow) -> SettingsPage:
    window.show_page("settings")
    assert window.session is not None
    page = window.session.pages.page("settings")
    assert isinstance(page, SettingsPage)
    qtbot.wait(50)
    return page


@pytest.fixture
def models(qtbot: QtBot, window: MainWindow) -> ModelsPage:
    window.show_page("models")
    assert window.session is not None
    page = window.session.pages.page("models")
    assert isinstance(page, ModelsPage)
    qtbot.waitUntil(lambda: "Assay starter" in words(page))
    return page


def words(page: QWidget) -> set[str]:
    """Every text that can be seen."""
    return {one.text() for one in page.findChildren(QLabel) if one.isVisible()}


def press(qtbot: QtBot, page: QWidget, name: str) -> None:
    """Click the button with this accessible name, once it is there."""

    def found() -> list[QPushButton]:
        buttons = page.findChildren(QPushButton)
        return [b for b in buttons if b.isVisible() and b.accessibleName() == name]

    qtbot.waitUntil(lambda: len(found()) == 1)
    qtbot.mouseClick(found()[0], Qt.MouseButton.LeftButton)


def choose(page: SettingsPage, key: str, value: str) -> None:
    """Pick a value from a list as a user does."""
    box = page.control(key)
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def test_every_setting_has_a_control_or_a_page(page: SettingsPage) -> None:
    for setting in SETTINGS:
        if setting.key not in ELSEWHERE:
            assert page.control(setting.key).accessibleName() == setting.label
            assert setting.help in words(page)


def test_changes_are_stored(qtbot: QtBot, page: SettingsPage, service: FakeService) -> None:
    choose(page, "currency", "CHF")
    choose(page, "theme", "light")
    expected = {"currency": "CHF", "theme": "light"}
    qtbot.waitUntil(lambda: {k: service.settings.values[k] for k in expected} == expected)


def test_the_stored_values_are_shown(
    qtbot: QtBot, page: SettingsPage, service: FakeService
) -> None:
    service.settings.set("currency", "EUR")
    box = page.control("currency")
    assert isinstance(box, QComboBox)
    qtbot.waitUntil(lambda: box.currentData() == "EUR")


def test_a_value_that_is_not_stored_is_taken_back(
    qtbot: QtBot,
    window: MainWindow,
    page: SettingsPage,
    service: FakeService,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(key: str, value: object) -> None:
        raise KnownError("The disk is full.")

    monkeypatch.setattr(service.settings, "set", refuse)
    choose(page, "currency", "CHF")
    qtbot.waitUntil(lambda: window.toasts.texts() == ["The disk is full."])
    box = page.control("currency")
    assert isinstance(box, QComboBox)
    qtbot.waitUntil(lambda: box.currentData() == "USD")


def test_the_theme_changes_at_once(qtbot: QtBot, window: MainWindow, page: SettingsPage) -> None:
    light = window.grab().toImage().pixelColor(900, 780).lightness()
    choose(page, "theme", "dark")
    qtbot.waitUntil(lambda: theme().tokens.name == "dark")
    assert window.grab().toImage().pixelColor(900, 780).lightness() < 60 < light


def test_where_the_data_are_and_a_backup(
    qtbot: QtBot, window: MainWindow, page: SettingsPage, service: FakeService, tmp_path: Path
) -> None:
    assert str(service.paths.root) in words(page)
    assert "In a file of yours only, beside the database." in words(page)
    assert window.session is not None
    window.session.pages.settings().back_up(tmp_path / "copy.backup")
    qtbot.waitUntil(lambda: service.backups == [tmp_path / "copy.backup"])
    qtbot.waitUntil(lambda: any("copy.backup" in text for text in window.toasts.texts()))


def test_the_model_that_answers_is_described(qtbot: QtBot, models: ModelsPage) -> None:
    starter = "knows Assay's tools and little else"
    qtbot.waitUntil(lambda: any(starter in text for text in words(models)))
    assert "In use" in words(models)


def test_a_model_is_added_used_and_removed(
    qtbot: QtBot, window: MainWindow, models: ModelsPage, service: FakeService
) -> None:
    assert window.session is not None
    window.session.pages.models().add(Path("qwen3-4b.gguf"))
    qtbot.waitUntil(lambda: [model.in_use for model in service.models.models] == [False, True])
    qtbot.waitUntil(lambda: "qwen3-4b" in words(models))
    assert not any("little else" in text for text in words(models))
    press(qtbot, models, "Use: Assay starter")
    qtbot.waitUntil(lambda: service.models.models[0].in_use)
    press(qtbot, models, "Remove model: qwen3-4b")
    qtbot.waitUntil(lambda: bool(window.findChildren(Question)))
    window.findChildren(Question)[0].yes_button.click()
    qtbot.waitUntil(lambda: len(service.models.models) == 1)


def test_models_of_one_name_can_be_told_apart(
    qtbot: QtBot, window: MainWindow, models: ModelsPage, service: FakeService
) -> None:
    service.models.models += [
        listed_model(1, "Qwen3 4B", 4_280_000_000, "Q8_0"),
        listed_model(2, "Qwen3 4B", 2_500_000_000, "Q4_K_M", file_name="one.gguf"),
        listed_model(3, "Qwen3 4B", 2_500_000_000, "Q4_K_M", file_name="two.gguf"),
    ]
    service.bus.publish(DataChanged(frozenset({"models"})))
    facts = {
        "qwen3 · Q8_0 · 4.3 GB",
        "qwen3 · Q4_K_M · 2.5 GB · one.gguf",
        "qwen3 · Q4_K_M · 2.5 GB · two.gguf",
    }
    qtbot.waitUntil(lambda: facts <= words(models))
    uses = [
        one.accessibleDescription()
        for one in models.findChildren(QPushButton)
        if one.accessibleName() == "Use: Qwen3 4B"
    ]
    assert set(uses) == facts
    remove = next(
        one
        for one in models.findChildren(QPushButton)
        if one.accessibleName() == "Remove model: Qwen3 4B"
        and one.accessibleDescription().endswith("two.gguf")
    )
    remove.click()
    question = window.findChild(Question)
    assert isinstance(question, Question)
    assert any("two.gguf" in text for text in words(question))


def test_a_file_that_is_no_model_gets_one_sentence(
    qtbot: QtBot, window: MainWindow, models: ModelsPage, service: FakeService
) -> None:
    assert window.session is not None
    window.session.pages.models().add(Path("holiday.jpg"))
    qtbot.waitUntil(lambda: window.toasts.texts() == ["holiday.jpg is not a GGUF file."])
    assert len(service.models.models) == 1


def test_the_state_of_the_model_is_shown(
    qtbot: QtBot, window: MainWindow, models: ModelsPage, service: FakeService
) -> None:
    sentence = "The file is damaged. Get it again."
    service.models.status = ModelStatus("failed", "big", sentence)
    service.bus.publish(ModelStateChanged("failed", "big", sentence))
    qtbot.waitUntil(lambda: sentence in words(models))
    names = [b.accessibleName() for b in window.sidebar.findChildren(QPushButton)]
    assert "Model: big could not be loaded" in names
    assert window.model_banner.isVisible()
    assert window.model_banner.text() == f"big: {sentence}"
    press(qtbot, window.model_banner, "Open Models")
    service.bus.publish(ModelStateChanged("ready", "big", ""))
    qtbot.waitUntil(lambda: not window.model_banner.isVisible())


def test_a_model_that_ends_in_an_answer_is_told_of_there_only(
    qtbot: QtBot, window: MainWindow, service: FakeService
) -> None:
    service.bus.publish(ModelStateChanged("busy", "big", ""))
    service.bus.publish(ModelStateChanged("failed", "big", "The model stopped unexpectedly."))

    def stopped() -> bool:
        buttons = window.sidebar.findChildren(QPushButton)
        return "Model: big has stopped" in [one.accessibleName() for one in buttons]

    qtbot.waitUntil(stopped)
    assert not window.model_banner.isVisible()
