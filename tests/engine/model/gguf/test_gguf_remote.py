"""Headers of files that are reached by ranges only."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from gguf_craft import Craft, integers, strings

from engine.core.errors import KnownError
from engine.model.gguf.header import read_header
from engine.model.gguf.remote import FIRST_STEP, MAX_REQUESTS, read_remote_header


class Site:
    """A file that is reached by ranges; `most`: bytes it sends at a time."""

    def __init__(self, content: bytes, most: int | None = None) -> None:
        self.content = content
        self.most = most
        self.ranges: list[tuple[int, int]] = []

    def read_range(self, start: int, length: int) -> bytes:
        assert length > 0
        assert start + length <= len(self.content)
        self.ranges.append((start, length))
        return self.content[start : start + min(length, self.most or length)]


@pytest.fixture
def good(make_gguf: ModuleType) -> Craft:
    return Craft(make_gguf.byte_characters())


@pytest.fixture
def large(make_gguf: ModuleType) -> bytes:
    """A file with Qwen3's vocabulary and merges, and its word types in between."""
    words, merges = make_gguf.vocabulary(make_gguf.QWEN3_06B.vocab)
    return Craft(words).set("tokenizer.ggml.merges", strings(merges)).encode()


def test_it_equals_the_local_header(large: bytes, tmp_path: Path) -> None:
    path = tmp_path / "large.gguf"
    path.write_bytes(large)
    site = Site(large)
    assert read_remote_header(site.read_range, len(large)) == read_header(path)
    assert len(site.ranges) <= 8


def test_little_is_fetched(good: Craft) -> None:
    """One range of a file whose weights are large; the long list of numbers is left out."""
    good.set("tokenizer.ggml.other", integers([1] * 500_000))
    content = good.encode() + bytes(4 << 20)
    site = Site(content)
    assert read_remote_header(site.read_range, len(content)).size == len(content)
    assert sum(length for _, length in site.ranges) <= 3 * FIRST_STEP


def test_a_site_that_sends_little_at_a_time(good: Craft) -> None:
    content = good.encode()
    site = Site(content, most=1000)
    assert read_remote_header(site.read_range, len(content)).name == "Crafted"
    starts = [start for start, _ in site.ranges]
    assert starts == list(range(0, len(content), 1000))


def test_a_site_that_sends_hardly_anything(large: bytes) -> None:
    site = Site(large, most=100)
    with pytest.raises(KnownError, match="scattered"):
        read_remote_header(site.read_range, len(large))
    assert len(site.ranges) == MAX_REQUESTS


@pytest.mark.parametrize(
    "send",
    [
        lambda content, start, length: b"",
        lambda content, start, length: content[start : start + length] + b"more",
        lambda content, start, length: content,
    ],
)
def test_a_site_that_sends_something_else(
    send: Callable[[bytes, int, int], bytes], good: Craft
) -> None:
    content = good.encode()
    with pytest.raises(KnownError, match="something else"):
        read_remote_header(lambda start, length: send(content, start, length), len(content) - 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><title>Log in</title>", "web page"),
        (b"GGUF\3\0\0\0", "cut off"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "pointer"),
    ],
)
def test_what_is_no_model(content: bytes, words: str) -> None:
    with pytest.raises(KnownError, match=words):
        read_remote_header(Site(content).read_range, len(content))


def test_a_total_that_lies(good: Craft) -> None:
    """A file said to be shorter than its tensors is cut off; one said to be longer is not."""
    content = good.encode()
    with pytest.raises(KnownError, match="cut off"):
        read_remote_header(Site(content).read_range, len(content) - 32)
    longer = Site(content + bytes(1 << 20))
    assert read_remote_header(longer.read_range, len(longer.content)).name == "Crafted"


def test_a_list_of_endless_words_is_not_fetched(good: Craft) -> None:
    """Skipping through gigabytes by long lists ends with the requests."""
    good.keys += [(f"tokenizer.{number}", integers([1] * 100_000)) for number in range(100)]
    content = good.encode()
    site = Site(content)
    with pytest.raises(KnownError, match=r"scattered|20 MB"):
        read_remote_header(site.read_range, len(content))
    assert sum(length for _, length in site.ranges) <= 36 << 20


def test_errors_of_the_network_pass_through() -> None:
    def offline(start: int, length: int) -> bytes:
        raise KnownError("There is no connection.")

    with pytest.raises(KnownError, match="no connection"):
        read_remote_header(offline, 1000)
