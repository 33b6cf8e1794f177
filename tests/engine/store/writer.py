"""A process that stores without end and tells what was confirmed; the crash tests kill it.

Arguments: the data folder, and a limit for file sizes in bytes (0 for none).
"""

import resource
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from engine.core.clock import SystemClock
from engine.core.errors import KnownError
from engine.core.records import Transaction
from engine.store.chats import ChatRepo
from engine.store.database import Database
from engine.store.transactions import TransactionRepo

ROWS = 7


def write(root: Path) -> None:
    """Store imports and a streaming answer for ever; after each commit print what it was."""
    db = Database.open(root / "assay.db", bytes(range(32)), SystemClock())
    chats, transactions = ChatRepo(db), TransactionRepo(db)
    print("open", flush=True)
    chat = chats.create("Chat")
    message = chats.begin_answer(chat)
    now = datetime.now(UTC)
    row = Transaction(
        now, "buy", "Kraken", "BTC", Decimal("0.1"), "USD", Decimal(4200), None, Decimal(0),
        None, None, "x" * 300, "",
    )  # fmt: skip
    for number in range(1_000_000):
        hashes = [f"{now.isoformat()} {number} {index}" for index in range(ROWS)]
        rows = [replace(row, row_hash=one) for one in hashes]
        batch = transactions.add_batch("generic", "f", "h", rows, simulated=False)
        print(f"batch {batch}", flush=True)
        chats.append(message, f"word{number} ")
        print(f"word {message} {number}", flush=True)


if __name__ == "__main__":
    limit = int(sys.argv[2])
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        write(Path(sys.argv[1]))
    except KnownError as error:
        print(f"error {error}", flush=True)
