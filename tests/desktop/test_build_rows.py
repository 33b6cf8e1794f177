"""Builds on the Models page, and the words in which they are told."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from desktop.builds.following import Pace
from desktop.builds.words import (
    findings,
    how_far,
    how_many,
    size_text,
    target_note,
    target_title,
)
from desktop.window import MainWindow
from engine.core.builds import BuildOrder, BuildStatus
from engine.core.events import JobProgress
from tests.desktop.fake_builds import FIGURES, FakeBuilds, stages
from tests.desktop.fake_service import FakeService
from tests.desktop.models_window import ModelsWindow
from tests.desktop.test_looks import nameless


@pytest.fixture
def builds(service: FakeService) -> FakeBuilds:
    service.builds.start(BuildOrder("Mine", "/home/me/mine", "4.5bpw"))
    return service.builds


@pytest.fixture
def models(qtbot: QtBot, builds: FakeBuilds, window: MainWindow) -> ModelsWindow:
    found = ModelsWindow(qtbot, window, "library")
    found.sees("Models you make")
    return found


def test_a_row_shows_how_far_it_is_and_stops_and_goes_on(
    models: ModelsWindow, builds: FakeBuilds
) -> None:
    models.sees("Mine · 4.5 bits per weight")
    row = models.page._making.rows["k1"]
    builds.move(stages=stages(1, 0.25))
    models.sees("Running · Converting, stage 2 of 5 · 25 %")
    assert row._bar.value() == 250
    models.press("Stop: Mine")
    models.wait(lambda: row.go.text() == "Stopping…")
    builds.move(state="stopped")
    models.press("Go on: Mine")
    models.sees("stage 3 of 5 · 10 %")
    builds.move(state="failed", notice="The disk is full.")
    models.sees("The disk is full.")
    models.press("Try again: Mine")
    models.wait(lambda: builds.asked[-2:] == [("resume", "k1"), ("resume", "k1")])
    assert models.page._making.rows["k1"] is row
    assert nameless(models.page) == []


def test_one_that_is_built_is_added_from_its_row(models: ModelsWindow, builds: FakeBuilds) -> None:
    builds.build()
    models.sees("Ready to add · 2.5 GB")
    models.press("Add…: Mine")
    models.sees("Try it")
    models.press("To the models")
    models.press("Delete: Mine")
    models.answer()
    models.wait(lambda: not models.page._making.isVisible())


def test_events_in_a_burst_are_one_question_at_a_time(
    models: ModelsWindow, builds: FakeBuilds, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    found = list(builds.statuses.values())
    monkeypatch.setattr(models.page.builds, "_list", lambda: asked.append(1) or found)
    for number in range(200):
        service.bus.publish(JobProgress("build-k1", "Building", number / 200, "", done=False))
    models.wait(lambda: len(asked) > 0 and not models.page.builds._asking)
    assert len(asked) < 5


def test_the_end_of_a_stage_is_foreseen_from_its_pace() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    pace.note("convert", 0.0)
    assert pace.left() is None
    now[0] = 10.0
    pace.note("convert", 0.25)
    assert pace.left() == pytest.approx(30.0)
    pace.note("quantize", 0.5)  # another stage has its own pace
    assert pace.left() is None
    now[0] = 20.0
    pace.note("quantize", 0.75)
    assert pace.left() == pytest.approx(10.0)
    pace.note("quantize", 0.1)  # begun again
    assert pace.left() is None


def test_what_is_made_is_said_in_words() -> None:
    names = ["Q4_K_M", "4.5bpw", "2.4GiB", "Q8_0", "IQ2_M", "F16"]
    assert [target_title(name) for name in names] == [
        "Q4_K_M", "4.5 bits per weight", "2.4 GiB", "Q8_0", "IQ2_M", "F16",
    ]  # fmt: skip
    assert [target_note(name) for name in names] == [
        "some", "the least for its size; takes longer", "the least for its size; takes longer",
        "next to none", "very much", "none",
    ]  # fmt: skip
    assert [how_many(n) for n in (4_022_000_000, 8_400_000, 900)] == [
        "4.0 billion", "8.4 million", "900",
    ]  # fmt: skip


def test_what_was_found_is_said_in_words() -> None:
    assert findings(FIGURES) == [
        "2.5 GB instead of 8.0 GB: 31 % of it.",
        "In 94.2 of 100 places it would choose the same next word as the original.",
        "What it expects differs a little from the original (mean KL divergence 0.0187).",
        "Perplexity on the test text: 12.52, of the original 12.31.",
    ]
    assert "hardly at all" in findings({"mean_divergence": 0.002})[0]
    assert "clearly" in findings({"mean_divergence": 0.4})[0]
    assert findings({"memory": 78_918_128.0}) == ["It takes about 78.9 MB of memory."]
    assert findings({"memory": 78_918_128.0, "context": 2048.0}) == [
        "It takes about 78.9 MB of memory with 2,048 tokens of context."
    ]
    assert findings({}) == []


def test_small_files_are_told_to_a_tenth_of_a_megabyte() -> None:
    sizes = (5_365_760, 99_000_000, 101_400_000, 2_560_000_000)
    assert [size_text(size) for size in sizes] == ["5.4 MB", "99.0 MB", "101 MB", "2.6 GB"]


def test_how_far_a_build_is() -> None:
    order = BuildOrder("Mine", "m", "Q8_0")
    status = BuildStatus("k", order, "running", stages(4, 0.5), "", None, {}, None, 0)
    assert how_far(status, 150.0) == (
        "Running · Comparing it with the original, stage 5 of 5 · 50 % · 2 minutes left"
    )
    stopped = BuildStatus("k", order, "stopped", stages(4), "", None, {}, None, 0)
    assert how_far(stopped, None) == "Stopped"
    waiting = replace(stopped, state="running", stages=(), notice="Waits for another build.")
    assert how_far(waiting, None) == "Waits for another build."
