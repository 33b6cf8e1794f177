"""assay-train grpo and spo, run as a person runs them."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training import cli, recipe, rewards
from training.loop.log import read_metrics
from training.methods.grpo import Config

QUESTIONS = ["is this coin safe", "what is worth more", "how do fees move", "who holds risk"]


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    path = tmp_path / "prompts.jsonl"
    rows = [{"prompt": question} for question in QUESTIONS]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(autouse=True)
def rewarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reward that random answers get now and then: any "e"."""
    monkeypatch.setitem(
        rewards._SIMPLE, "letter", (lambda sample: float("e" in sample.answer), 0, 1)
    )


def train(method: str, out: Path, model: Path, data: Path, **settings: object) -> int:
    flags = {
        "model": model, "out": out, "data": data, "context": 60, "longest": 6, "loop.rows": 4,
        "loop.steps": 2, "loop.log_steps": 1, "loop.threads": 1, "loop.learning_rate": 0.01,
        "rewards": '[{name = "letter"}, {name = "repetition", weight = 0.5}]',
        **settings,
    }  # fmt: skip
    words = [word for key, value in flags.items() for word in (f"--{key}", str(value))]
    return cli.main([method, *words])


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("grpo", {"prompts": 2, "group": 3}),
        ("grpo", {"prompts": 2, "group": 3, "loss": "dapo", "resample": 1}),
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
    assert first["reward"] == pytest.approx(first["letter"] + 0.5 * first["repetition"])
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


@pytest.mark.parametrize(
    ("loss", "usual"),
    [
        ("grpo", {"kl": 0.02, "low": 0.2, "high": 0.2, "resample": 0}),
        ("dr_grpo", {"kl": 0.02, "low": 0.2, "high": 0.2, "resample": 0}),
        ("dapo", {"kl": 0.0, "low": 0.2, "high": 0.28, "resample": 3}),
        ("cispo", {"kl": 0.02, "low": 1.0, "high": 4.0, "resample": 0}),
    ],
)
def test_a_loss_brings_its_settings_unless_they_are_given(
    loss: str, usual: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    config = recipe.read(Config, "grpo", None, {"out": "x", "loss": loss})
    assert {name: getattr(config, name) for name in usual} == usual
    given = {"out": "x", "loss": loss, "kl": "0", "low": "0.1", "high": "3", "resample": "1"}
    config = recipe.read(Config, "grpo", None, given)
    assert (config.kl, config.low, config.high, config.resample) == (0, 0.1, 3, 1)
    with pytest.raises(SystemExit, match="0"):
        cli.main(["grpo", "--help"])
    assert "cispo 4" in (shown := capsys.readouterr().out)
    assert "None" not in shown


def test_other_prompts_are_another_run(
    model_folder: Path, prompts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("spo", tmp_path / "run", model_folder, prompts, prompts=3) == 0
    prompts.write_text(prompts.read_text().replace("risk", "fees"))
    settings = {"prompts": 3, "loop.steps": 3}
    assert train("spo", tmp_path / "run", model_folder, prompts, **settings) == 1
    assert "samples would come twice" in capsys.readouterr().err


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
        ({"context": 251}, "context (251) and longest (6) are together more than the 256 tokens"),
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
    rewards = '[{name = "letter"}]'
    train("grpo", tmp_path / "run", model_folder, prompts, rewards=rewards, **settings)
    curve = [line["reward"] or 0.0 for line in read_metrics(tmp_path / "run") if "reward" in line]
    assert sum(curve[-3:]) / 3 > sum(curve[:3]) / 3 + 0.3
    assert Counter(type(value) for value in curve) == {float: 12}


def test_tools_trains_on_made_up_users(model_folder: Path, tmp_path: Path) -> None:
    roomy = tmp_path / "roomy"  # questions about tools are long
    shutil.copytree(model_folder, roomy)
    settings = json.loads((roomy / "config.json").read_text())
    (roomy / "config.json").write_text(json.dumps(settings | {"max_position_embeddings": 8000}))
    words = ["tools", "--model", roomy, "--out", tmp_path / "run", "--questions", 3]
    words += ["--held_out_questions", 2, "--longest", 5, "--prompts", 1, "--group", 2]
    words += ["--loop.steps", 1, "--loop.log_steps", 1, "--loop.threads", 1, "--loss", "cispo"]
    words += ["--rewards", '[{name = "tool_success"}]', "--context", 4000]
    assert cli.main([str(word) for word in words]) == 0
    first, last = read_metrics(tmp_path / "run")
    assert first["tool_success"] == 0
    assert last["held_out/reward"] is not None
