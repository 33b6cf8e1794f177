"""Every malformed file gets one sentence, quickly, and little of it is read."""

import os
import random
import struct
import time
from pathlib import Path
from types import ModuleType

import pytest
from gguf_classes import CASES, HUGE, OTHERS, array
from gguf_craft import Craft
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.model.gguf.header import read_header


@pytest.fixture
def good(make_gguf: ModuleType) -> Craft:
    return Craft(make_gguf.byte_characters())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hostile.gguf"


def refused(path: Path) -> KnownError:
    start = time.process_time()
    with pytest.raises(KnownError) as caught:
        read_header(path)
    assert time.process_time() - start < 0.05
    assert caught.value.sentence.endswith(".")
    assert caught.value.hint
    return caught.value


def test_the_unchanged_file_is_good(good: Craft, path: Path) -> None:
    path.write_bytes(good.encode())
    assert read_header(path).name == "Crafted"


@pytest.mark.parametrize("name", CASES)
def test_crafted(name: str, good: Craft, path: Path) -> None:
    change, words = CASES[name]
    change(good)
    path.write_bytes(good.encode())
    assert words in refused(path).sentence


@pytest.mark.parametrize("name", OTHERS)
def test_other_files(name: str, path: Path) -> None:
    content, words = OTHERS[name]
    path.write_bytes(content)
    assert words in refused(path).sentence


def test_the_49_bytes_are_49() -> None:
    assert len(OTHERS["49 bytes"][0]) == 49


def test_what_is_not_a_readable_file(tmp_path: Path) -> None:
    assert "is a folder" in refused(tmp_path).sentence
    os.mkfifo(tmp_path / "pipe.gguf")
    assert "is not a file" in refused(tmp_path / "pipe.gguf").sentence
    (tmp_path / "link.gguf").symlink_to("pipe.gguf")
    assert "is not a file" in refused(tmp_path / "link.gguf").sentence
    assert "is not a file" in refused(Path("/dev/zero")).sentence
    (tmp_path / "loop.gguf").symlink_to("loop.gguf")
    refused(tmp_path / "loop.gguf")
    refused(tmp_path / "absent.gguf")


def test_version_2_is_read(good: Craft, path: Path) -> None:
    good.version = 2
    path.write_bytes(good.encode())
    assert read_header(path).version == 2


def test_every_class_has_its_sentence(good: Craft, path: Path) -> None:
    """Nothing of the file gets into a sentence but a tensor's name, made harmless."""
    good.tensors[0].name = "\x1b[31m\u202eevil\n"
    good.tensors[0].type = 999
    path.write_bytes(good.encode())
    assert refused(path).sentence.isascii()
    assert refused(path).sentence.isprintable()


def test_cut_off_at_every_byte(good: Craft, path: Path) -> None:
    content = good.encode()
    path.write_bytes(content)
    with open(path, "rb+") as file:
        for length in range(len(good.header()) - 1, -1, -1):
            file.truncate(length)
            with pytest.raises(KnownError):
                read_header(path)
    for length in range(len(good.header()), len(content), 193):
        path.write_bytes(content[:length])
        assert "cut off" in refused(path).sentence


def test_a_header_of_gigabytes_is_not_read(good: Craft, path: Path) -> None:
    """The vocabulary claims 200 strings of 64 kB each; the file is sparse and large."""
    words = array(8, 200) + struct.pack("<Q", 1 << 16)
    good.set("tokenizer.ggml.merges", words)
    path.write_bytes(good.header())
    with open(path, "rb+") as file:
        file.truncate(1 << 32)
    refused(path)


def test_random_damage_never_raises_anything_else(tiny_model: Path, path: Path) -> None:
    """Seeded flips, overwrites, insertions and deletions anywhere in a real header."""
    content = tiny_model.read_bytes()
    end = content.index(b"blk.1.ffn_down") + 64
    dice = random.Random(7)
    readable = 0
    for _ in range(800):
        damaged = bytearray(content)
        for _ in range(dice.choice((1, 1, 2, 8))):
            place = dice.randrange(end)
            match dice.randrange(4):
                case 0:
                    damaged[place] ^= 1 << dice.randrange(8)
                case 1:
                    damaged[place : place + 8] = struct.pack("<Q", dice.getrandbits(64))
                case 2:
                    damaged[place:place] = dice.randbytes(dice.randrange(1, 9))
                case 3:
                    del damaged[place : place + dice.randrange(1, 9)]
        path.write_bytes(damaged)
        try:
            read_header(path)
            readable += 1
        except KnownError:
            pass
    assert 0 < readable < 800


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=400), tensors=st.integers(0, 5), keys=st.integers(0, 5))
def test_arbitrary_bytes(body: bytes, tensors: int, keys: int, path: Path) -> None:
    path.write_bytes(struct.pack("<4sIQQ", b"GGUF", 3, tensors, keys) + body)
    with pytest.raises(KnownError):
        read_header(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.lists(st.integers(0, 12), min_size=1, max_size=6),
    tail=st.binary(max_size=200),
    count=st.integers(0, 1 << 64) | st.integers(0, 300),
)
def test_arbitrary_values(kinds: list[int], tail: bytes, count: int, path: Path) -> None:
    """Well-formed keys with any value types and lengths."""
    parts = [struct.pack("<4sIQQ", b"GGUF", 3, 1, len(kinds))]
    for index, kind in enumerate(kinds):
        key = f"key.{index}".encode()
        parts.append(struct.pack("<Q", len(key)) + key + struct.pack("<I", kind))
        parts.append(struct.pack("<IQ", kind % 10, min(count, HUGE)) if kind == 9 else tail[:8])
    path.write_bytes(b"".join(parts) + tail)
    with pytest.raises(KnownError):
        read_header(path)
