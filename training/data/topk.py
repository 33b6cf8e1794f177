"""A teacher's top-k logits on disk: memory-mapped, fp16, bound to the data they were made from."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import KnownError
from training.data.sft import Dialogues

_META = "topk.json"


@dataclass(frozen=True)
class TopK:
    """Rows for the tokens that have a loss weight, in the order of the dialogues.

    ids: [rows, k] int32. logs: [rows, k + 1] fp16, log-probabilities of these and of all others
    together, at the temperature. targets: [rows] fp16, log-probability, at temperature 1, of the
    token that really follows. starts: first token of each dialogue. places: row of each token, -1
    without one.
    """

    ids: NDArray[np.int32]
    logs: NDArray[np.float16]
    targets: NDArray[np.float16]
    starts: NDArray[np.int64]
    places: NDArray[np.int64]
    temperature: float

    def read(
        self, tokens: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
        """ids, logs and targets of tokens, which are numbered over all dialogues."""
        rows = self.places[tokens]
        if (rows < 0).any():
            raise ValueError("Logits were stored only for tokens that have a loss weight.")
        return (
            self.ids[rows].astype(np.int64),
            self.logs[rows].astype(np.float32),
            self.targets[rows].astype(np.float32),
        )


def fingerprint(dialogues: Dialogues, tokenizer: Path) -> str:
    """A hash of the tokenised dialogues, of which tokens count, and of the tokenizer's file."""
    digest = blake2b((tokenizer / "tokenizer.json").read_bytes(), digest_size=16)
    for part in (dialogues.ids, dialogues.starts, dialogues.weights > 0):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


@contextmanager
def writing(
    folder: Path, dialogues: Dialogues, mark: str, k: int, temperature: float
) -> Iterator[TopK]:
    """Arrays to fill; the folder gets its name when the block has ended without an error."""
    unfinished = folder.with_name(f"unfinished-{folder.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    rows = int((dialogues.weights > 0).sum())

    def new(name: str, kind: Any, *shape: int) -> Any:
        path = unfinished / f"{name}.npy"
        return np.lib.format.open_memmap(path, "w+", dtype=kind, shape=(rows, *shape))

    ids, logs = new("ids", np.int32, k), new("logs", np.float16, k + 1)
    targets = new("targets", np.float16)
    yield TopK(ids, logs, targets, dialogues.starts, _places(dialogues), temperature)
    for array in (ids, logs, targets):
        array.flush()
    meta = {"fingerprint": mark, "k": k, "temperature": temperature}
    (unfinished / _META).write_text(json.dumps(meta), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(unfinished, folder)


def open_topk(folder: Path, dialogues: Dialogues, mark: str) -> TopK:
    """Map what writing() wrote; KnownError if it was made from other data or another tokenizer."""
    if not (folder / _META).is_file():
        raise KnownError(f"{folder} holds no stored logits.", "assay-train topk writes them.")
    meta = json.loads((folder / _META).read_text(encoding="utf-8"))
    if meta["fingerprint"] != mark:
        raise KnownError(
            f"The logits in {folder} were made from other data or another tokenizer.",
            "Write them again with assay-train topk.",
        )
    ids, logs, targets = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("ids", "logs", "targets")
    )
    places = _places(dialogues)
    return TopK(ids, logs, targets, dialogues.starts, places, meta["temperature"])


def _places(dialogues: Dialogues) -> NDArray[np.int64]:
    counted = dialogues.weights > 0
    return np.where(counted, np.cumsum(counted) - 1, -1)
