"""`assay training` as a person uses it, on processes of its own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.cli.conftest import Run
from tests.engine.training_runs.started import (
    data_file,
    model_folder,
    training_package,
    until,
)

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(autouse=True)
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    with training_package(monkeypatch, tmp_path) as found:
        yield found


def listed(assay: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(assay("training", "--json").stdout)
    return found


def test_a_run_from_start_to_end(assay: Run, tmp_path: Path) -> None:
    assert "There are no training runs" in assay("training").stdout
    said = assay("training", "recipes").stdout
    assert said == "sft: Tunes a model on your dialogues.\n  model=… data=… held_out=…\n"
    assert json.loads(assay("training", "recipes", "--json").stdout)[0]["method"] == "sft"
    model, data = model_folder(tmp_path / "model"), data_file(tmp_path)
    out = tmp_path / "mine"
    said = assay("training", "start", "sft", f"model={model}", f"data={data}", "--out", out,
                 "--until", "90m").stdout  # fmt: skip
    assert f"Started mine in {out}." in said
    until(lambda: listed(assay)[0]["run"]["text"] == "step 4  loss 4.9600")
    (one,) = listed(assay)
    assert one["run"]["state"] == "running"
    assert (one["step"], one["last"]["loss"]) == (4, 4.96)
    table = assay("training").stdout.splitlines()[2].split()
    assert table == ["mine", "sft", "running", "4", "1", "min"]
    assert "mine saves and stops" in assay("training", "stop", "mine").stdout
    said = assay("training", "watch", "mine").stdout
    assert "mine is stopped." in said
    assert said.count("Stopped; saved step-0000004") == 1
    assay("training", "stop", "mine", status=2)
    assert "mine goes on." in assay("training", "resume", "mine").stdout
    assert "mine is finished." in assay("training", "watch", "mine").stdout
    assert json.loads(assay("training", "watch", out, "--json").stdout)["step"] == 14


def test_a_failed_run_is_listed_with_its_sentence(assay: Run, tmp_path: Path) -> None:
    model, data = model_folder(tmp_path / "model"), data_file(tmp_path, "fail")
    started = assay("training", "start", "sft", f"model={model}", f"data={data}", "--json").stdout
    assert json.loads(started)["state"] in ("running", "failed")
    until(lambda: listed(assay)[0]["run"]["state"] == "failed")
    assert "sft-1: data: there are no dialogues." in assay("training").stdout
    said = assay("training", "watch", "sft-1").stdout
    assert said == "sft-1 has failed. data: there are no dialogues.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("start",), "`assay training start NAME`"),
        (("list", "x"), "`assay training list`"),
        (("start", "dpcd"), "There is no recipe dpcd."),
        (("start", "sft", "model"), "model has no value."),
        (("start", "sft", "--until", "soon"), "soon is no time limit."),
        (("start", "sft", "model=nowhere"), "nowhere is not there."),
        (("stop", "x"), "There is no training run x."),
        (("resume", "x"), "There is no training run x."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    assay: Run, words: tuple[str, ...], sentence: str
) -> None:
    assert sentence in assay("training", *words, status=2).stderr
