"""Documents of different lengths packed into rows of one length, none cut, none seeing another."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from training.loop.batch import Batch

Sample = tuple[NDArray[np.unsignedinteger], NDArray[np.float32]]  # token ids, weights as targets


def pack(lengths: NDArray[np.int64], capacity: int) -> list[NDArray[np.int64]]:
    """Numbers of the documents in each row, by best fit decreasing.

    Each document, longest first, goes to the fullest row that has room: at most 11/9 of the
    fewest rows possible, and one more (Johnson et al., 1974). Documents of one length are placed
    together: the fullest row with room stays the fullest, so it takes as many as it can hold.
    Raises ValueError for a length outside 1 … capacity.
    """
    if len(lengths) and not 1 <= lengths.min() <= lengths.max() <= capacity:
        raise ValueError(f"A document is empty or longer than a row of {capacity} tokens.")
    order = np.argsort(-lengths, kind="stable")
    row_of = np.empty(len(order), dtype=np.int64)
    rooms: list[list[int]] = [[] for _ in range(capacity + 1)]  # rows by the room they have left
    counts = np.zeros(capacity + 1, dtype=np.int64)  # how many rows that are
    rows = place = 0
    sizes, numbers = np.unique(lengths, return_counts=True)
    for size, number in zip(sizes[::-1].tolist(), numbers[::-1].tolist(), strict=True):
        end = place + number
        for room in [*(np.flatnonzero(counts[size:]) + size).tolist(), capacity]:
            if place == end:
                break
            each = room // size
            wanted = -(-(end - place) // each)
            if not rooms[room]:  # new rows
                rooms[room] = list(range(rows, rows + wanted))
                rows += wanted
                counts[room] += wanted
            taken = rooms[room][:wanted]
            del rooms[room][:wanted]
            counts[room] -= len(taken)
            held = min(end - place, each * len(taken))
            row_of[place : place + held] = np.repeat(taken, each)[:held]
            place += held
            last = held - each * (len(taken) - 1)  # the last of them may hold fewer
            for part, content in ((taken[:-1], each), (taken[-1:], last)):
                rooms[room - content * size] += part
                counts[room - content * size] += len(part)
    inside = np.argsort(row_of, kind="stable")
    starts = np.searchsorted(row_of[inside], np.arange(1, rows))
    return [part for part in np.split(order[inside], starts) if len(part)]


def fill(rows: Sequence[Sequence[Sample]]) -> Batch:
    """One row of the batch per row of samples, filled up at the end with weight 0.

    A sample of n tokens takes n - 1 places, so that no document predicts the next one. With one
    sample in every row there are no positions: attention is plainly causal.
    """
    length = max(sum(len(ids) - 1 for ids, _ in row) for row in rows)
    inputs = np.zeros((len(rows), length), dtype=np.int64)
    targets, positions = np.zeros_like(inputs), np.zeros_like(inputs)
    weights = np.zeros(inputs.shape, dtype=np.float32)
    used = 0
    for number, row in enumerate(rows):
        place = 0
        for ids, loss in row:
            part = slice(place, place := place + len(ids) - 1)
            inputs[number, part], targets[number, part] = ids[:-1], ids[1:]
            weights[number, part] = loss[1:]
            positions[number, part] = np.arange(len(ids) - 1)
        positions[number, place:] = np.arange(length - place)
        used += place
    packed = any(len(row) > 1 for row in rows)
    return Batch(
        torch.from_numpy(inputs), torch.from_numpy(targets), torch.from_numpy(weights),
        positions=torch.from_numpy(positions) if packed else None, used=used,
    )  # fmt: skip
