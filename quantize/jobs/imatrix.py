"""Collects the importance matrix: how strongly a text drives each input of each weight."""

import json
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import KnownError
from quantize import writer
from quantize.jobs import Arguments, Report, Result
from quantize.jobs.ggml import Tensor, view
from quantize.jobs.watched import WatchedModel

WINDOW = 512
LEAST = 32  # tokens


class Sums:
    """Σ x² over tokens of the input x [n_in] of each weight, per expert.

    squares: weight → [n_expert, n_in]; counts: weight → tokens seen [n_expert].
    """

    def __init__(self) -> None:
        self.squares: dict[str, NDArray[np.float64]] = {}
        self.counts: dict[str, NDArray[np.float64]] = {}

    def watch(self, operation: str, result: Tensor) -> None:
        """Add what a matrix multiplication read."""
        weight = result.src[0].contents
        name = weight.name.decode(errors="replace")
        if operation == "GET_ROWS" or not name.endswith(".weight"):
            return  # attention multiplies keys and values, too
        inputs = view(result.src[1].contents)
        if operation == "MUL_MAT":
            rows = inputs.reshape(-1, inputs.shape[-1])
            squares, counts = self._of(name, 1, rows.shape[1])
            squares[0] += np.einsum("ij,ij->j", rows, rows)
            counts[0] += len(rows)
            return
        # inputs [1, tokens, 1 or used, n_in]; chosen [1, 1, tokens, used]
        chosen = view(result.src[2].contents, np.int32)[0, 0]
        rows = np.broadcast_to(inputs[0], (*chosen.shape, inputs.shape[-1]))
        squares, counts = self._of(name, weight.ne[2], rows.shape[-1])
        for expert in np.unique(chosen):
            found = rows[chosen == expert]
            squares[expert] += np.einsum("ij,ij->j", found, found)
            counts[expert] += len(found)

    def _of(
        self, name: str, experts: int, width: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if name not in self.squares:
            self.squares[name] = np.zeros((experts, width))
            self.counts[name] = np.zeros(experts)
        return self.squares[name], self.counts[name]


def imatrix(arguments: Arguments, report: Report) -> Result:
    """Run a model over texts and write the sums in llama.cpp's format.

    arguments: model, target (paths), texts, datasets (JSON lists), context (tokens it can hold).
    Returns windows, tokens, tensors. Raises KnownError.
    """
    sums = Sums()
    window = min(WINDOW, int(arguments["context"]))
    model = WatchedModel(arguments["model"], window, sums.watch)
    tokens = [one for text in json.loads(arguments["texts"]) for one in model.tokenize(text)]
    window = min(window, len(tokens))
    if window < LEAST:
        raise KnownError(f"The text is too short: {LEAST} tokens are needed.", "Give a longer one.")
    starts = range(0, len(tokens) - window + 1, window)
    for number, start in enumerate(starts, 1):
        model.run(tokens[start : start + window], window)
        report(number / len(starts), f"Reading part {number} of {len(starts)}")
    _write(Path(arguments["target"]), sums, json.loads(arguments["datasets"]), len(starts), window)
    return {"windows": len(starts), "tokens": len(starts) * window, "tensors": len(sums.squares)}


def _write(path: Path, sums: Sums, datasets: list[str], windows: int, window: int) -> None:
    metadata = {
        "general.type": writer.text("imatrix"),
        "imatrix.datasets": writer.texts(datasets),
        "imatrix.chunk_count": writer.u32(windows),
        "imatrix.chunk_size": writer.u32(window),
    }
    tensors = []
    for name in sorted(sums.squares):
        counts = sums.counts[name][:, None]
        for suffix, values in (("in_sum2", sums.squares[name]), ("counts", counts)):
            tensors.append(_tensor(f"{name}.{suffix}", values))
    with open(path, "xb") as file:
        writer.write_gguf(file, metadata, tensors, lambda *_: None)


def _tensor(name: str, values: NDArray[np.float64]) -> writer.Tensor:
    data = values.astype("<f4").tobytes()
    assert len(data) == 4 * prod(values.shape)
    return writer.Tensor(name, values.shape, "F32", lambda: iter((data,)))
