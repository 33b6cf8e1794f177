"""Backups are proven when they are made; restoring replaces everything or nothing."""

import json
import os
import re
import resource
import stat
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.core.records import Transaction
from engine.store import passphrase as passphrases
from engine.store import snapshot
from engine.store.backup import backup, restore
from engine.store.chats import ChatRepo
from engine.store.connection import connect
from engine.store.database import Database
from engine.store.keys import load_or_create_key
from engine.store.transactions import TransactionRepo

PASSPHRASE = "correct horse Zürich"
CANARY = "canary-51c7"
Open = Callable[..., Database]


@pytest.fixture
def db(paths: Paths, open_database: Open, buy: Callable[..., Transaction]) -> Database:
    """A database of this device with a chat and some purchases."""
    db = open_database(key=load_or_create_key(paths)[0])
    chats = ChatRepo(db)
    chats.add_user(chats.create("Old chat"), CANARY * 50)
    rows = [buy(number, note=CANARY) for number in range(500)]
    TransactionRepo(db).add_batch("generic", "f.csv", "h", rows, simulated=False)
    return db


@pytest.fixture
def other(tmp_path: Path) -> Paths:
    """Another machine."""
    paths = Paths(tmp_path / "other")
    paths.ensure()
    return paths


def content(db: Database) -> tuple[list[str], list[Transaction]]:
    chats = ChatRepo(db)
    texts = [m.text for chat in chats.list() for m in chats.messages(chat.id)]
    return texts, TransactionRepo(db).all()


def open_own(open_database: Open, paths: Paths) -> Database:
    return open_database(paths.database, load_or_create_key(paths)[0])


def leftovers(paths: Paths) -> list[str]:
    return [name for name in os.listdir(paths.root) if name.startswith(".")]


def test_a_passphrase_restores_on_another_machine(
    db: Database, open_database: Open, other: Paths, tmp_path: Path
) -> None:
    target = tmp_path / "full.assay-backup"
    backup(db, target, PASSPHRASE)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert restore(other, target, PASSPHRASE) is None
    assert load_or_create_key(other)[0] != db.key
    assert content(open_own(open_database, other)) == content(db)
    assert leftovers(other) == []


def test_the_same_passphrase_composed_differently(
    db: Database, open_database: Open, other: Paths, tmp_path: Path
) -> None:
    backup(db, tmp_path / "b", PASSPHRASE)
    restore(other, tmp_path / "b", PASSPHRASE.replace("ü", "u\u0308"))
    assert content(open_own(open_database, other)) == content(db)


def test_without_a_passphrase_only_this_device_restores(
    db: Database, open_database: Open, paths: Paths, other: Paths, tmp_path: Path
) -> None:
    expected = content(db)
    backup(db, tmp_path / "b")
    with pytest.raises(KnownError, match="only on the device it is from"):
        restore(other, tmp_path / "b")
    assert not other.key_file.exists()
    load_or_create_key(other)
    with pytest.raises(KnownError, match="from another device"):
        restore(other, tmp_path / "b")
    assert not other.database.exists()
    ChatRepo(db).delete(1)
    db.close()
    restore(paths, tmp_path / "b")
    assert content(open_own(open_database, paths)) == expected


def test_the_replaced_database_is_kept_as_a_folder_that_opens(
    db: Database, open_database: Open, paths: Paths, tmp_path: Path
) -> None:
    backup(db, tmp_path / "b", PASSPHRASE)
    ChatRepo(db).create("Newer than the backup")
    later = content(db), [chat.title for chat in ChatRepo(db).list()]
    db.close()
    kept = restore(paths, tmp_path / "b", PASSPHRASE)
    assert kept is not None
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    present = open_own(open_database, paths)
    assert [chat.title for chat in ChatRepo(present).list()] == ["Old chat"]
    old = open_own(open_database, Paths(kept))
    assert (content(old), [chat.title for chat in ChatRepo(old).list()]) == later


@pytest.mark.logs("a new key is made", "the database to be replaced cannot be opened")
def test_a_lost_key_is_what_a_backup_is_for(
    db: Database, open_database: Open, paths: Paths, tmp_path: Path
) -> None:
    expected = content(db)
    backup(db, tmp_path / "b", PASSPHRASE)
    db.close()
    paths.key_file.unlink()
    (paths.root / "assay.db-wal").write_bytes(b"a log that belongs to the old database")
    kept = restore(paths, tmp_path / "b", PASSPHRASE)
    assert kept is not None
    assert sorted(os.listdir(kept)) == ["assay.db", "assay.db-wal"]
    assert content(open_own(open_database, paths)) == expected


@pytest.mark.logs("the database to be replaced cannot be opened: KnownError")
def test_a_damaged_database_with_a_log_is_replaced(
    db: Database, open_database: Open, paths: Paths, tmp_path: Path
) -> None:
    backup(db, tmp_path / "b")
    expected = content(db)
    db.close()
    paths.database.write_bytes(bytes(8192))
    wal = paths.root / "assay.db-wal"
    wal.write_bytes(b"a log that must not be applied")
    kept = restore(paths, tmp_path / "b")
    assert kept is not None
    assert sorted(os.listdir(kept)) == ["assay.db", "assay.key"]
    assert not wal.exists()
    assert content(open_own(open_database, paths)) == expected


def test_a_database_in_use_is_not_replaced(db: Database, paths: Paths, tmp_path: Path) -> None:
    backup(db, tmp_path / "b")
    with pytest.raises(KnownError, match="is in use"):
        restore(paths, tmp_path / "b")
    ChatRepo(db).create("still writable")
    assert leftovers(paths) == []


def test_nothing_readable_in_a_backup(db: Database, tmp_path: Path) -> None:
    for name, passphrase in (("plain", None), ("wrapped", PASSPHRASE)):
        backup(db, tmp_path / name, passphrase)
        data = (tmp_path / name).read_bytes()
        for secret in (CANARY.encode(), b"SQLite", db.key, db.key.hex().encode(), b"horse"):
            assert secret not in data
        assert data.startswith(b"ASSAYBK1")
    header = snapshot.read_header(tmp_path / "wrapped")
    assert header.key is not None
    own_key = passphrases.unwrap(header.key, PASSPHRASE)
    assert own_key != db.key
    assert (header.key.iterations, header.key.memory) == (3, 64 * 1024)
    assert header.created == db.clock.now()


def test_a_wrong_passphrase_is_one_sentence_and_slow(
    db: Database, other: Paths, tmp_path: Path
) -> None:
    backup(db, tmp_path / "b", PASSPHRASE)
    begin = time.perf_counter()
    with pytest.raises(KnownError, match="passphrase does not open"):
        restore(other, tmp_path / "b", PASSPHRASE + "!")
    assert time.perf_counter() - begin > 0.05
    with pytest.raises(KnownError, match="protected by a passphrase"):
        restore(other, tmp_path / "b")
    assert not other.database.exists()
    assert leftovers(other) == []


def test_a_short_passphrase_is_refused(db: Database, tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="at least 8"):
        backup(db, tmp_path / "b", "short")
    assert not (tmp_path / "b").exists()


def test_an_existing_file_is_never_replaced(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "thesis.odt"
    target.write_text("thesis")
    with pytest.raises(KnownError, match="already a file"):
        backup(db, target)
    target.unlink()
    verify = snapshot.verify

    def slow(database: Path, key: bytes) -> dict[str, int]:
        target.write_text("thesis")
        return verify(database, key)

    monkeypatch.setattr(snapshot, "verify", slow)
    with pytest.raises(KnownError, match="already a file"):
        backup(db, target)
    assert target.read_text() == "thesis"


def test_a_copy_that_lost_rows_does_not_become_a_backup(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = snapshot._pack

    def lose(header: snapshot.Header, database: Path, whole: Path) -> None:
        with closing(connect(database, db.key)) as connection:
            connection.execute("DELETE FROM transactions WHERE id = 1")
        pack(header, database, whole)

    monkeypatch.setattr(snapshot, "_pack", lose)
    (tmp_path / "to").mkdir()
    with pytest.raises(KnownError, match="does not hold what"):
        backup(db, tmp_path / "to" / "b")
    assert os.listdir(tmp_path / "to") == []


def test_a_backup_with_a_broken_reference_is_refused(
    db: Database, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def orphan(connection: Any) -> None:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM chats")

    db.run_outside_transaction(orphan)
    with pytest.raises(KnownError, match="damaged"):
        backup(db, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_missing_folder_is_one_sentence(db: Database, tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="Could not write the backup"):
        backup(db, tmp_path / "no" / "b")


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs POSIX limits")
def test_a_full_disk_leaves_no_backup_and_the_database_usable(db: Database, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in (20_000, 150_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            with pytest.raises(KnownError, match="space"):
                backup(db, tmp_path / "to" / "b")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert os.listdir(tmp_path / "to") == []
    ChatRepo(db).create("still there")
    backup(db, tmp_path / "to" / "b")


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs POSIX limits")
def test_a_full_disk_while_restoring_leaves_the_present_database(
    db: Database, open_database: Open, paths: Paths, tmp_path: Path
) -> None:
    backup(db, tmp_path / "b", PASSPHRASE)
    ChatRepo(db).create("Newer than the backup")
    expected = content(db)
    db.close()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(KnownError, match="space"):
            restore(paths, tmp_path / "b", PASSPHRASE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert leftovers(paths) == []
    present = open_own(open_database, paths)
    assert content(present) == expected
    assert len(ChatRepo(present).list()) == 2


def test_every_damage_is_noticed_before_anything_changes(
    db: Database, paths: Paths, tmp_path: Path
) -> None:
    backup(db, tmp_path / "good")
    db.close()
    whole = (tmp_path / "good").read_bytes()
    present = paths.database.read_bytes()
    bad = tmp_path / "bad"
    cuts = [whole[:length] for length in (0, 7, 11, 60, 200, 5000, len(whole) // 2, len(whole) - 1)]
    flips = [
        whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]
        for at in (0, 9, 13, 300, 5000, 40_000, len(whole) - 200)
    ]
    other_file = [b"PK\x03\x04" + bytes(1000), whole[:8] + b"\xff\xff\xff\x7f" + whole[12:]]
    for data in (*cuts, *flips, *other_file):
        bad.write_bytes(data)
        with pytest.raises(KnownError):
            restore(paths, bad)
        assert paths.database.read_bytes() == present
    assert leftovers(paths) == []


@pytest.mark.parametrize(
    "change",
    [
        {"memory": 2**40},
        {"iterations": 10**9},
        {"lanes": 0},
        {"iterations": "3"},
        {"salt": "zz"},
        {"nonce": ""},
        {"extra": 1},
    ],
)
def test_a_made_up_header_costs_nothing(
    db: Database, other: Paths, tmp_path: Path, change: dict[str, object]
) -> None:
    backup(db, tmp_path / "good", PASSPHRASE)
    whole = (tmp_path / "good").read_bytes()
    length = int.from_bytes(whole[8:12], "little")
    header = json.loads(whole[12 : 12 + length])
    header["key"] |= change
    text = json.dumps(header).encode()
    (tmp_path / "bad").write_bytes(
        whole[:8] + len(text).to_bytes(4, "little") + text + whole[12 + length :]
    )
    with pytest.raises(KnownError, match="backup is damaged"):
        restore(other, tmp_path / "bad", PASSPHRASE)


def test_a_header_nested_without_end_is_damage(paths: Paths, tmp_path: Path) -> None:
    header = b"[" * 60_000
    bad = tmp_path / "bad"
    bad.write_bytes(b"ASSAYBK1" + len(header).to_bytes(4, "little") + header)
    with pytest.raises(KnownError, match="backup is damaged"):
        restore(paths, bad)


@pytest.mark.parametrize("field", ["format", "schema"])
def test_a_backup_of_a_newer_version(
    db: Database, paths: Paths, tmp_path: Path, field: str
) -> None:
    backup(db, tmp_path / "good")
    whole = (tmp_path / "good").read_bytes()
    (tmp_path / "newer").write_bytes(
        re.sub(rf'"{field}": \d+'.encode(), f'"{field}": 9'.encode(), whole, count=1)
    )
    with pytest.raises(KnownError, match="newer version of Assay"):
        restore(paths, tmp_path / "newer")


def test_a_restore_that_cannot_finish_leaves_the_present_database(
    db: Database,
    open_database: Open,
    paths: Paths,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backup(db, tmp_path / "b")
    ChatRepo(db).create("Newer than the backup")
    expected = content(db)
    db.close()

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KnownError, match="disk is full"):
        restore(paths, tmp_path / "b")
    assert leftovers(paths) == []
    present = open_own(open_database, paths)
    assert content(present) == expected
    assert len(ChatRepo(present).list()) == 2


def test_missing_backups_are_one_sentence(paths: Paths, tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="Could not read the backup: it does not exist"):
        restore(paths, tmp_path / "none")
