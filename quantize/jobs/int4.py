"""Rounds a model's matrices to four-bit integers with feedback, over a text."""

from pathlib import Path

import numpy as np

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from quantize.export.int4 import best_scales, packed, rounded
from quantize.export.int4_feedback import with_feedback
from quantize.export.source import Matrix, open_source, whole
from quantize.jobs import Arguments, Report, Result
from quantize.jobs.hessians import Reading
from quantize.numbers import Floats, encode


def int4(arguments: Arguments, report: Report) -> Result:
    """Write, for each matrix, a file with its scales and then its packed codes.

    arguments: folder (of the model), model (its GGUF file in full precision), texts (JSON list),
    context (tokens the model can hold), memory (bytes for sums over inputs), group (weights with a
    common scale), kind (what scales are stored as), target (a folder; the files are numbered as
    the matrices). Returns matrices (how many were rounded with feedback).
    """
    tensors: dict[str, list[tuple[int, Matrix]]] = {}
    for number, matrix in enumerate(open_source(Path(arguments["folder"])).matrices):
        tensors.setdefault(matrix.tensor, []).append((number, matrix))
    reading = Reading(arguments["model"], arguments)
    inputs = {name: one for name, one in reading.inputs().items() if name in tensors}
    if missing := tensors.keys() - inputs.keys():
        raise KnownError(f"llama.cpp does not use {min(missing)[:60]}.", "Use another model.")
    fed_back, done, step = 0, 0.0, 1 / len(inputs) / 2

    def read(weights: float, text: str) -> None:
        nonlocal done
        done += step * weights
        report(done, text)

    for together, hessians in reading.hessians(inputs, read):
        for name in together:
            for number, matrix in tensors[name]:
                hessian = hessians.of(name, matrix.expert)
                data = _rounded(matrix, hessian, int(arguments["group"]), arguments["kind"])
                _write(Path(arguments["target"]) / str(number), data)
                fed_back += hessian is not None
            read(1, f"Rounding {name}")
    return {"matrices": fed_back}


def _rounded(matrix: Matrix, hessian: Floats | None, group: int, kind: str) -> bytes:
    """The scales and the codes; an expert that no token reached is rounded without feedback."""
    weight = whole(matrix.weight)
    if hessian is None:
        parts = weight.reshape(len(weight), -1, group)
        scales = best_scales(parts, np.ones(parts.shape[1:], np.float32), kind)
        codes = rounded(parts, scales).reshape(weight.shape)
    else:
        codes, scales = with_feedback(weight, hessian, group, kind)
    return encode(scales.reshape(-1), kind) + packed(codes)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise known_os_error("write the new folder", error) from error
