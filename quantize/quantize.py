"""Makes a model file smaller by storing its weights with fewer bits."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import KnownError
from engine.model.fit.machine import available_memory
from engine.model.gguf.header import GgufHeader, read_header
from quantize.calibration import texts_for
from quantize.child import run_job
from quantize.imatrix import read_importance, require_full_precision
from quantize.jobs import Arguments
from quantize.outcome import Outcome
from quantize.output import atomic_output, check_place, readable
from quantize.sizes import bits_per_weight, kinds_by_number, kinds_of
from quantize.task import Task
from quantize.types import IMPORTANCE_TYPES, WEIGHT_TYPES

_ROUNDED = 0.3  # done when the rounding is followed by feedback
_SUMS = 3  # this part of the free memory for sums over inputs, as much again for working with them


@dataclass(frozen=True, slots=True)
class Mix:
    """What to store each weight as.

    type: the file's, one of llama.cpp's mixtures; overrides: (pattern, type) of single weights,
    the first whose regular expression is found in a name decides; importance: an importance
    matrix, None = all inputs count alike.
    """

    type: str
    overrides: tuple[tuple[str, str], ...] = ()
    importance: Path | None = None


@dataclass(frozen=True, slots=True)
class Quantized(Outcome):
    """A finished quantization: bytes before and after, bits per weight, seconds it took, the
    share of the products' square error that feedback left (1 without)."""

    type: str
    size_before: int
    size: int
    bits_per_weight: float
    seconds: float
    error_left: float = 1.0

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        left = f" Feedback left {self.error_left:.0%} of the error." if self.error_left < 1 else ""
        return (
            f"{readable(self.size_before)} became {readable(self.size)} as {self.type} "
            f"({self.bits_per_weight:.2f} bits per weight) in {self.seconds:.0f} s.{left}"
        )


def quantize(
    source: Path,
    target: Path,
    mix: Mix | str,
    task: Task,
    feedback: Sequence[Path] | None = None,
) -> Quantized:
    """Write `target` with the weights of `source` as `mix`, or as the plain type of that name.

    feedback: round again with feedback, over our dialogues and these texts; None = plainly. The
    work is done by llama.cpp in a child process. Raises KnownError and Cancelled; `target` is then
    as it was before.
    """
    started = time.monotonic()
    mix = Mix(mix) if isinstance(mix, str) else mix
    before = read_header(source)
    _check(source, before, mix)
    check_place(target, (source,) if mix.importance is None else (source, mix.importance))
    with atomic_output(target) as temporary:
        arguments = _arguments(source, mix)
        arguments |= {"target": str(temporary.resolve()), "final": str(target.resolve())}
        ends = 1.0 if feedback is None else _ROUNDED
        kinds = kinds_by_number(run_job("quantize", arguments, task, share=(0.0, ends)))
        left = 1.0 if feedback is None else _round_again(source, temporary, feedback, task)
        after = read_header(temporary)
        if kinds_of(after) != kinds:
            raise KnownError("llama.cpp wrote other types than it planned.", "Try another type.")
        task.check()
    label = mix.type + (" mix" if mix.overrides else "")
    bits = bits_per_weight(after, kinds)
    return Quantized(label, before.size, after.size, bits, time.monotonic() - started, left)


def _round_again(source: Path, target: Path, texts: Sequence[Path], task: Task) -> float:
    """Round the weights of a quantized file with feedback; the share of the error that is left."""
    header = read_header(source)
    arguments = {
        "source": str(source.resolve()),
        "target": str(target.resolve()),
        "texts": json.dumps(texts_for(header, list(texts))),
        "context": str(header.number("context_length", 0)),
        "memory": str(available_memory() // _SUMS),
    }
    return float(run_job("feedback", arguments, task, share=(_ROUNDED, 1.0))["left"])


def planned_kinds(source: Path, header: GgufHeader, mix: Mix, task: Task) -> dict[str, str]:
    """Tensor → the type llama.cpp will give it, found without quantizing. Raises KnownError.

    header: of `source`. A weight whose rows do not fit the type asked for gets a larger one.
    """
    _check(source, header, mix)
    return kinds_by_number(run_job("plan", _arguments(source, mix), task, share=(0.0, 0.0)))


def _check(source: Path, header: GgufHeader, mix: Mix) -> None:
    """Raise KnownError if a model cannot be stored so."""
    require_full_precision(header, source, "Quantize")
    _check_overrides(header, mix.overrides)
    if mix.importance is not None:
        check_importance(header, mix.importance)
    elif mix.type in IMPORTANCE_TYPES:
        raise KnownError(
            f"{mix.type} needs an importance matrix.",
            "Make one with `assay-quantize imatrix` and give it with --imatrix.",
        )


def check_importance(header: GgufHeader, path: Path) -> None:
    """Raise KnownError unless an importance matrix was made from such a model."""
    shapes = {tensor.name: tensor.shape for tensor in header.tensors}
    for name, values in read_importance(path).items():
        experts, width = values.shape
        shape = shapes.get(name, ())
        if (width, experts) != (*shape[:1], shape[2] if len(shape) > 2 else 1):
            raise KnownError(
                f"{path.name} belongs to another model.", "Make one from this model's file."
            )


def _arguments(source: Path, mix: Mix) -> Arguments:
    return {
        "source": str(source.resolve()),
        "type": mix.type,
        "overrides": json.dumps(mix.overrides),
        "importance": str(mix.importance.resolve()) if mix.importance else "",
    }


def _check_overrides(header: GgufHeader, overrides: Sequence[tuple[str, str]]) -> None:
    for pattern, kind in overrides:
        if kind not in WEIGHT_TYPES:
            raise KnownError(
                f"There is no type {kind[:40]}.", f"Types of weights: {', '.join(WEIGHT_TYPES)}."
            )
        try:
            wanted = re.compile(pattern)
        except re.error as error:
            raise KnownError(
                f"{pattern[:60]} is not a regular expression.", "For example: ffn_down=Q6_K."
            ) from error
        if not any(wanted.search(tensor.name) for tensor in header.tensors):
            raise KnownError(
                f"No weight's name has {pattern[:60]}.",
                "Names are such as token_embd.weight and blk.0.ffn_down.weight.",
            )
