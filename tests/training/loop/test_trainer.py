import math
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from safetensors import SafetensorError
from torch.utils.flop_counter import FlopCounterMode
from toy_method import CONFIG, Toy, differing, interrupt_at, toy_model
from transformers import AutoModelForCausalLM

from engine.core.errors import KnownError
from training.loop import checkpoint, distributed
from training.loop.batch import Batch, Loss
from training.loop.config import LoopConfig
from training.loop.cost import flops_per_token
from training.loop.gradients import gradients
from training.loop.log import read_metrics
from training.loop.trainer import train
from training.models.adapters import AdapterConfig, with_adapter
from training.models.heft import train_only
from training.objectives.cross_entropy import next_token_loss


def grads(config: LoopConfig, **model: Any) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    """Figures and gradients of the first step."""
    method = Toy(toy_model(**model), config)
    figures = gradients(method, config, method.next_step(0.0), 0)
    named = method.model.named_parameters()
    return figures, {name: p.grad for name, p in named if p.grad is not None}


def test_accumulation_equals_one_batch_and_plain_autograd() -> None:
    """The windows have different sums of weights: a mean of means would be another loss."""
    figures, accumulated = grads(replace(CONFIG, rows=1, accumulate=4))
    again, whole = grads(replace(CONFIG, rows=4, accumulate=1))
    model = toy_model()
    (batch,) = Toy(model, CONFIG).next_step(0.0).batches[:1]
    other = Toy(model, replace(CONFIG, rows=4, accumulate=1)).next_step(0.0).batches[0]
    assert torch.equal(other.inputs[:2], batch.inputs)
    logs = model(other.inputs).logits.log_softmax(-1)
    nats = -logs.gather(-1, other.targets[..., None])[..., 0]
    mean = (nats * other.weights).sum() / other.weights.sum()
    mean.backward()
    assert figures["loss"] == pytest.approx(mean.item(), rel=1e-6)
    assert again["loss"] == pytest.approx(mean.item(), rel=1e-6)
    heavy = float((other.weights > 1).sum() / other.weights.sum())
    assert figures["heavy"] == pytest.approx(heavy)
    for name, parameter in model.named_parameters():
        for got in (accumulated[name], whole[name]):
            torch.testing.assert_close(got, parameter.grad, rtol=1e-4, atol=1e-6)


def test_activation_checkpointing_changes_no_gradient(tmp_path: Path) -> None:
    for checkpointing in (True, False):
        config = replace(CONFIG, steps=2, checkpointing=checkpointing)
        method = Toy(toy_model("lora", dropout=0.5), config)
        train(method, config, tmp_path / str(checkpointing))
    assert differing(tmp_path / "True", tmp_path / "False") == []


def test_the_gradient_is_clipped_to_its_norm(tmp_path: Path) -> None:
    """With Adam a factor on the gradient leaves no trace in the weights, but in its averages."""
    for clip in (1e9, 0.25):
        config = replace(CONFIG, steps=1, clip=clip)
        train(Toy(toy_model(), config), config, tmp_path / str(clip))
    (row,) = read_metrics(tmp_path / "0.25")
    states = [checkpoint.load_file(next(tmp_path.glob(f"{c}/step-*/opt*"))) for c in (1e9, 0.25)]
    for name, free in states[0].items():
        if name.endswith("exp_avg"):
            expected = free * 0.25 / row["norm"]
            torch.testing.assert_close(states[1][name], expected, rtol=1e-4, atol=1e-9)


def test_the_loss_of_a_repeated_text_falls(tmp_path: Path) -> None:
    config = replace(CONFIG, steps=30, rows=4, learning_rate=3e-3)
    method = Toy(toy_model(), config)
    first = method.next_step(0.0)
    method.next_step = lambda done: first  # type: ignore[method-assign]
    train(method, config, tmp_path)
    losses = [row["loss"] or 0 for row in read_metrics(tmp_path)]
    assert losses[0] == pytest.approx(math.log(300), rel=0.05)
    assert losses[-1] < 0.5 * losses[0]
    assert all((row["tok_s"] or 0) > 0 and (row["mfu"] or 0) > 0 for row in read_metrics(tmp_path))


def test_early_stopping_keeps_and_loads_the_best_weights(tmp_path: Path) -> None:
    config = replace(CONFIG, steps=20, evaluate_steps=1, patience=2)
    scores = [3.0, 1.0, math.nan, 2.0, *[0.0] * 16]
    method = Toy(toy_model(), config, scores=scores)
    outcome = train(method, config, tmp_path)
    assert (outcome.finished, outcome.step, outcome.scores) == (True, 4, {"score": 2.0})
    at_best = checkpoint.load_file(tmp_path / "best" / "model.safetensors")
    last = checkpoint.load_file(tmp_path / "step-0000004" / "model.safetensors")
    for name, parameter in method.model.named_parameters():
        assert torch.equal(parameter, at_best[name])
        assert not torch.equal(parameter, last[name])
    twice = Toy(toy_model(), config, scores=scores, before=interrupt_at(1))
    train(twice, config, tmp_path / "two_steps")
    two = checkpoint.load_file(tmp_path / "two_steps" / "step-0000002" / "model.safetensors")
    assert all(torch.equal(two[name], at_best[name]) for name in two)
    again = Toy(toy_model(), config, scores=scores)  # the same command once more
    assert train(again, config, tmp_path).step == 4
    assert torch.equal(next(again.model.parameters()), next(method.model.parameters()))


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    class Broken(Toy):
        def loss(self, batch: Batch) -> Loss:
            loss = super().loss(batch)
            return Loss(loss.sum * (math.nan if self._step > 2 else 1), loss.figures)

    config = replace(CONFIG, save_minutes=0.0)
    with pytest.raises(KnownError, match=r"no number any more at step 3.*learning_rate"):
        train(Broken(toy_model(), config), config, tmp_path)
    newest = max(checkpoint.finished(tmp_path))
    assert newest.name == "step-0000002"
    assert all(
        value.isfinite().all()
        for value in checkpoint.load_file(newest / "model.safetensors").values()
    )


FULL = "No space left on device"


@pytest.mark.parametrize("error", [OSError(28, FULL), SafetensorError(f"I/O error: {FULL}")])
def test_a_full_disk_leaves_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    config = replace(CONFIG, save_minutes=0.0)
    write = checkpoint.save_file

    def full(tensors: dict[str, torch.Tensor], path: Path, **more: Any) -> None:
        if "step-0000003" in str(path) and "optimizer" in str(path):
            path.write_bytes(b"half")
            raise error
        write(tensors, path, **more)

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(KnownError, match=r"could not be written.*No space left.*Make room"):
        train(Toy(toy_model(), config), config, tmp_path)
    assert [p.name for p in checkpoint.finished(tmp_path)] == ["step-0000001", "step-0000002"]
    assert not list(tmp_path.glob("unfinished*"))
    monkeypatch.setattr(checkpoint, "save_file", write)
    assert train(Toy(toy_model(), config), config, tmp_path).finished


@pytest.mark.alone
def test_a_time_budget_ends_the_run_with_the_rate_near_zero(tmp_path: Path) -> None:
    config = replace(CONFIG, steps=10**6, minutes=1.2 / 60, warmup=0.0)
    method = Toy(toy_model(), config, before=lambda step: time.sleep(0.01))
    started = time.monotonic()
    assert train(method, config, tmp_path).finished
    assert time.monotonic() - started < 15  # a moment on a quiet computer
    rates = [row["rate"] or 0 for row in read_metrics(tmp_path)]
    assert rates[0] == config.learning_rate
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.3 * config.learning_rate
    assert all((row["eta_s"] or 0) <= 1.2 for row in read_metrics(tmp_path))


def test_processes_without_work_are_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for world, times in ((2, 0), (3, 1)):
        monkeypatch.setattr(distributed, "world", lambda world=world: world)
        train(Toy(toy_model(), CONFIG), CONFIG, tmp_path / str(world))
        said = capsys.readouterr().out
        assert said.count(f"A step has 2 of the {world} batches that would keep") == times


def test_processes_wait_for_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """So long the first one may write a teacher's answers; NCCL's own limit is ten minutes."""
    given: dict[str, Any] = {}
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(
        torch.distributed, "init_process_group", lambda _, **more: given.update(more)
    )
    distributed.join()
    assert given["timeout"] >= timedelta(hours=12)


def test_only_the_newest_checkpoints_are_kept_and_load_with_transformers(tmp_path: Path) -> None:
    config = replace(CONFIG, save_minutes=0.0, keep=2)
    method = Toy(toy_model(), config)
    train(method, config, tmp_path)
    kept = checkpoint.finished(tmp_path)
    assert [path.name for path in kept] == ["step-0000005", "step-0000006"]
    loaded = AutoModelForCausalLM.from_pretrained(kept[-1]).state_dict()
    assert all(torch.equal(loaded[name], p) for name, p in method.model.named_parameters())


def test_trackers_are_imported_and_told_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, Any]] = []
    fake: Any = ModuleType("fake_tracker")
    fake.init = lambda **given: calls.append(("init", given))
    fake.log = lambda values, step: calls.append(("log", (step, values["loss"])))
    fake.finish = lambda: calls.append(("finish", None))
    monkeypatch.setitem(sys.modules, "fake_tracker", fake)
    config = replace(CONFIG, steps=2)
    train(Toy(toy_model(), config), config, tmp_path / "without")
    assert calls == []
    config = replace(config, trackers=("fake_tracker",))
    train(Toy(toy_model(), config), config, tmp_path / "told")
    assert [name for name, _ in calls] == ["init", "log", "log", "finish"]
    assert calls[0][1]["name"] == "told"
    assert calls[0][1]["config"]["learning_rate"] == 1e-2
    rows = read_metrics(tmp_path / "told")
    assert [given for name, given in calls if name == "log"] == [
        (r["step"], r["loss"]) for r in rows
    ]
    missing = replace(config, trackers=("no_such_tracker",))
    with pytest.raises(KnownError, match="no_such_tracker is not installed"):
        train(Toy(toy_model(), missing), missing, tmp_path / "missing")


def test_operations_per_token_by_hand() -> None:
    """2 layers of q 64·64, k and v 64·32, o 64·64, three of 64·128; the head is the embedding."""
    layers = 2 * (64 * 64 + 2 * 64 * 32 + 64 * 64 + 3 * 64 * 128)
    norms = 2 * (64 + 64 + 32 + 32) + 64
    embedding = 300 * 64
    assert flops_per_token(toy_model()) == 6 * (layers + norms + embedding)
    assert flops_per_token(toy_model(tied=False)) == 6 * (layers + norms + embedding)
    lora = toy_model("lora")
    trained = sum(p.numel() for p in lora.parameters() if p.requires_grad)
    assert flops_per_token(lora) == 4 * (layers + norms + embedding) + 6 * trained


@pytest.mark.parametrize(
    ("adapter", "chosen"), [("none", (0, 1)), ("lora", (0, 1)), ("lora", (1,)), ("none", (1,))]
)
def test_operations_per_token_are_those_that_torch_counts(
    adapter: str, chosen: tuple[int, ...]
) -> None:
    model, tokens = toy_model(), 48
    if adapter == "none" and chosen == (1,):
        train_only(model, chosen)
    model = with_adapter(model, AdapterConfig(adapter, rank=4, layers=chosen))
    ids = torch.arange(tokens)[None]
    with FlopCounterMode(display=False) as counter:
        next_token_loss(model, Batch(ids, ids, torch.ones(1, tokens))).backward()
    counted = counter.get_flop_counts()["Global"][torch.ops.aten.mm] / tokens
    # Norms are no matrices, and what the first trained matrices get needs no gradient.
    assert counted <= flops_per_token(model) < 1.07 * counted
