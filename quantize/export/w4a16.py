"""W4A16 for vLLM: four-bit weights in compressed-tensors' "pack-quantized" format.

Format: https://github.com/vllm-project/compressed-tensors — NAME.weight_packed int32
[rows, columns / 8], NAME.weight_scale [rows, columns / group], NAME.weight_shape int64 [2], and
quantization_config in config.json.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from engine.core.errors import KnownError
from engine.model.fit.machine import available_memory
from engine.model.gguf.header import read_header
from quantize.calibration import texts_for
from quantize.child import run_job
from quantize.convert import convert
from quantize.export.checkpoint import Entry, Part
from quantize.export.folder import require_new
from quantize.export.int4 import best_scales, packed, rounded
from quantize.export.model import write_model
from quantize.export.source import Matrix, Source, kept, open_source, whole
from quantize.imatrix import read_importance
from quantize.numbers import Floats, encode
from quantize.outcome import Outcome
from quantize.output import check_space, readable
from quantize.task import Task
from quantize.weights import Weight

GROUPS = (128, 64, 32)
"""Sizes that the kernels of vLLM know."""
_ROUNDED, _CONVERTED = 0.95, 0.02  # shares of the progress bar, the latter of the former
_SUMS = 3  # this part of the free memory for sums over inputs, as much again for working with them


@dataclass(frozen=True, slots=True)
class Exported(Outcome):
    """A finished export. size: bytes of the weights; group: weights with a common scale."""

    matrices: int
    group: int
    size: int
    bits_per_weight: float

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        return (
            f"Wrote {self.matrices} matrices in groups of {self.group}: {readable(self.size)}, "
            f"{self.bits_per_weight:.2f} bits per weight."
        )


def export_w4a16(
    folder: Path,
    target: Path,
    group: int | None,
    imatrix: Path | None,
    texts: list[Path],
    task: Task,
) -> Exported:
    """Write the model in `folder` to the new folder `target`.

    group: None for the largest of GROUPS that fits. imatrix: an importance matrix of the model's
    GGUF file, from which scales are chosen; None to round with feedback over our dialogues and
    `texts`, which is better and takes longer. Raises KnownError and Cancelled; nothing is then at
    `target`.
    """
    require_new(target)
    source = open_source(folder)
    group = _group(source, group)
    makers: list[Callable[[], bytes]]
    if imatrix is not None:
        importance = read_importance(imatrix)
        inputs = [_inputs(one, importance) for one in source.matrices]
        makers = [
            partial(_scaled, one.weight, values, group, source.kind)
            for one, values in zip(source.matrices, inputs, strict=True)
        ]
        return _write(source, target, group, makers, task)
    check_space(target, sum(one.weight.size for one in source.matrices) * 3 // 2)
    with tempfile.TemporaryDirectory(".part", f".{target.name}.", target.parent) as scratch:
        with task.part(0.0, _ROUNDED):
            _round(source, Path(scratch), texts, group, task)
        makers = [(Path(scratch) / str(at)).read_bytes for at in range(len(source.matrices))]
        with task.part(_ROUNDED, 1.0):
            return _write(source, target, group, makers, task)


def _group(source: Source, asked: int | None) -> int:
    """A size of groups that fits all matrices. Raises KnownError."""
    for size in (asked,) if asked else GROUPS:
        unfit = [one for one in source.matrices if one.weight.shape[1] % size]
        if not unfit:
            return size
    raise KnownError(
        f"{unfit[0].name[:60]} has rows of {unfit[0].weight.shape[1]} weights, which do not divide "
        f"into groups of {size}.",
        "Try --group 32, or export to GGUF." if size > GROUPS[-1] else "Export to GGUF instead.",
    )


def _round(source: Source, scratch: Path, texts: list[Path], group: int, task: Task) -> None:
    """Round all matrices with feedback, into numbered files; the GGUF file in between goes."""
    model = scratch / "model.gguf"
    with task.part(0.0, _CONVERTED):
        convert(source.folder, model, None, task)
    header = read_header(model)
    arguments = {
        "folder": str(source.folder.resolve()),
        "model": str(model.resolve()),
        "texts": json.dumps(texts_for(header, texts)),
        "context": str(header.number("context_length", 0)),
        "memory": str(available_memory() // _SUMS),
        "group": str(group),
        "kind": source.kind,
        "target": str(scratch.resolve()),
    }
    run_job("int4", arguments, task, share=(_CONVERTED, 1.0))
    model.unlink()


def _inputs(matrix: Matrix, importance: dict[str, Floats]) -> Floats:
    """The mean square of each input of a matrix. Raises KnownError."""
    found = importance.get(matrix.tensor)
    if found is None or found.shape[1] != matrix.weight.shape[1] or len(found) <= matrix.expert:
        raise KnownError(
            f"The importance matrix does not fit the model: it lacks {matrix.tensor[:60]}.",
            "Make one of this very model with `assay-quantize imatrix`.",
        )
    inputs: Floats = found[matrix.expert]
    return inputs


def _scaled(weight: Weight, importance: Floats, group: int, kind: str) -> bytes:
    """A matrix's scales and its packed codes."""
    weights = whole(weight).reshape(weight.shape[0], -1, group)
    scales = best_scales(weights, importance.reshape(-1, group), kind)
    return encode(scales.reshape(-1), kind) + packed(rounded(weights, scales).reshape(weight.shape))


def _write(
    source: Source, target: Path, group: int, makers: Sequence[Callable[[], bytes]], task: Task
) -> Exported:
    """makers: give each matrix's scales and packed codes."""
    parts = [*kept(source)]
    parts += [
        _part(matrix, maker, group, source.kind)
        for matrix, maker in zip(source.matrices, makers, strict=True)
    ]
    config = {**source.config, "quantization_config": _settings(source, group)}
    size = write_model(source, target, config, parts, task)
    return Exported(len(source.matrices), group, size, 8 * size / source.count)


def _part(matrix: Matrix, maker: Callable[[], bytes], group: int, kind: str) -> Part:
    rows, columns = matrix.weight.shape
    entries = (
        Entry(f"{matrix.name}.weight_packed", "I32", (rows, columns // 8)),
        Entry(f"{matrix.name}.weight_scale", kind, (rows, columns // group)),
        Entry(f"{matrix.name}.weight_shape", "I64", (2,)),
    )

    def blocks() -> Iterator[tuple[int, bytes]]:
        data = maker()
        yield 1, data[: entries[1].size]
        yield 0, data[entries[1].size :]
        yield 2, np.array([rows, columns], "<i8").tobytes()

    return Part(entries, blocks)


def _settings(source: Source, group: int) -> dict[str, object]:
    """The quantization_config."""
    weights = {
        "num_bits": 4,
        "type": "int",
        "symmetric": True,
        "strategy": "group",
        "group_size": group,
        "dynamic": False,
    }
    return {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "quantization_status": "compressed",
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights}},
        "ignore": list(source.layers),
    }
