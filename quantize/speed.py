"""How fast model files read and write on this computer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from engine.model.gguf.header import read_header
from quantize.calibration import HELD_OUT
from quantize.child import run_job
from quantize.running import settings, tuning_for
from quantize.task import Task

ROUNDS = 5
DEPTH = 512  # tokens read, and then in memory while others are written
WRITTEN = 32


@dataclass(frozen=True, slots=True)
class Speed:
    """Medians over rounds.

    prompt, generated: tokens a second read, and written with `depth` tokens in memory;
    threads: that computed; resident: bytes of main memory its process held at most, the parts of
    the file that were in memory included (0 where that is unknown).
    """

    prompt: float
    generated: float
    depth: int
    threads: int
    resident: int


def measure_speed(paths: Sequence[Path], task: Task) -> list[Speed]:
    """Measure files in turns, each time in a fresh process. Raises KnownError and Cancelled.

    In turns, because what else a computer does changes from minute to minute: it then falls on all
    of them. They run with the settings the application uses where it has measured nothing.
    """
    tunings = [tuning_for(read_header(path)) for path in paths]
    text = HELD_OUT.read_text(encoding="utf-8")
    depth = min(DEPTH, *(_longest(path) for path in paths))
    runs: list[list[dict[str, float]]] = [[] for _ in paths]
    steps = ROUNDS * len(paths)
    for step in range(steps):
        at = step % len(paths)
        arguments = settings(paths[at], tunings[at]) | {
            "text": text,
            "depth": str(depth),
            "tokens": str(WRITTEN),
        }
        runs[at].append(run_job("speed", arguments, task, (step / steps, (step + 1) / steps)))
    return [
        Speed(
            prompt=depth / median(run["prompt_seconds"] for run in found),
            generated=WRITTEN / median(run["seconds"] for run in found),
            depth=depth,
            threads=tuning.threads,
            resident=int(median(run["resident"] for run in found)),
        )
        for tuning, found in zip(tunings, runs, strict=True)
    ]


def _longest(path: Path) -> int:
    """Tokens that can be in memory before others are written."""
    return max(1, read_header(path).number("context_length", DEPTH) - 2 * WRITTEN)
