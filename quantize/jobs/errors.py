"""What each type would do to each weight: its error, and what an error costs in answers."""

import ctypes
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import KnownError
from engine.model.gguf.header import GgufHeader, TensorInfo, read_header
from quantize.imatrix import read_importance
from quantize.jobs import Arguments, Report, Result
from quantize.jobs.ggml import Tensor, prepare, rounded
from quantize.jobs.watched import WatchedModel
from quantize.journal import Journal
from quantize.numbers import SIZES, Floats, decode, encode

SAMPLE = 1 << 19  # weights of a tensor that errors are computed on
WINDOW = 512
LEAST = 32  # tokens
PIECE = 1 << 22  # weights changed at once, by one thread

Bytes = NDArray[np.uint8]


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
        width, (experts, each) = tensor.shape[0], _counts(tensor)
        wanted = min(each, max(1, sample // width // experts))
        chosen = np.linspace(0, each - 1, wanted).round().astype(np.int64)
        importance = self._importances.get(name)
        for expert in range(experts):
            rows = self._at(tensor, expert * each + chosen)
            yield rows, None if importance is None else importance[expert], each / wanted

    def spans(self, name: str) -> list[tuple[int, int]]:
        """A tensor's rows, cut into pieces (first, end) of one expert and about PIECE weights."""
        tensor = self._tensors[name]
        experts, each = _counts(tensor)
        step = max(1, PIECE // tensor.shape[0])
        return [
            (expert * each + first, expert * each + min(first + step, each))
            for expert in range(experts)
            for first in range(0, each, step)
        ]

    def changed(self, name: str, kind: str, span: tuple[int, int]) -> tuple[bytes, float]:
        """Rows of a tensor as `kind` holds them, in the file's own type, and their error."""
        tensor = self._tensors[name]
        rows = self._at(tensor, np.arange(*span))
        importances = self._importances.get(name)
        importance = None if importances is None else importances[span[0] // _counts(tensor)[1]]
        stored = _stored(rows, kind, importance)
        error = _weighted((stored - rows) ** 2, importance)
        return encode(stored.ravel(), tensor.type.name), error

    def original(self, name: str) -> Bytes:
        """A tensor's bytes in the file."""
        tensor = self._tensors[name]
        return self._file[tensor.offset : tensor.offset + tensor.size]

    def row_bytes(self, name: str) -> int:
        """Bytes of a row in the file."""
        tensor = self._tensors[name]
        return tensor.shape[0] * SIZES[tensor.type.name]

    def _at(self, tensor: TensorInfo, rows: NDArray[np.int64]) -> Floats:
        data = self._file[tensor.offset : tensor.offset + tensor.size]
        width = tensor.shape[0] * SIZES[tensor.type.name]
        return decode(data.reshape(-1, width)[rows].tobytes(), tensor.type.name).reshape(
            len(rows), tensor.shape[0]
        )


def errors(arguments: Arguments, report: Report) -> Result:
    """The error of each candidate: Σ importance · (weight − stored weight)² over a tensor.

    arguments: source, importance (paths), candidates (JSON: tensor → types), journal (a path) with
    its key. Returns "tensor type" → error; every weight counts alike where no importance is known.
    """
    weights = _Weights(Path(arguments["source"]), arguments["importance"])
    journal = Journal(Path(arguments["journal"]), arguments["key"])
    candidates = json.loads(arguments["candidates"])
    wanted = {
        f"{name} {kind}": (name, kind) for name, kinds in candidates.items() for kind in kinds
    }
    pairs = {key: pair for key, pair in wanted.items() if key not in journal.known}
    for kind in sorted({kind for _, kind in pairs.values()}):
        if kind not in SIZES:
            prepare(kind)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda pair: _error(weights, *pair), pairs.values())
        known = len(wanted) - len(pairs)
        for number, (key, error) in enumerate(zip(pairs, found, strict=True), known + 1):
            journal.add(key, error)
            report(number / len(wanted), f"Trying {pairs[key][1]} on {pairs[key][0]}")
    return {key: journal.known[key] for key in wanted}


def _error(weights: _Weights, name: str, kind: str) -> float:
    return sum(
        scale * _weighted((_stored(rows, kind, importance) - rows) ** 2, importance)
        for rows, importance, scale in weights.experts(name, SAMPLE)
    )


def _weighted(squares: Floats, importance: Floats | None) -> float:
    columns = squares.sum(axis=0, dtype=np.float64)
    return float(columns.sum() if importance is None else columns @ importance)


def _stored(rows: Floats, kind: str, importance: Floats | None) -> Floats:
    if kind in SIZES:
        return decode(encode(rows, kind), kind).reshape(rows.shape)
    return rounded(rows, kind, importance)


def sensitivity(arguments: Arguments, report: Report) -> Result:
    """What a unit of each tensor's error costs: the model is run with it alone quantized.

    arguments: source, importance (paths), texts (JSON list), tokens (to run over), context (tokens
    the model can hold), probes (JSON: tensor → the type to try), journal (a path) with its key.
    Returns tensor → mean Kullback–Leibler divergence from the original's answers [nats] per unit of
    error.
    """
    journal = Journal(Path(arguments["journal"]), arguments["key"])
    wanted = json.loads(arguments["probes"])
    probes = {name: kind for name, kind in wanted.items() if name not in journal.known}
    if probes:
        _measure(arguments, probes, len(wanted), journal, report)
    return {name: journal.known[name] for name in wanted}


def _measure(
    arguments: Arguments, probes: dict[str, str], all_in_all: int, journal: Journal, report: Report
) -> None:
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
    for kind in sorted(set(probes.values())):
        prepare(kind)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        known = all_in_all - len(probes)
        for number, (name, kind) in enumerate(probes.items(), known + 1):
            found = places.get(name, set())
            error = sum(pool.map(_changer(weights, name, kind, found), weights.spans(name)))
            cost = _divergence(model, windows, reference)
            _put(found, 0, weights.original(name))
            journal.add(name, cost / error if error else 0.0)
            report(number / all_in_all, f"Measuring {name}")


def _changer(
    weights: _Weights, name: str, kind: str, places: set[int]
) -> Callable[[tuple[int, int]], float]:
    """What stores some rows of a tensor as `kind` where the model has them; gives their error."""

    def change(span: tuple[int, int]) -> float:
        data, error = weights.changed(name, kind, span)
        _put(places, span[0] * weights.row_bytes(name), np.frombuffer(data, np.uint8))
        return error

    return change


def _put(places: set[int], offset: int, data: Bytes) -> None:
    for place in places:
        ctypes.memmove(place + offset, data.ctypes.data, data.size)


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


def _counts(tensor: TensorInfo) -> tuple[int, int]:
    """Experts, and rows of each."""
    experts = tensor.shape[2] if len(tensor.shape) > 2 else 1
    return experts, prod(tensor.shape[1:]) // experts
