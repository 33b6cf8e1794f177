"""Token cache: each group of documents tokenised once, into memory-mapped uint16 or uint32."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engine.core.errors import KnownError
from training.data.formats import Document
from training.data.groups import Group
from training.vocabulary import END_OF_TEXT

Tokens = NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class CachedGroup:
    """Tokens of one group: the training part and the held-out part."""

    name: str
    train: Tokens
    held_out: Tokens


def origin(tokenizer: Path, group: Group) -> dict[str, str]:
    """What the tokens of a group depend on: digests of the tokenizer's file and of its selections.

    tokenizer: its folder.
    """
    parts = {
        "tokenizer": (tokenizer / "tokenizer.json").read_bytes(),
        "selection of documents": repr(group.selections).encode(),
    }
    return {what: blake2b(part, digest_size=16).hexdigest() for what, part in parts.items()}


def write_group(
    folder: Path,
    name: str,
    documents: Iterable[Document],
    tokenizer: Tokenizer,
    made_of: Mapping[str, str],
) -> None:
    """Tokenise documents, each followed by <|endoftext|>, into NAME.train.bin and NAME.val.bin.

    made_of: what the tokens depend on (origin), kept beside them.
    """
    kind = token_type(tokenizer)
    folder.mkdir(parents=True, exist_ok=True)
    end = tokenizer.token_to_id(END_OF_TEXT)
    sizes = {"train": 0, "val": 0}
    temporary = {part: folder / f"{name}.{part}.tmp" for part in sizes}
    with temporary["train"].open("wb") as train, temporary["val"].open("wb") as val:
        remaining = iter(documents)
        while chunk := list(islice(remaining, 256)):
            encoded = tokenizer.encode_batch_fast([d.text for d in chunk])
            for document, encoding in zip(chunk, encoded, strict=True):
                part, file = ("val", val) if document.held_out else ("train", train)
                file.write(np.array([*encoding.ids, end], dtype=kind).tobytes())
                sizes[part] += len(encoding.ids) + 1
    for part, path in temporary.items():
        os.replace(path, folder / f"{name}.{part}.bin")
    (folder / f"{name}.json").write_text(json.dumps({**sizes, "type": kind.name, **made_of}))


def open_group(folder: Path, name: str, made_of: Mapping[str, str]) -> CachedGroup:
    """Map a group written by write_group; nothing is read until it is used.

    Raises KnownError if it was not written, or if it is made of something else, as far as made_of
    names it.
    """
    if not has_group(folder, name):
        raise KnownError(
            f"There is no token cache of the group {name} in {folder}.",
            "Make it with assay-train cache.",
        )
    described = json.loads((folder / f"{name}.json").read_text())
    for what, digest in made_of.items():
        if described.get(what) != digest:
            raise KnownError(
                f"The token cache of the group {name} in {folder} was made with a different {what}"
                + ("." if what in described else ", or before this was noted."),
                f"Delete {folder / name}.json and make it again with assay-train cache.",
            )
    kind = np.dtype(described["type"])
    parts = (_map(folder / f"{name}.{part}.bin", kind) for part in ("train", "val"))
    return CachedGroup(name, *parts)


def has_group(folder: Path, name: str) -> bool:
    """True if the group was written completely."""
    return (folder / f"{name}.json").exists()


def windows(tokens: Tokens, length: int) -> int:
    """Number of windows of length + 1 tokens, neighbours sharing one token so none is lost."""
    return max(0, (len(tokens) - 1) // length)


def window(tokens: Tokens, index: int, length: int) -> Tokens:
    """Window number index: length inputs and, shifted by one, length targets."""
    return tokens[index * length : index * length + length + 1]


def iterate(tokens: Tokens, length: int, limit: int) -> Iterator[Tokens]:
    """Up to limit windows spread evenly over the tokens."""
    count = windows(tokens, length)
    for position in np.linspace(0, count, min(limit, count), endpoint=False, dtype=np.int64):
        yield window(tokens, int(position), length)


def token_type(tokenizer: Tokenizer) -> np.dtype[np.unsignedinteger]:
    """The smallest type that holds every token id."""
    return np.dtype(np.uint16 if tokenizer.get_vocab_size() <= 2**16 else np.uint32)


def _map(path: Path, kind: np.dtype[np.unsignedinteger]) -> Tokens:
    if path.stat().st_size == 0:
        return np.zeros(0, dtype=kind)
    return np.memmap(path, dtype=kind, mode="r")
