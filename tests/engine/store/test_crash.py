"""What was confirmed survives kill -9 and a full disk, and nothing is ever half there."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.paths import Paths
from engine.store.backup import backup
from engine.store.chats import ChatRepo
from engine.store.connection import check_integrity
from engine.store.database import Database
from engine.store.keys import load_or_create_key
from engine.store.transactions import TransactionRepo

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and limits")
HERE = Path(__file__).parent
ROWS = 7
KILLS = 30


def start(paths: Paths, limit: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(HERE / "writer.py"), str(paths.root), str(limit)],
        env={**os.environ, "PYTHONPATH": str(HERE.parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Confirmed:
    """What writers said they had stored."""

    def __init__(self) -> None:
        self.batches: set[int] = set()
        self.words: dict[int, int] = {}
        self.error = ""

    def read(self, output: str) -> None:
        # The last line may be cut off.
        for line in output.split("\n")[:-1]:
            kind, _, rest = line.partition(" ")
            if kind == "batch":
                self.batches.add(int(rest))
            elif kind == "word":
                message, number = map(int, rest.split())
                self.words[message] = number
            elif kind == "error":
                self.error = rest

    def check(self, db: Database) -> None:
        db.run_outside_transaction(lambda connection: check_integrity(connection, thorough=True))
        transactions = TransactionRepo(db)
        rows = Counter(transaction.batch_id for transaction in transactions.all())
        assert self.batches <= rows.keys()
        assert set(rows.values()) <= {ROWS}
        assert {batch.id for batch in transactions.batches()} == rows.keys()
        chats = ChatRepo(db)
        texts = {m.id: m.text for chat in chats.list() for m in chats.messages(chat.id)}
        for message, last in self.words.items():
            words = texts[message].split()
            assert words == [f"word{n}" for n in range(len(words))]
            assert len(words) in {last + 1, last + 2}


def test_kill_9_at_any_moment_loses_nothing_confirmed(
    paths: Paths, open_database: Callable[..., Database]
) -> None:
    chance = random.Random(11)
    confirmed = Confirmed()
    for kill in range(KILLS):
        process = start(paths)
        if kill % 5:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            time.sleep(chance.uniform(0, 0.1))
        else:
            # Also while the program starts and makes or opens the database.
            time.sleep(chance.uniform(0.05, 0.5))
        process.kill()
        output, errors = process.communicate(timeout=30)
        assert errors == ""
        confirmed.read(output)
        if paths.database.exists():
            db = open_database()
            confirmed.check(db)
            ChatRepo(db).recover()
            db.close()
    # Enough happened to have been lost, on a busy machine too.
    assert len(confirmed.batches) > KILLS // 3


RESTORE_FOR_EVER = """
import itertools, pathlib, sys
from engine.core.paths import Paths
from engine.store.backup import restore
root = pathlib.Path(sys.argv[1])
print("ready", flush=True)
for number in itertools.count():
    restore(Paths(root), root.parent / f"backup{number % 2}", "correct horse")
    print(number % 2, flush=True)
"""


def test_kill_9_while_restoring_leaves_one_whole_database(
    paths: Paths, open_database: Callable[..., Database]
) -> None:
    key, _ = load_or_create_key(paths)
    db = open_database(paths.database, key)
    repo = ChatRepo(db)
    chat = repo.create("Chat")
    texts = []
    for number in range(2):
        repo.add_user(chat, f"question {number} " * 5000)
        texts.append([message.text for message in repo.messages(chat)])
        backup(db, paths.root.parent / f"backup{number}", "correct horse")
    db.close()
    chance = random.Random(5)
    for kill in range(10):
        process = subprocess.Popen(
            [sys.executable, "-c", RESTORE_FOR_EVER, str(paths.root)],
            env={**os.environ, "PYTHONPATH": str(HERE.parents[2])},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if kill % 2:
            assert process.stdout.readline() == "0\n"
        time.sleep(chance.uniform(0.05, 0.5))
        process.kill()
        process.communicate(timeout=30)
        db = open_database(paths.database, load_or_create_key(paths)[0])
        db.run_outside_transaction(lambda connection: check_integrity(connection, thorough=True))
        assert [message.text for message in ChatRepo(db).messages(chat)] in texts
        db.close()


@pytest.mark.parametrize("limit", [5_000, 70_000, 200_000, 700_000])
def test_a_full_disk_loses_nothing_confirmed(
    paths: Paths, open_database: Callable[..., Database], limit: int
) -> None:
    process = start(paths, limit)
    output, errors = process.communicate(timeout=60)
    assert errors == ""
    confirmed = Confirmed()
    confirmed.read(output)
    assert "space" in confirmed.error
    if confirmed.batches or paths.database.exists():
        confirmed.check(open_database())
    assert bool(confirmed.batches) == (limit > 100_000)
