"""Makes a long conversation fit: what is pinned stays, whole old turns go, and it is said so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from engine.core.errors import KnownError
from engine.model.templates import PromptMessage, ToolSpec

Count = Callable[[Sequence[PromptMessage]], int]


@dataclass(frozen=True, slots=True)
class Window:
    """What fits. dropped: whole old turns that are left out; tokens: of the prompt it makes."""

    messages: tuple[PromptMessage, ...]
    dropped: int
    tokens: int


def fit_messages(
    messages: Sequence[PromptMessage],
    tools: Sequence[ToolSpec],
    count: Count,
    room: int,
    pinned: Callable[[PromptMessage], bool],
) -> Window:
    """The messages that fit into `room` tokens, in their order.

    count: tokens of the prompt some messages make, the tools' description included; tools: those
    described, for the message of the error. System texts and pinned messages always stay, as does
    the last question with all that follows it; whole turns (question, calls, results, answer) are
    dropped, the oldest first. KnownError where even that does not fit.
    """
    tokens = count(messages)
    if tokens <= room:
        return Window(tuple(messages), 0, tokens)
    turns = _turns(messages)
    loose = [  # what can go of each old turn
        [index for index in range(*turn) if not _stays(messages[index], pinned)]
        for turn in turns[:-1]
    ]
    loose = [turn for turn in loose if turn]
    # The fewest turns to drop, found by halving: fewer counts than turns, and each of a whole
    # prompt, as a template may not take parts of one.
    low, high = 1, len(loose)
    best = Window(_rest(messages, loose), len(loose), 0)
    best = replace(best, tokens=count(best.messages))
    while best.tokens <= room and low < high:
        middle = (low + high) // 2
        kept = _rest(messages, loose[:middle])
        tokens = count(kept)
        if tokens <= room:
            best, high = Window(kept, middle, tokens), middle
        else:
            low = middle + 1
    if best.tokens > room:
        with_tools = f", {len(tools)} tools" if tools else ""
        raise KnownError(
            f"The question and what belongs to it{with_tools} need {best.tokens:,} tokens, "
            f"but the model has room for {max(room, 0):,}.",
            "Ask something shorter, send less data along, or give the model a longer context.",
        )
    return best


def _stays(message: PromptMessage, pinned: Callable[[PromptMessage], bool]) -> bool:
    return message.role == "system" or pinned(message)


def _turns(messages: Sequence[PromptMessage]) -> list[tuple[int, int]]:
    """Where each turn begins and ends: from one question to the next."""
    starts = [index for index, one in enumerate(messages) if one.role == "user"]
    if not starts:
        return [(0, len(messages))]
    return list(pairwise([0, *starts[1:], len(messages)]))


def _rest(
    messages: Sequence[PromptMessage], turns: Sequence[Sequence[int]]
) -> tuple[PromptMessage, ...]:
    """The messages without those of some turns."""
    gone = {index for turn in turns for index in turn}
    return tuple(one for index, one in enumerate(messages) if index not in gone)
