"""Old schemas are brought up to date or left as they are; newer ones are only read."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils

from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.store import migrations
from engine.store.chats import ChatRepo
from engine.store.connection import connect, schema_version
from engine.store.database import Database
from engine.store.snapshot import read_header, read_snapshot, verify

Open = Callable[..., Database]
HERE = Path(__file__).parent
NEWEST = len(migrations.STEPS)
RECORDED = HERE / f"schema_{NEWEST}.sql"


def add_column(db: sqlite_utils.Database) -> None:
    db.execute("ALTER TABLE chats ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'")


def rebuild_chats(db: sqlite_utils.Database) -> None:
    """What later steps will have to do: another table takes the name."""
    db.execute("CREATE TABLE fresh (id INTEGER PRIMARY KEY, title TEXT, updated TEXT) STRICT")
    db.execute("INSERT INTO fresh SELECT id, title, updated FROM chats")
    db.execute("DROP TABLE chats")
    db.execute("ALTER TABLE fresh RENAME TO chats")


def schema(db: Database) -> str:
    rows = db.run(
        lambda d: d.execute(
            "SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
        ).fetchall()
    )
    return "".join(f"{sql};\n" for (sql,) in rows)


def fill(open_database: Open) -> None:
    db = open_database()
    repo = ChatRepo(db)
    repo.add_user(repo.create("Kept"), "question")
    db.close()


def test_the_newest_schema_is_the_recorded_one(db: Database) -> None:
    """A schema that differs from the record needs a new step, not an edit of an old one."""
    assert schema(db) == RECORDED.read_text()


def test_a_step_runs_once_after_a_verified_copy(
    open_database: Open, paths: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fill(open_database)
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, add_column))
    for _ in range(2):
        db = open_database()
        assert db.run(lambda d: d.execute("SELECT title, colour FROM chats").fetchall()) == [
            ("Kept", "blue")
        ]
        db.close()
    (copy,) = paths.backups.iterdir()
    assert read_header(copy).schema == NEWEST
    read_snapshot(copy, tmp_path / "old.db")
    assert verify(tmp_path / "old.db", db.key)["chats"] == 1
    with closing(connect(tmp_path / "old.db", db.key)) as old:
        assert schema_version(old) == NEWEST


def test_rebuilding_a_table_keeps_what_refers_to_it(
    open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(open_database)
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, rebuild_chats))
    db = open_database()
    assert [message.text for message in ChatRepo(db).messages(1)] == ["question"]
    assert db.run(lambda d: d.execute("PRAGMA foreign_keys").fetchone()) == (1,)


def test_a_step_that_breaks_a_reference_is_undone(
    open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(open_database)
    before = migrations.STEPS
    monkeypatch.setattr(migrations, "STEPS", (*before, lambda d: d.execute("DELETE FROM chats")))
    with pytest.raises(RuntimeError, match="reference"):
        open_database()
    monkeypatch.setattr(migrations, "STEPS", before)
    assert len(ChatRepo(open_database()).list()) == 1


def test_an_exception_in_a_later_step_leaves_the_old_version(
    open_database: Open, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(open_database)
    before = migrations.STEPS

    def fail(db: sqlite_utils.Database) -> None:
        db.execute("DROP TABLE messages")
        raise LookupError("interrupted")

    monkeypatch.setattr(migrations, "STEPS", (*before, add_column, fail))
    with pytest.raises(LookupError):
        open_database()
    monkeypatch.setattr(migrations, "STEPS", before)
    db = open_database()
    assert db.run(lambda d: d.execute("PRAGMA user_version").fetchone()) == (NEWEST,)
    assert schema(db) == RECORDED.read_text()
    assert [message.text for message in ChatRepo(db).messages(1)] == ["question"]


def test_a_process_that_dies_in_a_step_leaves_the_old_version(
    open_database: Open, paths: Paths
) -> None:
    fill(open_database)
    program = """
import os, pathlib, sys
from engine.core.clock import SystemClock
from engine.store import migrations
from engine.store.database import Database
def die(db):
    db.execute("DROP TABLE cards")
    db.execute("UPDATE messages SET text = 'lost'")
    os._exit(9)
migrations.STEPS = (*migrations.STEPS, die)
Database.open(pathlib.Path(sys.argv[1]), bytes(range(32)), SystemClock())
"""
    died = subprocess.run(
        [sys.executable, "-c", program, str(paths.database)],
        env={**os.environ, "PYTHONPATH": str(HERE.parents[2])},
        timeout=60,
        check=False,
    )
    assert died.returncode == 9
    db = open_database()
    assert schema(db) == RECORDED.read_text()
    assert [message.text for message in ChatRepo(db).messages(1)] == ["question"]


@pytest.mark.logs("schema 99")
def test_a_newer_schema_is_read_but_never_changed(open_database: Open, paths: Paths) -> None:
    fill(open_database)
    with closing(connect(paths.database, bytes(range(32)))) as newer:
        newer.execute("CREATE TABLE marvels (id INTEGER) STRICT")
        newer.execute("PRAGMA user_version = 99")
    digest = hashlib.sha256(paths.database.read_bytes()).digest()
    db = open_database()
    assert db.read_only
    repo = ChatRepo(db)
    assert [chat.title for chat in repo.list()] == ["Kept"]
    for write in (
        lambda: repo.create("New"),
        lambda: repo.append(1, "more"),
        lambda: repo.delete(1),
        lambda: db.run(add_column),
    ):
        with pytest.raises(KnownError, match="newer version of Assay"):
            write()
    assert [chat.title for chat in repo.list()] == ["Kept"]
    db.close()
    assert hashlib.sha256(paths.database.read_bytes()).digest() == digest
    assert list(paths.backups.iterdir()) == []


def test_the_present_schema_may_be_changed(db: Database) -> None:
    assert not db.read_only
