"""Verified copies of an open database, and the one-file format they are kept in.

A backup is: the 8 bytes "ASSAYBK1" | length of the header, 4 bytes little-endian | header, JSON |
an SQLCipher database up to the end. Header: {"format": 1, "created": time, "schema": version,
"key": null or the passphrase-wrapped key}. With null, the copy has the key of the device that
wrote it; otherwise a key of its own.
"""

import json
import shutil
import tempfile
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from engine.core.errors import KnownError
from engine.core.files import known_os_error, move_new, sync_file
from engine.store import codec
from engine.store.connection import (
    Connection,
    check_integrity,
    connect,
    key_literal,
    known_errors,
    row_counts,
    schema_version,
)

MAGIC = b"ASSAYBK1"
_FORMAT = 1
_LENGTH_BYTES = 4
_MAX_HEADER = 65_536


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A database key under a passphrase: Argon2id (memory in KiB) derives the key of AES-256-GCM.

    salt, nonce and wrapped are hexadecimal.
    """

    iterations: int
    lanes: int
    memory: int
    salt: str
    nonce: str
    wrapped: str


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup says about itself, in the clear."""

    created: datetime
    schema: int
    key: WrappedKey | None


def write_snapshot(
    connection: Connection,
    key: bytes,
    target: Path,
    created: datetime,
    own_key: tuple[bytes, WrappedKey] | None = None,
) -> None:
    """Copy an open database with no transaction in progress into a new backup file at target.

    own_key: re-encrypt the copy with this key and note its wrapped form in the header. The copy
    is taken out of the finished file again, opened, checked and counted before it gets its name.
    Raises KnownError; target does not exist then.
    """
    if target.exists():
        raise _taken(target)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".assay-backup-") as folder:
            copy, whole = Path(folder, "copy.db"), Path(folder, "whole")
            before = row_counts(connection)
            with known_errors():
                connection.execute("VACUUM INTO ?", (str(copy),))
            after = row_counts(connection)
            wrapped = None
            if own_key:
                change_key(copy, key, own_key[0])
                key, wrapped = own_key
            header = Header(created, schema_version(connection), wrapped)
            _pack(header, copy, whole)
            copy.unlink()
            read_snapshot(whole, copy)
            # Another process may have stored something while the copy was made.
            if verify(copy, key) not in (before, after):
                raise KnownError("The backup does not hold what the database holds.", "Try again.")
            if not move_new(whole, target):
                raise _taken(target)
    except OSError as error:
        raise known_os_error("write the backup", error) from error


def read_header(source: Path) -> Header:
    """The header of a backup; KnownError if the file is not one."""
    try:
        with source.open("rb") as file:
            return _read_header(file)
    except OSError as error:
        raise known_os_error("read the backup", error) from error


def read_snapshot(source: Path, database: Path) -> Header:
    """Write the database inside a backup to a new file; returns the header. Raises KnownError."""
    try:
        with source.open("rb") as file, database.open("xb") as out:
            header = _read_header(file)
            shutil.copyfileobj(file, out)
        database.chmod(0o600)
        sync_file(database)
    except OSError as error:
        raise known_os_error("read the backup", error) from error
    return header


def verify(database: Path, key: bytes) -> dict[str, int]:
    """Open a copied database, check all of it, return its row counts; KnownError if it is bad."""
    with closing(connect(database, key)) as connection:
        check_integrity(connection, thorough=True)
        return row_counts(connection)


def change_key(database: Path, old: bytes, new: bytes) -> None:
    """Encrypt a closed database anew with another key; KnownError if old does not open it."""
    with closing(connect(database, old)) as connection, known_errors():
        connection.execute(f"PRAGMA rekey = {key_literal(new)}")


def _taken(target: Path) -> KnownError:
    return KnownError(f"There is already a file at {target}.", "Choose another name.")


def _pack(header: Header, database: Path, whole: Path) -> None:
    fields = asdict(header) | {"format": _FORMAT, "created": codec.time_text(header.created)}
    text = json.dumps(fields).encode()
    with database.open("rb") as copy, whole.open("xb") as out:
        out.write(MAGIC + len(text).to_bytes(_LENGTH_BYTES, "little") + text)
        shutil.copyfileobj(copy, out)
    whole.chmod(0o600)
    sync_file(whole)


def _read_header(file: IO[bytes]) -> Header:
    if file.read(len(MAGIC)) != MAGIC:
        raise KnownError("This file is not a backup of Assay.", "Choose another file.")
    length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    try:
        if length > _MAX_HEADER:
            raise ValueError("header too long")
        fields: dict[str, Any] = json.loads(file.read(length))
        if fields["format"] != _FORMAT:
            raise KnownError("This backup was made by a newer version of Assay.", "Update Assay.")
        wrapped = fields["key"]
        return Header(
            codec.time(fields["created"]),
            int(fields["schema"]),
            None if wrapped is None else WrappedKey(**wrapped),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise KnownError("The backup is damaged.", "Use another backup.") from error
