"""Imports a Binance statement of a million rows: rows per second, memory, time to cancel.

    .venv/bin/python -m benchmarks.import_speed
    .venv/bin/python -m benchmarks.import_speed --rows 100000 --repeats 1
    .venv/bin/python -m benchmarks.import_speed --singles      every row is a transaction of its own

The statement is made up: trades in one or two fills with their fees, rewards, conversions, moves
between wallets, deposits. Each run has a process and an encrypted database of its own: dry run,
storing, and the dry run of the same file again, which finds nothing but duplicates. Beside them
stand three limits on the same file: Python's csv reader alone; it and plain SQLite, one column for
each of the file's; and the finished transactions put into the encrypted tables as they are.
Figures are medians; CPU is the process's own time, which other programs on the machine change less.
"""

import argparse
import csv
import itertools
import multiprocessing
import random
import resource
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.core.clock import SystemClock
from engine.core.errors import Cancelled
from engine.ledger.importers import ImportPreview, preview_import
from engine.store.database import Database
from engine.store.statements import insert_many
from engine.store.transactions import TransactionRepo

HEADER = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
START = datetime(2019, 1, 1, tzinfo=UTC)
SPAN = 6 * 365 * 86_400  # seconds
COINS = tuple(f"BTC ETH BNB SOL ADA XRP DOT {' '.join(f'C{n}' for n in range(40))}".split())
REWARDS = (
    "Simple Earn Flexible Interest",
    "Staking Rewards",
    "Commission Rebate",
    "Simple Earn Locked Rewards",
)
MOVES = ("Simple Earn Flexible Subscription", "Simple Earn Flexible Redemption", "transfer_in")
KEY = bytes(range(32))
DRY_CANCELS = (0.001, 0.3, 0.599, 0.7, 0.85, 0.95)
"""How far dry runs are when they are cancelled: reading, joining rows, hashing, comparing."""
STORE_CANCELS = (0.01, 0.5, 0.9)

COLUMNS = "SELECT name FROM pragma_table_info('transactions')"

Measures = dict[str, float]
Step = Callable[[float, str], None]


def events(singles: bool) -> Iterator[list[tuple[str, str, str]]]:
    """What happens within one second each: operation, coin and change of its rows, without end."""
    pick = random.Random(1)

    def amount(most: int, decimals: int) -> str:
        return f"{pick.randint(1, most * 10**decimals) / 10**decimals:.{decimals}f}"

    while True:
        roll, coin = pick.random(), pick.choice(COINS)
        if singles or roll < 0.45:
            yield [(pick.choice(REWARDS), coin, amount(2, 8))]
        elif roll < 0.85:
            fills = []
            for _ in range(pick.choice((1, 1, 1, 2))):
                fills += [
                    ("Transaction Buy", coin, amount(50, 8)),
                    ("Transaction Spend", "USDT", "-" + amount(5_000, 6)),
                    ("Transaction Fee", "BNB", "-" + amount(1, 8)),
                ]
            yield fills
        elif roll < 0.88:
            yield [
                ("Binance Convert", "BUSD", "-" + amount(900, 2)),
                ("Binance Convert", coin, amount(9, 8)),
            ]
        elif roll < 0.97:
            yield [(pick.choice(MOVES), coin, amount(9, 8))]
        else:
            yield [("Deposit", coin, amount(9, 8)) if roll < 0.99 else ("Withdraw", coin, "-0.5")]


def write_statement(path: Path, rows: int, singles: bool) -> None:
    """A statement of this many rows in order of time."""
    pick = random.Random(2)
    moment, gap, written = START, 2 * SPAN // rows, 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for event in events(singles):
            if written + len(event) > rows:
                break
            moment += timedelta(seconds=pick.randint(2, max(3, gap)))
            begun = f"38756021,{moment:%Y-%m-%d %H:%M:%S},Spot"
            for operation, coin, change in event:
                file.write(f"{begun},{operation},{coin},{change},\n")
            written += len(event)


def measured(path: Path) -> Measures:
    """One import from beginning to end."""
    measures: Measures = {}
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(Path(folder, "a.db"), KEY, SystemClock())
        repo = TransactionRepo(db)
        previews: list[ImportPreview] = []

        def dry_run(step: Step) -> None:
            previews.append(preview_import(path, repo.existing_hashes, SystemClock(), step=step))

        def store(step: Step) -> None:
            repo.add_batch("Binance", path.name, "", previews[0].rows, simulated=False, step=step)

        for name, work in (("dry run", dry_run), ("store", store), ("again", dry_run)):
            _timed(name, work, measures)
        first, again = previews
        assert not first.refused
        assert (again.rows, len(again.duplicates)) == ((), len(first.rows))
        measures["transactions"] = len(first.rows)
        db.close()
    return measures


def _timed(name: str, work: Callable[[Step], None], measures: Measures) -> None:
    """Seconds, CPU, the longest time between two checks, and the peak of memory up to now."""
    moments: list[float] = []
    cpu, begun = time.process_time(), time.perf_counter()
    work(lambda fraction, text: moments.append(time.perf_counter()))
    ended = time.perf_counter()
    measures[name] = ended - begun
    measures[f"{name} cpu"] = time.process_time() - cpu
    measures[f"{name} gap"] = max(b - a for a, b in itertools.pairwise([begun, *moments]))
    measures[f"{name} last"] = ended - moments[-1]
    measures[f"{name} peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cancelled(path: Path) -> tuple[float, float]:
    """The longest time from a cancel to the end of the dry run, and of storing."""
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(Path(folder, "a.db"), KEY, SystemClock())
        repo = TransactionRepo(db)

        def dry_run(step: Step) -> ImportPreview:
            return preview_import(path, repo.existing_hashes, SystemClock(), step=step)

        reading = max(_stopped(dry_run, share) for share in DRY_CANCELS)
        rows = dry_run(lambda fraction, text: None).rows

        def store(step: Step) -> None:
            repo.add_batch("Binance", path.name, "", rows, simulated=False, step=step)

        storing = max(_stopped(store, share) for share in STORE_CANCELS)
        assert repo.batches() == []
        db.close()
    return reading, storing


def _stopped(work: Callable[[Step], object], share: float) -> float:
    """Seconds from a cancel, a moment after so much of the work is done, to its end."""
    stop = threading.Event()
    said: list[float] = []

    def cancel() -> None:
        said.append(time.perf_counter())
        stop.set()

    timer = threading.Timer(0.02, cancel)

    def step(fraction: float, text: str) -> None:
        if stop.is_set():
            raise Cancelled
        if fraction >= share and not timer.ident:
            timer.start()

    try:
        work(step)
    except Cancelled:
        return time.perf_counter() - said[0]
    raise AssertionError("it was not cancelled")


def limits(path: Path) -> Measures:
    """What the same file takes with less done to it."""
    measures: Measures = {}
    with tempfile.TemporaryDirectory() as folder, path.open(newline="", encoding="utf-8") as file:
        begun = time.perf_counter()
        for _ in csv.reader(file):
            pass
        measures["csv reader alone"] = time.perf_counter() - begun
        file.seek(0)
        plain = sqlite3.connect(Path(folder, "plain.db"), isolation_level=None)
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("PRAGMA synchronous = FULL")
        plain.execute("CREATE TABLE t (a TEXT, b TEXT, c TEXT, d TEXT, e TEXT, f TEXT, g TEXT)")
        begun = time.perf_counter()
        plain.execute("BEGIN")
        plain.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", csv.reader(file))
        plain.execute("COMMIT")
        measures["csv reader and plain SQLite"] = time.perf_counter() - begun
        plain.close()
        measures["ready values, encrypted"] = _copied(path, Path(folder))
    return measures


def _copied(path: Path, folder: Path) -> float:
    """Seconds to store the values of an import, as they come from one database, in another."""
    first, second = (Database.open(folder / name, KEY, SystemClock()) for name in ("a", "b"))
    repo = TransactionRepo(first)
    rows = preview_import(path, repo.existing_hashes, SystemClock()).rows
    repo.add_batch("Binance", path.name, "", rows, simulated=False)
    del rows
    values = first.run(lambda one: one.execute("SELECT * FROM transactions").fetchall())
    batch = "INSERT INTO batches VALUES (?, 'transactions', '', '', '', '', 0)"
    second.run(lambda one: one.execute(batch, [values[0][1]]))
    columns = [column["name"] for column in first.run(lambda one: list(one.query(COLUMNS)))]
    begun = time.perf_counter()
    second.run(lambda one: insert_many(one, "transactions", columns, values))
    seconds = time.perf_counter() - begun
    first.close()
    second.close()
    return seconds


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--singles", action="store_true", help="every row is a transaction")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "statement.csv")
        write_statement(path, options.rows, options.singles)
        print(f"{options.rows:,} rows, {path.stat().st_size / 2**20:.0f} MiB")
        # A process each: memory that one has had is not the next one's.
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, spawn, max_tasks_per_child=1) as pool:
            runs = [pool.submit(measured, path).result() for _ in range(options.repeats)]
            median = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
            report(options.rows, median)
            for name, seconds in pool.submit(limits, path).result().items():
                print(f"{name:28} {seconds:6.2f} s {options.rows / seconds:12,.0f} rows/s")
            stops = pool.submit(cancelled, path).result()
        print(f"cancelled dry run ends after {stops[0]:.3f} s, storing after {stops[1]:.3f} s")


def report(rows: int, median: Measures) -> None:
    """The phases, one line each."""
    print(f"{median['transactions']:,.0f} transactions")
    median["dry run + store"] = median["dry run"] + median["store"]
    median["dry run + store cpu"] = median["dry run cpu"] + median["store cpu"]
    for name in ("dry run", "store", "dry run + store", "again"):
        line = f"{name:28} {median[name]:6.2f} s {rows / median[name]:12,.0f} rows/s"
        line += f"  CPU {median[name + ' cpu']:6.2f} s"
        if f"{name} gap" in median:
            line += f"  between checks {median[name + ' gap']:.2f} s at most"
            line += f", after the last {median[name + ' last']:.2f} s"
            line += f"  peak {median[name + ' peak']:,.0f} MiB"
        print(line)


if __name__ == "__main__":
    main()
