"""Collects Σ x xᵀ over a text for the inputs x of weights, a few inputs at a time."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.core.errors import KnownError
from quantize.jobs import Arguments
from quantize.jobs.ggml import Tensor, view
from quantize.jobs.watched import WatchedModel
from quantize.numbers import Floats

WINDOW = 512
LEAST = 32  # tokens


@dataclass(frozen=True, slots=True)
class Input:
    """What several weights read: the tensor's name in the graph, experts, width."""

    name: str
    experts: int
    width: int

    @property
    def size(self) -> int:
        """Bytes of its Hessians."""
        return 4 * self.experts * self.width**2


def inputs_of(model: WatchedModel, tokens: list[int]) -> dict[str, Input]:
    """Weight → its input, found by running over a few tokens."""
    found: dict[str, Input] = {}

    def watch(operation: str, result: Tensor) -> None:
        weight, source = (result.src[at].contents for at in (0, 1))
        name = weight.name.decode(errors="replace")
        if operation != "GET_ROWS" and name.endswith(".weight"):
            experts = weight.ne[2] if operation == "MUL_MAT_ID" else 1
            found[name] = Input(source.name.decode(errors="replace"), experts, weight.ne[0])

    model.watch = watch
    model.run(tokens, len(tokens))
    return found


def groups(inputs: dict[str, Input], memory: int) -> Iterator[dict[str, Input]]:
    """The weights in their order, as many at a time as have Hessians that fit into memory."""
    group: dict[str, Input] = {}
    for name, one in inputs.items():
        read = set(group.values())
        if group and one not in read and sum(each.size for each in (*read, one)) > memory:
            yield group
            group = {}
        group[name] = one
    if group:
        yield group


class Hessians:
    """Σ x xᵀ [n_in, n_in] of each expert's own tokens; a weight without experts has expert 0.

    wanted: weight → its input; weights that read the same share their sums.
    """

    def __init__(self, wanted: dict[str, Input]) -> None:
        self._inputs = wanted
        self._readers = {one: name for name, one in reversed(wanted.items())}  # the first of each
        self._sums: dict[tuple[Input, int], Floats] = {}

    def of(self, weight: str, expert: int) -> Floats | None:
        """The sums, None if no token reached the expert."""
        return self._sums.get((self._inputs[weight], expert))

    def watch(self, operation: str, result: Tensor) -> None:
        """Add what a matrix multiplication read."""
        name = result.src[0].contents.name.decode(errors="replace")
        one = self._inputs.get(name)
        if operation == "GET_ROWS" or one is None or self._readers[one] != name:
            return
        values = view(result.src[1].contents)
        if operation == "MUL_MAT":
            self._add(one, 0, values.reshape(-1, one.width))
            return
        chosen = view(result.src[2].contents, np.int32)[0, 0]
        rows = np.broadcast_to(values[0], (*chosen.shape, one.width))
        for expert in np.unique(chosen):
            self._add(one, int(expert), rows[chosen == expert])

    def _add(self, one: Input, expert: int, rows: Floats) -> None:
        products = rows.T @ rows
        sums = self._sums.setdefault((one, expert), products)
        if sums is not products:
            sums += products


class Reading:
    """A model that reads texts as often as their sums need. Raises KnownError for too short ones.

    path: of its file; arguments: texts (JSON list), context (tokens the model can hold), memory
    (bytes for sums).
    """

    def __init__(self, path: str, arguments: Arguments) -> None:
        window = min(WINDOW, int(arguments["context"]))
        self._model = WatchedModel(path, window, None)
        texts = json.loads(arguments["texts"])
        tokens = [one for text in texts for one in self._model.tokenize(text)]
        window = min(window, len(tokens))
        if window < LEAST:
            raise KnownError(
                f"The text is too short: {LEAST} tokens are needed.", "Give a longer one."
            )
        starts = range(0, len(tokens) - window + 1, window)
        self._windows = [tokens[start : start + window] for start in starts]
        self._memory = int(arguments["memory"])

    def inputs(self) -> dict[str, Input]:
        """Weight → what it reads."""
        return inputs_of(self._model, self._windows[0][:LEAST])

    def hessians(
        self, inputs: dict[str, Input], report: Callable[[float, str], None]
    ) -> Iterator[tuple[dict[str, Input], Hessians]]:
        """Weights and their sums, as many at a time as fit; report: weights read more, a text."""
        for group in groups(inputs, self._memory):
            hessians = Hessians(group)
            self._model.watch = hessians.watch
            for number, window in enumerate(self._windows, 1):
                self._model.run(window, len(window))
                count = len(self._windows)
                report(len(group) / count, f"Reading part {number} of {count}")
            yield group, hessians
