"""Progress of a run: one printed line and one JSON line at a time, for people and for the page."""

import importlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

METRICS = "metrics.jsonl"


@dataclass
class _Since:
    """What has happened since the last line."""

    steps: int = 0
    tokens: int = 0
    clock: float = field(default_factory=time.monotonic)
    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


class RunLog:
    """Writes metrics.jsonl, prints the same figures, and tells the trackers that were asked for."""

    def __init__(
        self,
        folder: Path,
        step: int,
        every: int,
        trackers: tuple[str, ...],
        config: Mapping[str, object],
    ) -> None:
        """step: where the run goes on; later lines of an earlier try are dropped."""
        folder.mkdir(parents=True, exist_ok=True)
        _drop_after(folder / METRICS, step)
        self._file: TextIO = (folder / METRICS).open("a", encoding="utf-8")
        self._every = every
        self._since = _Since()
        self._trackers: list[Any] = [importlib.import_module(name) for name in trackers]
        for tracker in self._trackers:
            tracker.init(project="assay", name=folder.parent.name, config=dict(config))

    def step(
        self, number: int, tokens: int, figures: Mapping[str, float], left: float, flops: float
    ) -> None:
        """Note a step.

        number: steps so far; tokens: of this step; figures: loss and others, averaged from line
        to line; left: share of the run still to do; flops: of this step over the device's
        FLOP/s, so that flops / seconds is the model FLOP utilisation (MFU).
        """
        since = self._since
        since.steps, since.tokens = since.steps + 1, since.tokens + tokens
        for name, value in (*figures.items(), ("mfu", flops)):
            since.sums[name] = since.sums.get(name, 0.0) + value
            since.counts[name] = since.counts.get(name, 0) + 1
        if number % self._every:
            return
        seconds = max(1e-9, time.monotonic() - since.clock)
        means = {name: value / since.counts[name] for name, value in since.sums.items()}
        means["mfu"] = since.sums["mfu"] / seconds
        speed = since.tokens / seconds
        per_step = left * seconds / since.steps
        eta = max(0.0, per_step)
        shown = "  ".join(f"{name} {_short(value)}" for name, value in means.items())
        self.say(
            f"step {number}  {shown}  {speed:,.0f} tok/s  left {timedelta(seconds=round(eta))}"
        )
        self._write(step=number, tok_s=round(speed, 1), eta_s=round(eta), **means)
        self._since = _Since()

    def scores(self, number: int, scores: Mapping[str, float]) -> None:
        """Note an evaluation."""
        shown = "  ".join(f"{name} {_short(value)}" for name, value in scores.items())
        self.say(f"step {number}  held out: {shown}")
        self._write(step=number, **{f"held_out/{name}": value for name, value in scores.items()})
        self._since = _Since()

    def say(self, line: str) -> None:
        """Print one line at once."""
        print(line, flush=True)

    def close(self) -> None:
        """Close the file and the trackers."""
        self._file.close()
        for tracker in self._trackers:
            tracker.finish()

    def _write(self, step: int, **values: float) -> None:
        kept = {name: value if math.isfinite(value) else None for name, value in values.items()}
        self._file.write(json.dumps({"step": step, "time": round(time.time(), 1), **kept}) + "\n")
        self._file.flush()
        for tracker in self._trackers:
            tracker.log(values, step=step)


def read_metrics(folder: Path) -> list[dict[str, float | None]]:
    """The lines of a run's metrics.jsonl; a last line that is cut off is left out."""
    path = folder / METRICS
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]


def _drop_after(path: Path, step: int) -> None:
    if path.exists():
        kept = [line for line in read_metrics(path.parent) if (line["step"] or 0) <= step]
        path.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")


def _short(value: float) -> str:
    return f"{value:.4f}" if 0.01 <= abs(value) < 1000 or value == 0 else f"{value:.3g}"
