"""A run that was stopped, or killed, and goes on changes no bit."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from toy_method import CONFIG, PRIVATE, Toy, differing, interrupt_at, toy_model

from engine.core.errors import KnownError
from training.cli import main
from training.loop import checkpoint
from training.loop.lock import alone
from training.loop.log import read_metrics
from training.loop.trainer import train
from training.methods.sft import InstructionTuning

HERE = Path(__file__).parent


def metrics(folder: Path) -> list[dict[str, Any]]:
    """The logged figures without those of the clock."""
    return [{k: v for k, v in row.items() if k not in PRIVATE} for row in read_metrics(folder)]


@pytest.mark.parametrize("adapter", ["none", "lora"])
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_ctrl_c_and_going_on_change_no_bit(tmp_path: Path, adapter: str, optimizer: str) -> None:
    config = replace(CONFIG, optimizer=optimizer, log_steps=2, mixed=True, evaluate_steps=3)
    scores = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0]

    def start(**given: Any) -> Toy:
        return Toy(toy_model(adapter, dropout=0.2), config, scores=scores, **given)

    whole = start()
    assert train(whole, config, tmp_path / "whole").finished
    first = start(before=interrupt_at(2))
    stopped = train(first, config, tmp_path / "parts")
    assert (stopped.finished, stopped.step) == (False, 3)
    torch.manual_seed(99)  # nothing may depend on the random state of the process
    second = start()
    assert train(second, config, tmp_path / "parts").finished
    assert first.seen + second.seen == whole.seen
    assert differing(tmp_path / "whole", tmp_path / "parts") == []
    assert metrics(tmp_path / "whole") == metrics(tmp_path / "parts")
    train(start(), config, tmp_path / "parts")  # a finished run is not evaluated again
    assert metrics(tmp_path / "whole") == metrics(tmp_path / "parts")


KILLED = """
from pathlib import Path
from toy_method import *
from training.loop.trainer import train
train(Toy(toy_model(), CONFIG, before=interrupt_at(2)), CONFIG, Path("run"))
train(Toy(toy_model(), CONFIG, before=interrupt_at(4, signal.SIGKILL)), CONFIG, Path("run"))
"""


def test_kill_between_checkpoints_loses_only_time(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{HERE.parents[2]}{os.pathsep}{HERE}"}
    done = subprocess.run(
        [sys.executable, "-c", KILLED], env=environment, cwd=tmp_path, check=False, timeout=100
    )
    assert done.returncode == -signal.SIGKILL
    run = tmp_path / "run"
    assert [row["step"] for row in read_metrics(run)] == [1, 2, 3, 4]
    assert [path.name for path in checkpoint.finished(run)] == ["step-0000003"]
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 5, "lo')  # as if it had been killed while writing
    (run / "unfinished-step-0000005").mkdir()
    train(Toy(toy_model(), CONFIG), CONFIG, run)
    train(Toy(toy_model(), CONFIG), CONFIG, tmp_path / "whole")
    assert differing(tmp_path / "whole", run) == []
    assert metrics(tmp_path / "whole") == metrics(run)
    assert not list(run.glob("unfinished-*"))


def test_a_command_goes_on_in_the_middle_of_an_epoch(
    model_folder: Path, dialogues: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sft(out: str) -> int:
        settings = {"rows": 8, "epochs": 1.5, "learning_rate": 1e-3, "log_steps": 1, "threads": 1}
        flags = [word for k, v in settings.items() for word in (f"--loop.{k}", str(v))]
        run = ["sft", "--model", str(model_folder), "--data", str(dialogues)]
        return main([*run, "--out", str(tmp_path / out), *flags])

    assert sft("whole") == 0
    original, calls = InstructionTuning.next_step, []

    def interrupted(self: InstructionTuning, done: float) -> Any:
        calls.append(done)
        interrupt_at(2)(len(calls))
        return original(self, done)

    with monkeypatch.context() as patch:
        patch.setattr(InstructionTuning, "next_step", interrupted)
        assert sft("parts") == 3  # 5 steps are an epoch
    assert len(calls) == 2
    assert sft("parts") == 0
    assert differing(tmp_path / "whole", tmp_path / "parts") == []
    assert len(metrics(tmp_path / "parts")) == 8
    assert metrics(tmp_path / "whole") == metrics(tmp_path / "parts")


def test_one_command_at_a_time_uses_a_folder(
    model_folder: Path, dialogues: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sft", str(model_folder), "--data", str(dialogues), "--loop.steps", "1"]
    words += ["--loop.threads", "1", "--out", str(tmp_path / "run")]
    with alone(tmp_path / "run"):
        assert main(words) == 1
        assert "Another command is training in" in capsys.readouterr().err
        assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]
    assert main(words) == 0


def test_best_weights_survive_a_kill_while_they_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, rename = toy_model(), os.replace
    checkpoint.save_best(tmp_path, model)
    kept = checkpoint.load_file(tmp_path / "best" / checkpoint.WEIGHTS)

    def killed(source: Path, target: Path) -> None:
        if source.name.startswith("unfinished"):
            raise KeyboardInterrupt
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            checkpoint.save_best(tmp_path, model)
    found = checkpoint.best(tmp_path)
    assert found is not None
    again = checkpoint.load_file(found / checkpoint.WEIGHTS)
    assert all(torch.equal(again[name], value) for name, value in kept.items())
    checkpoint.save_best(tmp_path, model)
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


@pytest.mark.parametrize("name", [checkpoint.WEIGHTS, checkpoint.OPTIMIZER])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, name: str) -> None:
    once = replace(CONFIG, steps=1)
    train(Toy(toy_model(), once), once, tmp_path)
    file = tmp_path / "step-0000001" / name
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(KnownError, match=rf"{name} is damaged: .*Delete {file.parent}"):
        train(Toy(toy_model(), once), once, tmp_path)


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    once = replace(CONFIG, steps=1)
    train(Toy(toy_model(), once), once, tmp_path)
    with pytest.raises(ValueError, match="another model or adapter"):
        train(Toy(toy_model("lora"), once), once, tmp_path)
    muon = replace(once, optimizer="muon")
    with pytest.raises(ValueError, match="another loop"):
        train(Toy(toy_model(), muon), muon, tmp_path)
