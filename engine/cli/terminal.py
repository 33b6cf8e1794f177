"""Writing to the terminal: hostile text made harmless, questions to the user, widths."""

import os
import shutil
import sys
import unicodedata
from typing import TextIO

from engine.core.files import known_os_error

KEPT_CONTROLS = "\n\t"


def harmless(text: str) -> str:
    """Text without the control characters by which a terminal could be steered."""
    return "".join(
        char
        for char in text
        if char in KEPT_CONTROLS or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co"}
    )


def say(text: str = "", end: str = "\n") -> None:
    """Write text to standard output at once; KnownError if that is not possible."""
    write(_encodable(harmless(text), sys.stdout.encoding) + end)


def write(text: str) -> None:
    """Write what is known to be harmless; BrokenPipeError if the reader has gone away."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # What could not be written would be tried again when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise known_os_error("write the output", error) from error


def complain(text: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(_encodable(harmless(text), sys.stderr.encoding) + "\n")
    sys.stderr.flush()


def agreed(question: str) -> bool:
    """Ask a question that is answered y or N; the end of input means no."""
    say(f"{question} [y/N] ", end="")
    try:
        return input().strip().lower() in {"y", "yes"}
    except EOFError:
        say()
        return False


def interactive() -> bool:
    """Whether a person sits at both ends of this terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def width() -> int:
    """Columns of the terminal, within what reads well."""
    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 140))


def display_width(text: str) -> int:
    """Columns a terminal needs for the text."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


class PlainMarkdown:
    """Takes the marks of Markdown that only a screen can show out of a text that streams in."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """The next piece without `**` and back quotes; a star at its end waits for the next."""
        text = self._held + text
        self._held = "*" if text.endswith("*") and not text.endswith("**") else ""
        return text.removesuffix(self._held).replace("**", "").replace("`", "")

    def end(self) -> str:
        """What was still held back."""
        held, self._held = self._held, ""
        return held


class StatusLine:
    """A line that says what is going on and goes away; only where a person watches."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """stream: where it is written, standard output if None."""
        self._stream = stream or sys.stdout
        self._on = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._shown = False

    def show(self, text: str) -> None:
        """Put text in the place of what was shown before."""
        if self._on:
            shown = _encodable(harmless(text), self._stream.encoding)
            self._stream.write(f"\r\x1b[2m{shown}\x1b[0m\x1b[K")
            self._stream.flush()
            self._shown = True

    def clear(self) -> None:
        """Make the line empty again, before anything else is written."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False


def _encodable(text: str, encoding: str | None) -> str:
    """The text with what the terminal's encoding lacks replaced by "?"."""
    name = encoding or "utf-8"
    return text.encode(name, errors="replace").decode(name)
