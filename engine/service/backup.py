"""Backup of everything, and restore of a closed data folder."""

from contextlib import ExitStack
from pathlib import Path

from engine.core.paths import Paths
from engine.service.lock import ProfileLock
from engine.service.logfile import LogFile
from engine.store import backup as store_backup
from engine.store.database import Database


class BackupArea:
    """Writes backups of the open database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, target: Path, passphrase: str | None = None) -> None:
        """Write a verified backup to a new file; with a passphrase it opens on any computer.

        Raises KnownError; there is no file then.
        """
        store_backup.backup(self._database, target, passphrase)


def restore(paths: Paths, source: Path, passphrase: str | None = None) -> Path | None:
    """Put a backup in the place of the data folder's database, which nobody may have open.

    Returns where the present data are kept, or None if there were none. Raises KnownError, with
    everything as it was.
    """
    paths.ensure()
    with ExitStack() as closing:
        closing.callback(ProfileLock(paths).release)
        closing.callback(LogFile(paths).close)
        return store_backup.restore(paths, source, passphrase)
