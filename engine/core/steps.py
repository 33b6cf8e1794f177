"""How work that knows nothing of jobs tells how far it is."""

from collections.abc import Callable

Step = Callable[[float, str], None]
"""Told how far the work is (0 to 1) and what it does, in a few words; may raise to stop it."""


def unwatched(fraction: float, text: str) -> None:
    """The step of work that nobody follows."""


def part(step: Step, begin: float, end: float) -> Step:
    """The step of a part of the work, which is that of the whole from begin to end."""
    return lambda fraction, text: step(begin + (end - begin) * fraction, text)


class Repeated:
    """A step that can be taken again where it is not known how far the work is."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._last = (0.0, "")

    def __call__(self, fraction: float, text: str) -> None:
        """As the step itself."""
        self._last = (fraction, text)
        self._step(fraction, text)

    def again(self) -> None:
        """The last step once more: what matters is that it may raise."""
        self._step(*self._last)
