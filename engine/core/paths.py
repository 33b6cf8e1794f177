"""Where the user's data lives."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.core.files import known_os_error


@dataclass(frozen=True, slots=True)
class Paths:
    """The places under one data folder."""

    root: Path

    @classmethod
    def default(cls) -> "Paths":
        """$ASSAY_HOME if set, else the platform's folder for application data."""
        home = os.environ.get("ASSAY_HOME")
        return cls(Path(home).expanduser().absolute() if home else _platform_root())

    @property
    def database(self) -> Path:
        """The encrypted database."""
        return self.root / "assay.db"

    @property
    def key_file(self) -> Path:
        """The database key, where no keyring holds it."""
        return self.root / "assay.key"

    @property
    def models(self) -> Path:
        """Model files the user added."""
        return self.root / "models"

    @property
    def downloads(self) -> Path:
        """Parts of model files that are still being fetched; made when the first one is."""
        return self.models / "downloads"

    @property
    def own_catalogue(self) -> Path:
        """Models the user has added to the catalogue, if there are any."""
        return self.root / "catalogue.json"

    @property
    def backups(self) -> Path:
        """Automatic copies of the database."""
        return self.root / "backups"

    @property
    def states(self) -> Path:
        """What the model has read of each chat, encrypted; the one place it may write to."""
        return self.root / "read"

    @property
    def training(self) -> Path:
        """Training runs; made when the first one is started."""
        return self.root / "training"

    @property
    def builds(self) -> Path:
        """Models being built; made when the first one is started."""
        return self.root / "builds"

    @property
    def logs(self) -> Path:
        """Log files."""
        return self.root / "logs"

    def ensure(self) -> None:
        """Make the missing folders, for their owner only; KnownError if that is not possible."""
        try:
            for folder in (self.root, self.models, self.backups, self.logs):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise known_os_error(f"prepare the data folder {self.root}", error) from error


def _platform_root() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Local") / "Assay"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Assay"
    base = os.environ.get("XDG_DATA_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "share") / "assay"
