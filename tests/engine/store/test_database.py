"""The connection's owner: all or nothing, one thread, encrypted, plain sentences."""

import os
import random
import stat
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlite_utils
from sqlcipher3 import dbapi2

from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.core.records import Transaction
from engine.store import migrations
from engine.store.chats import ChatRepo
from engine.store.connection import connect
from engine.store.database import Database
from engine.store.transactions import TransactionRepo

Open = Callable[..., Database]
ROOT = Path(__file__).parents[3]
CANARY = "canary-7f3a9-Zürich"


def add_chat(db: sqlite_utils.Database, title: str = "x") -> None:
    db.table("chats").insert({"title": title, "created": "t", "updated": "t"})


def chats(db: Database) -> int:
    return db.run(lambda d: d.execute("SELECT count(*) FROM chats").fetchone()[0])


def test_settings_of_the_connection(db: Database) -> None:
    def pragmas(d: sqlite_utils.Database) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "trusted_schema", "user_version")
        return [d.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert db.run(pragmas) == ["wal", 2, 1, 0, len(migrations.STEPS)]
    strict = db.run(
        lambda d: d.execute("SELECT name FROM pragma_table_list WHERE schema='main' AND NOT strict")
        .fetchall()
    )  # fmt: skip
    # The tables of an index are made by SQLite itself.
    own = {name for (name,) in strict if "_search" not in name}
    assert own == {"sqlite_schema", "sqlite_sequence"}


def test_an_exception_in_the_middle_undoes_everything(db: Database) -> None:
    def work(d: sqlite_utils.Database) -> None:
        add_chat(d)
        d.table("chats").insert_all(
            {"title": str(n), "created": "t", "updated": "t"} for n in range(500)
        )
        d.executescript("INSERT INTO chats (title, created, updated) VALUES ('a', 'b', 'c');")
        list(d.query("SELECT 1"))
        raise LookupError("in the middle")

    with pytest.raises(LookupError, match="in the middle"):
        db.run(work)
    assert chats(db) == 0
    db.run(add_chat)
    assert chats(db) == 1


def test_a_failing_statement_undoes_everything_and_stays_what_it_is(db: Database) -> None:
    def work(d: sqlite_utils.Database) -> None:
        add_chat(d)
        d.execute("INSERT INTO messages (chat_id) VALUES (99)")

    with pytest.raises(dbapi2.IntegrityError):
        db.run(work)
    assert chats(db) == 0


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_work_that_ends_its_transaction_is_a_bug(db: Database, end: str) -> None:
    with pytest.raises(RuntimeError, match="must not end"):
        db.run(lambda d: d.conn.execute(end))
    db.run(add_chat)
    assert chats(db) == 1


def test_everything_runs_on_one_thread(db: Database) -> None:
    ids = {db.run(lambda d: threading.get_ident())}
    futures = []

    def submit() -> None:
        for _ in range(20):
            futures.append(db.submit(lambda d: (add_chat(d), threading.get_ident())[1]))

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids |= {future.result(10) for future in futures}
    assert len(ids) == 1
    assert threading.get_ident() not in ids
    assert chats(db) == 160


def test_the_connection_refuses_other_threads(db: Database) -> None:
    connection = db.run(lambda d: d.conn)
    with pytest.raises(dbapi2.ProgrammingError, match="thread"):
        connection.execute("SELECT 1")


def test_waiting_on_the_own_thread_is_an_error_not_a_deadlock(db: Database) -> None:
    with pytest.raises(RuntimeError, match="cannot wait"):
        db.run(lambda d: db.run(add_chat))
    with pytest.raises(RuntimeError, match="cannot wait"):
        db.run(lambda d: db.close())


def test_close_finishes_what_is_queued(open_database: Open) -> None:
    db = open_database()
    futures = [db.submit(add_chat) for _ in range(50)]
    db.close()
    db.close()
    assert all(future.done() and future.exception() is None for future in futures)
    with pytest.raises(RuntimeError, match="closed"):
        db.run(add_chat)
    assert chats(open_database()) == 50


def test_a_cancelled_future_is_never_run(db: Database) -> None:
    hold = threading.Event()
    db.submit(lambda d: hold.wait(5))
    future = db.submit(add_chat)
    assert future.cancel()
    hold.set()
    assert chats(db) == 0


def test_nothing_readable_on_the_disk(
    open_database: Open, paths: Paths, buy: Callable[..., Transaction]
) -> None:
    db = open_database()
    repo = ChatRepo(db)
    chat = repo.create(CANARY)
    repo.add_user(chat, CANARY * 100)
    rows = [buy(n, note=CANARY) for n in range(2000)]
    TransactionRepo(db).add_batch("generic", CANARY, "h", rows, simulated=False)

    def look() -> list[str]:
        files = [file for file in paths.root.rglob("*") if file.is_file()]
        for file in files:
            data = file.read_bytes()
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            for secret in (CANARY.encode(), b"canary", b"SQLite", b"transactions"):
                assert secret not in data
            if not file.name.endswith("-shm"):
                assert len(zlib.compress(data)) > len(data) * 0.97
        return sorted(file.name for file in files)

    assert look() == ["assay.db", "assay.db-shm", "assay.db-wal"]
    db.close()
    assert look() == ["assay.db"]


def test_two_databases_have_nothing_in_common(open_database: Open, tmp_path: Path) -> None:
    for name in "ab":
        open_database(tmp_path / name).close()
    a, b = (tmp_path.joinpath(name).read_bytes() for name in "ab")
    assert a[:16] != b[:16]
    assert sum(x == y for x, y in zip(a, b, strict=True)) < len(a) * 0.01


def test_a_wrong_key_is_one_sentence(
    open_database: Open, paths: Paths, capfd: pytest.CaptureFixture[str]
) -> None:
    open_database().close()
    before = paths.database.read_bytes()
    with pytest.raises(KnownError, match="key of this device does not open the database"):
        open_database(key=bytes(32))
    assert paths.database.read_bytes() == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"SQLite format 3\0" + bytes(4096), bytes(8192)]
)
def test_what_is_no_database_is_one_sentence(
    open_database: Open, paths: Paths, content: bytes
) -> None:
    paths.database.write_bytes(content)
    with pytest.raises(KnownError, match="damaged"):
        open_database()
    assert paths.database.read_bytes() == content


def test_a_folder_in_the_place_of_the_database(open_database: Open, paths: Paths) -> None:
    paths.database.mkdir()
    with pytest.raises(KnownError, match="There is no database at"):
        open_database()


def test_a_missing_folder(open_database: Open, tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="does not exist"):
        open_database(tmp_path / "no" / "assay.db")


def test_damage_anywhere_is_noticed_when_opening(open_database: Open, paths: Paths) -> None:
    db = open_database()
    repo = ChatRepo(db)
    chat = repo.create("Chat")
    for number in range(300):
        repo.add_user(chat, f"{number} " * 200)
    expected = [message.text for message in repo.messages(chat)]
    db.close()
    whole = paths.database.read_bytes()
    chance = random.Random(7)
    refused = 0
    for trial in range(60):
        damaged = bytearray(whole)
        if trial % 3 == 0:
            del damaged[chance.randrange(len(whole)) :]
        else:
            damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        paths.database.write_bytes(damaged)
        try:
            reopened = open_database()
        except KnownError:
            refused += 1
        else:
            assert [message.text for message in ChatRepo(reopened).messages(chat)] == expected
            reopened.close()
    assert refused >= 59


def test_damage_while_running_is_one_sentence(open_database: Open, paths: Paths) -> None:
    db = open_database()
    repo = ChatRepo(db)
    chat = repo.create("Chat")
    repo.add_user(chat, "x" * 100_000)
    db.run_outside_transaction(lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    size = paths.database.stat().st_size
    with paths.database.open("r+b") as file:
        file.seek(size - 50_000)
        file.write(b"\0" * 50_000)
    db.run_outside_transaction(lambda c: c.execute("PRAGMA shrink_memory").fetchall())
    with pytest.raises(KnownError, match="database is damaged"):
        repo.messages(chat)


def test_a_full_database_stores_nothing_and_stays_usable(db: Database) -> None:
    repo = ChatRepo(db)
    chat = repo.create("Chat")
    pages = db.run(lambda d: d.execute("PRAGMA page_count").fetchone()[0])
    db.run(lambda d: d.execute(f"PRAGMA max_page_count = {pages + 3}"))
    stored = 0

    def fill() -> None:
        nonlocal stored
        while stored < 100:
            repo.add_user(chat, "x" * 1000)
            stored += 1

    with pytest.raises(KnownError, match="disk is full, so nothing was saved"):
        fill()
    assert 0 < stored < 20
    assert [len(message.text) for message in repo.messages(chat)] == [1000] * stored
    db.run(lambda d: d.execute("PRAGMA max_page_count = 100000"))
    repo.add_user(chat, "more")
    assert len(repo.messages(chat)) == stored + 1


def test_another_writer_is_one_sentence(db: Database, paths: Paths) -> None:
    other = connect(paths.database, db.key)
    other.execute("BEGIN IMMEDIATE")
    db.run_outside_transaction(lambda c: c.execute("PRAGMA busy_timeout = 10").fetchall())
    with pytest.raises(KnownError, match="Another copy of Assay"):
        db.run(add_chat)
    other.execute("ROLLBACK")
    other.close()
    db.run(add_chat)


def test_an_old_sqlite_is_refused(open_database: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbapi2, "sqlite_version_info", (3, 51, 2))
    with pytest.raises(KnownError, match="can damage data"):
        open_database()


def test_a_key_of_the_wrong_length_is_a_bug(open_database: Open) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        open_database(key=b"short")


def test_a_half_made_database_never_has_the_name(
    open_database: Open, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.store.migrations.STEPS", (lambda d: 1 / 0,))
    with pytest.raises(ZeroDivisionError):
        open_database()
    assert [file.name for file in paths.root.iterdir() if file.is_file()] == []
    monkeypatch.undo()
    add = open_database()
    assert chats(add) == 0


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
@pytest.mark.parametrize("exists", [True, False])
def test_a_read_only_folder_is_one_sentence(
    open_database: Open, paths: Paths, exists: bool, tmp_path: Path
) -> None:
    if exists:
        open_database().close()
    program = """
import os, pathlib, sys
from engine.core.clock import SystemClock
from engine.core.errors import KnownError
from engine.store.database import Database
root = pathlib.Path(sys.argv[1])
folders = [root, *root.parents][:-2]
modes = [folder.stat().st_mode for folder in folders]
try:
    for folder in folders:
        folder.chmod(folder.stat().st_mode | 0o011)
    root.chmod(0o555)
    for file in root.glob("assay.db"):
        file.chmod(0o444)
    if os.geteuid() == 0:
        os.seteuid(65534)
    try:
        Database.open(root / "assay.db", bytes(range(32)), SystemClock())
    except KnownError as error:
        print(error)
finally:
    if os.getuid() == 0:
        os.seteuid(0)
    for folder, mode in zip(folders, modes):
        folder.chmod(mode)
"""
    result = subprocess.run(
        [sys.executable, "-c", program, str(paths.root)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "Check the permissions" in result.stdout
    assert result.stderr == ""
