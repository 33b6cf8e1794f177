"""Progress of a run: one printed line and one JSON line at a time."""

import json
import time
from datetime import timedelta
from pathlib import Path

from training.checkpoint import Progress


class RunLog:
    """Writes metrics.jsonl and prints the same figures for people."""

    def __init__(self, folder: Path, every: int, total_tokens: int, minutes: float) -> None:
        """every: steps between lines; total_tokens and minutes bound the run, for the ETA."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "metrics.jsonl"
        self._every, self._total, self._minutes = every, total_tokens, minutes
        self._losses: list[float] = []
        self._tokens: int | None = None
        self._clock = time.monotonic()

    def step(self, state: Progress, loss: float, norm: float, rate: float) -> None:
        """Note a step: loss in nats per weighted token, gradient norm before clipping, rate."""
        self._losses.append(loss)
        if self._tokens is None:
            self._tokens, self._clock = state.tokens, time.monotonic()
        if state.step % self._every:
            return
        now = time.monotonic()
        speed = (state.tokens - self._tokens) / max(1e-9, now - self._clock)
        self._tokens, self._clock = state.tokens, now
        mean = sum(self._losses) / len(self._losses)
        self._losses.clear()
        left = (self._total - state.tokens) / speed if speed > 0 else 0.0
        if self._minutes:
            left = min(left, 60 * self._minutes - state.seconds)
        eta = timedelta(seconds=max(0, round(left)))
        self.say(
            f"step {state.step} | {state.tokens / 1e6:.2f}M tokens | loss {mean:.4f} | "
            f"norm {norm:.2f} | rate {rate:.2e} | {speed:.0f} tok/s | left {eta}"
        )
        self._write(
            step=state.step,
            tokens=state.tokens,
            loss=round(mean, 5),
            norm=round(norm, 4),
            rate=rate,
            tokens_per_second=round(speed, 1),
            eta_seconds=round(left),
        )

    def scores(self, state: Progress, scores: dict[str, float]) -> None:
        """Note an evaluation."""
        shown = "  ".join(f"{name} {value:.4f}" for name, value in scores.items())
        self.say(f"step {state.step} | held out: {shown}")
        self._write(
            step=state.step,
            tokens=state.tokens,
            held_out={name: round(value, 5) for name, value in scores.items()},
        )
        self._tokens, self._clock = state.tokens, time.monotonic()

    def say(self, line: str) -> None:
        """Print one line at once."""
        print(line, flush=True)

    def _write(self, **values: object) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")
