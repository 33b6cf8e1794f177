import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from transformers import Qwen3ForCausalLM

from training import checkpoint
from training.data.mixing import Mixture
from training.loop import TrainConfig, train

CONFIG = TrainConfig(
    total_tokens=6 * 128, rows=2, accumulate=2, warmup_tokens=256, decay_share=0.5, threads=1,
    log_steps=2, keep=9,
)  # fmt: skip


def stream() -> Mixture:
    tokens = np.random.default_rng(0).integers(0, 300, 2000).astype(np.uint16)
    return Mixture([tokens[:1500], tokens[1500:]], [2.0, 1.0], length=32, seed=4)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    newest = max(checkpoint.finished(folder))
    return dict(checkpoint.load_weights(newest).named_parameters())


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_stopping_and_resuming_changes_no_bit(
    model: Qwen3ForCausalLM, tmp_path: Path, optimizer: str
) -> None:
    config = replace(CONFIG, optimizer=optimizer)
    first = {name: value.clone() for name, value in model.state_dict().items()}
    assert train(model, stream(), config, tmp_path / "whole")
    model.load_state_dict(first)
    parts = tmp_path / "parts"
    train(model, stream(), config, parts, until=0.5)
    half = max(checkpoint.finished(parts))
    assert checkpoint.read_progress(half).step == 3
    torch.manual_seed(99)  # the resumed run must not depend on the process's random state
    train(checkpoint.load_weights(half), stream(), config, parts, resume=half)
    whole, resumed = weights(tmp_path / "whole"), weights(parts)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert any(not torch.equal(whole[name], first[name]) for name in whole)


def test_accumulation_does_not_change_the_update(model: Qwen3ForCausalLM, tmp_path: Path) -> None:
    first = {name: value.clone() for name, value in model.state_dict().items()}
    results = []
    for rows, accumulate in ((4, 1), (1, 4)):
        model.load_state_dict(first)
        folder = tmp_path / str(rows)
        config = replace(CONFIG, rows=rows, accumulate=accumulate, total_tokens=128)
        train(model, stream(), config, folder)
        results.append(weights(folder))
    for name, value in results[0].items():
        torch.testing.assert_close(value, results[1][name], rtol=0, atol=2e-3)


def test_loss_falls_and_is_logged(model: Qwen3ForCausalLM, tmp_path: Path) -> None:
    repeated = Mixture([np.tile(np.arange(40, dtype=np.uint16), 30)], [1.0], length=32, seed=4)
    config = replace(CONFIG, total_tokens=20 * 128, evaluate_tokens=1000, warmup_tokens=0)
    train(model, repeated, config, tmp_path, evaluate=lambda _: {"texts": 1.5})
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    losses = [row["loss"] for row in rows if "loss" in row]
    assert losses[-1] < 0.5 * losses[0]
    assert {"step": 8, "tokens": 1024, "held_out": {"texts": 1.5}} in rows
    assert rows[0]["tokens_per_second"] > 0


def test_the_weights_before_the_decay_are_kept(model: Qwen3ForCausalLM, tmp_path: Path) -> None:
    train(model, stream(), CONFIG, tmp_path)
    (stable,) = checkpoint.finished(tmp_path / "stable")
    assert checkpoint.read_progress(stable).step == 4


def test_a_time_budget_ends_the_run(model: Qwen3ForCausalLM, tmp_path: Path) -> None:
    assert train(model, stream(), replace(CONFIG, total_tokens=10**9, minutes=0.01), tmp_path)


def test_terminate_saves_and_returns_false(model: Qwen3ForCausalLM, tmp_path: Path) -> None:
    import os
    import signal

    class Interrupted(Mixture):
        def next_batch(self, rows: int):
            os.kill(os.getpid(), signal.SIGTERM)
            return super().next_batch(rows)

    tokens = np.arange(300, dtype=np.uint16)
    assert not train(model, Interrupted([tokens], [1.0], 32, 4), CONFIG, tmp_path)
    assert checkpoint.read_progress(max(checkpoint.finished(tmp_path))).step == 1
