"""Importing transactions: the source is recognised by its header, a dry run shows what was read."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from engine.core.clock import Clock
from engine.core.csvfile import NAME_LENGTH, RefusedRow, Table, clean_text, find_table
from engine.core.csvtext import open_csv
from engine.core.errors import KnownError
from engine.core.fields import FieldError, check_time
from engine.core.garbage import no_collection
from engine.core.money import to_text
from engine.core.records import Transaction
from engine.core.steps import Repeated, Step, part, unwatched
from engine.ledger.importers.base import ACCOUNT_LENGTH, Importer, Parsed, Reading
from engine.ledger.importers.binance_statement import BINANCE
from engine.ledger.importers.coinbase import COINBASE
from engine.ledger.importers.exchanges import EXCHANGES
from engine.ledger.importers.generic import GENERIC
from engine.ledger.importers.kraken_ledgers import KRAKEN
from engine.ledger.importers.wallets import WALLETS

IMPORTERS: tuple[Importer, ...] = (GENERIC, COINBASE, KRAKEN, BINANCE, *EXCHANGES, *WALLETS)

T = TypeVar("T")

_READ, _MARKED = 0.6, 0.9
"""How far a dry run is once all rows are read, and once all have their hashes."""
_STEP_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What importing a file would do; nothing has been stored.

    rows: new transactions. duplicates: rows that are stored already. refused: rows that could not
    be understood, each with its line. warnings: sentences worth reading before confirming.
    """

    source: str
    file_name: str
    file_hash: str
    rows: tuple[Transaction, ...]
    duplicates: tuple[RefusedRow, ...]
    refused: tuple[RefusedRow, ...]
    warnings: tuple[str, ...]


def preview_import(
    path: Path,
    existing: Callable[[set[str]], set[str]],
    clock: Clock,
    account: str | None = None,
    step: Step = unwatched,
    user: Sequence[Importer] = (),
) -> ImportPreview:
    """Dry run of an import.

    existing: which of these row hashes are stored. account: the name for the file's account,
    the source's name if None. step: told how far it is. user: the user's own importers, tried
    before all others. Raises KnownError if the file as a whole cannot be used.
    """
    with no_collection():
        return _preview(path, existing, clock, account, Repeated(step), (*user, *IMPORTERS))


def _preview(
    path: Path,
    existing: Callable[[set[str]], set[str]],
    clock: Clock,
    account: str | None,
    step: Repeated,
    importers: Sequence[Importer],
) -> ImportPreview:
    table = _open(path, step, importers)
    importer = table.kind
    name = clean_text(account or "", ACCOUNT_LENGTH) or importer.account
    reading = Reading(step.again, clean_text(path.name, NAME_LENGTH))
    importer.read(table.rows(part(step, 0, _READ)), name, reading)
    parsed = _possible(reading, clock.now())
    if not parsed and not reading.refused and not reading.left_out:
        raise KnownError(f"{path.name} holds no rows below its header.", "Export it again.")
    _hash(parsed, importer.hashed_as or importer.name, part(step, _READ, _MARKED))
    stored = _stored(parsed, existing, part(step, _MARKED, 1), step.again)
    rows, duplicates = [], []
    for item in _each(parsed, step.again):
        if item.transaction.row_hash in stored:
            duplicates.append(item.refused("it is already imported"))
        else:
            rows.append(item.transaction)
    return ImportPreview(
        source=importer.name,
        file_name=reading.file_name,
        file_hash=table.file.sha256,
        rows=tuple(rows),
        duplicates=tuple(duplicates),
        refused=tuple(sorted(reading.refused, key=lambda row: row.line)),
        warnings=(
            *reading.warnings,
            *(f"Left out {count:,}: {why}." for why, count in reading.left_out.items()),
        ),
    )


def _open(path: Path, step: Step, importers: Sequence[Importer]) -> Table[Importer]:
    def match(columns: tuple[str, ...]) -> Importer | None:
        return next((importer for importer in importers if importer.matches(columns)), None)

    names = ", ".join(importer.name for importer in importers)
    return find_table(
        open_csv(path, step),
        match,
        "Any other CSV file is read once you say what its columns mean: Import in the window asks "
        f"for it, `assay mapping suggest FILE` makes a first guess. Known formats: {names}.",
    )


def _possible(reading: Reading, now: datetime) -> list[Parsed]:
    """The rows whose date can be, in file order; the others become refused."""
    reading.parsed.sort(key=attrgetter("line"))
    possible = []
    for item in _each(reading.parsed, reading.check):
        try:
            check_time(item.transaction.time, now)
            possible.append(item)
        except FieldError as error:
            reading.refused.append(item.refused(str(error)))
    return possible


def _each(items: Iterable[T], check: Callable[[], None]) -> Iterator[T]:
    """The items, with a check now and then."""
    for number, item in enumerate(items):
        if number % _STEP_ROWS == 0:
            check()
        yield item


def _hash(parsed: list[Parsed], source: str, step: Step) -> None:
    """Give each row its hash: of what it says, and how often the file has said it.

    It is made from the parsed amounts, so that a newer export of the same rows in another header
    generation gives the same hashes; notes and stated values, which exchanges reword, are left out.
    A row that Assay has written keeps the hash it names.
    """
    seen: dict[str, int] = {}  # by the hash of the first that says the same
    named = {item.transaction.row_hash for item in parsed} - {""}
    for number, item in enumerate(parsed):
        if number % _STEP_ROWS == 0:
            step(number / len(parsed), f"{number:,} of {len(parsed):,} rows checked")
        if item.transaction.row_hash:
            continue
        content = _content(item.transaction, source)
        first = digest = _digest(content, 1)
        count = seen.get(first, 0) + 1
        if count > 1:
            digest = _digest(content, count)
        while digest in named:
            count += 1
            digest = _digest(content, count)
        seen[first] = count
        # In place: nobody else has the transaction yet, and copies take time and memory.
        object.__setattr__(item.transaction, "row_hash", digest)


def _digest(content: str, count: int) -> str:
    return hashlib.sha256(f"{content}|{count}".encode()).hexdigest()


def _stored(
    parsed: list[Parsed],
    existing: Callable[[set[str]], set[str]],
    step: Step,
    check: Callable[[], None],
) -> set[str]:
    """The hashes of those rows that are stored already."""
    # By their beginnings: each piece is looked up in a part of the store's index of its own.
    pieces: dict[str, set[str]] = defaultdict(set)
    for item in _each(parsed, check):
        row_hash = item.transaction.row_hash
        pieces[row_hash[:2]].add(row_hash)
    stored: set[str] = set()
    for number, beginning in enumerate(sorted(pieces)):
        step(number / len(pieces), f"{len(parsed):,} rows compared with what is stored")
        stored |= existing(pieces[beginning])
    return stored


def _content(transaction: Transaction, source: str) -> str:
    t = transaction
    parts = (
        source,
        t.time.isoformat(),
        t.kind,
        t.account,
        t.to_account or "",
        t.asset_in or "",
        to_text(t.amount_in),
        t.asset_out or "",
        to_text(t.amount_out),
        t.fee_asset or "",
        to_text(t.fee_amount),
    )
    content = "|".join(parts)
    if content.count("|") < len(parts):
        return content
    return "|".join(text.replace("|", "||") for text in parts)
