"""Reading good headers."""

import ctypes
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from gguf_craft import Craft, integers, string, strings

from engine.model.gguf.header import read_header
from engine.model.gguf.types import TENSOR_TYPES


@pytest.fixture
def good(make_gguf: ModuleType) -> Craft:
    return Craft(make_gguf.byte_characters())


def test_header_of_the_tiny_model(tiny_model: Path) -> None:
    header = read_header(tiny_model)
    assert header.version == 3
    assert header.architecture == "qwen3"
    assert header.name == "Tiny"
    assert header.number("context_length", 0) == 4096
    assert header.number("no_such_key", 7) == 7
    assert header.size == tiny_model.stat().st_size
    assert len(header.tensors) == 2 + 2 * 11
    embedding = header.tensors[0]
    assert (embedding.name, embedding.shape) == ("token_embd.weight", (64, 400))
    assert (embedding.type.name, embedding.size) == ("F32", 64 * 400 * 4)
    assert embedding.offset % 32 == 0


def test_tensors_lie_where_the_file_has_them(make_gguf: ModuleType, tiny_model: Path) -> None:
    norm = next(one for one in read_header(tiny_model).tensors if one.name == "output_norm.weight")
    content = tiny_model.read_bytes()[norm.offset : norm.offset + norm.size]
    assert content == b"\0\0\x80\x3f" * 64  # ones


def test_values_keep_their_types(good: Craft, tmp_path: Path) -> None:
    good.set("general.tags", strings(["a", "ü"])).set("qwen3.list", integers([3, -1]))
    good.set("general.flag", bytes([7, 0, 0, 0, 1]))
    path = tmp_path / "good.gguf"
    path.write_bytes(good.encode())
    metadata = read_header(path).metadata
    assert metadata["general.tags"] == ("a", "ü")
    assert metadata["qwen3.list"] == (3, -1)
    assert metadata["general.flag"] is True
    assert metadata["qwen3.block_count"] == 1


def test_the_name_is_one_short_printable_line(good: Craft, tmp_path: Path) -> None:
    path = tmp_path / "named.gguf"
    for name, shown in (
        ("  Qwen3\n4B\x1b[31m ", "Qwen34B[31m"),
        ("\u202eevil\u2066 \u200b", "evil"),
        ("x" * 500, "x" * 80),
        ("", ""),
    ):
        path.write_bytes(good.set("general.name", string(name)).encode())
        assert read_header(path).name == shown


def test_a_sentencepiece_vocabulary_is_accepted(tmp_path: Path) -> None:
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁the"]
    path = tmp_path / "spm.gguf"
    path.write_bytes(Craft(words).set("tokenizer.ggml.model", string("llama")).encode())
    assert read_header(path).metadata["tokenizer.ggml.model"] == "llama"


def test_words_of_300_bytes_are_read(make_gguf: ModuleType, tmp_path: Path) -> None:
    words = make_gguf.byte_characters() + [f"{number:0300d}" for number in range(500)]
    path = tmp_path / "long.gguf"
    path.write_bytes(Craft(words).encode())
    assert getattr(read_header(path).metadata["tokenizer.ggml.tokens"], "count", 0) == 756


def test_short_words_are_found_across_buffer_borders(make_gguf: ModuleType, tmp_path: Path) -> None:
    """The byte characters are spread so that some straddle any border of the read buffer."""
    words = []
    for character in make_gguf.byte_characters():
        words += [character, *(f"{character}{number:0200d}" for number in range(9))]
    for shift in range(12):
        path = tmp_path / "spread.gguf"
        craft = Craft(words).set("general.name", string("x" * shift))
        craft.keys.sort(key=lambda pair: pair[0] == "tokenizer.ggml.tokens")
        path.write_bytes(craft.encode())
        array = read_header(path).metadata["tokenizer.ggml.tokens"]
        assert getattr(array, "count", 0) == 2560
        assert len(getattr(array, "short", ())) == 256


def test_tensor_types_equal_those_of_llama_cpp() -> None:
    spec = importlib.util.find_spec("llama_cpp")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0]) / "lib"
    library = ctypes.CDLL(str(next(folder.glob("libggml-base.*"))))
    library.ggml_type_size.restype = ctypes.c_size_t
    library.ggml_blck_size.restype = ctypes.c_int64
    library.ggml_type_name.restype = ctypes.c_char_p
    for number, kind in TENSOR_TYPES.items():
        assert library.ggml_type_size(number) == kind.size, kind.name
        assert library.ggml_blck_size(number) == kind.block, kind.name
        name = library.ggml_type_name(number).decode()
        assert name.upper() == kind.name.upper()
