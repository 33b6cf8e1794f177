"""The wizard: from a source to a model in the library, and what may go wrong on the way."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from desktop.builds.wizard import Wizard
from desktop.window import MainWindow
from engine.core.builds import BuildOrder
from tests.desktop.dropped import drop
from tests.desktop.fake_builds import CHOICES, GB, RUN, SEARCHED, FakeBuilds, stages
from tests.desktop.fake_service import FakeService, listed_model
from tests.desktop.models_window import ModelsWindow
from tests.desktop.test_looks import nameless

HUB = "Qwen/Qwen3-4B"


@pytest.fixture
def models(qtbot: QtBot, window: MainWindow) -> ModelsWindow:
    return ModelsWindow(qtbot, window, "library")


@pytest.fixture
def builds(service: FakeService) -> FakeBuilds:
    return service.builds


def wizard(models: ModelsWindow) -> Wizard:
    assert models.page.wizard is not None
    return models.page.wizard


def begin(models: ModelsWindow) -> Wizard:
    """Press the button, and wait for the first step."""
    models.press("Make a model…")
    models.sees("Where does the model come from?")
    return wizard(models)


def choose(models: ModelsWindow, source: str) -> Wizard:
    """Go as far as the choice of what to make."""
    models.page.make(source)
    models.wait(wizard(models).choice.isVisible)
    return wizard(models)


def started(models: ModelsWindow) -> Wizard:
    """Go as far as a build that runs."""
    found = choose(models, "/home/me/Qwen3-4B")
    models.press("Make it")
    models.wait(found.work.isVisible)
    return found


def test_four_presses_make_a_model_and_use_it(models: ModelsWindow, builds: FakeBuilds) -> None:
    builds.at_hand = [RUN]
    models.press("Make a model…")
    models.press("Take it: sft-1")
    models.press("Make it")
    models.sees("Fetching the weights")
    builds.build()
    models.sees("In 94.2 of 100 places it would choose the same next word as the original.")
    models.press("Add to my models")
    models.says("sft-1-Q4_K_M is in your models and answers from now on.")
    assert builds.asked == [
        ("look", "sft-1"),
        ("start", BuildOrder("sft-1-Q4_K_M", "sft-1", "Q4_K_M")),
        ("register", "k1", True),
    ]
    models.sees("Models on this computer")
    models.sees("In your models · 2.5 GB")
    models.press("Free the disk…")
    assert "the model in your models stays" in models.answer()
    models.says("8.0 GB are free again.")


def test_the_hub_is_asked_by_a_button_that_names_it(
    models: ModelsWindow, builds: FakeBuilds, qtbot: QtBot
) -> None:
    found = begin(models)
    models.wait(lambda: bool(models.buttons("Look it up on huggingface.co")))
    models.sees("huggingface.co learns which model you ask for, and the address of this computer.")
    assert not found.source.look.isEnabled()
    qtbot.keyClicks(found.source.place, HUB)
    assert builds.asked == []
    models.press("Look it up on huggingface.co")
    models.sees("Licence: Apache-2.0. It also holds for what you make of this model.")
    models.sees("Qwen/Qwen3-4B · qwen3 · 4.0 billion weights · 8.0 GB · version 1cfa9a720891")
    models.sees("8.0 GB come from huggingface.co, once.")
    models.press("Download 8.0 GB and make it")
    models.wait(lambda: builds.asked[-1] == ("start", BuildOrder("Qwen3-4B-Q4_K_M", HUB, "Q4_K_M")))


def test_a_licence_that_is_not_named_is_said_so(models: ModelsWindow, builds: FakeBuilds) -> None:
    builds.licence = ""
    choose(models, "/home/me/Qwen3-4B")
    models.sees("Licence: none is named here.")


def test_looking_is_given_up_and_what_is_refused_says_why(
    models: ModelsWindow, builds: FakeBuilds
) -> None:
    found = begin(models)
    builds.may_look.clear()
    found.source.chosen.emit("/home/me/missing")
    models.wait(found.source._activity.isVisible)
    assert not found.source.folder.isEnabled()
    models.press("Cancel")
    models.wait(found.source.folder.isEnabled)
    builds.may_look.set()
    found.source.chosen.emit("/home/me/missing")
    models.sees("There is no config.json in this folder. Choose another one.")
    assert found.source.isVisible()


def test_a_folder_or_file_is_dropped(
    models: ModelsWindow, builds: FakeBuilds, tmp_path: Path
) -> None:
    found = begin(models)
    assert not drop(found.source, tmp_path / "nothing")  # type: ignore[arg-type]
    assert drop(found.source, tmp_path)  # type: ignore[arg-type]
    models.wait(found.choice.isVisible)
    assert builds.asked == [("look", str(tmp_path))]
    models.press("Back")
    assert found.source.isVisible()


def test_a_size_of_ones_own_is_searched(
    models: ModelsWindow, builds: FakeBuilds, qtbot: QtBot
) -> None:
    found = choose(models, "/home/me/Qwen3-4B").choice
    table = found.table.choices
    assert [table.text(row, 0) for row in range(table.rowCount())] == [
        "Q8_0", "Q6_K", "Q4_K_M · recommended", "Q3_K_M", "Best mixture for a size",
    ]  # fmt: skip
    assert found.table.chosen().target == "Q4_K_M"
    assert not found.own.isVisible()
    found.table.setFocus()
    for _ in range(2):
        qtbot.keyClick(found.table, Qt.Key.Key_Down)
    assert found.own.isVisible()
    # 4,022,000,000 weights of 4.5 bits, and the memory of Q4_K_M beyond its file.
    assert [table.text(4, column) for column in (2, 3, 4)] == ["2.3 GB", "3.1 GB", "Runs well"]
    found.own.slider.setValue(85)
    assert found.own.field.value() == 8.5
    # Larger than what is known to be tight.
    assert [table.text(4, column) for column in (2, 3, 4)] == ["4.3 GB", "5.1 GB", "Tight"]
    found.own.field.setValue(3.2)
    assert found.own.slider.value() == 32
    found.texts.take(["/home/me/defi.md", "/home/me/desk.txt", "/home/me/defi.md"])
    models.press("Leave out: defi.md")
    found.name_field.setText("")
    assert not found.make.isEnabled()
    found.name_field.setText("Mine")
    models.press("Make it")
    order = BuildOrder("Mine", "/home/me/Qwen3-4B", "3.2bpw", (Path("/home/me/desk.txt"),))
    models.wait(lambda: builds.asked[-1] == ("start", order))


def test_a_searched_size_that_is_recommended_is_where_the_slider_begins(
    models: ModelsWindow, builds: FakeBuilds, qtbot: QtBot
) -> None:
    builds.choices = (*(replace(one, recommended=False) for one in CHOICES[:3]), SEARCHED)
    found = choose(models, "/home/me/Qwen3-4B").choice
    table = found.table.choices
    assert [table.text(row, 0) for row in range(table.rowCount())] == [
        "Q8_0", "Q6_K", "Q4_K_M", "Best mixture for a size · recommended",
    ]  # fmt: skip
    assert found.own.isVisible()
    assert found.own.bits() == 4.8
    assert table.text(3, 2) == "2.4 GB"
    assert found.order().name == "Qwen3-4B-4.8bpw"
    found.own.slider.setValue(58)
    # One bit more for each of 4,022,000,000 weights.
    assert table.rows[3].size == SEARCHED.size + 4_022_000_000 // 8
    assert found.order().name == "Qwen3-4B-5.8bpw"
    found.name_field.clear()
    qtbot.keyClicks(found.name_field, "Mine")
    found.table.selectRow(0)
    assert found.order().name == "Mine"


def test_what_was_begun_is_shown_and_the_hub_not_asked(
    models: ModelsWindow, builds: FakeBuilds
) -> None:
    builds.start(BuildOrder("Done", HUB, "Q4_0"))
    builds.statuses["k0"] = replace(builds.statuses.pop("k1"), key="k0", state="registered")
    builds.start(BuildOrder("Mine", HUB, "Q8_0"))
    builds.at_hand = [replace(RUN, kind="hub", place=HUB, name="Qwen3-4B")]
    models.sees("Mine · Q8_0")
    found = begin(models)
    models.press("Show: Qwen3-4B")
    models.wait(found.work.isVisible)
    assert found.key == "k1"  # not the one of the same model that has ended
    assert [what for what in builds.asked if what[0] == "look"] == []


def test_without_the_number_of_weights_no_size_can_be_foreseen(
    models: ModelsWindow, builds: FakeBuilds
) -> None:
    builds.parameters = 0
    found = choose(models, "/home/me/Qwen3-4B").choice
    assert found.table.choices.rowCount() == 4
    found.table.selectRow(3)
    assert not found.own.isVisible()


def test_too_little_disk_is_said_before_and_a_refusal_where_one_looks(
    models: ModelsWindow, builds: FakeBuilds
) -> None:
    builds.disk_free = 3 * GB
    found = choose(models, "/home/me/Qwen3-4B").choice
    models.sees("takes up to 19.0 GB of disk (3.0 GB free)")
    models.sees("There is not enough disk space.")
    builds.refusal = "There are 16.0 GB of disk too few."
    models.press("Make it")
    models.sees("There are 16.0 GB of disk too few.")
    assert found.make.isEnabled()
    builds.refusal = ""
    models.press("Make it")
    models.sees("Fetching the weights")


def test_a_build_is_stopped_and_goes_on_and_the_focus_stays(
    models: ModelsWindow, builds: FakeBuilds
) -> None:
    found = started(models)
    builds.move(stages=stages(2, 0.42))
    models.sees("42 %")
    models.window.activateWindow()
    models.wait(found.work.stop.hasFocus)
    models.press("Stop")
    models.wait(lambda: found.work.stop.text() == "Stopping…")
    assert found.work.stop.hasFocus()
    builds.move(state="stopped")
    models.wait(found.work.resume.hasFocus)
    models.press("Go on")
    models.wait(found.work.stop.hasFocus)
    assert builds.asked[-2:] == [("stop", "k1"), ("resume", "k1")]


def test_a_build_that_failed_says_why_and_is_tried_again(
    models: ModelsWindow, builds: FakeBuilds
) -> None:
    started(models)
    why = "The disk is full: 3.1 GB are missing. Free some space."
    builds.move(state="failed", notice=why, stages=stages(2, failed=why))
    models.sees("Failed")
    assert models.words().count(why) == 1
    models.press("Try again")
    models.sees("Running")
    assert builds.asked[-1] == ("resume", "k1")


def test_the_wizard_is_left_while_it_runs_and_found_again(
    models: ModelsWindow, builds: FakeBuilds
) -> None:
    found = started(models)
    models.press("To the models")
    models.sees("Models on this computer")
    models.window.show_page("chat")
    builds.build()
    models.says("Qwen3-4B-Q4_K_M is made and can be added to your models.")
    models.page._show_from_afar("k1")  # what the message offers
    assert found.result.isVisible()
    # A new one begins at the beginning, and the old one is not lost.
    models.press("To the models")
    begin(models)
    assert found.source.isVisible()


def test_the_result_is_asked_a_question_and_its_answer_is_plain_text(
    models: ModelsWindow, builds: FakeBuilds, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = started(models)
    builds.build()
    models.sees("differs a little from the original (mean KL divergence 0.0187).")
    models.press("Ask")
    models.sees("lose against <b>holding</b> the two coins.")
    found.result.question.setText("bad")
    found.result.question.returnPressed.emit()
    models.sees("The model could not be loaded. Close other programs.")
    assert not found.result.answer.isVisible()
    assert [what for what in builds.asked if what[0] == "try"] == [
        ("try", "What is impermanent loss?"),
        ("try", "bad"),
    ]
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.fileName()))
    models.press("Report…")
    assert opened == ["report.html"]


def test_an_answer_is_not_shown_beside_another_build(
    models: ModelsWindow, builds: FakeBuilds, service: FakeService
) -> None:
    found = started(models)
    builds.build()
    builds.statuses["k2"] = replace(builds.statuses["k1"], key="k2")
    builds._tell()
    models.wait(found.result.isVisible)
    models.wait(lambda: "k2" in models.page.builds.builds)
    builds.may_look.clear()
    blocked = [service.jobs.submit("", lambda _: builds.may_look.wait()) for _ in range(2)]
    models.press("Ask")
    models.page.show_build("k2")
    builds.may_look.set()
    for job in blocked:
        job.future.result()
    models.press("Ask")
    models.wait(found.result.answer.isVisible)
    assert len([what for what in builds.asked if what[0] == "try"]) == 2
    models.page.show_build("k1")
    assert not found.result.answer.isVisible()


def test_who_looks_at_another_build_is_not_sent_away_when_one_is_added(
    models: ModelsWindow, builds: FakeBuilds, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = started(models)
    builds.build()
    builds.statuses["k2"] = replace(builds.statuses["k1"], key="k2")
    models.wait(found.result.isVisible)
    ready, register = threading.Event(), builds.register
    monkeypatch.setattr(builds, "register", lambda *given: ready.wait(60) and register(*given))
    models.press("Add to my models")
    models.page.show_build("k2")
    ready.set()
    models.says("Qwen3-4B-Q4_K_M is in your models and answers from now on.")
    assert found.isVisible()
    assert found.key == "k2"


def test_it_is_added_without_being_used(models: ModelsWindow, builds: FakeBuilds) -> None:
    found = started(models)
    builds.build()
    models.wait(found.result.use.isVisible)
    found.result.use.click()
    builds.refusal = "There is a model of this name."
    models.press("Add to my models")
    models.sees("There is a model of this name.")
    builds.refusal = ""
    models.press("Add to my models")
    models.says("Qwen3-4B-Q4_K_M is in your models.")
    assert builds.asked[-1] == ("register", "k1", False)
    models.press("Show: Qwen3-4B-Q4_K_M")
    models.sees("It is in your models.")
    assert not models.buttons("Add to my models")


def test_a_build_is_deleted_after_a_question(models: ModelsWindow, builds: FakeBuilds) -> None:
    started(models)
    models.press("Delete…")
    assert "All that was fetched and made for it is deleted" in models.answer(yes=False)
    models.press("Delete…")
    models.answer()
    models.says("8.0 GB are free again.")
    models.sees("Models on this computer")
    models.wait(lambda: not models.page._making.isVisible())


def test_the_whole_way_goes_by_the_keyboard(
    models: ModelsWindow, builds: FakeBuilds, qtbot: QtBot
) -> None:
    def press(key: Qt.Key) -> None:
        widget = QApplication.focusWidget()
        assert widget is not None
        qtbot.keyClick(widget, key)

    models.window.activateWindow()
    found = begin(models)
    models.wait(found.source.place.hasFocus)
    qtbot.keyClicks(found.source.place, HUB)
    press(Qt.Key.Key_Return)
    models.wait(found.choice.make.hasFocus)
    press(Qt.Key.Key_Return)
    models.wait(found.work.stop.hasFocus)
    builds.build()
    models.wait(found.result.add.hasFocus)
    press(Qt.Key.Key_Return)
    models.wait(lambda: builds.asked[-1] == ("register", "k1", True))


def test_messages_do_not_lie_on_the_buttons(models: ModelsWindow, builds: FakeBuilds) -> None:
    found = choose(models, "/home/me/Qwen3-4B").choice
    toast = models.window.toasts.show("Stored.")
    assert toast.geometry().bottom() < found.make.mapTo(models.window, QPoint(0, 0)).y()


@pytest.mark.parametrize("size", [(1280, 800), (940, 600)])
def test_every_step_has_names_and_room(
    models: ModelsWindow, builds: FakeBuilds, size: tuple[int, int]
) -> None:
    models.window.resize(*size)
    builds.at_hand = [RUN, replace(RUN, kind="hub", place=HUB, name="Qwen3-4B")]
    found = begin(models)

    def fits() -> None:
        assert nameless(models.page) == []
        pane = found._stack.currentWidget().pane  # type: ignore[attr-defined]
        models.wait(lambda: pane.inner.width() == pane.viewport().width())

    models.sees("From the Hub")
    fits()
    assert found.trail.accessibleName() == "Step 1 of 4: Source"
    found.source.chosen.emit(HUB)
    models.wait(found.choice.isVisible)
    found.choice.table.selectRow(4)
    found.choice.texts.take(["/home/me/defi.md"])
    fits()
    models.press("Download 8.0 GB and make it")
    models.wait(found.work.isVisible)
    fits()
    builds.build()
    models.wait(found.result.isVisible)
    models.press("Ask")
    fits()
    assert found.trail.accessibleName() == "Step 4 of 4: Result"


def test_the_name_is_seen_without_scrolling(models: ModelsWindow) -> None:
    found = choose(models, "/home/me/Qwen3-4B").choice
    above = found.name_field.mapTo(found, QPoint(0, found.name_field.height())).y()
    assert above < found.table.mapTo(found, QPoint(0, 0)).y()
    models.sees("Memory above: with a context of 4,096 tokens.")


def test_a_stopped_build_is_not_said_to_go_on(models: ModelsWindow, builds: FakeBuilds) -> None:
    found = started(models).work
    models.sees("You may leave this page")
    builds.move(state="stopped", stages=stages(2))
    models.wait(found.resume.isVisible)
    assert not any(one.isVisible() and "You may leave" in one.text()
                   for one in found.findChildren(QLabel))  # fmt: skip


def test_the_same_file_that_was_there_before_is_named(
    models: ModelsWindow, builds: FakeBuilds, service: FakeService
) -> None:
    service.models.models.append(listed_model(7, "d1", GB, "Q4_K_M"))
    started(models)
    builds.build()
    models.press("Add to my models")
    models.says("The same file was there before. d1 is in your models and answers from now on.")
