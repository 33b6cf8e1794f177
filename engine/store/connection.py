"""Opening the encrypted file with the right settings, and saying plainly what went wrong."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from sqlcipher3 import dbapi2

from engine.core.errors import KnownError

Connection = Any  # sqlcipher3 has no type information
Way = Literal["writing", "reading", "alone"]
"""reading: beside a process that writes. alone: nobody else has the file open, so that its log is
read without the file of shared memory, for which a full disk has no room."""

# Without an adapter the module asks each None for one in vain: a fifth of the time of storing rows.
dbapi2.register_adapter(type(None), lambda none: none)

KEY_BYTES = 32
BUSY_SECONDS = 10.0
# Up to 3.51.2 two connections at work could damage a file whose log was being reset.
_OLDEST_SQLITE = (3, 51, 3)

_FULL = ("The disk is full, so nothing was saved.", "Free some space and try again.")
_DAMAGED = ("The database is damaged.", "Restore a backup.")
BUSY, READ_ONLY, DISK, FULL = 5, 8, 10, 13
_SENTENCES = {
    BUSY: ("Another copy of Assay is writing to the database.", "Close it and try again."),
    READ_ONLY: ("The database cannot be written to.", "Check the permissions of the data folder."),
    DISK: (
        "The disk reported an error, so nothing was saved.",
        "Check the disk and its free space.",
    ),
    11: _DAMAGED,
    FULL: _FULL,
    14: ("The database cannot be opened.", "Check the permissions of the data folder."),
    26: (
        "The key of this device does not open the database, or the database is damaged.",
        "Restore a backup.",
    ),
}
"""What to tell the user for a primary result code of SQLite; other codes are bugs of ours."""


@contextlib.contextmanager
def known_errors() -> Iterator[None]:
    """Turn full disk, damage, wrong key and the like into KnownError; let bugs pass as they are."""
    try:
        yield
    except dbapi2.Error as error:
        primary = primary_code(error)
        if primary not in _SENTENCES:
            raise
        raise KnownError(*_SENTENCES[primary]) from error


def primary_code(error: BaseException | None) -> int:
    """SQLite's primary result code of an error, 0 if it has none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def connect(path: Path, key: bytes, way: Way = "writing") -> Connection:
    """Open the file at path with a raw key of 32 bytes; no transaction is ever opened implicitly.

    Raises KnownError for a wrong key, or if there is no such file.
    """
    if dbapi2.sqlite_version_info < _OLDEST_SQLITE:
        raise KnownError(
            f"The installed SQLite {dbapi2.sqlite_version} can damage data.",
            "Install Assay's own dependencies again with `make run`.",
        )
    if not path.is_file():
        raise KnownError(f"There is no database at {path}.", "Check the data folder.")
    with known_errors():
        connection = dbapi2.connect(
            f"{path.absolute().as_uri()}?mode={'ro' if way == 'reading' else 'rw'}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
        )
        try:
            # Otherwise a wrong key or a damaged page is reported on standard error as well.
            connection.execute("PRAGMA cipher_log_level = NONE")
            connection.execute(f"PRAGMA key = {key_literal(key)}")
            if way == "alone":
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if way != "writing":
                connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
        except BaseException:
            connection.close()
            raise
    return connection


def make_durable(connection: Connection) -> None:
    """Every commit reaches the disk before it is reported, on macOS too."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA checkpoint_fullfsync = ON")


def key_literal(key: bytes) -> str:
    """The key as SQLCipher's raw-key literal; ValueError if it is not 32 bytes."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a database key has {KEY_BYTES} bytes")
    return f"\"x'{key.hex()}'\""


def schema_version(connection: Connection) -> int:
    """The schema version the file says it has; 0 for a new file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_integrity(connection: Connection, thorough: bool) -> None:
    """Read every page and check its signature and structure; KnownError if anything is wrong.

    thorough: also check every index against its table.
    """
    check = "integrity_check" if thorough else "quick_check"
    with known_errors():
        # A database gets its name when its tables are in it: an empty one has lost them.
        if schema_version(connection) == 0:
            raise KnownError(*_DAMAGED)
        if connection.execute(f"PRAGMA {check}(1)").fetchone()[0] != "ok":
            raise KnownError(*_DAMAGED)
        if thorough and connection.execute("PRAGMA foreign_key_check").fetchone():
            raise KnownError(*_DAMAGED)


def row_counts(connection: Connection) -> dict[str, int]:
    """Number of rows of every table."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return {
        name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])
        for (name,) in names.fetchall()
    }
