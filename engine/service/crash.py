"""Reports of our own bugs that hold nothing of the user's: no messages, no values, no names."""

import platform
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import write_atomic
from engine.core.paths import Paths

_ROOT = Path(__file__).resolve().parents[2]
_SENTENCE = "Assay stopped because of an error of its own; nothing that was confirmed is lost."


def describe(error: BaseException) -> str:
    """Where an error happened and of which type it is, for it and for its causes.

    The error's message is left out, because it may quote an amount, a question or a path.
    """
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        if lines:
            lines.append("caused by")
        for frame in traceback.extract_tb(current.__traceback__):
            lines.append(f"  {_place(frame.filename)}:{frame.lineno} in {frame.name}")
        lines.append(f"{type(current).__module__}.{type(current).__qualname__}")
        current = current.__cause__ or current.__context__
    return "\n".join(lines)


def report_crash(paths: Paths, error: BaseException) -> str:
    """Write a report to the log folder; returns the sentence for the user."""
    now = datetime.now(UTC)
    text = "\n".join(
        (
            "Assay crash report. It holds no amounts, questions, names or paths of yours.",
            f"time: {now:%Y-%m-%d %H:%M:%S} UTC",
            f"python: {platform.python_version()} on {platform.system()} {platform.machine()}",
            "",
            describe(error),
            "",
        )
    )
    try:
        paths.ensure()
        place = paths.logs / f"crash-{now:%Y%m%dT%H%M%S%f}.txt"
        write_atomic(place, text.encode())
    except KnownError as reason:
        return f"{_SENTENCE} No report could be written. {reason}"
    return f"{_SENTENCE} A report without any of your data is at {place}."


def _place(filename: str) -> str:
    """A path inside the program or the library it belongs to; never the user's folders."""
    path = Path(filename)
    if path.is_relative_to(_ROOT):
        return path.relative_to(_ROOT).as_posix()
    for folder in sys.path:
        if folder and path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name
