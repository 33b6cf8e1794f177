"""Python's search for garbage, put off while very many objects are made."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """No search for unused cycles of objects meanwhile, for work that makes many and no cycles.

    It would look at all of them again and again, which can take as long as the work. What is not
    used any more and in no cycle is freed as always. Of two works at once the first to begin lets
    the search begin again; where it was off, as in the window, it stays so.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # All objects become old ones, which are looked at last, instead of new ones, looked at now.
        gc.freeze()
        gc.unfreeze()
        if enabled:
            gc.enable()
