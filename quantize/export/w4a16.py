"""W4A16 for vLLM: four-bit weights in compressed-tensors' "pack-quantized" format.

Format: https://github.com/vllm-project/compressed-tensors — NAME.weight_packed int32
[rows, columns / 8], NAME.weight_scale [rows, columns / group], NAME.weight_shape int64 [2], and
quantization_config in config.json.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.errors import KnownError
from quantize.convert import convert
from quantize.export.checkpoint import Entry, Part
from quantize.export.folder import require_new
from quantize.export.int4 import best_scales, packed, rounded
from quantize.export.model import write_model
from quantize.export.source import Matrix, Source, kept, open_source, whole
from quantize.imatrix import collect, read_importance
from quantize.numbers import Floats, encode
from quantize.outcome import Outcome
from quantize.output import check_space, readable
from quantize.task import Task

GROUPS = (128, 64, 32)
"""Sizes that the kernels of vLLM know."""
_MEASURED = 0.3  # share of the progress bar


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
    GGUF file; None to make one with our dialogues and `texts`. Raises KnownError and Cancelled;
    nothing is then at `target`.
    """
    require_new(target)
    source = open_source(folder)
    group = _group(source, group)
    importance = read_importance(imatrix) if imatrix else _measure(source, target, texts, task)
    parts = [*kept(source)]
    parts += [_part(one, _inputs(one, importance), group, source.kind) for one in source.matrices]
    config = {**source.config, "quantization_config": _settings(source, group)}
    with task.part(0.0 if imatrix else _MEASURED, 1.0):
        size = write_model(source, target, config, parts, task)
    return Exported(len(source.matrices), group, size, 8 * size / source.count)


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


def _measure(source: Source, target: Path, texts: list[Path], task: Task) -> dict[str, Floats]:
    """An importance matrix of the model, made of a GGUF file that is then removed."""
    check_space(target, sum(one.weight.size for one in source.matrices))
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch:
        model, matrix = Path(scratch) / "model.gguf", Path(scratch) / "imatrix.gguf"
        with task.part(0.0, _MEASURED / 3):
            convert(source.folder, model, None, task)
        with task.part(_MEASURED / 3, _MEASURED):
            collect(model, matrix, texts, task)
        return read_importance(matrix)


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


def _part(matrix: Matrix, importance: Floats, group: int, kind: str) -> Part:
    rows, columns = matrix.weight.shape
    entries = (
        Entry(f"{matrix.name}.weight_packed", "I32", (rows, columns // 8)),
        Entry(f"{matrix.name}.weight_scale", kind, (rows, columns // group)),
        Entry(f"{matrix.name}.weight_shape", "I64", (2,)),
    )

    def blocks() -> Iterator[tuple[int, bytes]]:
        weights = whole(matrix.weight).reshape(rows, -1, group)
        scales = best_scales(weights, importance.reshape(-1, group), kind)
        yield 0, packed(rounded(weights, scales).reshape(rows, columns))
        yield 1, encode(scales.reshape(-1), kind)
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
