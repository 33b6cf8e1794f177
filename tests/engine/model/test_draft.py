"""Whether two models split text alike, told from their files."""

import dataclasses
from pathlib import Path
from types import ModuleType

import pytest

from engine.core.errors import KnownError
from engine.model.draft import same_tokenizer, vocabulary_digest
from engine.model.gguf.header import read_header


def alike(first: Path, second: Path) -> bool:
    return same_tokenizer(read_header(first), first, read_header(second), second)


def test_other_weights_and_widths_do_not_matter(
    make_gguf: ModuleType, tiny_model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "small.gguf"
    make_gguf.write_model(path, dataclasses.replace(make_gguf.TINY, layers=1, ffn=64), "S", 9)
    assert alike(tiny_model, path)
    assert alike(tiny_model, tiny_model)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"qwen2", b"qwen9"),  # how text is cut before words are looked up
        (b"<tool_call>", b"<tool-call>"),  # one word of many
    ],
)
def test_another_word_or_cut_matters(
    tiny_model: Path, tmp_path: Path, old: bytes, new: bytes
) -> None:
    path = tmp_path / "other.gguf"
    content = tiny_model.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    assert not alike(tiny_model, path)


def test_another_special_token_matters(
    make_gguf: ModuleType, tiny_model: Path, tmp_path: Path
) -> None:
    key = b"tokenizer.ggml.eos_token_id"
    content = bytearray(tiny_model.read_bytes())
    place = content.index(key) + len(key) + 4
    content[place] ^= 1
    path = tmp_path / "other.gguf"
    path.write_bytes(content)
    assert not alike(tiny_model, path)


def test_a_file_that_shrank_since_it_was_checked(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny_model.read_bytes()[:3000])
    with pytest.raises(KnownError, match="changed"):
        vocabulary_digest(path)
