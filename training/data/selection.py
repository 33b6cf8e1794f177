"""Parts of tokenised dialogues, and batches that say which dialogues their rows are."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from training.data.mixing import Shares
from training.data.sft import Dialogues, DialogueStream
from training.loop.batch import Batch
from training.loop.config import LoopConfig


def span(dialogues: Dialogues, number: int) -> slice:
    """Where the tokens of a dialogue lie."""
    return slice(int(dialogues.starts[number]), int(dialogues.starts[number + 1]))


def join(parts: list[Dialogues], shares: Shares | None = None) -> Dialogues:
    """The dialogues of all parts, one part after the other."""
    lengths = np.concatenate([part.lengths for part in parts])
    return Dialogues(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate(([0], np.cumsum(lengths))),
        shares,
    )


def select(dialogues: Dialogues, numbers: NDArray[np.int64]) -> Dialogues:
    """Some of the dialogues, in this order; a number may repeat."""
    tokens = np.concatenate([np.r_[span(dialogues, int(number))] for number in numbers])
    starts = np.concatenate(([0], np.cumsum(dialogues.lengths[numbers])))
    return Dialogues(dialogues.ids[tokens], dialogues.weights[tokens], starts)


def numbered_batches(stream: DialogueStream, loop: LoopConfig) -> list[Batch]:
    """The batches of the next step; extra["sample"] holds the number of each row's dialogue."""
    batches = []
    for _ in range(loop.accumulate):
        chosen = stream.next_rows(loop.rows)
        numbers, batch = np.concatenate(chosen), stream.batch(chosen)
        if len(numbers) != len(batch.inputs):
            raise ValueError("This method needs a row for each dialogue: packing must be off.")
        batches.append(replace(batch, extra={"sample": torch.from_numpy(numbers)}))
    return batches
