"""Progress of a run: one printed line and one JSON line at a time, for people and for the page."""

import importlib
import json
import math
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from engine.core.errors import KnownError

METRICS = "metrics.jsonl"


@dataclass
class _Since:
    """What has happened since the last line: steps, their tokens and seconds, sums of figures."""

    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0
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
        since: Mapping[str, Any],
    ) -> None:
        """step: where the run goes on; later lines of an earlier try are dropped. since: what
        state() returned then."""
        self._trackers = [_tracker(name) for name in trackers]
        folder.mkdir(parents=True, exist_ok=True)
        _drop_after(folder / METRICS, step)
        self._file: TextIO = (folder / METRICS).open("a", encoding="utf-8")
        self._every = every
        self._since = _Since(**since)
        for tracker in self._trackers:
            tracker.init(project="assay", name=folder.name, config=dict(config))

    def state(self) -> dict[str, Any]:
        """The figures since the last line, so that a resumed run writes the same lines."""
        return asdict(self._since)

    def step(
        self,
        number: int,
        tokens: int,
        seconds: float,
        figures: Mapping[str, float],
        flops: float,
        left: tuple[float, float],
    ) -> None:
        """Note a step.

        number: steps so far; tokens, seconds: of this step; figures: loss and others, averaged
        from line to line; flops: of this step over the device's FLOP/s, so that flops / seconds is
        the model FLOP utilisation (MFU); left: steps and seconds to the end, whichever is first.
        """
        since = self._since
        since.steps, since.tokens = since.steps + 1, since.tokens + tokens
        since.seconds += seconds
        for name, value in (*figures.items(), ("mfu", flops)):
            since.sums[name] = since.sums.get(name, 0.0) + value
            since.counts[name] = since.counts.get(name, 0) + 1
        if number % self._every and min(left) > 0:
            return
        means = {name: value / since.counts[name] for name, value in since.sums.items()}
        means["mfu"] = since.sums["mfu"] / since.seconds
        speed = since.tokens / since.seconds
        eta = round(max(0.0, min(left[0] * since.seconds / since.steps, left[1])))
        shown = "  ".join(f"{name} {_short(value)}" for name, value in means.items())
        self.say(f"step {number}  {shown}  {speed:,.0f} tok/s  left {timedelta(seconds=eta)}")
        self._write(step=number, tok_s=round(speed, 1), eta_s=eta, **means)
        self._since = _Since()

    def scores(self, number: int, scores: Mapping[str, float]) -> None:
        """Note an evaluation."""
        shown = "  ".join(f"{name} {_short(value)}" for name, value in scores.items())
        self.say(f"step {number}  held out: {shown}")
        self._write(step=number, **{f"held_out/{name}": value for name, value in scores.items()})

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
    """The lines of a run's metrics.jsonl; a line that was cut off is left out."""
    path = folder / METRICS
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(json.JSONDecodeError):
            row = json.loads(line)
            if isinstance(row, dict) and isinstance(row.get("step"), int):
                rows.append(row)
    return rows


def _drop_after(path: Path, step: int) -> None:
    if path.exists():
        kept = [line for line in read_metrics(path.parent) if (line["step"] or 0) <= step]
        temporary = path.with_suffix(".tmp")
        temporary.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
        os.replace(temporary, path)


def _tracker(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise KnownError(f"The tracker {name} is not installed.", f"pip install {name}") from error


def _short(value: float) -> str:
    return f"{value:.4f}" if 0.01 <= abs(value) < 1000 or value == 0 else f"{value:.3g}"
