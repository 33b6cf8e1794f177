"""The figures of a run, read from what was appended to its metrics.jsonl since the last look."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard, cast

METRICS = "metrics.jsonl"
MOST_POINTS = 400
"""Of a curve: more than a plot has pixels for would only be slow."""
_MOST_CURVES = 64
_LONGEST_NAME = 60
_LARGEST = 1e300  # nan is not below it
_PIECE = 4_000_000
_LONGEST_LINE = 1_000_000
_MARK = 64
_NO_CURVE = frozenset({"step", "time", "eta_s"})


@dataclass(slots=True)
class _Curve:
    """Steps and values; in a long one each value is the mean of 2, 4, … lines up to its step."""

    steps: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    every: int = 1
    count: int = 0
    total: float = 0.0

    def add(self, step: float, value: float) -> None:
        self.count, self.total = self.count + 1, self.total + value
        if self.count % self.every:
            return
        self.steps.append(step)
        self.values.append(self.total / self.every)
        self.total = 0.0
        if len(self.steps) == MOST_POINTS:
            pairs = zip(self.values[::2], self.values[1::2], strict=True)
            self.steps, self.values = self.steps[1::2], [(a + b) / 2 for a, b in pairs]
            self.every *= 2


@dataclass(frozen=True, slots=True)
class Figures:
    """curves: steps and values by name. last: the newest value of each. step: the newest.
    share: how much of the run is done, None if that cannot be told; left: seconds to go."""

    curves: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    step: int = 0
    share: float | None = None
    left: float | None = None


class MetricsReader:
    """Follows one file; a file that was cut back or written anew is read from its beginning."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / METRICS
        self._known: Figures | None = None
        self._begin()

    def read(self) -> Figures:
        """The figures by now; a last line that is cut off waits for its rest."""
        try:
            with self._path.open("rb") as file:
                file.seek(max(0, self._place - len(self._mark)))
                if file.read(len(self._mark)) != self._mark:
                    self._begin()
                file.seek(self._place)
                while piece := file.read(_PIECE):
                    self._take(piece)
                    self._known = None
        except OSError:
            self._begin()
        self._known = self._known or self._figures()
        return self._known

    def _begin(self) -> None:
        self._place = 0  # of the first byte that is not read
        self._mark = b""  # what stands before it
        self._rest = b""  # of a line that is cut off
        self._known = None
        self._curves: dict[str, _Curve] = {}
        self._last: dict[str, float] = {}
        self._steps: list[tuple[float, float, float]] = []  # step, time, seconds left

    def _take(self, piece: bytes) -> None:
        self._place += len(piece)
        self._mark = (self._mark + piece)[-_MARK:]
        *lines, rest = (self._rest + piece).split(b"\n")
        self._rest = rest if len(rest) < _LONGEST_LINE else b""
        for line in lines:
            self._line(line)

    def _line(self, line: bytes) -> None:
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(values, dict) or not _is_number(step := values.get("step")):
            return
        numbers = {name: float(value) for name, value in values.items() if _is_number(value)}
        for name, value in numbers.items():
            new = len(name) <= _LONGEST_NAME and len(self._last) < _MOST_CURVES
            if new or name in self._last:
                self._last[name] = value
                if name not in _NO_CURVE:
                    self._curves.setdefault(name, _Curve()).add(float(step), value)
        if "eta_s" in numbers and "time" in numbers:
            self._steps = [*self._steps[-1:], (float(step), numbers["time"], numbers["eta_s"])]

    def _figures(self) -> Figures:
        curves = {n: (tuple(c.steps), tuple(c.values)) for n, c in self._curves.items()}
        step, left = self._last.get("step", 0.0), self._last.get("eta_s")
        return Figures(curves, dict(self._last), int(step), self._share(), left)

    def _share(self) -> float | None:
        """Steps done of all, which are those done and as many as fit into the time that is left."""
        if not self._steps or self._steps[-1][2] <= 0:
            return 1.0 if self._steps else None
        (before, then, _), (step, now, left) = self._steps[0], self._steps[-1]
        if step <= before or now <= then:
            return None
        return step / (step + left * (step - before) / (now - then))


def _is_number(value: object) -> TypeGuard[float]:
    return type(value) in (int, float) and abs(cast(float, value)) < _LARGEST
