"""The log file of a data folder: warnings and errors, without what they say about the user."""

import contextlib
import logging
import os
from copy import copy
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from types import TracebackType
from typing import TypeAlias

from engine.core.paths import Paths
from engine.service.crash import describe

MAX_BYTES = 500_000

_ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class _Formatter(logging.Formatter):
    """One line per record; of an exception its type and place only."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        # Another handler may have left the whole text of the exception in the record.
        own = copy(record)
        own.exc_text = None
        return super().format(own)

    def formatException(self, ei: _ExcInfo) -> str:
        return describe(ei[1]) if ei[1] is not None else ""


class _Handler(RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return open(handle, "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk must not fill the user's screen with complaints about the log."""


class LogFile:
    """Collects warnings and errors of the whole program from construction to close()."""

    def __init__(self, paths: Paths) -> None:
        self._handler = _Handler(
            paths.logs / "assay.log", maxBytes=MAX_BYTES, backupCount=1, delay=True
        )
        self._handler.setLevel(logging.WARNING)
        self._handler.setFormatter(_Formatter())
        logging.getLogger().addHandler(self._handler)

    def close(self) -> None:
        """Stop collecting; lines for which the disk has no room are lost."""
        logging.getLogger().removeHandler(self._handler)
        # Closing writes what is left, and must not hide what else a full disk has kept from ending.
        with contextlib.suppress(OSError):
            self._handler.close()
