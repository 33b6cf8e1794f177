"""Two real processes, started once by torchrun, train the same model as one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from toy_method import CONFIG, Toy, differing, interrupt_at, result, toy_model
from two_processes import PUBLISHED, RUNS

from tests.training.conftest import sentences
from training import cli
from training.loop import checkpoint
from training.loop.log import read_metrics
from training.loop.trainer import train
from training.models.loading import load

HERE = Path(__file__).parent
SFT = (
    "--adapter.kind lora --adapter.rank 2 --adapter.dropout 0.1 --loop.rows 2 --loop.accumulate 2 "
    "--loop.steps 4 --loop.log_steps 1 --loop.threads 1 --loop.mixed false"
).split()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """Folder with one/NAME and two/NAME: every run by one process and by two."""
    folder = tmp_path_factory.mktemp("runs")
    data = folder / "dialogues.jsonl"
    for question, answer in zip(sentences(13, 1), sentences(13, 2), strict=True):
        turns = ({"role": "user", "content": question}, {"role": "assistant", "content": answer})
        with data.open("a") as file:
            file.write(json.dumps({"messages": turns}) + "\n")
    sft = ["sft", str(model_folder), *SFT, "--data", str(data), "--held_out", str(data)]
    assert cli.main([*sft, "--out", str(folder / "one" / "sft")]) == 0
    for name in ("resumed", "resumed_sharded"):
        begun = Toy(toy_model(), CONFIG, before=interrupt_at(2))
        assert not train(begun, CONFIG, folder / "two" / name).finished
    for name, (made, config) in RUNS.items():
        train(Toy(toy_model(**made), config), config, folder / "one" / name)
    path = os.pathsep.join((str(HERE.parents[2]), str(HERE)))
    subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"),
            *(str(HERE / "two_processes.py"), str(folder / "two"), *sft),
        ],
        check=True,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        timeout=150,
    )
    return folder


@pytest.mark.parametrize("name", RUNS)
def test_loss_and_norm_equal_those_of_one_process(runs: Path, name: str) -> None:
    one, two = (read_metrics(runs / which / name) for which in ("one", "two"))
    tolerance = 2e-3 if name == "sharded_muon" else 1e-6  # Muon rounds its products to bf16
    assert len(one) == len(two) == RUNS[name][1].steps
    for a, b in zip(one, two, strict=True):
        for figure in ("loss", "heavy", "made", "rate"):
            assert b[figure] == pytest.approx(a[figure], rel=min(tolerance, 1e-4))
        assert b["norm"] == pytest.approx(a["norm"], rel=10 * tolerance)


@pytest.mark.parametrize("name", sorted(RUNS.keys() - {"sharded_muon"}))
def test_weights_and_optimizer_equal_those_of_one_process(runs: Path, name: str) -> None:
    assert differing(runs / "one" / name, runs / "two" / name, 1e-4) == []


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_model_has_the_weights_of_the_last_checkpoint(runs: Path, name: str) -> None:
    published = load(runs / "two" / name / "model").state_dict()
    last = load(max(checkpoint.finished(runs / "two" / name))).state_dict()
    assert published.keys() == last.keys()
    assert all(torch.equal(published[key], last[key]) for key in last)


def test_sharded_muon_turns_the_weights_the_same_way(runs: Path) -> None:
    one, two = (result(runs / which / "sharded_muon") for which in ("one", "two"))
    for name, start in toy_model().named_parameters():
        if start.ndim == 2:
            a, b = ((side[name] - start.detach()).flatten() for side in (one, two))
            assert torch.cosine_similarity(a, b, dim=0) > 0.99
            assert float(a.norm() / b.norm()) == pytest.approx(1, abs=0.02)


def test_what_two_sharded_processes_saved_one_goes_on_with(runs: Path) -> None:
    train(Toy(toy_model(), CONFIG), CONFIG, runs / "two" / "halted")
    assert [row["step"] for row in read_metrics(runs / "two" / "halted")] == [1, 2, 3, 4, 5, 6]
    assert differing(runs / "one" / "resumed", runs / "two" / "halted", 1e-4) == []


def test_a_real_method_with_adapters_equals_that_of_one_process(runs: Path) -> None:
    """From the command line: uneven dialogues, dropout, and an evaluation that is shared."""
    one, two = (read_metrics(runs / which / "sft") for which in ("one", "two"))
    assert [row.keys() for row in one] == [row.keys() for row in two]
    assert "held_out/loss" in one[-1]
    for a, b in zip(one, two, strict=True):
        for figure in a.keys() & {"loss", "held_out/loss"}:
            assert b[figure] == pytest.approx(a[figure], rel=1e-5)
    assert differing(runs / "one" / "sft", runs / "two" / "sft", 1e-4) == []
    merged = [load(runs / which / "sft" / "model").state_dict() for which in ("one", "two")]
    for name, value in merged[0].items():
        torch.testing.assert_close(merged[1][name], value, rtol=1e-4, atol=1e-6)
