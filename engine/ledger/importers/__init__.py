"""Importing transactions: the source is recognised by its header, a dry run shows what was read."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.core.clock import Clock
from engine.core.csvfile import NAME_LENGTH, RefusedRow, Table, clean_text, find_table
from engine.core.csvtext import open_csv
from engine.core.errors import KnownError
from engine.core.fields import FieldError, check_time
from engine.core.money import to_text
from engine.core.records import Transaction
from engine.core.steps import Step, part, unwatched
from engine.ledger.importers.base import ACCOUNT_LENGTH, Importer, Parsed, Reading
from engine.ledger.importers.binance_statement import BINANCE
from engine.ledger.importers.coinbase import COINBASE
from engine.ledger.importers.generic import GENERIC
from engine.ledger.importers.kraken_ledgers import KRAKEN

IMPORTERS: tuple[Importer, ...] = (GENERIC, COINBASE, KRAKEN, BINANCE)

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
) -> ImportPreview:
    """Dry run of an import.

    existing: which of these row hashes are stored. account: the name for the file's account,
    the source's name if None. step: told how far it is. Raises KnownError if the file as a whole
    cannot be used.
    """
    table = _open(path)
    importer = table.kind
    name = clean_text(account or "", ACCOUNT_LENGTH) or importer.account
    reading = Reading()
    importer.read(table.rows(part(step, 0, _READ)), name, reading)
    parsed = _possible(reading, clock.now())
    if not parsed and not reading.refused and not reading.left_out:
        raise KnownError(f"{path.name} holds no rows below its header.", "Export it again.")
    rows = _hashed(parsed, importer.name, part(step, _READ, _MARKED))
    stored = _stored(rows, existing, part(step, _MARKED, 1))
    return ImportPreview(
        source=importer.name,
        file_name=clean_text(path.name, NAME_LENGTH),
        file_hash=table.file.sha256,
        rows=tuple(row for row in rows if row.row_hash not in stored),
        duplicates=tuple(
            item.refused("it is already imported")
            for item, row in zip(parsed, rows, strict=True)
            if row.row_hash in stored
        ),
        refused=tuple(sorted(reading.refused, key=lambda row: row.line)),
        warnings=(
            *reading.warnings,
            *(f"Left out {count:,}: {why}." for why, count in reading.left_out.items()),
        ),
    )


def _open(path: Path) -> Table[Importer]:
    # With blanks, so that a list of columns can be broken into lines.
    known = "; ".join(f"{one.name} ({one.columns.replace(',', ', ')})" for one in IMPORTERS)
    return find_table(open_csv(path), _importer, f"Known formats: {known}.")


def _importer(columns: tuple[str, ...]) -> Importer | None:
    return next((importer for importer in IMPORTERS if importer.matches(columns)), None)


def _possible(reading: Reading, now: datetime) -> list[Parsed]:
    """The rows whose date can be, in file order; the others become refused."""
    possible = []
    for item in sorted(reading.parsed, key=lambda item: item.line):
        try:
            check_time(item.transaction.time, now)
            possible.append(item)
        except FieldError as error:
            reading.refused.append(item.refused(str(error)))
    return possible


def _hashed(parsed: list[Parsed], source: str, step: Step) -> list[Transaction]:
    """The transactions with their hashes: of what each says, and how often the file has said it.

    It is made from the parsed amounts, so that a newer export of the same rows in another header
    generation gives the same hashes; notes and stated values, which exchanges reword, are left out.
    """
    seen: Counter[str] = Counter()
    hashed = []
    for number, item in enumerate(parsed):
        if number % _STEP_ROWS == 0:
            step(number / len(parsed), f"{number:,} of {len(parsed):,} rows checked")
        content = _content(item.transaction, source)
        seen[content] += 1
        digest = hashlib.sha256(f"{content}|{seen[content]}".encode()).hexdigest()
        hashed.append(item.transaction.known_as(digest))
    return hashed


def _stored(
    rows: list[Transaction], existing: Callable[[set[str]], set[str]], step: Step
) -> set[str]:
    """The hashes of those rows that are stored already."""
    # By their beginnings: each piece is looked up in a part of the store's index of its own.
    pieces: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        pieces[row.row_hash[:2]].add(row.row_hash)
    stored: set[str] = set()
    for number, beginning in enumerate(sorted(pieces)):
        step(number / len(pieces), f"{len(rows):,} rows compared with what is stored")
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
