"""Backup of an open database into one file, and restore of a closed one from it."""

import logging
import secrets
import shutil
import tempfile
from contextlib import closing
from pathlib import Path

from sqlcipher3 import dbapi2

from engine.core.clock import SystemClock
from engine.core.errors import KnownError
from engine.core.files import known_os_error, sync_directory, sync_file
from engine.core.paths import Paths
from engine.store import migrations
from engine.store import passphrase as passphrases
from engine.store.connection import BUSY, KEY_BYTES, connect, primary_code
from engine.store.database import Database
from engine.store.keys import load_or_create_key, replace_key
from engine.store.snapshot import (
    Header,
    change_key,
    read_header,
    read_snapshot,
    verify,
    write_snapshot,
)

_log = logging.getLogger(__name__)


def backup(db: Database, target: Path, passphrase: str | None = None) -> None:
    """Write a verified backup of everything to a new file.

    passphrase: encrypt the copy with a key of its own, wrapped by this passphrase (8 characters
    or more), so that it can be restored anywhere; without one only this device can restore it.
    Raises KnownError; there is no file at target then.
    """
    own_key = None
    if passphrase is not None:
        key = secrets.token_bytes(KEY_BYTES)
        own_key = (key, passphrases.wrap(key, passphrase))
    created = db.clock.now()
    db.run_outside_transaction(
        lambda connection: write_snapshot(connection, db.key, target, created, own_key)
    )


def restore(paths: Paths, source: Path, passphrase: str | None = None) -> Path | None:
    """Put the database of a backup in the place of the present one, which must be closed.

    The backup is checked completely first. The present database and its key are kept in a new
    folder of the data folder; returns that, or None if there was no database.
    Raises KnownError; the present database is then as it was.
    """
    header = read_header(source)
    if header.schema > len(migrations.STEPS):
        raise KnownError("This backup was made by a newer version of Assay.", "Update Assay.")
    paths.ensure()
    try:
        with tempfile.TemporaryDirectory(dir=paths.root, prefix=".assay-restore-") as folder:
            fresh = Path(folder, "fresh.db")
            read_snapshot(source, fresh)
            key = _backup_key(paths, header, passphrase)
            _verify(fresh, key)
            _require_closed(paths)
            kept = _keep_present(paths)
            if header.key is not None:
                change_key(fresh, key, _device_key(paths))
            for suffix in ("-wal", "-shm"):
                # What is left of the old database's log must not be applied to the new one.
                paths.database.with_name(paths.database.name + suffix).unlink(missing_ok=True)
            fresh.replace(paths.database)
            sync_directory(paths.root)
    except OSError as error:
        raise known_os_error("restore the backup", error) from error
    return kept


def _backup_key(paths: Paths, header: Header, passphrase: str | None) -> bytes:
    if header.key is None:
        if not paths.key_file.exists():
            raise KnownError(
                "This backup has no passphrase, so it opens only on the device it is from.",
                "Restore it there, or use a backup with a passphrase.",
            )
        return load_or_create_key(paths)[0]
    if passphrase is None:
        raise KnownError("This backup is protected by a passphrase.", "Give the passphrase too.")
    return passphrases.unwrap(header.key, passphrase)


def _verify(database: Path, key: bytes) -> None:
    try:
        verify(database, key)
    except KnownError as error:
        raise KnownError(
            "The backup is damaged, or it is from another device and has no passphrase.",
            "Use another backup.",
        ) from error


def _require_closed(paths: Paths) -> None:
    """KnownError if some process has the present database open; empties its log otherwise."""
    if not paths.database.exists():
        return
    try:
        key, _ = load_or_create_key(paths)
        with closing(connect(paths.database, key)) as connection:
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("PRAGMA journal_mode = DELETE")
    except (KnownError, dbapi2.Error) as error:
        if primary_code(error) == BUSY:
            raise KnownError("The database is in use.", "Close Assay and try again.") from error
        _log.warning("the database to be replaced cannot be opened: %s", type(error).__name__)


def _keep_present(paths: Paths) -> Path | None:
    if not paths.database.exists():
        return None
    kept = paths.root / f"replaced-{SystemClock().now():%Y%m%dT%H%M%S%f}"
    kept.mkdir(mode=0o700)
    wal = paths.database.with_name(paths.database.name + "-wal")
    for file in (paths.database, wal, paths.key_file):
        if file.exists():
            shutil.copy2(file, kept / file.name)
            sync_file(kept / file.name)
    sync_directory(kept)
    return kept


def _device_key(paths: Paths) -> bytes:
    """The key of this device; a new one where the old one is lost together with its database."""
    try:
        return load_or_create_key(paths)[0]
    except KnownError as error:
        _log.warning("a new key is made: %s", type(error).__name__)
        return replace_key(paths)
