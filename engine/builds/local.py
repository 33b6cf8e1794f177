"""Sources on this computer: a checkpoint's folder or a GGUF file; what they are, and their hash."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from math import prod
from pathlib import Path

from engine.builds.checkpoint import (
    CARD,
    CONFIG,
    DETAILS,
    INDEX,
    LARGEST_JSON,
    NEEDED,
    OPTIONAL,
    SAFE,
    SINGLE,
    facts_of,
    licence_of,
    no_safe_weights,
    precision_of,
    shards_of,
)
from engine.builds.facts import Facts
from engine.core.builds import BuildSource
from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.core.files import known_os_errors
from engine.model.card import LARGEST, licence
from engine.model.gguf.header import GgufHeader, read_header
from engine.model.naming import model_name

_FULL_PRECISION = frozenset({"F32", "F16", "BF16"})
_LICENCE = {"license": "license", "license_name": "license.name"}  # in a card → in a file
_CHUNK = 1 << 20

Stamps = dict[str, tuple[int, int]]
"""Files by name: bytes, and when they were changed, in nanoseconds."""
Tell = Callable[[int, int], None]
"""Is told how many bytes of how many were read; may raise."""


def folder_facts(source: BuildSource, folder: Path) -> Facts:
    """What a checkpoint's folder is. Raises KnownError."""
    with known_os_errors(f"read {folder.name}"):
        for name in NEEDED:
            if not (folder / name).is_file():
                raise KnownError(f"{folder} holds no model (there is no {name}).")
        names = _weights(folder)
        weights = sum((folder / name).stat().st_size for name in names)
        details = folder / DETAILS
        card = _start(folder / CARD, LARGEST) if (folder / CARD).is_file() else b""
        named = licence_of(card, _start(details, LARGEST_JSON) if details.is_file() else b"")
        config = _start(folder / CONFIG, LARGEST_JSON)
        tokenizer = (folder / "tokenizer.json").stat().st_size
        with open(folder / names[0], "rb") as file:
            precision = precision_of(file)
    source = replace(source, licence=named)
    return facts_of(source, config, weights, tokenizer, precision=precision)


def file_facts(source: BuildSource, path: Path) -> Facts:
    """What a GGUF file is. Raises KnownError."""
    header = read_header(path)
    if not {tensor.type.name for tensor in header.tensors} <= _FULL_PRECISION:
        raise KnownError(
            f"{path.name} is quantized already; doing it again would only lose quality.",
            "Choose the model's F16, BF16 or F32 file.",
        )
    weights = sum(prod(tensor.shape) for tensor in header.tensors)
    data = sum(tensor.size for tensor in header.tensors)
    said = {key: header.metadata.get(f"general.{name}") for key, name in _LICENCE.items()}
    known = {key: value for key, value in said.items() if isinstance(value, str)}
    return Facts(
        replace(
            source,
            name=model_name(header, path),
            architecture=header.architecture,
            parameters=weights,
            bytes=header.size,
            licence=clean_text(licence(known), 60),
        ),
        max(2, round(data / max(weights, 1))),
        sum(prod(one.shape) for one in header.tensors if not one.name.startswith("blk.")),
        header.size - data,
        _shape(header),
        words=next((prod(t.shape[1:]) for t in header.tensors if t.name == "token_embd.weight"), 0),
    )


def stamps_of(place: Path) -> Stamps:
    """The files of a source as they are now. Raises KnownError."""
    with known_os_errors(f"read {place.name}"):
        if not place.is_dir():
            return {place.name: _stamp(place)}
        names = {*NEEDED, *OPTIONAL, INDEX, DETAILS}
        files = (one for one in place.iterdir() if one.name in names or one.suffix == SAFE)
        return {one.name: _stamp(one) for one in sorted(files)}


def source_hash(place: Path, stamps: Stamps, tell: Tell) -> str:
    """The SHA-256 of a file; of a folder that of the lines `sha256sum` writes for its files, which
    are sorted by name. Raises KnownError, and what `tell` raises."""
    total, done = sum(size for size, _ in stamps.values()), 0

    def hashed(path: Path, before: int) -> str:
        return file_hash(path, lambda read: tell(before + read, total))

    if not place.is_dir():
        return hashed(place, 0)
    lines = ""
    for name, (size, _) in sorted(stamps.items()):
        lines += f"{hashed(place / name, done)}  {name}\n"
        done += size
    return hashlib.sha256(lines.encode()).hexdigest()


def file_hash(path: Path, tell: Callable[[int], None] = lambda done: None) -> str:
    """The SHA-256 of a file. Raises KnownError, and what `tell`, told the bytes read, raises."""
    digest, done = hashlib.sha256(), 0
    with known_os_errors(f"read {path.name}"), open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            tell(done)
    return digest.hexdigest()


def _weights(folder: Path) -> list[str]:
    if (folder / INDEX).is_file():
        names, _ = shards_of(_start(folder / INDEX, LARGEST_JSON))
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise KnownError(f"{folder} has no {missing[0]}.", "Get the model again, complete.")
        return names
    if (folder / SINGLE).is_file():
        return [SINGLE]
    raise no_safe_weights(str(folder))


def _shape(header: GgufHeader) -> dict[str, int]:
    start = f"{header.architecture}."
    return {
        key.removeprefix(start): value
        for key, value in header.metadata.items()
        if key.startswith(start) and type(value) is int
    }


def _start(path: Path, most: int) -> bytes:
    with open(path, "rb") as file:
        return file.read(most)


def _stamp(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns
