"""The importance matrix: which inputs of each weight a model really uses, measured on text.

The file is llama.cpp's: for each weight, NAME.in_sum2 [n_expert, n_in] = Σ x² of its input over
the tokens that reached the expert, and NAME.counts [n_expert, 1], how many those were.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.model.gguf.header import GgufHeader, read_header, read_values
from quantize.calibration import OWN, texts_for
from quantize.child import run_job
from quantize.numbers import Floats, decode
from quantize.outcome import Outcome
from quantize.output import atomic_output, check_place
from quantize.task import Task

MAX_SIZE = 1 << 30  # bytes; that of a model of 107 billion weights has 400 MB
FULL_PRECISION = frozenset({"F32", "F16", "BF16"})
_SQUARES, _COUNTS = ".in_sum2", ".counts"


@dataclass(frozen=True, slots=True)
class Importance(Outcome):
    """A finished collection: windows of text, tokens in them, weights it tells about."""

    windows: int
    tokens: int
    tensors: int

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        return (
            f"Measured what {self.tensors} weights read on {self.tokens:,} tokens in "
            f"{self.windows} windows."
        )


def collect(model: Path, target: Path, texts: list[Path], task: Task) -> Importance:
    """Run a full-precision model over our dialogues and `texts`; write what its weights read.

    Raises KnownError and Cancelled; `target` is then as it was before.
    """
    header = read_header(model)
    require_full_precision(header, model, "Measure")
    check_place(target, (model, *texts))
    documents = texts_for(header, texts)
    with atomic_output(target) as temporary:
        arguments = {
            "model": str(model.resolve()),
            "target": str(temporary.resolve()),
            "texts": json.dumps(documents),
            "datasets": json.dumps([path.name for path in (OWN, *texts)]),
            "context": str(header.number("context_length", 0)),
        }
        found = run_job("imatrix", arguments, task, share=(0.0, 1.0))
        task.check()
    return Importance(int(found["windows"]), int(found["tokens"]), int(found["tensors"]))


def read_importance(path: Path) -> dict[str, Floats]:
    """Weight → mean square of each of its inputs [n_expert, n_in]. Raises KnownError.

    An expert that no token reached has ones, as in llama.cpp.
    """
    header = read_values(path)
    if header.metadata.get("general.type") != "imatrix":
        raise KnownError(
            f"{path.name} is not an importance matrix.",
            "Make one with `assay-quantize imatrix`; old .dat files are not read.",
        )
    if header.size > MAX_SIZE:
        raise KnownError(f"{path.name} is larger than any importance matrix.", "Make it again.")
    values: dict[str, Floats] = {}
    try:
        with open(path, "rb") as file:
            for tensor in header.tensors:
                if tensor.type.name != "F32":
                    raise _damaged(path)
                file.seek(tensor.offset)
                numbers = decode(file.read(tensor.size), "F32").reshape(-1, tensor.shape[0])
                if not np.isfinite(numbers).all() or (numbers < 0).any():
                    raise _damaged(path)
                values[tensor.name] = numbers
    except OSError as error:
        raise known_os_error(f"read {path.name}", error) from error
    result: dict[str, Floats] = {}
    for name, squares in values.items():
        if not name.endswith(_SQUARES):
            continue
        weight = name.removesuffix(_SQUARES)
        counts = values.get(weight + _COUNTS)
        if counts is None or counts.shape != (len(squares), 1):
            raise _damaged(path)
        means = squares / np.maximum(counts, 1)
        result[weight] = np.where(counts > 0, means, np.float32(1)).astype(np.float32)
    return result


def require_full_precision(header: GgufHeader, path: Path, verb: str) -> None:
    """Raise KnownError unless the file holds original weights."""
    if not {tensor.type.name for tensor in header.tensors} <= FULL_PRECISION:
        raise KnownError(
            f"{path.name} is quantized already; doing it again would only lose quality.",
            f"{verb} the model's F16, BF16 or F32 file.",
        )


def _damaged(path: Path) -> KnownError:
    return KnownError(f"{path.name} is damaged.", "Make it again with `assay-quantize imatrix`.")
