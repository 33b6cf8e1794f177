"""Bytes of tokens to text: whole characters, stop strings across borders."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.child.text import TextStream


def run(pieces: list[bytes], stops: tuple[str, ...] = ()) -> tuple[str, bool]:
    stream = TextStream(stops)
    out = "".join(stream.feed(piece) for piece in pieces)
    return out + stream.finish(), stream.stopped


@given(text=st.text(), cuts=st.lists(st.integers(0, 200)))
def test_text_survives_any_cuts(text: str, cuts: list[int]) -> None:
    data = text.encode()
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [data[start:end] for start, end in pairwise(places)]
    assert run(pieces) == (text, False)


def test_a_character_comes_with_its_last_byte() -> None:
    stream = TextStream()
    assert [stream.feed(bytes([byte])) for byte in "€🙂".encode()] == [
        "",
        "",
        "€",
        "",
        "",
        "",
        "🙂",
    ]


def test_what_is_not_utf8_is_marked_and_a_cut_character_dropped() -> None:
    assert run([b"a\xff", b"b"]) == ("a\ufffdb", False)
    assert run([b"a\xe2\x82"]) == ("a", False)


@pytest.mark.parametrize("size", range(1, 12))
def test_a_stop_string_in_pieces_of_any_size(size: int) -> None:
    data = b"Price: 5 <|im_end|> more"
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    assert run(pieces, ("<|im_end|>", "###")) == ("Price: 5 ", True)


def test_the_beginning_of_a_stop_string_waits_only_until_it_is_none() -> None:
    stream = TextStream(("\n\nUser:",))
    assert stream.feed(b"a\n\nUs") == "a"
    assert stream.feed(b"a") == "\n\nUsa"
    assert stream.feed(b"b\n") == "b"
    assert stream.finish() == "\n"


def test_the_earliest_stop_string_wins_and_ends_everything() -> None:
    stream = TextStream(("END", "STOP"))
    assert stream.feed(b"one STOP two END") == "one "
    assert stream.stopped
    assert stream.feed(b"three") == ""
    assert stream.finish() == ""


@given(
    text=st.text(alphabet="ab<", max_size=30),
    stops=st.lists(st.text(alphabet="ab<", min_size=1, max_size=4), min_size=1, max_size=3),
    size=st.integers(1, 5),
)
def test_stops_do_not_depend_on_the_pieces(text: str, stops: list[str], size: int) -> None:
    """Fed by single characters, a stop is seen as soon as its last character is there."""
    data = text.encode()
    ends = [end for end in range(1, len(text) + 1) if text[:end].endswith(tuple(stops))]
    whole, stopped = run([data], tuple(stops))
    assert stopped == bool(ends)
    assert run([bytes([byte]) for byte in data], tuple(stops))[1] == stopped
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    shown, _ = run(pieces, tuple(stops))
    assert text.startswith(shown)
    assert not any(stop in shown for stop in stops)
    if not stopped:
        assert whole == shown == text
