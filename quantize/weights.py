"""Reads safetensors: one file or shards with an index, headers checked, data streamed.

Format: https://huggingface.co/docs/safetensors — an 8-byte length, a JSON header, the data.
Pickle-based checkpoints are refused: opening one runs whatever code is in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from quantize.jsonfile import FETCH_AGAIN, parse_object, read_object
from quantize.numbers import SIZES, Floats, decode, encode, require_finite

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
MAX_HEADER = 32 << 20
MAX_INDEX = 32 << 20
MAX_DIMENSIONS = 8
MAX_TENSORS = 200_000  # of all files; the largest known models have 70,000
BLOCK = 1 << 20  # numbers per block
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")


@dataclass(frozen=True, slots=True)
class Weight:
    """One tensor in a file: where it is, its kind (F32, F16, BF16) and shape (slowest first)."""

    path: Path
    kind: str
    shape: tuple[int, ...]
    offset: int
    size: int

    def blocks(self, count: int = BLOCK) -> Iterator[Floats]:
        """The numbers in order, `count` at a time. Raises KnownError."""
        return (decode(data, self.kind) for data in self._read(count))

    def encoded(self, kind: str) -> Iterator[bytes]:
        """The bytes of a GGUF file's tensor of a kind; those on disk where it is the same one.

        Raises KnownError, also for numbers that are not finite.
        """
        if kind != self.kind:
            yield from (encode(numbers, kind) for numbers in self.blocks())
            return
        for data in self._read(BLOCK):
            require_finite(data, kind)
            yield data

    def _read(self, count: int) -> Iterator[bytes]:
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                left = self.size
                while left:
                    data = file.read(min(left, count * SIZES[self.kind]))
                    if not data or len(data) % SIZES[self.kind]:
                        raise _damaged(self.path, "it is cut off")
                    left -= len(data)
                    yield data
        except OSError as error:
            raise known_os_error(f"read {self.path.name}", error) from error


def open_weights(folder: Path) -> dict[str, Weight]:
    """All tensors of a model's folder by name; only headers are read. Raises KnownError."""
    if (folder / INDEX).exists():
        return _read_shards(folder)
    if (folder / SINGLE).exists():
        return open_file(folder / SINGLE)
    if any(path.suffix in _PICKLES for path in folder.iterdir()):
        raise KnownError(
            "This model's weights are in a format that can run code when opened.",
            "Get the model with .safetensors files.",
        )
    raise KnownError(f"The model's folder has no {SINGLE}.", FETCH_AGAIN)


def _read_shards(folder: Path) -> dict[str, Weight]:
    places = read_object(folder / INDEX, MAX_INDEX).get("weight_map")
    if not isinstance(places, dict):
        raise KnownError(f"{INDEX} is damaged.", FETCH_AGAIN)
    weights: dict[str, Weight] = {}
    for name in sorted({str(place) for place in places.values()}):
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise KnownError(f"{INDEX} names a file outside the model's folder.", FETCH_AGAIN)
        if not (folder / name).exists():
            raise KnownError(f"The model's folder has no {name}.", FETCH_AGAIN)
        shard = open_file(folder / name)
        if weights.keys() & shard.keys():
            raise KnownError("Two of the model's files hold the same weights.", FETCH_AGAIN)
        weights |= shard
        if len(weights) > MAX_TENSORS:
            raise _damaged(folder / INDEX, "it names more tensors than any model has")
    if weights.keys() != places.keys():
        raise KnownError(f"{INDEX} does not match the model's files.", FETCH_AGAIN)
    return weights


def open_file(path: Path) -> dict[str, Weight]:
    """All tensors of one file by name; only its header is read. Raises KnownError."""
    try:
        with open(path, "rb") as file:
            total = path.stat().st_size
            length = int.from_bytes(file.read(8), "little")
            if total < 8 or length > total - 8:
                raise _damaged(path, "it is cut off or not a safetensors file")
            if length > MAX_HEADER:
                raise _damaged(path, "its description is too long")
            entries = parse_object(file.read(length), path.name)
    except OSError as error:
        raise known_os_error(f"read {path.name}", error) from error
    entries.pop("__metadata__", None)
    if len(entries) > MAX_TENSORS:
        raise _damaged(path, "it holds more tensors than any model")
    start = 8 + length
    weights = {name: _weight(path, name, entry, start) for name, entry in entries.items()}
    position = start
    for weight in sorted(weights.values(), key=lambda one: (one.offset, one.size)):
        if weight.offset != position:
            raise _damaged(path, "its tensors overlap or leave gaps")
        position += weight.size
    if position > total:
        raise _damaged(path, "it is cut off")
    if position < total:
        raise _damaged(path, "it is longer than its description says")
    return weights


def _weight(path: Path, name: str, entry: object, start: int) -> Weight:
    if not isinstance(entry, dict):
        raise _damaged(path, "its description is not readable")
    kind = entry.get("dtype")
    shape, offsets = _counts(entry.get("shape")), _counts(entry.get("data_offsets"))
    if shape is None or offsets is None or len(offsets) != 2:
        raise _damaged(path, "its description is not readable")
    if not isinstance(kind, str) or kind not in SIZES:
        raise KnownError(
            f"The model's tensor {name[:60]} is of type {str(kind)[:20]}, which is not F32, F16 or "
            "BF16.",
            "Get the model in its original precision.",
        )
    size = SIZES[kind]
    for count in shape:
        size *= count
    if offsets[1] - offsets[0] != size:
        raise _damaged(path, "a tensor's size does not match its shape")
    return Weight(path, kind, shape, start + offsets[0], size)


def _counts(value: object) -> tuple[int, ...] | None:
    """A list of plausible sizes as a tuple, None for anything else."""
    if not isinstance(value, list) or len(value) > MAX_DIMENSIONS:
        return None
    plausible = all(type(one) is int and 0 <= one < 1 << 48 for one in value)
    return tuple(value) if plausible else None


def _damaged(path: Path, detail: str) -> KnownError:
    return KnownError(f"{path.name} is damaged: {detail}.", FETCH_AGAIN)
