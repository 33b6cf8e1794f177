"""Writes safetensors as a stream: tensors that are made together may lie apart in the file.

Format: https://huggingface.co/docs/safetensors — an 8-byte length, a JSON header, the data
without gaps. Tensors of larger numbers come first, so that every tensor is aligned.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from quantize.weights import INDEX, SINGLE

SHARD = 5_000_000_000  # bytes of a file after which the next one begins
WIDTHS = {"I64": 8, "I32": 4, "F32": 4, "BF16": 2, "F16": 2, "U8": 1}


@dataclass(frozen=True, slots=True)
class Entry:
    """A tensor to write. kind: one of WIDTHS; shape: slowest dimension first."""

    name: str
    kind: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes of the data."""
        return prod(self.shape) * WIDTHS[self.kind]


@dataclass(frozen=True, slots=True)
class Part:
    """Tensors that are made together. blocks: gives (number of the entry, its next bytes)."""

    entries: tuple[Entry, ...]
    blocks: Callable[[], Iterator[tuple[int, bytes]]]

    @property
    def size(self) -> int:
        """Bytes of all its tensors."""
        return sum(entry.size for entry in self.entries)


OnBlock = Callable[[str, int], None]


def write_checkpoint(folder: Path, parts: Sequence[Part], on_block: OnBlock) -> None:
    """Write a model's weights into a folder, as one file or as shards with their index.

    on_block(tensor, bytes) is called after each block. Raises OSError.
    """
    shards = _shards(parts)
    if len(shards) == 1:
        _write(folder / SINGLE, shards[0], on_block)
        return
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        _write(folder / name, shard, on_block)
        places |= {entry.name: name for part in shard for entry in part.entries}
    total = sum(part.size for part in parts)
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (folder / INDEX).write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")


def _shards(parts: Sequence[Part]) -> list[list[Part]]:
    shards: list[list[Part]] = [[]]
    size = 0
    for part in parts:
        if shards[-1] and size + part.size > SHARD:
            shards.append([])
            size = 0
        shards[-1].append(part)
        size += part.size
    return shards


def _write(path: Path, parts: Sequence[Part], on_block: OnBlock) -> None:
    entries = sorted(
        (entry for part in parts for entry in part.entries), key=lambda one: -WIDTHS[one.kind]
    )
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    position = 0
    for entry in entries:
        ends = [position, position + entry.size]
        header[entry.name] = {"dtype": entry.kind, "shape": entry.shape, "data_offsets": ends}
        position = ends[1]
    text = json.dumps(header, separators=(",", ":")).encode()
    text = text.ljust(-(-len(text) // 8) * 8)
    start = 8 + len(text)
    with open(path, "xb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(start + position)
        places = {}
        position = start
        for entry in entries:
            places[entry.name] = position
            position += entry.size
        for part in parts:
            at = [places[entry.name] for entry in part.entries]
            for number, data in part.blocks():
                file.seek(at[number])
                file.write(data)
                at[number] += len(data)
                on_block(part.entries[number].name, len(data))
            for entry, end in zip(part.entries, at, strict=True):
                if end != places[entry.name] + entry.size:
                    raise ValueError(f"{entry.name}: {end - places[entry.name]} bytes written")
