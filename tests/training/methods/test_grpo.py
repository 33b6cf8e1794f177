"""assay-train grpo and spo, run as a person runs them."""

import json
from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training import cli
from training.loop.log import read_metrics

QUESTIONS = ["is this coin safe", "what is worth more", "how do fees move", "who holds risk"]


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    path = tmp_path / "prompts.jsonl"
    rows = [{"prompt": question, "facts": {"answer": "e"}} for question in QUESTIONS]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def train(method: str, out: Path, model: Path, data: Path, **settings: object) -> int:
    flags = {
        "model": model, "out": out, "data": data, "longest": 6, "loop.rows": 4,
        "loop.steps": 2, "loop.log_steps": 1, "loop.threads": 1, "loop.learning_rate": 0.01,
        "rewards": '[{name = "right_answer"}, {name = "repetition", weight = 0.5}]',
        **settings,
    }  # fmt: skip
    words = [word for key, value in flags.items() for word in (f"--{key}", str(value))]
    return cli.main([method, *words])


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("grpo", {"prompts": 2, "group": 3}),
        ("grpo", {"prompts": 2, "group": 3, "loss": "dapo", "high": 0.28, "resample": 1}),
        ("grpo", {"prompts": 2, "group": 3, "loss": "dr_grpo", "thinking": 0.5}),
        ("grpo", {"prompts": 2, "group": 3, "loss": "cispo", "adapter.kind": "lora"}),
        ("spo", {"prompts": 3, "updates": 2}),
        ("spo", {"prompts": 3, "shared": "true"}),
    ],
)
def test_each_loss_trains_and_reports(
    method: str, settings: dict[str, object], model_folder: Path, prompts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    assert train(method, out, model_folder, prompts, held_out=prompts, **settings) == 0
    lines = read_metrics(out)
    steps = [line for line in lines if "loss" in line]
    first = steps[0]
    assert first["kl"] == pytest.approx(0, abs=1e-6), "at first the policy is the reference"
    assert first["clipped"] == pytest.approx(0, abs=1e-6)
    assert first["reward"] == pytest.approx(first["right_answer"] + 0.5 * first["repetition"])
    assert {"reward_std", "tokens", "finished"} <= first.keys()
    assert ("degenerate" in first) == (method == "grpo")
    assert steps[-1]["kl"] != first["kl"]
    (scores,) = (line for line in lines if "held_out/reward" in line)
    assert scores["held_out/short_of_best"] == pytest.approx(1 - scores["held_out/reward"])
    before, after = (
        load_file(model_folder / "model.safetensors"),
        load_file(out / "model/model.safetensors"),
    )
    assert any(not torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("method", ["grpo", "spo"])
def test_a_stopped_run_goes_on_bit_for_bit(
    method: str, model_folder: Path, prompts: Path, tmp_path: Path
) -> None:
    """Stopped between the two updates of a rollout."""
    settings = {"prompts": 2, "updates": 2, "loop.keep": 9, "loop.decay": 0, "loop.warmup": 0}
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(method, whole, model_folder, prompts, **settings, **{"loop.steps": 5})
    for steps in (3, 5):
        train(method, parts, model_folder, prompts, **settings, **{"loop.steps": steps})
    one, other = (load_file(out / "step-0000005/model.safetensors") for out in (whole, parts))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rewards": "[]"}, "rewards"),
        ({"rewards": '[{name = "kindness"}]'}, "Unknown reward 'kindness'"),
        ({"loss": "reinforce"}, "loss must be one of"),
        ({"group": 1}, "group must be at least 2"),
    ],
)
def test_wrong_settings_are_told(
    settings: dict[str, object],
    said: str,
    model_folder: Path,
    prompts: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train("grpo", tmp_path / "run", model_folder, prompts, **settings) == 1
    assert said in capsys.readouterr().err


def test_the_reward_goes_up(model_folder: Path, prompts: Path, tmp_path: Path) -> None:
    """Answers with an "e" in them: by chance few at first, nearly all in the end."""
    settings = {"prompts": 4, "group": 8, "longest": 4, "loop.steps": 12, "kl": 0}
    rewards = '[{name = "right_answer"}]'
    train("grpo", tmp_path / "run", model_folder, prompts, rewards=rewards, **settings)
    curve = [line["reward"] or 0.0 for line in read_metrics(tmp_path / "run") if "reward" in line]
    assert sum(curve[-3:]) / 3 > sum(curve[:3]) / 3 + 0.3
    assert Counter(type(value) for value in curve) == {float: 12}


def test_tools_trains_on_made_up_users(model_folder: Path, tmp_path: Path) -> None:
    words = ["tools", "--model", model_folder, "--out", tmp_path / "run", "--questions", 3]
    words += ["--held_out_questions", 2, "--longest", 5, "--prompts", 1, "--group", 2]
    words += ["--loop.steps", 1, "--loop.log_steps", 1, "--loop.threads", 1, "--loss", "cispo"]
    words += ["--rewards", '[{name = "tool_success"}]', "--context", 4000]
    assert cli.main([str(word) for word in words]) == 0
    first, last = read_metrics(tmp_path / "run")
    assert first["tool_success"] == 0
    assert last["held_out/reward"] is not None
