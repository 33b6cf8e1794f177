"""Puts the ways in which llama.cpp and the child fail into words for the user."""

import re
from typing import Literal

from engine.core.errors import KnownError

Cause = Literal["memory", "architecture", "processor", "damaged"]

# What llama.cpp, the C++ library and Python say when memory runs out.
_MEMORY = re.compile(
    r"(failed|unable) to allocate|cannot allocate|insufficient memory|out of memory|bad_alloc"
    r"|MemoryError|mmap failed|Thread creation failed",
    re.IGNORECASE,
)
SIGILL, SIGKILL = 4, 9  # not all of them exist in Python's signal module on Windows
_WRONG_PROCESSOR = (
    "The model engine was built for another processor and cannot run here.",
    "Run `make run` on this computer so that it is built again.",
)
_ARCHITECTURE = re.compile(r"unknown (?:model architecture|pre-tokenizer type|tokenizer)")


def load_cause(log: str) -> Cause:
    """Why a model did not load, from llama.cpp's log."""
    if _MEMORY.search(log):
        return "memory"
    return "architecture" if _ARCHITECTURE.search(log) else "damaged"


def death_cause(exit_code: int, log: str) -> Cause:
    """Why a child died while loading; exit_code < 0 is a signal."""
    if exit_code == -SIGILL:
        return "processor"
    return "memory" if exit_code == -SIGKILL else load_cause(log)


def load_error(cause: Cause, name: str) -> KnownError:
    """The error to show when the model file `name` did not load for this cause."""
    if cause == "memory":
        return KnownError(
            f"There is not enough free memory for the model {name}.",
            "Close other programs or choose a smaller model.",
        )
    if cause == "processor":
        return KnownError(*_WRONG_PROCESSOR)
    if cause == "architecture":
        return KnownError(
            f"Assay cannot run the model {name}: its kind is not known to this version.",
            "Choose another model.",
        )
    return KnownError(
        f"The model {name} could not be loaded: its file is damaged.",
        "Download it again or choose another model.",
    )


def death_sentence(exit_code: int, log: str) -> tuple[str, str]:
    """Sentence and hint for a child that ended by itself; exit_code < 0 is a signal."""
    again = "Ask again: the model restarts by itself."
    if _MEMORY.search(log):
        return (
            "The model ran out of memory and stopped.",
            "Close other programs or choose a smaller model, then ask again.",
        )
    if exit_code == -SIGILL:
        return _WRONG_PROCESSOR
    if exit_code == -SIGKILL:
        return "The system ended the model, most likely because memory ran short.", again
    return "The model stopped unexpectedly.", again
