import re
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from toy_method import CONFIG, Toy, toy_model

from training.cli import main
from training.loop import device, distributed, plan, trainer
from training.loop.config import LoopConfig

# Weights of the toy model's layers and of the rest, by hand: see test_trainer.
MATRICES = 2 * (64 * 64 + 2 * 64 * 32 + 64 * 64 + 3 * 64 * 128)
NORMS, EMBEDDING = 2 * (64 + 64 + 32 + 32) + 64, 300 * 64
ALL = MATRICES + NORMS + EMBEDDING


def parts(config: LoopConfig, adapter: str = "none") -> dict[str, int]:
    method = Toy(toy_model(adapter), config)
    return plan.estimate(method.model, config, method.next_step(0.0).batches[0], held=10**9)


def test_estimates_equal_hand_arithmetic() -> None:
    adamw = parts(CONFIG)
    assert (adamw["weights"], adamw["gradients"], adamw["optimizer"]) == (4 * ALL, 4 * ALL, 8 * ALL)
    assert adamw["program, data and other models"] == 10**9 - 4 * ALL
    muon = parts(replace(CONFIG, optimizer="muon"))
    assert muon["optimizer"] == 4 * MATRICES + 8 * (NORMS + EMBEDDING)
    lora = parts(CONFIG, "lora")  # rank 4 on the seven matrices of each of the two layers
    rank = 4 * 2 * ((64 + 64) + 2 * (64 + 32) + (64 + 64) + 3 * (64 + 128))
    assert lora["gradients"] == 4 * rank
    assert lora["optimizer"] == 8 * rank
    assert lora["weights"] == 4 * (ALL + rank)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_the_optimizer_keeps_what_was_estimated(optimizer: str, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    from training.loop.trainer import train

    config = replace(CONFIG, optimizer=optimizer, steps=1)
    method = Toy(toy_model(), config)
    train(method, config, tmp_path)
    state = load_file(tmp_path / "step-0000001" / "optimizer.safetensors")
    kept = sum(t.numel() * t.element_size() for t in state.values() if t.ndim)
    assert kept == parts(config)["optimizer"]


def test_checkpointing_keeps_less_and_mixed_precision_copies_the_matrices() -> None:
    model = toy_model()
    constant, per_token = plan.activations(model, replace(CONFIG, mixed=False))
    copies, mixed = plan.activations(model, replace(CONFIG, mixed=True))
    _, checkpointed = plan.activations(model, replace(CONFIG, checkpointing=True))
    assert constant < 1000
    assert 2 * MATRICES <= copies < 2.1 * MATRICES
    assert mixed < per_token
    # One of the two layers, and the inputs of both.
    assert checkpointed == pytest.approx(per_token / 2 + 2 * 4 * 64)


def test_the_dry_run_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    method = Toy(toy_model("lora"), CONFIG)
    before = {name: value.clone() for name, value in method.model.state_dict().items()}
    state = method.state()
    plan.show(method, replace(CONFIG, minutes=30.0))
    after = method.model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert all(p.grad is None for p in method.model.parameters())
    assert method.state() == state
    shown = capsys.readouterr().out
    assert re.search(r"measured: a step of the longest batch +[\d,.]+ MiB", shown)
    assert re.search(r"tokens per second +[\d,]+", shown)
    assert re.search(r"in 30 minutes +100% of them", shown)


def test_the_longest_batch_is_found(model_folder: Path, dialogues: Path, tmp_path: Path) -> None:
    class Growing(Toy):
        def next_step(self, done: float):  # type: ignore[no-untyped-def]
            step = super().next_step(done)
            if done > 0.9:  # as pretraining does at the end
                return replace(step, batches=[self._mixture.next_batch(1, 48)])
            return step

    drawn = plan.draw(Growing(toy_model(), CONFIG))
    assert drawn.longest.inputs.shape == (1, 48)
    assert drawn.positions == (48 * 2 * 16 * 2 + 16 * 48) / 64


def test_all_processes_look_at_as_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step may need every process, so the first one's clock counts for all."""
    for slow in (False, True):
        clock = iter([19.0, 21.0] if slow else [0.0] * plan._STEPS)
        monkeypatch.setattr(distributed, "from_first", lambda own, clock=clock: [next(clock)])
        method, dones = Toy(toy_model(), CONFIG), list[float]()
        make = method.next_step
        monkeypatch.setattr(method, "next_step", lambda d, m=make, s=dones: s.append(d) or m(d))
        plan.draw(method)
        assert len(dones) == (2 if slow else plan._STEPS)
        assert dones[:4] == [0.0, 0.0, 0.0, 0.999][: len(dones)]


def test_a_run_that_does_not_fit_is_not_tried(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "free_memory", lambda place: 1000)
    monkeypatch.setattr(plan, "dry_run", lambda *given: pytest.fail("it was tried"))
    plan.show(Toy(toy_model(), CONFIG), CONFIG)
    assert "This does not fit" in capsys.readouterr().out


def test_the_command_writes_nothing(
    model_folder: Path, dialogues: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["sft", "--model", str(model_folder), "--data", str(dialogues), "--plan"]
    assert main([*command, "--out", str(tmp_path / "run")]) == 0
    assert "gradients" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


def test_a_gpu_without_bf16_trains_in_fp32(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gpu = torch.device("cuda")
    device.computes.cache_clear()
    for native in (False, True):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda native=native, **_: native)
        assert device.mixes(gpu, mixed=True) == native
        assert not device.mixes(gpu, mixed=False)
        device.computes.cache_clear()
    monkeypatch.setattr(device, "mixes", lambda place, mixed: False)
    trainer.prepare(toy_model(), replace(CONFIG, mixed=True))
    assert "no bf16" in capsys.readouterr().out
    trainer.prepare(toy_model(), CONFIG)
    assert capsys.readouterr().out == ""
