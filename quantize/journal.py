"""Figures of a long measurement, kept as they are found so that it can be gone on with."""

import json
from pathlib import Path

from engine.core.files import known_os_error

LARGEST = 64 << 20


class Journal:
    """A file of JSON lines, [name, value]; the first is the key of what is measured.

    A file of another key, or one that is no journal, is begun anew. A line that was cut off by the
    end of the process is measured again. Raises KnownError where it cannot be read or written.
    """

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self.known: dict[str, float] = {}
        lines = self._lines()
        if not lines or lines[0] != key:
            self._write("w", json.dumps(key))
            return
        for line in lines[1:]:
            if isinstance(line, list) and len(line) == 2 and isinstance(line[1], float):
                self.known[str(line[0])] = float(line[1])

    def add(self, name: str, value: float) -> None:
        """Know a figure from now on."""
        self.known[name] = value
        self._write("a", json.dumps([name, value]))

    def _write(self, mode: str, line: str) -> None:
        try:
            with open(self._path, mode, encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise known_os_error(f"write {self._path.name}", error) from error

    def _lines(self) -> list[object]:
        try:
            with open(self._path, "rb") as file:
                *whole, cut = file.read(LARGEST).split(b"\n")
            found = [json.loads(line) for line in whole]
            if cut:  # what follows must not be joined to it
                self._path.write_bytes(b"".join(line + b"\n" for line in whole))
        except (FileNotFoundError, ValueError):
            return []
        except OSError as error:
            raise known_os_error(f"read {self._path.name}", error) from error
        return found
