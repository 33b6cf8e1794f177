"""The runs that Assay has started."""

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.core.files import write_atomic


@dataclass(frozen=True, slots=True)
class Start:
    """How a run was started. Not kept in the folder of the run, which others may have written:
    only what the user has asked for here is ever run."""

    recipe: str
    method: str
    path: str
    settings: dict[str, str]
    until: str

    def arguments(self, folder: Path) -> list[str]:
        """What `assay-train` is to be told; the same goes on where it was stopped."""
        settings = {**self.settings, "out": str(folder)}
        flags = [f"--{key}={value}" for key, value in settings.items()]
        until = [f"--until={self.until}"] if self.until else []
        return [self.method, "--recipe", self.path, *until, *flags]


class KnownRuns:
    """Folders, newest last, in one JSON file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def all(self) -> dict[Path, Start]:
        """By folder; a file that is not there, or is broken, holds none."""
        try:
            document = json.loads(self._path.read_bytes())
            return {Path(folder): Start(**values) for folder, values in document.items()}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}

    def put(self, folder: Path, start: Start) -> None:
        """Know a folder from now on."""
        with self._lock:
            self._write({**self.all(), folder: start})

    def forget(self, folder: Path) -> None:
        """Know it no more; the folder stays as it is."""
        with self._lock:
            self._write({one: start for one, start in self.all().items() if one != folder})

    def _write(self, known: dict[Path, Start]) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        document = {str(folder): asdict(start) for folder, start in known.items()}
        write_atomic(self._path, json.dumps(document, indent=1).encode())
