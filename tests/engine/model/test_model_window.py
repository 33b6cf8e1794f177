"""Long conversations made to fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.model.templates import PromptCall, PromptMessage, ToolSpec
from engine.model.window import fit_messages

SYSTEM = PromptMessage("system", "s" * 10)
DATA = PromptMessage("system", "BTC 5, ETH 7")


class Counter:
    """One token a character, five for the prompt itself."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, messages: object) -> int:
        self.calls += 1
        assert isinstance(messages, list | tuple)
        return 5 + sum(len(one.text) for one in messages)


def turn(size: int, calls: bool = False) -> list[PromptMessage]:
    question = PromptMessage("user", "q" * (size // 2))
    answer = PromptMessage("assistant", "a" * (size - size // 2))
    if not calls:
        return [question, answer]
    call = PromptMessage("assistant", "", (PromptCall("price", "{}"),))
    return [question, call, PromptMessage("tool", "r" * 10), answer]


def never(message: PromptMessage) -> bool:
    return False


LAST = PromptMessage("user", "last question")


def test_what_fits_is_left_alone() -> None:
    count = Counter()
    talk = [SYSTEM, *turn(20), LAST]
    window = fit_messages(talk, (), count, 48, never)
    assert (window.messages, window.dropped, window.tokens) == (tuple(talk), 0, 48)
    assert count.calls == 1


def test_whole_old_turns_go_and_the_oldest_first() -> None:
    talk = [SYSTEM, *turn(20, calls=True), *turn(30), *turn(40), LAST]
    window = fit_messages(talk, (), Counter(), 100, never)
    assert window.dropped == 1
    assert window.messages == (SYSTEM, *turn(30), *turn(40), LAST)
    assert window.tokens == 98
    window = fit_messages(talk, (), Counter(), 97, never)
    assert window.dropped == 2
    assert window.messages == (SYSTEM, *turn(40), LAST)


def test_pinned_messages_stay_in_their_place() -> None:
    note = PromptMessage("user", "my portfolio: BTC 5")
    talk = [SYSTEM, *turn(20), DATA, note, PromptMessage("assistant", "Fine."), LAST]
    window = fit_messages(talk, (), Counter(), 60, lambda one: one is note)
    assert window.messages == (SYSTEM, DATA, note, LAST)
    assert window.dropped == 2


def test_the_current_turn_is_whole() -> None:
    current = turn(20, calls=True)[:3]
    window = fit_messages([SYSTEM, *turn(50), *current], (), Counter(), 40, never)
    assert window.messages == (SYSTEM, *current)


def test_what_cannot_fit_is_said() -> None:
    tool = ToolSpec("price", "", {})
    with pytest.raises(KnownError, match=r"1 tools need 28 tokens.* room for 27") as caught:
        fit_messages([SYSTEM, *turn(50), LAST], [tool], Counter(), 27, never)
    assert caught.value.hint


def test_few_counts_are_needed() -> None:
    count = Counter()
    talk = [SYSTEM, *(one for _ in range(20) for one in turn(30)), LAST]
    window = fit_messages(talk, (), count, 100, never)
    assert window.dropped == 18
    assert count.calls <= 1 + 1 + 5


@given(sizes=st.lists(st.integers(2, 60), max_size=8), room=st.integers(30, 300))
def test_never_more_than_there_is_room_and_never_too_little(sizes: list[int], room: int) -> None:
    talk = [SYSTEM, *(one for size in sizes for one in turn(size)), LAST]
    window = fit_messages(talk, (), Counter(), room, never)
    assert window.tokens == Counter()(window.messages) <= room
    assert window.messages[0] == SYSTEM
    assert window.messages[-1] == LAST
    if window.dropped:  # with one turn more it would not fit
        again = sizes[window.dropped - 1]
        assert window.tokens + again > room
