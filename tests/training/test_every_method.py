import importlib
import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from benchmarks.training.every_method import RUNS, Run, table
from benchmarks.training.held_out import write_data
from training import recipe
from training.rewards import Sample, build


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_every_setting_is_one_that_the_method_knows(run: Run) -> None:
    kind = importlib.import_module(f"training.methods.{run.command}").Config
    given = {"out": "out", **{key: str(value) for key, value in run.settings.items()}}
    if run.command == "lengths":
        given["model"] = "model"
    config = recipe.read(kind, run.command, None, given)
    assert config.out == given["out"]
    names = [one.name for one in RUNS]
    assert run.start in ("", "base", "starter", *names[: names.index(run.name)])


def test_what_is_measured_on_is_not_trained_on(tmp_path: Path) -> None:
    write_data(tmp_path)

    def read(name: str) -> list[dict]:
        return [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]

    def asked(name: str) -> set[str]:
        return {row["messages"][-1]["content"] for row in read(name)}

    prompts = [{row["prompt"] for row in read(f"{n}.jsonl")} for n in ("pairs", "pairs_held_out")]
    assert not prompts[0] & prompts[1]
    assert not asked("asked_questions.jsonl") & asked("asked_held_out.jsonl")
    assert not asked("kinds_asked.jsonl") & asked("kinds_held_out.jsonl")
    learnt = {row["text"] for name in ("guides", "talks") for row in read(f"corpus/{name}.jsonl")}
    assert not learnt & {row["text"] for row in read("texts_held_out.jsonl")}
    worth = build([("report_format", 1.0), ("safety", 1.0)])
    for row in read("pairs_held_out.jsonl"):
        sides = [Sample(row["prompt"], row[side]) for side in ("chosen", "rejected")]
        good, bad = (scores["reward"] for scores in worth.score(sides))
        assert bad < good == 2


def test_the_table_shows_before_and_after() -> None:
    row = {"name": "DPO", "steps": 4, "minutes": 0.54, "mb": 1234}
    shown = table([row | {"before": {"reward": 0.7}, "after": {"reward": 12.31, "KL": 0.1}}, row])
    assert shown.splitlines()[2:] == ["| DPO | reward 0.700 → 12.3; KL 0.100 | 4 | 0.5 | 1,234 |"]
