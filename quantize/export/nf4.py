"""NF4 for QLoRA: four-bit weights as bitsandbytes keeps them, to be read by transformers and peft.

QLoRA (Dettmers et al., arXiv 2305.14314): 64 weights in a row, divided by the largest of them, are
each the nearest of 16 values, the quantiles of a normal distribution. Double quantization stores
these largest values in 8 bits, 256 of them with a scale of their own.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import KnownError
from quantize.export.checkpoint import Entry, Part
from quantize.export.folder import require_new
from quantize.export.model import write_model
from quantize.export.source import Matrix, Source, kept, open_source
from quantize.numbers import Floats
from quantize.outcome import Outcome
from quantize.output import readable
from quantize.task import Task

# Appendix E of the paper.
VALUES = np.array(
    [
        -1.0,
        -0.6961928009986877,
        -0.5250730514526367,
        -0.39491748809814453,
        -0.28444138169288635,
        -0.18477343022823334,
        -0.09105003625154495,
        0.0,
        0.07958029955625534,
        0.16093020141124725,
        0.24611230194568634,
        0.33791524171829224,
        0.44070982933044434,
        0.5626170039176941,
        0.7229568362236023,
        1.0,
    ],
    np.float32,
)
BLOCK, OUTER = 64, 256  # weights with a common scale, scales with a common one
_STATE = 256  # bytes kept for what is written of a matrix as JSON
_TYPES = {"BF16": "bfloat16", "F16": "float16"}

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Exported(Outcome):
    """A finished export. size: bytes of the weights."""

    matrices: int
    size: int
    bits_per_weight: float

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        return (
            f"Wrote {self.matrices} matrices in NF4: {readable(self.size)}, "
            f"{self.bits_per_weight:.2f} bits per weight."
        )


def export_nf4(folder: Path, target: Path, double: bool, task: Task) -> Exported:
    """Write the model in `folder` to the new folder `target`; double: with double quantization.

    Raises KnownError and Cancelled; nothing is then at `target`.
    """
    require_new(target)
    source = open_source(folder)
    if any(".experts." in matrix.name for matrix in source.matrices):
        raise KnownError(
            "The model is a mixture of experts, which bitsandbytes cannot hold in 4 bits.",
            "Its experts are no layers of their own in transformers; train it in 16 bits.",
        )
    parts = [*kept(source), *(_part(one, double, source.kind) for one in source.matrices)]
    config = {**source.config, "quantization_config": _settings(source, double)}
    size = write_model(source, target, config, parts, task)
    return Exported(len(source.matrices), size, 8 * size / source.count)


def nearest(values: Floats, table: Floats, block: int) -> tuple[Bytes, Floats]:
    """Numbers of the nearest value of a sorted table for x / scale, and the scale of each block.

    values: flat; the scale is the largest size in a block. The last block may be shorter.
    """
    count = -(-len(values) // block)
    blocks = np.zeros((count, block), np.float32)
    blocks.reshape(-1)[: len(values)] = values
    scales: Floats = np.abs(blocks).max(axis=1)
    blocks *= (np.float32(1) / np.maximum(scales, np.float32(1e-38)))[:, None]
    between = (table[1:] + table[:-1]) / np.float32(2)
    numbers = np.searchsorted(between, blocks.reshape(-1)[: len(values)]).astype(np.uint8)
    return numbers, scales


def dynamic_values() -> Floats:
    """bitsandbytes' 256 values for 8 bits (arXiv 1511.04561): in each of seven decades, from
    10⁻⁶…10⁻⁵ up to 0.1…1, the middles of 1, 2, 4, … 64 equal parts, with both signs; 0 and 1."""
    found = [np.float32(0), np.float32(1)]
    for decade in range(7):
        ends = np.linspace(0.1, 1, 2**decade + 1, dtype=np.float32)
        middles = (ends[:-1] + ends[1:]) / np.float32(2) * np.float32(10.0 ** (decade - 6))
        found += [*middles, *-middles]
    return np.sort(np.array(found, np.float32))


def _part(matrix: Matrix, double: bool, kind: str) -> Part:
    weights = prod(matrix.weight.shape)
    scales = -(-weights // BLOCK)
    name = f"{matrix.name}.weight"
    entries = [
        Entry(name, "U8", (-(-weights // 2), 1)),
        Entry(f"{name}.absmax", "U8" if double else "F32", (scales,)),
        Entry(f"{name}.quant_map", "F32", (len(VALUES),)),
        Entry(f"{name}.quant_state.bitsandbytes__nf4", "U8", (_STATE,)),
    ]
    if double:
        entries.append(Entry(f"{name}.nested_absmax", "F32", (-(-scales // OUTER),)))
        entries.append(Entry(f"{name}.nested_quant_map", "F32", (256,)))
    state: dict[str, object] = {
        "quant_type": "nf4",
        "blocksize": BLOCK,
        "dtype": _TYPES[kind],
        "shape": matrix.weight.shape,
    }

    def blocks() -> Iterator[tuple[int, bytes]]:
        largest: list[Floats] = []
        for values in matrix.weight.blocks():  # a multiple of BLOCK, but for the last
            _require_finite(values)
            numbers, part = nearest(values, VALUES, BLOCK)
            largest.append(part)
            padded = np.append(numbers, np.uint8(0)) if len(numbers) % 2 else numbers
            yield 0, (padded[0::2] << 4 | padded[1::2]).tobytes()
        found = np.concatenate(largest)
        yield 2, VALUES.tobytes()
        if double:
            offset = found.mean(dtype=np.float32)
            table = dynamic_values()
            numbers, outer = nearest(found - offset, table, OUTER)
            yield 1, numbers.tobytes()
            yield 4, outer.tobytes()
            yield 5, table.tobytes()
            nested = {"nested_blocksize": OUTER, "nested_dtype": "float32"}
            state.update(nested, nested_offset=float(offset))
        else:
            yield 1, found.tobytes()
        yield 3, json.dumps(state).encode().ljust(_STATE)

    return Part(tuple(entries), blocks)


def _require_finite(values: Floats) -> None:
    if not np.isfinite(values).all():
        raise KnownError(
            "The model's weights hold values that are not numbers.",
            "Its training went wrong or the file is damaged; use another checkpoint.",
        )


def _settings(source: Source, double: bool) -> dict[str, object]:
    """The quantization_config."""
    return {
        "quant_method": "bitsandbytes",
        "load_in_4bit": True,
        "load_in_8bit": False,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": double,
        "bnb_4bit_compute_dtype": _TYPES[source.kind],
        "bnb_4bit_quant_storage": "uint8",
        "llm_int8_skip_modules": list(source.layers),
    }
