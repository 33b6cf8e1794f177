"""Importing transactions: the source is recognised by its header, a dry run shows what was read."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from engine.core.clock import Clock
from engine.core.csvfile import (
    NAME_LENGTH,
    RefusedRow,
    Table,
    clean_text,
    find_table,
    open_csv,
)
from engine.core.errors import KnownError
from engine.core.fields import FieldError, check_time
from engine.core.money import to_text
from engine.core.records import Transaction
from engine.ledger.importers.base import ACCOUNT_LENGTH, Importer, Parsed, Reading
from engine.ledger.importers.binance_statement import BINANCE
from engine.ledger.importers.coinbase import COINBASE
from engine.ledger.importers.generic import GENERIC
from engine.ledger.importers.kraken_ledgers import KRAKEN

IMPORTERS: tuple[Importer, ...] = (GENERIC, COINBASE, KRAKEN, BINANCE)


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
    check: Callable[[], None] = lambda: None,
) -> ImportPreview:
    """Dry run of an import.

    existing: which of these row hashes are stored. account: the name for the file's account,
    the source's name if None. check: called for every row, may raise to stop. Raises KnownError
    if the file as a whole cannot be used.
    """
    table = _open(path)
    importer = table.kind
    name = clean_text(account or "", ACCOUNT_LENGTH) or importer.account
    reading = Reading()
    importer.read(table.rows(check), name, reading)
    parsed = _hashed(_possible(reading, clock.now()), importer.name)
    if not parsed and not reading.refused and not reading.left_out:
        raise KnownError(f"{path.name} holds no rows below its header.", "Export it again.")
    stored = existing({item.transaction.row_hash for item in parsed})
    return ImportPreview(
        source=importer.name,
        file_name=clean_text(path.name, NAME_LENGTH),
        file_hash=table.file.sha256,
        rows=tuple(item.transaction for item in parsed if item.transaction.row_hash not in stored),
        duplicates=tuple(
            item.row.refused("it is already imported")
            for item in parsed
            if item.transaction.row_hash in stored
        ),
        refused=tuple(sorted(reading.refused, key=lambda row: row.line)),
        warnings=(
            *reading.warnings,
            *(f"Left out {count:,}: {why}." for why, count in reading.left_out.items()),
        ),
    )


def _open(path: Path) -> Table[Importer]:
    known = "; ".join(f"{importer.name} ({importer.columns})" for importer in IMPORTERS)
    return find_table(open_csv(path), _importer, f"Known formats: {known}.")


def _importer(columns: tuple[str, ...]) -> Importer | None:
    return next((importer for importer in IMPORTERS if importer.matches(columns)), None)


def _possible(reading: Reading, now: datetime) -> list[Parsed]:
    """The rows whose date can be, in file order; the others become refused."""
    possible = []
    for item in sorted(reading.parsed, key=lambda item: item.row.line):
        try:
            check_time(item.transaction.time, now)
            possible.append(item)
        except FieldError as error:
            reading.refuse([item.row], str(error))
    return possible


def _hashed(parsed: list[Parsed], source: str) -> list[Parsed]:
    """Give each row its hash: of what it says, and of how often the file has said it before.

    It is made from the parsed amounts, so that a newer export of the same rows in another header
    generation gives the same hashes; notes and stated values, which exchanges reword, are left out.
    """
    seen: Counter[str] = Counter()
    hashed = []
    for item in parsed:
        content = _content(item.transaction, source)
        seen[content] += 1
        digest = hashlib.sha256(f"{content}|{seen[content]}".encode()).hexdigest()
        hashed.append(Parsed(item.row, replace(item.transaction, row_hash=digest)))
    return hashed


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
    return "|".join(part.replace("|", "||") for part in parts)
