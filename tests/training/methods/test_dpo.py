import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from transformers import AutoModelForCausalLM

from tests.training.conftest import sentences
from training.cli import main
from training.data.batching import LengthStream
from training.data.pairs import Pairs, read_pairs
from training.loop import distributed
from training.loop.batch import Batch
from training.loop.config import LoopConfig
from training.loop.log import read_metrics
from training.methods import dpo
from training.methods.common import start
from training.methods.dpo import Config, Preference, compute_reference
from training.methods.pairwise import pairs_per_pass
from training.models.adapters import AdapterConfig
from training.tokenizer import load_tokenizer


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """24 pairs: of a sentence, the version in capitals is rejected."""
    rows = [
        {"prompt": question, "chosen": answer, "rejected": answer.upper()}
        for question, answer in zip(sentences(24, 1), sentences(24, 2), strict=True)
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def made(folder: Path, data: Path, out: Path, **changes: Any) -> tuple[Config, Any, Pairs]:
    loop = LoopConfig(rows=8, mixed=False)
    config = Config(model=str(folder), out=str(out), data=str(data), loop=loop, **changes)
    return config, start(config), read_pairs(data, load_tokenizer(folder), 200)


def disturb(model: Any) -> None:
    """Move the trained weights, as training would."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.03)


def test_the_untrained_policy_has_no_margin(model_folder: Path, data: Path, tmp_path: Path) -> None:
    config, model, pairs = made(model_folder, data, tmp_path)
    compute_reference(config, model, pairs, tmp_path / "r.safetensors")
    loss = Preference(config, model, pairs, None).loss(pairs.batch([3, 5]))
    assert loss.sum.item() / 2 == pytest.approx(math.log(2), abs=1e-5)
    assert abs(loss.figures["margin"]) < 1e-4


@pytest.mark.parametrize("kind", ["none", "lora"])
def test_a_live_reference_equals_the_cached_one(
    kind: str, model_folder: Path, data: Path, tmp_path: Path
) -> None:
    adapter = AdapterConfig(kind, rank=4)
    config, model, pairs = made(model_folder, data, tmp_path, adapter=adapter, length_alpha=0.5)
    compute_reference(config, model, pairs, tmp_path / "r.safetensors")
    cached = Preference(config, model, pairs, None)
    live = Preference(replace(config, reference="live"), model, pairs, None)
    disturb(model)
    batch = pairs.batch([0, 1, 2])
    one, other = cached.loss(batch), live.loss(batch)
    assert abs(one.figures["margin"]) > 0.01
    torch.testing.assert_close(one.sum, other.sum, rtol=1e-5, atol=1e-5)


def test_the_cache_is_read_only_for_the_same_pairs(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    config, model, pairs = made(model_folder, data, tmp_path)
    file = tmp_path / "r.safetensors"
    compute_reference(config, model, pairs, file)
    first = pairs.reference
    disturb(model)
    compute_reference(config, model, pairs, file)
    torch.testing.assert_close(pairs.reference, first, rtol=0, atol=0)
    compute_reference(replace(config, length_alpha=0.5), model, pairs, file)
    assert not torch.allclose(pairs.reference, first)
    file.write_bytes(file.read_bytes()[:30])  # a crash while it was written
    again = pairs.reference
    compute_reference(replace(config, length_alpha=0.5), model, pairs, file)
    torch.testing.assert_close(pairs.reference, again)


def test_the_cache_is_not_read_for_other_settings_of_the_model(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(model_folder, tmp_path / "model"))
    config, model, pairs = made(folder, data, tmp_path)
    file = tmp_path / "r.safetensors"
    compute_reference(config, model, pairs, file)
    held = file.read_bytes()
    stretched = replace(config, yarn=4.0)
    compute_reference(stretched, start(stretched), pairs, file)
    assert file.read_bytes() != held
    held = file.read_bytes()
    described = json.loads((folder / "config.json").read_text())
    described["rope_parameters"]["rope_theta"] = 50.0
    (folder / "config.json").write_text(json.dumps(described))
    compute_reference(config, start(config), pairs, file)
    assert file.read_bytes() != held


def test_a_crash_while_writing_leaves_the_cache_that_was_there(
    model_folder: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, model, pairs = made(model_folder, data, tmp_path)
    file = tmp_path / "r.safetensors"
    compute_reference(config, model, pairs, file)
    kept, first = file.read_bytes(), pairs.reference

    def cut_short(_: object, target: Path, **given: object) -> None:
        target.write_bytes(b"half")
        raise OSError("the disk is full")

    monkeypatch.setattr(dpo, "save_file", cut_short)
    with pytest.raises(OSError, match="full"):
        compute_reference(replace(config, length_alpha=0.5), model, pairs, file)
    assert file.read_bytes() == kept
    monkeypatch.undo()
    compute_reference(config, model, pairs, file)
    assert torch.equal(pairs.reference, first)


def test_a_share_without_pairs_costs_nothing(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    for objective in ("dpo", "ipo", "simpo", "orpo"):
        config, model, pairs = made(
            model_folder, data, tmp_path, objective=objective, reference="live"
        )
        loss = Preference(config, model, pairs, None).loss(pairs.batch([0, 1]).empty())
        assert loss.sum.item() == 0
        assert set(loss.figures.values()) == {0.0}
        loss.sum.backward()
        assert all(float(p.grad.abs().sum()) == 0 for p in model.parameters())


def test_processes_evaluate_in_as_many_rounds_and_add_up_to_the_whole(
    model_folder: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sharded ones wait for each other in every round."""
    config, model, pairs = made(model_folder, data, tmp_path, reference="live")
    method = Preference(config, model, pairs, pairs)
    count = len(LengthStream(pairs.lengths, seed=0).numbers(pairs_per_pass(config.loop)))
    world = next(n for n in range(2, count + 2) if count % n)
    whole, rounds, loss = method.evaluate(), list[int](), method.loss
    sums = dict.fromkeys(whole, 0.0)
    monkeypatch.setattr(distributed, "world", lambda: world)
    for rank in range(world):
        calls: list[Batch] = []
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        monkeypatch.setattr(method, "loss", lambda b, calls=calls: calls.append(b) or loss(b))
        sums = {name: sums[name] + value for name, value in method.evaluate().items()}
        rounds.append(len(calls))
    assert len(set(rounds)) == 1
    assert sums == pytest.approx(whole, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("objective", ["dpo", "simpo"])
def test_training_orders_unseen_pairs(
    objective: str, model_folder: Path, data: Path, tmp_path: Path
) -> None:
    held_out = tmp_path / "held_out.jsonl"
    rows = [{"prompt": "x", "chosen": s, "rejected": s.upper()} for s in sentences(8, 9)]
    held_out.write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = {
        "recipe": "training/recipes/dpo.toml", "model": model_folder, "data": data,
        "held_out": held_out, "out": tmp_path / "run", "objective": objective,
        "length_alpha": 1.0, "loop.steps": 8, "loop.evaluate_steps": 4, "loop.accumulate": 1,
        "loop.learning_rate": 1e-3, "loop.log_steps": 1, "loop.threads": 1,
    }  # fmt: skip
    words = [word for key, value in arguments.items() for word in (f"--{key}", str(value))]
    assert main(["dpo", *words]) == 0
    lines = read_metrics(tmp_path / "run")
    scores = [line for line in lines if "held_out/loss" in line]
    assert scores[-1]["held_out/loss"] < scores[0]["held_out/loss"]
    assert scores[-1]["held_out/accuracy"] == 1.0
    assert scores[-1]["held_out/margin"] > 0
    assert {"margin", "accuracy", "chosen_reward", "rejected_reward"} <= lines[0].keys()
    AutoModelForCausalLM.from_pretrained(tmp_path / "run" / "model")


@pytest.mark.parametrize(
    "settings", [["objective", "x"], ["beta", "0"], ["reference", "x"], ["smoothing", "0.5"]]
)
def test_bad_settings_are_told(
    settings: list[str], model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--model", str(model_folder), "--out", "x", f"--{settings[0]}", settings[1]]
    assert main(["dpo", *arguments]) == 1
    assert settings[0] in capsys.readouterr().err
