"""What each part of HEFT saves: peak memory and time to an equal held-out loss.

    python -m benchmarks.training.heft --model FOLDER --data FILE

FILE: dialogues as JSON lines; the last tenth is held out. Full fine-tuning, LoRA on all matrices,
HEFT, and HEFT without each of its parts run as programs of their own, with the same steps at a
constant learning rate. The loss to reach is the lowest that full fine-tuning, LoRA and HEFT all
reach; the time is the interpolated step times the median seconds of a step, without evaluations
and the gradient probe (four rows). Memory is the peak of the process, and that less what an
interpreter with the libraries takes.
"""

import argparse
import json
import math
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from benchmarks.training.programs import ROOT, cost
from training.loop.log import read_metrics

BARS = "bars: HEFT takes 40 % less memory and 35 % less time than full, and less than LoRA"
LORA = {"adapter.kind": "lora", "adapter.rank": "16"}
IMPORTS = "import torch, transformers, peft, training.methods.heft"


@dataclass
class Runs:
    """What the runs of one variant cost: a value per round; the losses are the same in each."""

    memory: list[float] = field(default_factory=list)  # MB
    seconds: list[float] = field(default_factory=list)  # of a step
    losses: list[tuple[int, float]] = field(default_factory=list)  # after so many steps

    @property
    def best(self) -> float:
        """The lowest held-out loss."""
        return min(loss for _, loss in self.losses)

    def time_to(self, loss: float) -> float:
        """Seconds until the held-out loss is this low; nan if it never is."""
        for (earlier, before), (step, now) in pairwise([(0, math.inf), *self.losses]):
            if now <= loss:
                share = (before - loss) / (before - now) if math.isfinite(before) else 1.0
                return (earlier + share * (step - earlier)) * statistics.median(self.seconds)
        return math.nan


def variants(layers: int, window: int) -> dict[str, dict[str, str]]:
    """Name and settings of each program; the first two are the peers."""
    terms = str(ROOT / "training" / "data" / "terms.txt")
    half = str(layers // 2)
    heft = {
        **LORA,
        "best_layers": half,
        "terms": terms,
        "loop.checkpointing": "true",
        "window": str(window),
        "windowed_layers": half,
    }
    without = {
        "adapters": {"adapter.kind": "none", "terms": ""},  # rows are trained with adapters only
        "layer selection": {"best_layers": "0"},
        "injection": {"terms": ""},
        "checkpointing": {"loop.checkpointing": "false"},
        "windows": {"window": "0"},
        "mixed precision": {"loop.mixed": "false"},
    }
    made = {"full": {}, "LoRA": LORA, "HEFT": heft}
    return made | {f"HEFT without {name}": heft | given for name, given in without.items()}


def run(name: str, settings: Mapping[str, str], common: list[str], runs: Runs, work: Path) -> None:
    """Run one program and note what it cost."""
    shutil.rmtree(work / "out", ignore_errors=True)
    method = "heft" if name.startswith("HEFT") else "sft"
    given = [part for key, value in settings.items() for part in (f"--{key}", value)]
    program = [sys.executable, "-m", "training.cli", method, "--out", work / "out"]
    spent = cost([*program, *common, *given], work, threads=int(common[1]))
    lines = read_metrics(work / "out")
    runs.memory.append(spent.memory / 1e6)
    # Each evaluation is followed by steps and their line: the time between is theirs.
    runs.seconds.append(
        statistics.median(
            (line["time"] - last["time"]) / (line["step"] - last["step"])
            for last, line in pairwise(lines)
            if "held_out/loss" in last and line["step"] > last["step"]
        )
    )
    scores = [line for line in lines if "held_out/loss" in line]
    runs.losses = [(line["step"], line["held_out/loss"]) for line in scores]


def report(table: Mapping[str, Runs], libraries: float) -> None:
    """Print the table, in relation to full fine-tuning, and HEFT's savings."""
    goal = max(table[name].best for name in ("full", "LoRA", "HEFT"))
    full = table["full"]
    print(f"held-out loss to reach {goal:.4f}; the libraries alone take {libraries:.0f} MB")
    print(f"{'':29}{'MB':>6}{'of full':>9}{'less libraries':>16}{'s to loss':>11}{'of full':>9}"
          f"{'s/step':>8}{'best loss':>11}")  # fmt: skip
    for name, runs in table.items():
        memory, whole = statistics.median(runs.memory), statistics.median(full.memory)
        seconds = runs.time_to(goal)
        print(
            f"{name:29}{memory:6.0f}{memory / whole:9.2f}"
            f"{(memory - libraries) / (whole - libraries):16.2f}{seconds:11.1f}"
            f"{seconds / full.time_to(goal):9.2f}{statistics.median(runs.seconds):8.3f}"
            f"{runs.best:11.4f}"
        )
    for peer in ("full", "LoRA"):
        memory, time = (
            1 - f(table["HEFT"]) / f(table[peer])
            for f in (lambda r: statistics.median(r.memory) - libraries, lambda r: r.time_to(goal))
        )
        print(f"HEFT against {peer}: memory {-memory:+.0%} beyond the libraries, time {-time:+.0%}")
    print(BARS)


def main() -> None:
    """Run all variants in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--evaluate", type=int, default=20, help="steps between evaluations")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--window", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate of adapters")
    parser.add_argument("--full_rate", type=float, default=3e-4)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    model = options.model.absolute()
    layers = json.loads((model / "config.json").read_text())["num_hidden_layers"]
    rows = options.data.read_text(encoding="utf-8").splitlines(keepends=True)
    cut = len(rows) - len(rows) // 10
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "train.jsonl").write_text("".join(rows[:cut]), encoding="utf-8")
        (work / "held_out.jsonl").write_text("".join(rows[cut:]), encoding="utf-8")
        settings = {
            "loop.threads": options.threads,
            "model": model,
            "data": work / "train.jsonl",
            "held_out": work / "held_out.jsonl",
            "context": options.context,
            "loop.rows": options.rows,
            "loop.steps": options.steps,
            "loop.evaluate_steps": options.evaluate,
            "loop.log_steps": options.evaluate,
            "loop.decay": 0,
        }
        common = [part for key, value in settings.items() for part in (f"--{key}", str(value))]
        bare = cost([sys.executable, "-c", IMPORTS], work, options.threads).memory / 1e6
        chosen = variants(layers, options.window)
        table = {name: Runs() for name in chosen}
        for _ in range(options.rounds):
            for name, given in chosen.items():
                whole = name == "full" or given.get("adapter.kind") == "none"
                rate = {"loop.learning_rate": str(options.full_rate if whole else options.rate)}
                run(name, given | rate, common, table[name], work)
                print(f"{name}: {table[name].memory[-1]:.0f} MB", flush=True)
    report(table, bare)


if __name__ == "__main__":
    main()
