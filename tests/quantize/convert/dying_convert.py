"""A conversion that ends itself with SIGKILL at the n-th call of a function.

python dying_convert.py MODULE FUNCTION N SOURCE TARGET [--split SIZE]
"""

import os
import signal
import sys
from collections.abc import Callable

import quantize.convert
from quantize.cli import main
from quantize.convert import draft


class Now:
    """Notes what is safe at once, after each tensor, and not beside the work."""

    def __init__(self, _workers: int) -> None:
        pass

    def submit(self, work: Callable[..., None], *arguments: object) -> None:
        work(*arguments)

    def shutdown(self) -> None:
        pass


def _dying(function: Callable[..., object], last: int) -> Callable[..., object]:
    calls = 0

    def call(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)

    return call


if __name__ == "__main__":
    place, name, at, *arguments = sys.argv[1:]
    owner = {"os": os, "draft": draft}[place]
    setattr(owner, name, _dying(getattr(owner, name), int(at)))
    draft.SECONDS = 0
    draft.ThreadPoolExecutor = Now
    quantize.convert._verify = lambda *_: (1, 0)  # is tested elsewhere
    sys.exit(main(["convert", *arguments, "--type", "F16"]))
