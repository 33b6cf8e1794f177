"""The one owner of the database connection: a queue of work in, futures out."""

import logging
import queue
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import sqlite_utils

from engine.core.clock import Clock
from engine.core.errors import KnownError
from engine.core.files import known_os_error, move_new
from engine.store import migrations
from engine.store.connection import (
    DISK,
    FULL,
    READ_ONLY,
    Connection,
    Way,
    check_integrity,
    connect,
    known_errors,
    make_durable,
    primary_code,
    schema_version,
)
from engine.store.snapshot import write_snapshot

T = TypeVar("T")

_log = logging.getLogger(__name__)

_NEWER = (
    "This data was last used by a newer version of Assay, so it can be read but not changed.",
    "Update Assay to change it.",
)
_NO_ROOM = (
    "The disk is full, so these data can be read, but nothing can be saved.",
    "Free some space and start Assay again.",
)
_BESIDE = (
    "Assay is open with this data folder, so it can be read but not changed here.",
    "Change it there, or close it first.",
)
_OTHER_SCHEMA = (
    "An older version of Assay is open with this data folder.",
    "Close it and try again.",
)


def _wrapped(connection: Connection) -> sqlite_utils.Database:
    # Plug-ins of sqlite-utils would be other people's code next to the user's data.
    return sqlite_utils.Database(connection, execute_plugins=False)


class Database:
    """An open database; every statement runs on its one thread.

    Covered: a commit that returned survives a crash; a piece of work is stored wholly or not at
    all. Not covered: a disk that reports a write as done and loses it.
    """

    def __init__(self, path: Path, key: bytes, clock: Clock, way: Way = "writing") -> None:
        """Use Database.open."""
        self.path = path
        self.key = key
        self.clock = clock
        self.read_only = ""
        self._way = way
        self._refusal = ("", "")
        self._work: queue.SimpleQueue[Callable[[Connection], None] | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._own, name="store", daemon=True)
        self._opened: Future[None] = Future()
        self._db: sqlite_utils.Database

    @classmethod
    def open(cls, path: Path, key: bytes, clock: Clock, beside: bool = False) -> "Database":
        """Open or create the database at path with a raw key of 32 bytes; migrate it if need be.

        beside: for reading only, while another process writes to it; otherwise nobody else may have
        it open. For reading only as well if its schema is newer than this program's, or if the disk
        is full: then read_only is a sentence that says so.
        Raises KnownError for a wrong key, a damaged file, a full disk or missing permissions.
        """
        database = cls(path, key, clock, "reading" if beside else "writing")
        database._thread.start()
        database._opened.result()
        return database

    def run(self, fn: Callable[[sqlite_utils.Database], T]) -> T:
        """Run fn in one transaction and wait: committed when this returns, undone if it raises.

        fn must neither end the transaction nor return anything lazy. Raises what fn raises, and
        KnownError for a full disk, damage and the like.
        """
        self._not_from_within()
        return self.submit(fn).result()

    def submit(self, fn: Callable[[sqlite_utils.Database], T]) -> Future[T]:
        """As run, but returns a future at once."""
        return self._enqueue(lambda connection: self._transact(connection, fn))

    def run_outside_transaction(self, fn: Callable[[Connection], T]) -> T:
        """Run fn on the owner thread with no transaction open (VACUUM needs that) and wait."""
        self._not_from_within()
        try:
            return self._enqueue(fn).result()
        except KnownError as error:
            if self.read_only and primary_code(error.__cause__) == READ_ONLY:
                raise KnownError(*self._refusal) from error
            raise

    def close(self) -> None:
        """Finish the queued work and close; closing twice is harmless."""
        self._not_from_within()
        with self._closing:
            if not self._closed:
                self._closed = True
                self._work.put(None)
        self._thread.join()

    def _not_from_within(self) -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError("work on the store thread cannot wait for the store thread")

    def _enqueue(self, fn: Callable[[Connection], T]) -> Future[T]:
        future: Future[T] = Future()

        def work(connection: Connection) -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(connection)
            except BaseException as error:  # noqa: BLE001  (it belongs to whoever waits)
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._closing:
            if self._closed:
                raise RuntimeError("the database is closed")
            self._work.put(work)
        return future

    def _transact(self, connection: Connection, fn: Callable[[sqlite_utils.Database], T]) -> T:
        with known_errors():
            connection.execute("BEGIN" if self.read_only else "BEGIN IMMEDIATE")
            try:
                result = fn(self._db)
                if not connection.in_transaction:
                    raise RuntimeError("work must not end its transaction")
                connection.execute("COMMIT")
            except BaseException as error:
                # A full disk has already undone it.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if self.read_only and primary_code(error) == READ_ONLY:
                    raise KnownError(*self._refusal) from error
                raise
        return result

    def _own(self) -> None:
        try:
            connection = self._prepare()
        except BaseException as error:  # noqa: BLE001  (it belongs to whoever opens)
            self._closed = True
            self._opened.set_exception(error)
            return
        self._opened.set_result(None)
        while (work := self._work.get()) is not None:
            work(connection)
        connection.close()

    def _prepare(self) -> Connection:
        if not self.path.exists():
            self._create()
        connection = self._connect()
        try:
            with known_errors():
                check_integrity(connection, thorough=False)
                self._db = _wrapped(connection)
                version = schema_version(connection)
                if version > len(migrations.STEPS):
                    connection.execute("PRAGMA query_only = ON")
                    self._only_read(_NEWER)
                    _log.warning("schema %d is newer than this program", version)
                elif self._way == "reading":
                    if version < len(migrations.STEPS):
                        raise KnownError(*_OTHER_SCHEMA)
                    self._only_read(_BESIDE)
                elif self._way == "alone":
                    if version < len(migrations.STEPS):
                        raise KnownError(*_NO_ROOM)
                    self._only_read(_NO_ROOM)
                else:
                    make_durable(connection)
                    self._migrate(connection, version)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> Connection:
        try:
            return connect(self.path, self.key, self._way)
        except KnownError as error:
            if self._way == "reading" or primary_code(error.__cause__) not in (DISK, FULL):
                raise
        # If it can be read like this, only room for what goes with writing is missing.
        self._way = "alone"
        return connect(self.path, self.key, self._way)

    def _only_read(self, why: tuple[str, str]) -> None:
        self.read_only, self._refusal = why[0], why

    def _create(self) -> None:
        """Make a database with all its tables and only then give it its name."""
        try:
            with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=".assay-new-") as folder:
                fresh = Path(folder, "fresh.db")
                fresh.touch(mode=0o600)
                with closing(connect(fresh, self.key)) as connection, known_errors():
                    self._db = _wrapped(connection)
                    self._transact(connection, migrations.run)
                # Another process may have been faster; then its database is the one.
                move_new(fresh, self.path)
        except OSError as error:
            raise known_os_error(f"make the database {self.path}", error) from error

    def _migrate(self, connection: Connection, version: int) -> None:
        if version < len(migrations.STEPS):
            self._copy_before_migration(connection, version)
            # A step that rebuilds a table must not delete what refers to it; run() checks after.
            connection.execute("PRAGMA foreign_keys = OFF")
            self._transact(connection, migrations.run)
            connection.execute("PRAGMA foreign_keys = ON")

    def _copy_before_migration(self, connection: Connection, version: int) -> None:
        now = self.clock.now()
        folder = self.path.parent / "backups"
        folder.mkdir(mode=0o700, exist_ok=True)
        name = f"schema-{version}-{now:%Y%m%dT%H%M%S%f}.assay-backup"
        write_snapshot(connection, self.key, folder / name, now)
