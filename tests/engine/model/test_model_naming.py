"""What a model is called and how its weights are stored."""

from pathlib import Path
from types import ModuleType

import pytest
from gguf_craft import Craft, string, u32

from engine.model.gguf.header import read_header
from engine.model.naming import model_name, quantization

CHECKSUM = "8f3a" * 16


@pytest.fixture
def craft(make_gguf: ModuleType) -> Craft:
    return Craft(make_gguf.byte_characters())


def write(path: Path, made: Craft, name: str | None, file_type: int | None) -> Path:
    """Write a model file with this name and number of its type, or without."""
    made.drop("general.name")
    if name is not None:
        made.set("general.name", string(name))
    if file_type is not None:
        made.set("general.file_type", u32(file_type))
    path.write_bytes(made.encode())
    return path


@pytest.mark.parametrize(
    ("said", "stem", "name"),
    [
        ("Qwen3 4B", CHECKSUM, "Qwen3 4B"),
        (None, "qwen3-4b-q4_k_m", "qwen3-4b-q4_k_m"),
        (None, CHECKSUM, "Unnamed qwen3 model"),
        (CHECKSUM.upper(), "qwen3", "Unnamed qwen3 model"),
    ],
)
def test_a_checksum_is_no_name(
    tmp_path: Path, craft: Craft, said: str | None, stem: str, name: str
) -> None:
    path = write(tmp_path / f"{stem}.gguf", craft, said, 15)
    assert model_name(read_header(path), path) == name


# llama.cpp: 15 is Q4_K_M, 7 is Q8_0, 1 is F16; a number it has not given yet says nothing.
@pytest.mark.parametrize(
    ("file_type", "weights"), [(15, "Q4_K_M"), (7, "Q8_0"), (1, "F16"), (999, "F32"), (None, "F32")]
)
def test_how_weights_are_stored(
    tmp_path: Path, craft: Craft, file_type: int | None, weights: str
) -> None:
    path = write(tmp_path / "m.gguf", craft, "M", file_type)
    assert quantization(read_header(path)) == weights


def test_most_of_the_bytes_count_where_the_file_says_nothing(tmp_path: Path, craft: Craft) -> None:
    words, norm = craft.tensors
    words.type = 1  # F16: half of the bytes of F32, in which the short norm stays
    norm.offset //= 2
    assert quantization(read_header(write(tmp_path / "m.gguf", craft, "M", None))) == "F16"
