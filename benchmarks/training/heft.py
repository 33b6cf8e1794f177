"""What each part of HEFT saves: peak memory, time of a step, and time to an equal held-out loss.

    assay-train dialogues work/tool.jsonl --count 6000
    python -m benchmarks.training.heft --model resources/models/starter-base --data work/tool.jsonl

The last 200 dialogues are held out. Full fine-tuning, LoRA on all matrices, HEFT (the top
quarter of the layers, rows of 600 tokens, checkpointing), and HEFT without each of its parts run as
programs of their own, with the same steps at a constant learning rate. The loss to reach is the
lowest that full fine-tuning, LoRA and HEFT all reach; the time is the interpolated step times the
median seconds of a step, without evaluations and the gradient probe (four rows). Memory is the
peak of the process, and that less what an interpreter with the libraries takes.
"""

import argparse
import json
import math
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.training.programs import cost
from training.loop.log import read_metrics

LORA = {"adapter.kind": "lora", "adapter.rank": "64", "adapter.alpha": "128"}
HELD_OUT = 200  # dialogues
IMPORTS = "import torch, transformers, peft, training.methods.heft"


@dataclass(frozen=True)
class Run:
    """Peak MB, median seconds of a step, and the held-out losses after so many steps."""

    memory: float
    seconds: float
    losses: list[tuple[int, float]]

    @property
    def best(self) -> float:
        """The lowest held-out loss."""
        return min(loss for _, loss in self.losses)

    def time_to(self, loss: float) -> float:
        """Seconds until the held-out loss is this low; nan if it never is."""
        for (earlier, before), (step, now) in pairwise([(0, math.inf), *self.losses]):
            if now <= loss:
                share = (before - loss) / (before - now) if math.isfinite(before) else 1.0
                return (earlier + share * (step - earlier)) * self.seconds
        return math.nan


def variants(layers: int, window: int) -> dict[str, dict[str, str]]:
    """Name and settings of each program; the first two are the peers."""
    heft = {
        **LORA,
        "top_layers": str(max(1, layers // 4)),
        "common_tokens": "600",
        "loop.checkpointing": "true",
    }
    changes = {
        "without adapters": {"adapter.kind": "none", "common_tokens": "0"},  # rows need adapters
        "without layer selection": {"top_layers": "0"},
        "without injection": {"common_tokens": "0"},
        "without checkpointing": {"loop.checkpointing": "false"},
        "without mixed precision": {"loop.mixed": "false"},
        "with windows": {"window": str(window), "windowed_layers": str(layers // 2)},
    }
    made: dict[str, dict[str, str]] = {"full": {}, "LoRA": LORA, "HEFT": heft}
    return made | {f"HEFT {name}": heft | given for name, given in changes.items()}


def run(method: str, settings: Mapping[str, object], work: Path, threads: int) -> Run:
    """Run one program and read what it cost."""
    shutil.rmtree(work / "out", ignore_errors=True)
    flags = [part for key, value in settings.items() for part in (f"--{key}", str(value))]
    program = [sys.executable, "-m", "training.cli", method, "--out", work / "out", *flags]
    spent = cost([*program, "--loop.threads", str(threads)], work, threads)
    lines = read_metrics(work / "out")
    # The lines alternate, so the time from an evaluation to the next line is that of the steps.
    seconds = statistics.median(
        (line["time"] - last["time"]) / (line["step"] - last["step"])
        for last, line in pairwise(lines)
        if line["step"] > last["step"]
    )
    scores = [line for line in lines if "held_out/loss" in line]
    return Run(spent.memory / 1e6, seconds, [(one["step"], one["held_out/loss"]) for one in scores])


def report(runs: Mapping[str, Run], libraries: float) -> None:
    """Print the table, with shares of full fine-tuning, and HEFT's savings."""
    full, lora, heft = (runs[name] for name in ("full", "LoRA", "HEFT"))
    goal = max(one.best for one in (full, lora, heft))
    print(f"held-out loss to reach {goal:.4f}; the libraries alone take {libraries:.0f} MB")
    print(f"{'':29}    MB  of full  less libraries  s/step  of full  s to loss  of full  best loss")
    for name, one in runs.items():
        beyond = (one.memory - libraries) / (full.memory - libraries)
        seconds = one.time_to(goal)
        print(
            f"{name:29}{one.memory:6.0f}{one.memory / full.memory:9.2f}{beyond:16.2f}"
            f"{one.seconds:8.3f}{one.seconds / full.seconds:9.2f}"
            f"{seconds:11.1f}{seconds / full.time_to(goal):9.2f}{one.best:11.4f}"
        )
    for name, peer in (("full", full), ("LoRA", lora)):
        memory, step = heft.memory / peer.memory - 1, heft.seconds / peer.seconds - 1
        time = heft.time_to(goal) / peer.time_to(goal) - 1
        print(
            f"HEFT against {name}: memory {memory:+.0%}, step {step:+.0%}, to the loss {time:+.0%}"
        )
    print("bars: −40 % and −35 % against full, below 0 against LoRA")


def main() -> None:
    """Run all variants in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--evaluate", type=int, default=15, help="steps between evaluations")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--window", type=int, default=128)
    parser.add_argument("--rate", type=float, default=2e-3, help="learning rate of adapters")
    parser.add_argument("--full_rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    model = options.model.absolute()
    layers = json.loads((model / "config.json").read_text())["num_hidden_layers"]
    rows = options.data.read_text(encoding="utf-8").splitlines(keepends=True)
    cut = len(rows) - min(HELD_OUT, len(rows) // 10)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "train.jsonl").write_text("".join(rows[:cut]), encoding="utf-8")
        (work / "held_out.jsonl").write_text("".join(rows[cut:]), encoding="utf-8")
        common = {
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
        bare = cost([sys.executable, "-c", IMPORTS], work, options.threads).memory / 1e6
        runs: dict[str, Run] = {}
        for name, given in variants(layers, options.window).items():
            whole = given.get("adapter.kind", "none") == "none"
            rate = {"loop.learning_rate": options.full_rate if whole else options.rate}
            method = "heft" if name.startswith("HEFT") else "sft"
            runs[name] = run(method, common | rate | given, work, options.threads)
            print(f"{name}: {runs[name].memory:.0f} MB", flush=True)
    report(runs, bare)


if __name__ == "__main__":
    main()
