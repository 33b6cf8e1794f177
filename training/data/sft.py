"""Dialogues for instruction tuning: tokenised once with a loss weight per token, then batched."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engine.core.words import counted
from training.data import dialogue_formats, rows
from training.data.batching import LengthStream, Row
from training.data.cache import token_type
from training.data.chat import Piece, Weights
from training.data.mixing import Shares
from training.data.packing import Sample, fill
from training.data.template import Form, weigh_tags
from training.loop.batch import Batch


class Dialogues:
    """Tokenised dialogues: ids and weights one after the other, and where each one starts."""

    def __init__(
        self,
        ids: NDArray[np.unsignedinteger],
        weights: NDArray[np.float32],
        starts: NDArray[np.int64],
        shares: Shares | None = None,
    ) -> None:
        """starts has one entry more than there are dialogues: the end of the last.

        shares: of their sources in an epoch.
        """
        self.ids, self.weights, self.starts, self.shares = ids, weights, starts, shares
        self.lengths = np.diff(starts)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> Sample:
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
    encoding = tokenizer.encode("".join(piece.text for piece in pieces), add_special_tokens=False)
    weights, before = [], 0
    for start, end in encoding.offsets:
        # Some tokenizers leave white space out of the offsets: begin where the last one ended.
        weights.append(characters[min(start, before) : end].max(initial=0.0))
        before = end
    return encoding.ids, np.asarray(weights, dtype=np.float32)


def read_dialogues(
    path: Path,
    tokenizer: Tokenizer,
    weights: Weights,
    longest: int,
    folder: Path | None = None,
    tag_weight: float = 1.0,
) -> Dialogues:
    """Tokenise dialogues; those of more than longest tokens are left out and counted.

    path: a file, a folder or a pattern, in any format of data/dialogue_formats.py. folder: the
    tokenizer's, whose chat template is used unless the vocabulary is ours. tag_weight: of think
    and answer tags. Raises ValueError that names the line of a dialogue that cannot be read or
    has nothing to learn.
    """
    ids: list[NDArray[np.unsignedinteger]] = []
    losses: list[NDArray[np.float32]] = []
    left_out = 0
    form, kind = Form(tokenizer, folder, weights), token_type(tokenizer)
    for where, dialogue in dialogue_formats.read_dialogues(path):
        try:
            rendered = form.samples(dialogue)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{where}: not a dialogue ({rows.reason(error)})") from error
        encoded = [encode([*weigh_tags(pieces, tag_weight)], tokenizer) for pieces in rendered]
        if not any(loss[1:].any() for _, loss in encoded):
            raise ValueError(f"{where}: the assistant says nothing, so there is nothing to learn")
        for tokens, loss in encoded:
            if len(tokens) > longest:
                left_out += 1
                continue
            loss[0] = 0  # nothing predicts the first token, of a plain text either
            ids.append(np.asarray(tokens, dtype=kind))
            losses.append(loss)
    if not ids:
        raise rows.nothing_left(path, left_out, "dialogue", longest)
    print(f"{path.name}: {counted(len(ids), 'dialogue')}, {left_out} too long", flush=True)
    starts = np.concatenate(([0], np.cumsum([len(part) for part in ids])))
    return Dialogues(np.concatenate(ids), np.concatenate(losses), starts)


class DialogueStream(LengthStream):
    """Endless batches of dialogues in a new order each epoch.

    Usually every dialogue is one row, among rows of similar length. On a CPU this is cheaper than
    packing: attention over a row of one dialogue costs a fraction of that over 2,048 tokens, and
    the filling is a few percent.
    """

    def __init__(self, dialogues: Dialogues, seed: int, packed: int = 0) -> None:
        """packed: length of rows into which dialogues are packed; 0 = one dialogue a row."""
        super().__init__(dialogues.lengths, seed, packed, dialogues.shares)
        self._dialogues = dialogues

    def next_batch(self, rows: int) -> Batch:
        """At most rows rows."""
        return self.batch(self.next_rows(rows))

    def batch(self, chosen: list[Row]) -> Batch:
        """The batch of rows that next_rows() named."""
        return fill([[self._dialogues[int(index)] for index in row] for row in chosen])


def pad(samples: Sequence[Sample]) -> Batch:
    """One row per sample, filled up at the end with weight 0."""
    return fill([[sample] for sample in samples])
