"""The quick walk over word lists does what a plain one does."""

import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.gguf.words import WordScan, is_utf8

PIECES = st.sampled_from(
    [b"a", b"\0", b"<0x0A>", b"\xc4\xa0", b"\xe4\xb8\xad", b"\xf0\x9f\x98\x80"]
)
WORDS = st.lists(
    st.lists(PIECES, max_size=5).map(b"".join)
    | st.sampled_from([b"", b"x" * 255, b"x" * 256, b"x" * 700, b"\0" * 9, b"\1" + b"\0" * 7]),
    max_size=60,
)


def encode(words: list[bytes]) -> bytes:
    return b"".join(struct.pack("<Q", len(word)) + word for word in words)


@settings(deadline=None)
@given(WORDS, st.binary(max_size=30), st.integers(0, 5))
def test_the_words_and_nothing_else_are_stepped_over(
    words: list[bytes], behind: bytes, fewer: int
) -> None:
    wanted = words[: len(words) - fewer]
    if not wanted:
        return
    data = encode(words) + behind
    scan = WordScan(spelling=True)
    assert scan.walk(data, len(wanted)) == (len(wanted), len(encode(wanted)))
    single = {word for word in wanted if len(word) == 1 or word in (b"<0x0A>", b"\xc4\xa0")}
    assert scan.byte_words() == single


@settings(deadline=None)
@given(WORDS.filter(bool), st.data())
def test_a_buffer_that_ends_anywhere(words: list[bytes], data: st.DataObject) -> None:
    content = encode(words)
    first = 8 + len(words[0])
    end = data.draw(st.integers(first, len(content)))
    done, advance = WordScan(spelling=False).walk(content[:end], len(words))
    assert 1 <= done <= len(words)
    assert advance == len(encode(words[:done])) <= end
    if done < len(words):
        assert advance + 8 + len(words[done]) > end


def decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(max_examples=500, deadline=None)
@given(
    st.binary(max_size=12)
    | st.lists(
        st.sampled_from(
            [
                *(bytes([code]) for code in (0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF)),
                *(bytes([code]) for code in (0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4)),
                b"\xf5",
                b"\xff",
                "é".encode(),
                "中".encode(),
                "😀".encode(),
            ]
        ),
        max_size=6,
    ).map(b"".join)
)
def test_utf8_is_what_python_takes_for_it(data: bytes) -> None:
    assert is_utf8(np.frombuffer(data, np.uint8)) == decodes(data)


def test_every_character_is_utf8() -> None:
    text = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    assert is_utf8(np.frombuffer(text.encode(), np.uint8))


def test_every_pair_of_bytes() -> None:
    for first in range(0x80, 0x100):
        for second in range(0x7E, 0x100):
            for tail in (b"", b"\x80", b"\x80\x80"):
                data = bytes([first, second]) + tail
                assert is_utf8(np.frombuffer(data, np.uint8)) == decodes(data)
