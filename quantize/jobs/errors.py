"""What each type would do to each weight: its error, and what an error costs in answers."""

import ctypes
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import KnownError
from engine.model.gguf.header import GgufHeader, TensorInfo, read_header
from quantize.imatrix import read_importance
from quantize.jobs import Arguments, Report, Result
from quantize.jobs.ggml import Tensor, prepare, rounded
from quantize.jobs.watched import WatchedModel
from quantize.numbers import SIZES, Floats, decode, encode

SAMPLE = 1 << 19  # weights of a tensor that errors are computed on
WINDOW = 512
LEAST = 32  # tokens


class _Weights:
    """The weights of a file in full precision, with their importances."""

    def __init__(self, source: Path, importance: str) -> None:
        header: GgufHeader = read_header(source)
        self._tensors = {tensor.name: tensor for tensor in header.tensors}
        self._file = np.memmap(source, np.uint8, "r")
        self._importances = read_importance(Path(importance)) if importance else {}

    def experts(self, name: str, sample: int) -> Iterator[tuple[Floats, Floats | None, float]]:
        """(rows, importance of their columns, rows there are per row given) of each expert.

        sample: about how many weights to give in all; rows are taken evenly.
        """
        tensor = self._tensors[name]
        width, count = tensor.shape[0], _rows(tensor)
        experts = tensor.shape[2] if len(tensor.shape) > 2 else 1
        each = count // experts
        wanted = min(each, max(1, sample // width // experts))
        chosen = np.linspace(0, each - 1, wanted).round().astype(np.int64)
        importance = self._importances.get(name)
        for expert in range(experts):
            rows = self._at(tensor, expert * each + chosen)
            yield rows, None if importance is None else importance[expert], each / wanted

    def whole(self, name: str) -> tuple[TensorInfo, bytes]:
        """A tensor and its bytes in the file."""
        tensor = self._tensors[name]
        return tensor, self._file[tensor.offset : tensor.offset + tensor.size].tobytes()

    def _at(self, tensor: TensorInfo, rows: NDArray[np.int64]) -> Floats:
        data = self._file[tensor.offset : tensor.offset + tensor.size]
        width = tensor.shape[0] * SIZES[tensor.type.name]
        return decode(data.reshape(-1, width)[rows].tobytes(), tensor.type.name).reshape(
            len(rows), tensor.shape[0]
        )


def errors(arguments: Arguments, report: Report) -> Result:
    """The error of each candidate: Σ importance · (weight − stored weight)² over a tensor.

    arguments: source, importance (paths), candidates (JSON: tensor → types). Returns
    "tensor type" → error; every weight counts alike where no importance is known.
    """
    weights = _Weights(Path(arguments["source"]), arguments["importance"])
    candidates = json.loads(arguments["candidates"])
    pairs = [(name, kind) for name, kinds in candidates.items() for kind in kinds]
    for kind in sorted({kind for _, kind in pairs}):
        if kind not in SIZES:
            prepare(kind)
    result: Result = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda pair: _error(weights, pair[0], pair[1], SAMPLE), pairs)
        for number, (pair, error) in enumerate(zip(pairs, found, strict=True), 1):
            result[" ".join(pair)] = error
            report(number / len(pairs), f"Trying {pair[1]} on {pair[0]}")
    return result


def _error(weights: _Weights, name: str, kind: str, sample: int) -> float:
    total = 0.0
    for rows, importance, scale in weights.experts(name, sample):
        squares = (_stored(rows, kind, importance) - rows) ** 2
        columns = squares.sum(axis=0, dtype=np.float64)
        total += scale * float(columns.sum() if importance is None else columns @ importance)
    return total


def _stored(rows: Floats, kind: str, importance: Floats | None) -> Floats:
    if kind in SIZES:
        return decode(encode(rows, kind), kind).reshape(rows.shape)
    return rounded(rows, kind, importance)


def sensitivity(arguments: Arguments, report: Report) -> Result:
    """What a unit of each tensor's error costs: the model is run with it alone quantized.

    arguments: source, importance (paths), texts (JSON list), tokens (to run over), context (tokens
    the model can hold), probes (JSON: tensor → the type to try). Returns tensor → mean
    Kullback–Leibler divergence from the original's answers [nats] per unit of error.
    """
    places: dict[str, set[int]] = {}

    def remember(_operation: str, result: Tensor) -> None:
        weight = result.src[0].contents
        places.setdefault(weight.name.decode(errors="replace"), set()).add(weight.data)

    window = min(WINDOW, int(arguments["context"]))
    model = WatchedModel(arguments["source"], window, remember, mmap=False)
    windows = _windows(model, json.loads(arguments["texts"]), window, int(arguments["tokens"]))
    reference = [_log_softmax(model.run(tokens, len(tokens) // 4)) for tokens in windows]
    model.watch = None
    weights = _Weights(Path(arguments["source"]), arguments["importance"])
    probes = json.loads(arguments["probes"])
    result: Result = {}
    for number, (name, kind) in enumerate(probes.items(), 1):
        tensor, original = weights.whole(name)
        parts = list(weights.experts(name, tensor.size))
        stored = [_stored(rows, kind, importance) for rows, importance, _ in parts]
        error = _error(weights, name, kind, tensor.size)
        changed = encode(np.concatenate(stored).ravel(), tensor.type.name)
        _put(places.get(name, set()), changed)
        cost = _divergence(model, windows, reference)
        _put(places.get(name, set()), original)
        result[name] = cost / error if error else 0.0
        report(number / len(probes), f"Measuring {name}")
    return result


def _put(places: set[int], data: bytes) -> None:
    for place in places:
        ctypes.memmove(place, data, len(data))


def _windows(model: WatchedModel, texts: list[str], window: int, tokens: int) -> list[list[int]]:
    """About so many tokens of the texts, in windows taken evenly."""
    found = [token for text in texts for token in model.tokenize(text)]
    window = min(window, len(found))
    if window < LEAST:
        raise KnownError(f"The text is too short: {LEAST} tokens are needed.", "Give a longer one.")
    count = min(max(1, tokens // window), len(found) // window)
    starts = np.linspace(0, len(found) - window, count).round().astype(int)
    return [found[start : start + window] for start in starts]


def _divergence(model: WatchedModel, windows: list[list[int]], reference: list[Floats]) -> float:
    total, rows = 0.0, 0
    for tokens, ours in zip(windows, reference, strict=True):
        theirs = _log_softmax(model.run(tokens, len(tokens) // 4))
        total += float(np.einsum("ij,ij->i", np.exp(ours), ours - theirs).sum(dtype=np.float64))
        rows += len(ours)
    return max(0.0, total / rows)


def _log_softmax(logits: Floats) -> Floats:
    """ln softmax of each row, in place."""
    logits -= logits.max(axis=1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True, dtype=np.float64)).astype(np.float32)
    return logits


def _rows(tensor: TensorInfo) -> int:
    count = 1
    for size in tensor.shape[1:]:
        count *= size
    return count
