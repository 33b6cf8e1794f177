"""The files a conversion writes: one, or several as llama.cpp's gguf-split divides a model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.core.errors import KnownError
from engine.model.gguf.checks import check_model
from engine.model.gguf.header import read_values
from quantize.writer import Metadata, Tensor, header, integer, padded, total_size, u16

MOST_FILES = 999


@dataclass(frozen=True, slots=True)
class File:
    """A file to write."""

    path: Path
    metadata: Metadata
    tensors: Sequence[Tensor]

    @property
    def size(self) -> int:
        """Its bytes."""
        return total_size(self.metadata, self.tensors)

    def end(self, count: int) -> int:
        """Where its first `count` tensors end."""
        start = len(header(self.metadata, self.tensors))
        return start + sum(padded(tensor.size) for tensor in self.tensors[:count])


def divide(
    target: Path, metadata: Metadata, tensors: Sequence[Tensor], most: int | None
) -> list[File]:
    """One file, or with `most` several with no more bytes of tensors than that in each.

    A tensor larger than that has a file of its own. The first has the metadata; llama.cpp opens
    it and finds the others by their names, NAME-00001-of-00003.gguf. Raises KnownError.
    """
    if most is None:
        return [File(target, metadata, tensors)]
    groups: list[list[Tensor]] = [[]]
    room = most
    for tensor in tensors:
        if groups[-1] and padded(tensor.size) > room:
            groups.append([])
            room = most
        groups[-1].append(tensor)
        room -= padded(tensor.size)
    count = len(groups)
    if count > MOST_FILES:
        raise KnownError(
            f"The model would be split into {count:,} files.", "Give --split a larger size."
        )
    return [
        File(_part(target, number, count), _describe(metadata, number, count, len(tensors)), group)
        for number, group in enumerate(groups)
    ]


def check_files(paths: Sequence[Path]) -> str:
    """Read the files with Assay's own reader; their architecture. Raises KnownError."""
    first, *_ = [read_values(path) for path in paths]
    whole = {key: one for key, one in first.metadata.items() if not key.startswith("split.")}
    check_model(replace(first, metadata=whole))
    return first.architecture


def _part(target: Path, number: int, count: int) -> Path:
    return target.with_name(f"{target.stem}-{number + 1:05}-of-{count:05}.gguf")


def _describe(metadata: Metadata, number: int, count: int, tensors: int) -> Metadata:
    own = {
        "split.no": u16(number),
        "split.count": u16(count),
        "split.tensors.count": integer(tensors),
    }
    return {**metadata, **own} if number == 0 else own
