"""The Training page on a real service and runs in processes of their own."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.training.command import CommandDialog
from desktop.training.page import TrainingPage
from desktop.training.start import StartDialog
from desktop.widgets.dialogs import Notice, Question
from desktop.widgets.legend import Legend
from engine.service import Service
from engine.training_runs import recipes
from tests.desktop.opened_window import OpenedWindow, press, words
from tests.desktop.test_looks import nameless
from tests.engine.training_runs.started import (
    PATIENCE,
    data_file,
    model_folder,
    training_package,
)

pytestmark = pytest.mark.timeout(900)


class TrainingWindow(OpenedWindow):
    """A window at its Training page."""

    KEY = "training"

    def __init__(self, qtbot: QtBot, service: Service) -> None:
        super().__init__(qtbot, service)
        self.page = self.shown(TrainingPage)

    def until(self, ready: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(ready, timeout=round(1000 * PATIENCE))

    def sees(self, text: str) -> None:
        self.until(lambda: text in words(self.page))

    def row(self, number: int) -> list[str]:
        """What stands in a row of the table, "" where there is none."""
        runs = self.page.table.runs
        if number >= runs.rowCount():
            return [""] * runs.columnCount()
        return [runs.text(number, column) for column in range(runs.columnCount())]

    def is_in(self, state: str) -> None:
        """Wait until the newest run is in a state."""
        self.until(lambda: self.row(0)[2] == state)

    def press(self, name: str) -> None:
        """Press a button of the page once it is there and enabled."""

        def found() -> list[QPushButton]:
            buttons = self.page.findChildren(QPushButton)
            return [b for b in buttons if b.isVisible() and b.accessibleName() == name]

        self.until(lambda: any(one.isEnabled() for one in found()))
        found()[0].click()

    def shows(self, name: str) -> bool:
        """Whether there is such a button."""
        buttons = self.page.findChildren(QPushButton)
        return any(b.isVisible() and b.accessibleName() == name for b in buttons)

    def start(self, model: Path, data: Path) -> None:
        """Start a run with the dialog, and see it in the list."""
        count = self.page.table.runs.rowCount()
        self.press("Start a run…")
        dialog = self.dialog(StartDialog)
        self.wait(lambda: dialog.fields["out"].text() != "")
        dialog.fields["model"].setText(str(model))
        dialog.fields["data"].setText(str(data))
        dialog.start.click()
        self.until(lambda: self.page.table.runs.rowCount() == count + 1)

    def choose(self, *rows: int) -> None:
        """Select runs by their rows."""
        listed = self.page.table.runs.listed
        self.page.table.choose({listed[row][0].folder for row in rows})


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    with training_package(monkeypatch, tmp_path) as found:
        yield found


@pytest.fixture
def it(package: Path, qtbot: QtBot, tmp_path: Path) -> Iterator[TrainingWindow]:
    with TrainingWindow.opened(qtbot, tmp_path / "home") as found:
        yield found


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return model_folder(tmp_path / "model")


def write_small(model: Path, data: Path) -> None:
    """A model of random weights as the tests of training make it, and 40 dialogues."""
    from tests.training import conftest as small

    words = small.sentences(40, 1)
    tokenizer = small.train_tokenizer(words, small.SMALL_VOCABULARY)
    template = small.TEMPLATE.read_text(encoding="utf-8")
    small.save_tokenizer(tokenizer, model, template, small.SMALL.context)
    small.build(small.SMALL, small.SMALL_VOCABULARY, seed=5).save_pretrained(model)
    roles = ("user", "assistant")
    turns = [[{"role": r, "content": text} for r in roles] for text in words]
    data.write_text("".join(json.dumps({"messages": one}) + "\n" for one in turns))


def test_a_real_run_is_started_watched_stopped_and_goes_on(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="training needs the train extra")
    small, data = tmp_path / "small", tmp_path / "dialogues.jsonl"
    write_small(small, data)
    with (
        training_package(monkeypatch, tmp_path, fake=False),
        TrainingWindow.opened(qtbot, tmp_path / "home") as it,
    ):
        panel = it.page.panel
        it.start(small, data)
        it.is_in("Running")
        loss = panel.plots["loss"].canvas
        it.until(lambda: len(loss.curves[0].steps) >= 2)
        assert panel.plots["loss"].isVisible()
        assert panel.plots["tok_s"].isVisible()
        assert not panel.plots["reward"].isVisible()
        it.press("Stop")
        it.is_in("Stopped")
        it.sees("Stopped; saved ")
        stopped = it.page.table.runs.listed[0][1].step
        it.press("Resume")
        it.until(lambda: it.page.table.runs.listed[0][1].step > stopped)
        steps = loss.curves[0].steps
        assert list(steps) == sorted(set(steps)), "no step twice"
        it.press("Stop")
        it.is_in("Stopped")


def test_the_empty_page_says_what_to_do(it: TrainingWindow) -> None:
    it.sees("No runs yet")
    assert not it.page.panel.isVisible()
    assert nameless(it.page) == []


def test_the_dialog_says_what_is_wrong_and_stays_open(
    it: TrainingWindow, model: Path, tmp_path: Path
) -> None:
    it.press("Start a run…")
    dialog = it.dialog(StartDialog)
    assert list(dialog.fields) == ["model", "data", "held_out", "out"]
    assert nameless(dialog) == []
    it.wait(lambda: dialog.fields["out"].text().endswith("sft-1"))
    assert "Tunes a model on your dialogues." in words(dialog)
    dialog.start.click()
    it.wait(lambda: "Model folder: it is missing. Choose another." in words(dialog))
    dialog.fields["model"].setText(str(model))
    it.wait(dialog.start.isEnabled)
    dialog.start.click()
    it.wait(lambda: "Training data: it is missing. Choose another." in words(dialog))
    dialog.fields["data"].setText(str(data_file(tmp_path)))
    dialog.until.setText("soon")
    it.wait(dialog.start.isEnabled)
    dialog.start.click()
    it.wait(lambda: "soon is no time limit. Write it as 90m or 8h." in words(dialog))
    assert it.service.training.list() == []
    dialog.until.setText("90m")
    it.wait(dialog.start.isEnabled)
    dialog.start.click()
    it.is_in("Running")
    it.wait(lambda: not [one for one in it.window.findChildren(StartDialog) if one.isVisible()])


def test_what_a_recipe_needs_changes_with_the_recipe(
    it: TrainingWindow, package: Path, model: Path
) -> None:
    (package / "recipes" / "dpcd.toml").write_text(
        "# Keeps what it can do.\n# assay-train dpcd --recipe dpcd.toml --model work/m\n"
        'teacher = ""\n[loop]\n'
    )
    it.press("Start a run…")
    dialog = it.dialog(StartDialog)
    assert list(dialog.fields) == ["model", "teacher", "out"]
    assert "Folder of the teacher model (may be left out)" in words(dialog)
    dialog.fields["model"].setText(str(model))
    dialog.recipe.setCurrentIndex(1)
    assert list(dialog.fields) == ["model", "data", "held_out", "out"]
    assert dialog.fields["model"].text() == str(model)
    it.wait(lambda: dialog.fields["out"].text().endswith("sft-1"))
    dialog.reject()


def test_without_the_libraries_it_says_how_to_get_them(
    it: TrainingWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipes, "has_train_extra", lambda: False)
    it.press("Start a run…")
    notice = it.dialog(Notice)
    assert "Install them with `pip install 'assay[train]'`." in words(notice)
    notice.accept()


def test_a_run_that_failed_says_why_and_is_deleted(
    it: TrainingWindow, model: Path, tmp_path: Path
) -> None:
    it.start(model, data_file(tmp_path, "fail"))
    it.is_in("Failed")
    it.sees("data: there are no dialogues.")
    folder = it.page.table.runs.listed[0][0].folder
    assert not it.page.panel.report.isVisible(), "there is nothing to report"
    assert not it.shows("Resume"), "and nothing to go on from"
    it.press("Try again")
    it.until(lambda: len((folder / "log.txt").read_text().split("no dialogues")) == 3)
    it.is_in("Failed")
    it.press("Delete the run")
    question = it.dialog(Question)
    assert f"{folder} is deleted with all that is in it." in words(question)
    question.yes_button.click()
    it.sees("No runs yet")
    assert not folder.exists()


def test_a_finished_run_is_reported_and_quantized(
    it: TrainingWindow, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it.start(model, data_file(tmp_path))
    it.sees("Step 4 · loss 4.9600 · reward 0.0800 · KL 0.1000 · 90 tokens per second")
    assert all(plot.isVisible() for plot in it.page.panel.plots.values())
    assert it.row(0) == ["sft-1", "sft", "Running", "4", "4.9600", "1 minute"]
    assert nameless(it.page) == []
    it.press("Stop")
    it.is_in("Stopped")
    assert not it.page.panel.quantize.isVisible()
    it.press("Resume")
    it.is_in("Finished")
    it.press("Quantize…")
    dialog = it.dialog(CommandDialog)
    press(dialog, "Copy")
    folder = it.page.table.runs.listed[0][0].folder
    copied = QApplication.clipboard().text()
    assert copied.splitlines()[0] == (f"assay-quantize convert {folder}/model {folder}/sft-1.gguf")
    assert nameless(dialog) == []
    dialog.reject()
    it.press("Report…")
    it.says(f"The report is {folder}/report.html.")
    looked: list[str] = []
    look = it.service.builds.look
    monkeypatch.setattr(it.service.builds, "look", lambda one: looked.append(one) or look(one))
    it.press("Quantize…")
    press(it.dialog(CommandDialog), "Make it here…")
    it.wait(lambda: looked == ["sft-1"])
    wizard = it.session.pages.models().wizard
    assert wizard is not None
    assert wizard.isVisible()


def test_runs_are_compared_in_one_plot_and_stay_chosen(
    it: TrainingWindow, model: Path, tmp_path: Path
) -> None:
    data = data_file(tmp_path)
    for _ in range(2):
        it.start(model, data)
        it.until(lambda: it.row(0)[3] == "4")
    it.start(model, data_file(tmp_path, "fail"))
    it.is_in("Failed")
    it.choose(1, 2)
    panel = it.page.panel
    it.sees("2 runs compared")
    assert [one.name for one in panel.plots["loss"].canvas.curves] == ["sft-2", "sft-1"]
    assert len(panel.findChildren(Legend)) == 1
    assert not panel.stop.isVisible()
    it.choose(0, 1)
    # The legend names the lines that are there; the line has the colour that it gives it.
    lines = panel.plots["loss"].canvas.curves
    assert [(one.name, len(one.steps)) for one in lines] == [("sft-2", 4)]
    legend = panel.findChildren(Legend)[-1]
    assert [one.text() for one in legend.findChildren(QLabel) if one.text()] == ["sft-2"]
    it.sees("Without figures: sft-3")
    assert "sft-2: from 4.99 to 4.96." in panel.plots["loss"].canvas.accessibleDescription()
    it.service.training.stop(it.page.table.runs.listed[1][0].folder)
    it.until(lambda: it.row(1)[2] == "Stopped")
    assert [run.name for run, _ in it.page.table.chosen()] == ["sft-3", "sft-2"]


def test_a_page_that_is_not_seen_does_not_look(it: TrainingWindow) -> None:
    it.window.show_page("settings")
    assert not it.page._timer.isActive()
    it.window.show_page("training")
    assert it.page._timer.isActive()
