"""What may be the beginning of a mark waits, against the plainest way to find it."""

from hypothesis import given
from hypothesis import strategies as st

from engine.core.held import uncertain


def test_by_hand() -> None:
    assert uncertain("so <th", ("<think>", "</think>")) == 3
    assert uncertain("so <think>", ("<think>",)) == 0  # whole: nothing to wait for
    assert uncertain("aab", ("aabaab",)) == 3
    assert uncertain("", ("x",)) == uncertain("x", ()) == uncertain("x", ("",)) == 0


@given(st.text("ab", max_size=8), st.lists(st.text("ab", max_size=5), max_size=3))
def test_the_longest_end_that_begins_a_mark(text: str, marks: list[str]) -> None:
    ends = [text[start:] for start in range(len(text))]
    fitting = [len(end) for end in ends for mark in marks if mark != end and mark.startswith(end)]
    assert uncertain(text, marks) == max(fitting, default=0)
