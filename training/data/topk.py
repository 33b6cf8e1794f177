"""A teacher's top-k logits on disk: memory-mapped, fp16, bound to the data they were made from."""

import json
import os
import shutil
from collections.abc import Mapping
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


class Writer:
    """Arrays to fill in a folder that gets its name when it is finished.

    It goes on where a killed one had saved: stored holds the rows of the first done dialogues.
    """

    def __init__(self, folder: Path, dialogues: Dialogues, made_of: Mapping[str, Any]) -> None:
        """made_of: "fingerprint", "k", "temperature" and what else the logits depend on."""
        self._folder, self._made_of = folder, made_of
        self._unfinished = folder.with_name(f"unfinished-{folder.name}")
        self.done = self._saved()
        if not self.done:
            shutil.rmtree(self._unfinished, ignore_errors=True)
            self._unfinished.mkdir(parents=True)
        k, rows = made_of["k"], int((dialogues.weights > 0).sum())

        def array(name: str, kind: Any, *shape: int) -> Any:
            return np.lib.format.open_memmap(
                self._unfinished / f"{name}.npy",
                "r+" if self.done else "w+",
                dtype=kind,
                shape=(rows, *shape),
            )

        self._arrays = (
            array("ids", np.int32, k), array("logs", np.float16, k + 1),
            array("targets", np.float16),
        )  # fmt: skip
        places, temperature = _places(dialogues), made_of["temperature"]
        self.stored = TopK(*self._arrays, dialogues.starts, places, temperature)

    def save(self, done: int) -> None:
        """Note that the rows of the first done dialogues are filled in."""
        for array in self._arrays:
            array.flush()
        noted = self._unfinished / f"{_META}.tmp"
        noted.write_text(json.dumps({**self._made_of, "done": done}), encoding="utf-8")
        os.replace(noted, self._unfinished / _META)

    def finish(self) -> None:
        """Give the folder its name."""
        self.save(len(self.stored.starts) - 1)
        shutil.rmtree(self._folder, ignore_errors=True)
        os.replace(self._unfinished, self._folder)

    def _saved(self) -> int:
        """Dialogues of an unfinished folder that was made of the same."""
        path = self._unfinished / _META
        noted = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        done = int(noted.pop("done", 0))
        return done if noted == self._made_of else 0


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
