"""Rounds the weights of a quantized file again, with feedback; each keeps its type."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.model.gguf.header import TensorInfo, read_header
from quantize.jobs import Arguments, Report, Result
from quantize.jobs.ggml import Bytes
from quantize.jobs.hessians import Hessians, Reading
from quantize.jobs.rounding import round_again
from quantize.numbers import Floats, decode

_EXACT = frozenset({"F32", "F16", "BF16", "Q8_0"})  # nothing to gain


class _Pair:
    """The weights of a full-precision file and of the file quantized from it, by name."""

    def __init__(self, source: Path, target: Path) -> None:
        self._originals = {one.name: one for one in read_header(source).tensors}
        found = {one.name: one for one in read_header(target).tensors}
        self.rounded = {name: one for name, one in found.items() if one.type.name not in _EXACT}
        self._source, self._target = np.memmap(source, np.uint8, "r"), np.memmap(target, np.uint8)

    def experts(self, name: str) -> Iterator[tuple[Floats, Bytes]]:
        """(original [rows, n_in], its bytes in the quantized file, to be changed) of each."""
        original, stored = self._originals[name], self.rounded[name]
        experts = original.shape[2] if len(original.shape) > 2 else 1
        before, after = _part(self._source, original), _part(self._target, stored)
        for numbers, data in zip(
            before.reshape(experts, -1), after.reshape(experts, -1), strict=True
        ):
            rows = decode(numbers.tobytes(), original.type.name).reshape(-1, original.shape[0])
            yield rows, data.reshape(len(rows), -1)

    def flush(self) -> None:
        """Write what was changed. Raises OSError."""
        self._target.flush()


def _part(file: Bytes, tensor: TensorInfo) -> Bytes:
    return file[tensor.offset : tensor.offset + tensor.size]


def feedback(arguments: Arguments, report: Report) -> Result:
    """Round each weight whose inputs a text shows again; the file is changed in place.

    arguments: source (full precision), target (quantized from it), texts (JSON list), context
    (tokens the model can hold), memory (bytes for sums over inputs). Returns weights (how many
    were rounded again), left (the mean share of their products' square error that is left).
    """
    pair = _Pair(Path(arguments["source"]), Path(arguments["target"]))
    reading = Reading(arguments["source"], arguments)
    inputs = {name: one for name, one in reading.inputs().items() if name in pair.rounded}
    shares: list[float] = []
    done, step = 0.0, 1 / max(1, len(inputs)) / 2

    def read(weights: float, text: str) -> None:
        nonlocal done
        done += step * weights
        report(done, text)

    for group, hessians in reading.hessians(inputs, read):
        for name in group:
            shares += _round(pair, name, hessians)
            read(1, f"Rounding {name}")
    pair.flush()
    return {"weights": len(shares), "left": float(np.mean(shares)) if shares else 1.0}


def _round(pair: _Pair, name: str, hessians: Hessians) -> Iterator[float]:
    """Round a weight again; the share of the error that is left, of each expert."""
    for expert, (weight, data) in enumerate(pair.experts(name)):
        hessian = hessians.of(name, expert)
        if hessian is not None and np.isfinite(hessian).all():
            yield round_again(weight, data, pair.rounded[name].type.name, hessian)
