"""Puts the ways in which llama.cpp and the child fail into words for the user."""

import re
from typing import Literal, get_args

from engine.core.errors import KnownError

Cause = Literal[
    "memory",
    "graphics memory",
    "graphics",
    "architecture",
    "tokenizer",
    "processor",
    "tensors",
    "unreadable",
    "stuck",
    "damaged",
]
CAUSES: frozenset[str] = frozenset(get_args(Cause))

SIGILL, SIGKILL = 4, 9  # not all of them exist in Python's signal module on Windows

# What graphics drivers and llama.cpp's backends for them say; looked for first, since a
# line of theirs often matches a plainer pattern too.
_GRAPHICS_MEMORY = re.compile(
    r"(cuda|hip|musa)Malloc\w* failed|ErrorOutOf(Device|Host)Memory|CommandBuffer\w*OutOfMemory"
    r"|Device memory allocation of size"
    r"|(failed|unable) to allocate (CUDA|ROCm|MUSA|Vulkan|Metal|SYCL|MTL)\w* buffer"
    r"|(CUDA|ROCm|MUSA) error: out of memory|ggml_metal\w*: error: failed to allocate",
    re.IGNORECASE,
)
_GRAPHICS = re.compile(
    r"(CUDA|ROCm|MUSA|SYCL) error|ErrorDeviceLost|ErrorInitializationFailed|vk::\w*Error"
    r"|ggml_metal\w*: error|failed to initialize (CUDA|ROCm|Vulkan|Metal|MTL)\w* backend",
    re.IGNORECASE,
)
# What process.py notes where it ends a child for what it sent.
_PROTOCOL = re.compile(r"^protocol: ", re.MULTILINE)
# What llama.cpp, the C++ library and Python say when memory runs out.
_MEMORY = re.compile(
    r"(failed|unable) to allocate|cannot allocate|insufficient memory|out of memory|bad_alloc"
    r"|MemoryError|mmap failed|Thread creation failed",
    re.IGNORECASE,
)
_OTHERS: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    ("architecture", re.compile(r"(unknown|unsupported) model architecture")),
    ("tokenizer", re.compile(r"unknown (pre-)?tokenizer")),
    (
        "tensors",
        re.compile(r"missing tensor|has wrong shape|wrong number of tensors|tensor '.*' not found"),
    ),
    ("unreadable", re.compile(r"read error: |failed to open .*: (?!No such)|Input/output error")),
)

# Sentence and hint of each cause; {} is the model's name.
_SENTENCES: dict[Cause, tuple[str, str]] = {
    "memory": (
        "There is not enough free memory for the model {}.",
        "Close other programs or choose a smaller model.",
    ),
    "graphics memory": (
        "There is not enough free memory on the graphics card for the model {}.",
        "Close other programs that use it or choose a smaller model.",
    ),
    "graphics": (
        "The graphics card could not run the model {}.",
        "Update its driver or choose another model.",
    ),
    "architecture": (
        "Assay cannot run the model {}: its kind is not known to this version.",
        "Choose another model.",
    ),
    "tokenizer": (
        "Assay cannot run the model {}: its way of splitting text is not known to this version.",
        "Choose another model.",
    ),
    "processor": (
        "The model engine was built for another processor and cannot run here.",
        "Run `make run` on this computer so that it is built again.",
    ),
    "tensors": (
        "The model {} could not be loaded: parts of it are missing, its file is damaged.",
        "Download it again or choose another model.",
    ),
    "unreadable": (
        "The file of the model {} could not be read from the disk.",
        "Check the disk, then choose the model again.",
    ),
    "stuck": (
        "The model {} could not be loaded: reading its file came to a standstill.",
        "Try again; if it happens once more, download the file again or choose another model.",
    ),
    "damaged": (
        "The model {} could not be loaded: its file is damaged.",
        "Download it again or choose another model.",
    ),
}


def load_cause(log: str) -> Cause:
    """Why a model did not load, from llama.cpp's log."""
    if _GRAPHICS_MEMORY.search(log):
        return "graphics memory"
    if _GRAPHICS.search(log):
        return "graphics"
    if _MEMORY.search(log):
        return "memory"
    return next((cause for cause, pattern in _OTHERS if pattern.search(log)), "damaged")


def death_cause(exit_code: int, log: str) -> Cause:
    """Why a child died while loading; exit_code < 0 is a signal."""
    if exit_code == -SIGILL:
        return "processor"
    if _PROTOCOL.search(log):
        return "damaged"
    return "memory" if exit_code == -SIGKILL else load_cause(log)


def load_error(cause: Cause, name: str) -> KnownError:
    """The error to show when the model file `name` did not load for this cause."""
    sentence, hint = _SENTENCES[cause]
    return KnownError(sentence.format(name), hint)


def death_sentence(exit_code: int, log: str) -> tuple[str, str]:
    """Sentence and hint for a child that ended by itself; exit_code < 0 is a signal."""
    again = "Ask again: the model restarts by itself."
    if _GRAPHICS_MEMORY.search(log):
        return (
            "The graphics card ran out of memory and the model stopped.",
            "Close other programs that use it or choose a smaller model, then ask again.",
        )
    if _GRAPHICS.search(log):
        return "The graphics card failed and the model stopped.", again
    if _MEMORY.search(log):
        return (
            "The model ran out of memory and stopped.",
            "Close other programs or choose a smaller model, then ask again.",
        )
    if exit_code == -SIGILL:
        return _SENTENCES["processor"]
    if exit_code == -SIGKILL and not _PROTOCOL.search(log):
        return "The system ended the model, most likely because memory ran short.", again
    return "The model stopped unexpectedly.", again
