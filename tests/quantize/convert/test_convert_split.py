"""Output in several files: llama.cpp loads them, and they are what gguf-split would make."""

import struct
from pathlib import Path

import numpy as np
import pytest
from tiny_models import TOKENS, llama_logits

from engine.core.errors import KnownError
from engine.model.gguf.header import read_header, read_values
from quantize.convert import convert
from quantize.convert.divide import divide
from quantize.task import Task
from quantize.writer import Tensor, header, u32

SIZE = 1_500_000


def test_llama_computes_the_same(
    shared_folder: Path, gguf: Path, tmp_path: Path, task: Task
) -> None:
    done = convert(shared_folder, tmp_path / "tiny.gguf", "F32", task, split=SIZE)
    names = [f"tiny-{number:05}-of-00006.gguf" for number in range(1, 7)]
    assert list(done.files) == names == sorted(path.name for path in tmp_path.iterdir())
    assert f"in 6 files, {names[0]} and on" in done.sentence
    assert done.size == sum((tmp_path / name).stat().st_size for name in names)
    whole, parts = read_header(gguf), [read_values(tmp_path / name) for name in names]
    found = [tensor for part in parts for tensor in part.tensors]
    assert [one.name for one in found] == [one.name for one in whole.tensors]
    for number, part in enumerate(parts):
        assert sum(tensor.size for tensor in part.tensors) <= SIZE
        assert part.metadata["split.no"] == number
        assert part.metadata["split.count"] == 6
        assert part.metadata["split.tensors.count"] == len(whole.tensors)
        assert len(part.metadata) == (3 if number else 3 + len(whole.metadata))
    expected, logits = llama_logits(gguf, TOKENS), llama_logits(tmp_path / names[0], TOKENS)
    assert np.array_equal(expected, logits)


def test_our_reader_wants_one_file(shared_folder: Path, tmp_path: Path, task: Task) -> None:
    convert(shared_folder, tmp_path / "tiny.gguf", "F16", task, split=SIZE)
    with pytest.raises(KnownError, match="split into several files"):
        read_header(tmp_path / "tiny-00001-of-00003.gguf")


def _tensor(name: str, count: int) -> Tensor:
    return Tensor(name, (count,), "F32", lambda: iter((bytes(4 * count),)))


def test_where_files_end() -> None:
    """As gguf-split: a new file where padded sizes would add up to more; its types of numbers."""
    tensors = [_tensor(name, count) for name, count in zip("abcde", (8, 8, 9, 100, 1), strict=True)]
    files = divide(Path("m.gguf"), {"k": u32(1)}, tensors, 64)
    assert [[one.name for one in file.tensors] for file in files] == [
        ["a", "b"],
        ["c"],
        ["d"],
        ["e"],
    ]
    second = header(files[1].metadata, files[1].tensors)
    assert struct.pack("<Q", 8) + b"split.no" + struct.pack("<IH", 2, 1) in second
    assert b"split.count" + struct.pack("<IH", 2, 4) in second
    assert b"split.tensors.count" + struct.pack("<Ii", 5, 5) in second
    assert [file.size for file in files] == [file.end(len(file.tensors)) for file in files]


def test_too_many_files() -> None:
    with pytest.raises(KnownError, match="split into 1,000 files"):
        divide(Path("m.gguf"), {}, [_tensor(str(number), 8) for number in range(1000)], 1)
