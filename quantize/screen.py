"""How a command shows itself: lines for people or JSON lines for programs."""

import json
import sys
import time
from dataclasses import asdict
from typing import Protocol

from engine.core.errors import KnownError
from quantize.compare import Comparison
from quantize.convert import Converted
from quantize.imatrix import Importance
from quantize.output import readable
from quantize.quantize import Quantized
from quantize.search import Found

Outcome = Converted | Importance | Quantized | Found | Comparison
SECONDS_BETWEEN = 0.1  # progress lines


class Screen(Protocol):
    """Where a command's progress and end are shown."""

    def progress(self, fraction: float, text: str) -> None:
        """How far the work is, 0…1, and what it is at."""

    def result(self, outcome: Outcome) -> None:
        """The work is done."""

    def error(self, error: KnownError) -> None:
        """The work cannot be done."""

    def stopped(self) -> None:
        """The work was stopped."""


class JsonScreen:
    """One JSON object per line on stdout."""

    def __init__(self) -> None:
        self._last = -SECONDS_BETWEEN

    def progress(self, fraction: float, text: str) -> None:
        now = time.monotonic()
        if now - self._last >= SECONDS_BETWEEN:
            self._last = now
            self._print("progress", {"fraction": round(fraction, 4), "text": text})

    def result(self, outcome: Outcome) -> None:
        self._print("result", asdict(outcome))

    def error(self, error: KnownError) -> None:
        self._print("error", {"sentence": error.sentence, "hint": error.hint})

    def stopped(self) -> None:
        self._print("stopped", {})

    def _print(self, event: str, fields: dict[str, object]) -> None:
        print(json.dumps({"event": event, **fields}), flush=True)


class TextScreen:
    """Plain sentences; progress in place on a terminal and nowhere else."""

    def progress(self, fraction: float, text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{fraction:4.0%}  {text}", end="", file=sys.stderr, flush=True)

    def result(self, outcome: Outcome) -> None:
        self._clear()
        print(_sentence(outcome))

    def error(self, error: KnownError) -> None:
        self._clear()
        print(error, file=sys.stderr)

    def stopped(self) -> None:
        self._clear()
        print("Stopped. Nothing was written.", file=sys.stderr)

    def _clear(self) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)


def _sentence(outcome: Outcome) -> str:
    if isinstance(outcome, Converted):
        misread = (
            f" llama.cpp takes {outcome.misread_tokens} of its words for control tokens."
            if outcome.misread_tokens
            else ""
        )
        left_out = (
            f" {outcome.left_out} tensors that only speed up generation or repeat others were left "
            "out."
            if outcome.left_out
            else ""
        )
        return (
            f"Converted {outcome.tensors} tensors to {outcome.type}: {readable(outcome.size)}. "
            f"The tokenizer agrees with the original on {outcome.checked_tokens:,} tokens."
            f"{misread}{left_out}"
        )
    if isinstance(outcome, Quantized):
        return (
            f"{readable(outcome.size_before)} became {readable(outcome.size)} as {outcome.type} "
            f"({outcome.bits_per_weight:.2f} bits per weight) in {outcome.seconds:.0f} s."
        )
    if isinstance(outcome, Importance):
        return (
            f"Measured what {outcome.tensors} weights read on {outcome.tokens:,} tokens in "
            f"{outcome.windows} windows."
        )
    if isinstance(outcome, Found):
        types = ", ".join(f"{count} × {kind}" for kind, count in outcome.types.items())
        return (
            f"{readable(outcome.size)} ({outcome.bits_per_weight:.2f} bits per weight): {types}. "
            f"Expected mean KL divergence {outcome.predicted:.6f}. Recipe: {outcome.recipe}."
        )
    return (
        f"{outcome.positions:,} positions: mean KL divergence {outcome.mean_divergence:.6f}, "
        f"99th percentile {outcome.p99_divergence:.6f}, same likeliest token at "
        f"{outcome.agreement:.2%}, perplexity {outcome.reference_perplexity:.3f} → "
        f"{outcome.candidate_perplexity:.3f}."
    )
