"""Makes a model file smaller by storing its weights with fewer bits."""

import os
import time
from dataclasses import dataclass
from math import prod
from pathlib import Path

from engine.core.errors import KnownError
from engine.model.gguf.header import GgufHeader, read_header
from quantize.child import run_job
from quantize.output import atomic_output
from quantize.task import Task

# llama.cpp's types that need no calibration data, best quality first.
TYPES = (
    "Q8_0",
    "Q6_K",
    "Q5_K_M",
    "Q5_K_S",
    "Q5_1",
    "Q5_0",
    "Q4_K_M",
    "Q4_K_S",
    "IQ4_NL",
    "IQ4_XS",
    "Q4_1",
    "Q4_0",
    "Q3_K_L",
    "Q3_K_M",
    "Q3_K_S",
    "Q2_K",
)
FULL_PRECISION = frozenset({"F32", "F16", "BF16"})


@dataclass(frozen=True, slots=True)
class Quantized:
    """A finished quantization: bytes before and after, bits per weight, seconds it took."""

    type: str
    size_before: int
    size: int
    bits_per_weight: float
    seconds: float


def quantize(source: Path, target: Path, type_name: str, task: Task) -> Quantized:
    """Write `target` with the weights of `source` as type_name, one of TYPES.

    The work is done by llama.cpp in a child process. Raises KnownError and Cancelled; `target`
    is then as it was before.
    """
    started = time.monotonic()
    before = read_header(source)
    if not {tensor.type.name for tensor in before.tensors} <= FULL_PRECISION:
        raise KnownError(
            f"{source.name} is quantized already; doing it again would only lose quality.",
            "Quantize the model's F16, BF16 or F32 file.",
        )
    with atomic_output(target) as temporary:
        if target.exists() and os.path.samefile(source, target):
            raise KnownError(
                "The new file would replace the one it is made from.", "Give it another name."
            )
        arguments = {
            "source": str(source.resolve()),
            "target": str(temporary.resolve()),
            "type": type_name,
            "header": str(before.tensors[0].offset),
        }
        run_job("quantize", arguments, task, share=(0.0, 1.0))
        after = read_header(temporary)
        task.check()
    weights = sum(prod(tensor.shape) for tensor in after.tensors)
    bits = 8 * _tensor_bytes(after) / weights
    return Quantized(type_name, before.size, after.size, bits, time.monotonic() - started)


def _tensor_bytes(header: GgufHeader) -> int:
    return sum(tensor.size for tensor in header.tensors)
