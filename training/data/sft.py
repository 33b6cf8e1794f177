"""Dialogues for instruction tuning: tokenised once with a loss weight per token, then batched.

One JSON object per line: {"messages": [...], "tools": ["price", ...]}, as data/chat.py renders.
"""

import json
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.data.chat import Piece, Weights, render
from training.loop.batch import Batch

_BATCH_TOKENS = 16_384  # no forward pass is larger than this, however long the dialogues are
_POOL_BATCHES = 64  # dialogues of this many batches are sorted by length together


class Dialogues:
    """Tokenised dialogues: ids and weights one after the other, and where each one starts."""

    def __init__(
        self, ids: NDArray[np.uint16], weights: NDArray[np.float32], starts: NDArray[np.int64]
    ) -> None:
        """starts has one entry more than there are dialogues: the end of the last."""
        self.ids, self.weights, self.starts = ids, weights, starts
        self.lengths = np.diff(starts)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
        """Token ids and their weights as targets."""
        part = slice(int(self.starts[index]), int(self.starts[index + 1]))
        return self.ids[part], self.weights[part]


def encode(pieces: list[Piece], tokenizer: Tokenizer) -> tuple[list[int], NDArray[np.float32]]:
    """Token ids of the joined pieces; a token across two pieces has the larger weight.

    The text is tokenised whole, as it is when the model is used.
    """
    ends = list(accumulate(len(piece.text) for piece in pieces))
    characters = np.zeros(ends[-1] + 1, dtype=np.float32)
    for piece, end in zip(pieces, ends, strict=True):
        characters[end - len(piece.text) : end] = piece.weight
    encoding = tokenizer.encode("".join(piece.text for piece in pieces))
    weights = [characters[start:end].max(initial=0.0) for start, end in encoding.offsets]
    return encoding.ids, np.asarray(weights, dtype=np.float32)


def read_dialogues(path: Path, tokenizer: Tokenizer, weights: Weights, longest: int) -> Dialogues:
    """Tokenise a JSONL file; dialogues of more than longest tokens are left out and counted.

    Raises ValueError that names the line of a dialogue that cannot be read.
    """
    ids: list[NDArray[np.uint16]] = []
    losses: list[NDArray[np.float32]] = []
    left_out = 0
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                pieces = render(row["messages"], row.get("tools", ()), weights)
            except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path.name}, line {number}: not a dialogue ({error})") from error
            tokens, loss = encode(pieces, tokenizer)
            if len(tokens) > longest:
                left_out += 1
                continue
            ids.append(np.asarray(tokens, dtype=np.uint16))
            losses.append(loss)
    if not ids:
        raise ValueError(f"{path.name} has no dialogue of at most {longest} tokens.")
    print(f"{path.name}: {len(ids)} dialogues, {left_out} too long", flush=True)
    starts = np.concatenate(([0], np.cumsum([len(part) for part in ids])))
    return Dialogues(np.concatenate(ids), np.concatenate(losses), starts)


class DialogueStream:
    """Endless batches of dialogues of similar length, in a new order each epoch.

    Every dialogue is one row, so none sees another and attention stays plainly causal; rows are
    filled up at the end. On a CPU this is cheaper than packing: attention over a row of one
    dialogue costs a fraction of that over 2,048 tokens, and the filling is a few percent.
    """

    def __init__(self, dialogues: Dialogues, seed: int) -> None:
        self._dialogues = dialogues
        self._seed = seed
        self._epoch, self._place = 0, 0
        self._plan: tuple[tuple[int, int], list[NDArray[np.int64]]] | None = None

    def next_batch(self, rows: int) -> Batch:
        """At most rows dialogues."""
        plan = self.plan(self._epoch, rows)
        chosen = plan[self._place]
        self._place += 1
        if self._place == len(plan):
            self._epoch, self._place = self._epoch + 1, 0
        return pad([self._dialogues[int(index)] for index in chosen])

    def plan(self, epoch: int, rows: int) -> list[NDArray[np.int64]]:
        """The batches of an epoch as lists of dialogue numbers."""
        if self._plan is None or self._plan[0] != (epoch, rows):
            generator = np.random.default_rng([self._seed, epoch])
            order = generator.permutation(len(self._dialogues))
            batches = list(self._cut(order, rows))
            shuffled = [batches[int(i)] for i in generator.permutation(len(batches))]
            self._plan = ((epoch, rows), shuffled)
        return self._plan[1]

    def epoch_tokens(self, rows: int) -> int:
        """Tokens of the first epoch, with the filling."""
        lengths = self._dialogues.lengths
        return sum(len(b) * (int(lengths[b].max()) - 1) for b in self.plan(0, rows))

    def state(self) -> list[int]:
        """Epoch and batch within it."""
        return [self._epoch, self._place]

    def restore(self, state: list[int]) -> None:
        """Go on with the given batch of the given epoch."""
        self._epoch, self._place = state

    def _cut(self, order: NDArray[np.int64], rows: int) -> Iterator[NDArray[np.int64]]:
        lengths = self._dialogues.lengths
        for pool in range(0, len(order), rows * _POOL_BATCHES):
            part = order[pool : pool + rows * _POOL_BATCHES]
            part = part[np.argsort(lengths[part], kind="stable")]
            while len(part):
                # Lengths rise, so the last row of a batch is its longest.
                sizes = lengths[part[:rows]] * np.arange(1, len(part[:rows]) + 1)
                count = max(1, int(np.searchsorted(sizes, _BATCH_TOKENS, side="right")))
                yield part[:count]
                part = part[count:]


def pad(samples: list[tuple[NDArray[np.uint16], NDArray[np.float32]]]) -> Batch:
    """One row per (ids, weights) sample, filled up at the end with weight 0."""
    length = max(len(ids) for ids, _ in samples) - 1
    inputs = np.zeros((len(samples), length), dtype=np.int64)
    targets = np.zeros_like(inputs)
    weights = np.zeros(inputs.shape, dtype=np.float32)
    for row, (ids, loss) in enumerate(samples):
        size = len(ids) - 1
        inputs[row, :size], targets[row, :size] = ids[:-1], ids[1:]
        weights[row, :size] = loss[1:]
    return Batch(torch.from_numpy(inputs), torch.from_numpy(targets), torch.from_numpy(weights))
