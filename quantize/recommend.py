"""Which of several files of a model to use on this computer, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from quantize.output import readable


@dataclass(frozen=True, slots=True)
class Choice:
    """A file to choose from. divergence: mean KL from the original, nats; memory: bytes it needs
    with the context wanted; speed: tokens written a second, None where it was not measured."""

    name: str
    divergence: float
    memory: int
    speed: float | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a file. free: bytes a model may have; context: tokens; speed: least tokens
    a second."""

    free: int
    context: int
    speed: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The file to use. fits: whether it does what was asked; reasons: sentences."""

    name: str
    fits: bool
    reasons: tuple[str, ...]


def recommend(choices: Sequence[Choice], wish: Wish) -> Recommendation:
    """The least divergence among those that fit into memory and are fast enough.

    Where none fits, the one that needs least memory; where none of those is fast enough, the
    fastest of them. Equal ones: the smaller.
    """
    fitting = [one for one in choices if one.memory <= wish.free]
    if not fitting:
        least = min(choices, key=lambda one: (one.memory, one.divergence))
        reason = (
            f"None of them fits into memory with {wish.context:,} tokens of context: "
            f"{least.name} needs least, {readable(least.memory)}, and a model may have "
            f"{readable(wish.free)} now."
        )
        return Recommendation(least.name, False, (reason,))
    fast = [one for one in fitting if one.speed is None or one.speed >= wish.speed]
    if not fast:
        fastest = max(fitting, key=lambda one: (one.speed or 0.0, -one.divergence))
        reason = (
            f"None that fits into memory writes {wish.speed:g} tokens a second: "
            f"{fastest.name} is the fastest with {fastest.speed:.1f}."
        )
        return Recommendation(fastest.name, False, (reason, _memory(fastest, wish)))
    best = min(fast, key=lambda one: (one.divergence, one.memory))
    reasons = [_memory(best, wish)]
    if best.speed is not None:
        reasons.append(
            f"It writes {best.speed:.1f} tokens a second; at least {wish.speed:g} are wanted."
        )
    others = len(fast) - 1
    among = f", the least of the {len(fast)} files that do that" if others else ""
    reasons.append(f"Its mean KL divergence is {best.divergence:.5f}{among}.")
    reasons += [_passed(one, wish) for one in choices if one.divergence < best.divergence]
    return Recommendation(best.name, True, tuple(reasons))


def _memory(choice: Choice, wish: Wish) -> str:
    return (
        f"{choice.name} needs {readable(choice.memory)} of memory with {wish.context:,} tokens of "
        f"context; a model may have {readable(wish.free)} now."
    )


def _passed(choice: Choice, wish: Wish) -> str:
    """Why a file that loses less is not it."""
    if choice.memory > wish.free:
        lack = f"needs {readable(choice.memory)} of memory"
    else:
        lack = f"writes only {choice.speed:.1f} tokens a second"
    return f"{choice.name} loses less ({choice.divergence:.5f}) but {lack}."
