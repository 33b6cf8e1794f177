"""The models on this computer: what is said of them, adding, removing, adapters."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from desktop.models.adapter_row import AdapterRow
from desktop.models.import_file import CopyOrLink
from desktop.models.library import LibrarySection
from desktop.models.template import TemplateText
from desktop.window import MainWindow
from engine.core.events import DataChanged, ModelStateChanged
from engine.service import DiskUse, ModelFile, ModelStatus
from tests.desktop.fake_service import FakeService, listed_model
from tests.desktop.models_window import ModelsWindow
from tests.desktop.test_looks import nameless

CHANGED = DataChanged(frozenset({"models"}))


@pytest.fixture
def library(qtbot: QtBot, window: MainWindow) -> ModelsWindow:
    found = ModelsWindow(qtbot, window, "library")
    found.sees("In use")
    return found


def test_what_models_take_and_give_back_is_said(
    library: ModelsWindow, service: FakeService
) -> None:
    service.downloads.use = DiskUse(2_500_000_000, 300_000_000, 50_000_000_000)
    big = replace(listed_model(1, "Big", 2_500_000_000, "Q4_K_M"), frees=2_500_000_000)
    linked = replace(listed_model(2, "Mine", 4_000_000_000, "Q8_0"), linked=True)
    service.models.models += [big, linked]
    service.bus.publish(CHANGED)
    library.sees("Added models take 2.5 GB on the disk; 50.0 GB are free.")
    library.sees("Unfinished downloads take 300 MB.")
    library.sees("qwen3 · Q8_0 · 4.0 GB · your own file, not a copy")
    library.press("Remove model: Mine")
    asked = library.answer(yes=False)
    assert "your own file stays" in asked
    assert "frees" not in asked
    library.press("Remove model: Big")
    assert "That frees 2.5 GB." in library.answer()
    library.says("2.5 GB are free again.")


def test_a_file_that_is_gone_says_so_and_cannot_be_used(
    library: ModelsWindow, service: FakeService
) -> None:
    sentence = "The file /x.gguf is not there any more; put it back or remove the model."
    gone = replace(listed_model(1, "Mine", 10**9, "Q8_0"), linked=True, trouble=sentence)
    service.models.models.append(gone)
    service.bus.publish(CHANGED)
    library.sees(sentence)
    library.sees("Cannot be used")
    assert library.buttons("Use: Mine") == []
    assert len(library.buttons("Remove model: Mine")) == 1


def test_a_model_that_failed_says_why_and_can_be_tried_again(
    library: ModelsWindow, service: FakeService
) -> None:
    sentence = "The model big did not survive its last start; choose it again to try once more."
    service.models.status = ModelStatus("failed", "big", sentence)
    service.bus.publish(ModelStateChanged("failed", "big", sentence))
    library.sees(sentence)
    library.press("Try again")
    service.models.status = ModelStatus("ready", "big", "")
    service.bus.publish(ModelStateChanged("ready", "big", ""))
    library.wait(lambda: library.buttons("Try again") == [])


def test_what_a_loaded_model_had_to_give_up_is_shown(
    library: ModelsWindow, service: FakeService
) -> None:
    sentence = "The graphics card could not be used: the model runs on the processor."
    service.models.status = ModelStatus("ready", "big", sentence)
    service.bus.publish(ModelStateChanged("ready", "big", sentence))
    library.sees(sentence)


def test_a_stranger_s_chat_template_is_told_of_and_can_be_read(
    library: ModelsWindow, service: FakeService
) -> None:
    assert "chat template" not in library.words()
    service.models.template = "{{ <b>messages</b> }}\u202eabc\n{% if tools %}x{% endif %}"
    service.bus.publish(ModelStateChanged("ready", "big", ""))
    library.sees("This model brings its own chat template")
    library.press("Read it")
    dialog = library.dialog(TemplateText)
    # As it is written: nothing of it is taken for markup, and nothing turns the text around.
    assert dialog.text.toPlainText() == "{{ <b>messages</b> }}abc\n{% if tools %}x{% endif %}"
    assert dialog.text.isReadOnly()
    dialog.accept()
    service.models.template = ""
    service.bus.publish(ModelStateChanged("loading", "other", ""))
    library.wait(lambda: "chat template" not in library.words())


def test_loading_is_followed_without_asking_again(
    library: ModelsWindow, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.models.status = ModelStatus("loading", "big", "Loading big …")
    service.bus.publish(ModelStateChanged("loading", "big", "Loading big …"))
    library.sees("Loading big …")
    monkeypatch.setattr(service.models, "list", lambda: pytest.fail("asked"))
    service.bus.publish(ModelStateChanged("loading", "big", "Loading big: 40 %"))
    library.sees("Loading big: 40 %")


def test_the_list_is_not_built_anew_where_nothing_has_changed(
    library: ModelsWindow, service: FakeService
) -> None:
    service.models.models.append(listed_model(1, "Big", 10**9, "Q8_0"))
    service.bus.publish(CHANGED)
    library.wait(lambda: len(library.buttons("Use: Big")) == 1)
    before = library.buttons("Use: Big")[0]
    service.models.status = ModelStatus("busy", "Assay starter", "")
    service.bus.publish(ModelStateChanged("busy", "Assay starter", ""))
    library.sees("Writing an answer.")
    assert library.buttons("Use: Big") == [before]


@pytest.mark.parametrize("link", [False, True])
def test_a_file_is_copied_or_linked_as_the_user_says(
    library: ModelsWindow, service: FakeService, link: bool
) -> None:
    path = Path("/models/<b>big.gguf")
    dialog = CopyOrLink(library.window, path, lambda it: library.page.add(path, it))
    assert "Use <b>big.gguf" in {one.text() for one in dialog.findChildren(QLabel)}
    assert nameless(dialog) == []
    (dialog.link if link else dialog.copy).click()
    library.wait(lambda: [one.in_use for one in service.models.models] == [False, True])
    assert service.models.linked == ([path] if link else [])


def test_a_refused_file_is_told_of_on_the_page(library: ModelsWindow) -> None:
    library.page.add(Path("holiday.jpg"))
    library.sees("holiday.jpg is not a GGUF file.")
    library.page.add(Path("big.gguf"))
    library.wait(lambda: "holiday.jpg" not in library.words())


def test_what_was_refused_is_forgotten_with_the_next_choice(
    library: ModelsWindow, service: FakeService
) -> None:
    service.models.models.append(listed_model(1, "Big", 10**9, "Q8_0"))
    service.bus.publish(CHANGED)
    library.page.add(Path("holiday.jpg"))
    library.sees("holiday.jpg is not a GGUF file.")
    library.press("Use: Big")
    library.wait(lambda: "holiday.jpg" not in library.words())


def test_a_name_of_any_length_and_kind_is_shown_as_it_is(
    library: ModelsWindow, service: FakeService
) -> None:
    name = "<img src=x> " + "very long " * 30
    service.models.models.append(listed_model(1, name, 10**9, "Q8_0"))
    service.bus.publish(CHANGED)
    library.wait(lambda: any(name[:40] in one for one in library.words().splitlines()))
    section = library.section(LibrarySection)
    assert section.width() <= library.window.width()


def test_another_model_is_chosen_to_guess_ahead(
    library: ModelsWindow, service: FakeService
) -> None:
    card = library.section(LibrarySection).drafts
    assert not card.isVisible()
    drafts = service.models.drafts
    small = Path("/m/small.gguf")
    drafts.found = [ModelFile(7, "Small", small, 9, "qwen3", "Q4_0", "small.gguf", "")]
    service.bus.publish(CHANGED)
    library.wait(card.isVisible)
    assert card.picker.currentText() == "No other model"
    card.picker.setCurrentIndex(1)
    card.picker.activated.emit(1)
    library.wait(lambda: drafts.path == small)
    library.wait(lambda: card.picker.currentText() == "Small")
    card.picker.setCurrentIndex(0)
    card.picker.activated.emit(0)
    library.wait(lambda: drafts.path is None)


def test_adapters_are_added_weighed_switched_and_removed(
    library: ModelsWindow, service: FakeService
) -> None:
    area = service.models.adapters
    card = library.section(LibrarySection).adapters
    card.add(Path("/a/bad.gguf"))
    library.sees("This GGUF file is not an adapter. Choose a LoRA adapter.")
    card.add(Path("/a/style.gguf"))
    library.wait(lambda: len(card.rows) == 1)
    library.wait(lambda: "not an adapter" not in library.words())
    line = card.rows[Path("/a/style.gguf")]
    assert isinstance(line, AdapterRow)
    assert (line.slider.value(), line.slider.maximum()) == (20, 40)
    line.slider.setValue(30)
    library.wait(lambda: area.adapters[0].scale == 1.5)
    assert line.slider.accessibleDescription() == "1.50"
    line.switch.click()
    library.wait(lambda: not area.adapters[0].on)
    assert card.rows[Path("/a/style.gguf")] is line
    area.adapters = [replace(area.adapters[0], trouble="It does not fit this model.")]
    service.bus.publish(CHANGED)
    library.sees("It does not fit this model.")
    assert nameless(library.page) == []
    library.press("Remove adapter: style")
    library.wait(lambda: area.adapters == [] and card.rows == {})
