"""Remembers, across a crash of everything, which model was being loaded."""

import json
import logging
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import sync_directory, write_atomic

MAX_FILE = 1 << 16

_log = logging.getLogger(__name__)


class CrashMarker:
    """A file that is there while a model loads, and stays if the load ends everything.

    A disk that cannot be written to must not keep a model from loading: that is only logged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def set(self, model: Path) -> None:
        """This model is about to be loaded."""
        try:
            write_atomic(self._path, json.dumps({"model": str(model)}).encode())
        except KnownError as error:
            _log.warning("the load is not marked: %s", error.sentence)

    def clear(self, model: Path) -> None:
        """This model's load has ended, well or not, in an orderly way; another's may go on."""
        if not self.is_for(model):
            return
        try:
            self._path.unlink(missing_ok=True)
            sync_directory(self._path.parent)
        except OSError as error:
            _log.warning("the mark of a load could not be removed: %s", error)

    def is_for(self, model: Path) -> bool:
        """Whether this model's last load did not end in an orderly way."""
        try:
            with open(self._path, "rb") as file:
                content = json.loads(file.read(MAX_FILE))
        except (OSError, ValueError, RecursionError):
            return False
        return isinstance(content, dict) and content.get("model") == str(model)


def not_again(name: str) -> str:
    """The sentence for a model that is not loaded by itself after such an end."""
    return f"The model {name} did not survive its last start; choose it again to try once more."
