"""Assay's own format, documented in docs/import-format.md."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import get_args

from engine.core.csvfile import RefusedRow, Row, clean_text
from engine.core.fields import FieldError, read_number, read_positive, read_symbol, read_time
from engine.core.formulas import unguarded
from engine.core.records import FIAT, INCOME_KINDS, Transaction, TransactionKind
from engine.ledger.importers.base import ACCOUNT_LENGTH, Amount, Importer, Reading, build
from engine.ledger.importers.sides import settled

COLUMNS = (
    "date",
    "kind",
    "account",
    "asset_in",
    "amount_in",
    "asset_out",
    "amount_out",
    "fee_asset",
    "fee_amount",
    "to_account",
    "value",
    "value_currency",
    "income_kind",
    "tag",
    "note",
    "id",
)
"""All columns, in the order in which Assay writes them."""

TAG_LENGTH = 40
_REQUIRED = frozenset({"date", "kind", "asset in", "amount in", "asset out", "amount out"})
_KINDS: tuple[TransactionKind, ...] = get_args(TransactionKind)
_ID = re.compile(r"[0-9a-f]{64}")


def read_transaction(fields: Mapping[str, str], default_account: str) -> Transaction:
    """The transaction of one row; its row hash is the row's id, or "" without one.

    fields: texts by normalised column name ("amount in"). Raises FieldError.
    """
    time = read_time(fields["date"])
    to_account = _text(fields, "to account", ACCOUNT_LENGTH) or None
    account = _text(fields, "account", ACCOUNT_LENGTH) or default_account
    kind, received, sent = settled(
        _kind(fields["kind"]),
        _pair(fields, "asset in", "amount in"),
        _pair(fields, "asset out", "amount out"),
        to_account,
    )
    if account == to_account:
        raise FieldError("a transfer goes to another account")
    return build(
        time,
        kind,
        account,
        received=received,
        sent=sent,
        fee=_fee(fields),
        value=_value(fields),
        note=unguarded(fields.get("note", "")),
        to_account=to_account,
        income_kind=_income_kind(fields, kind),
        tag=_text(fields, "tag", TAG_LENGTH),
        row_hash=_id(fields),
    )


def _matches(columns: tuple[str, ...]) -> bool:
    return _REQUIRED.issubset(columns)


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    ids: set[str] = set()
    for row in rows:
        if isinstance(row, RefusedRow):
            reading.refused.append(row)
            continue
        try:
            transaction = read_transaction(row.fields, account)
            if transaction.row_hash in ids:
                raise FieldError("its id is there twice; leave the id empty in a row that is new")
        except FieldError as error:
            reading.refuse([row], str(error))
            continue
        if transaction.row_hash:
            ids.add(transaction.row_hash)
        reading.take(row, transaction)


def _kind(text: str) -> TransactionKind:
    wanted = text.strip().lower()
    for kind in _KINDS:
        if kind == wanted:
            return kind
    if not wanted:
        raise FieldError("no kind")
    near = get_close_matches(wanted, _KINDS, 1)
    what = f'perhaps "{near[0]}" is meant' if near else "docs/import-format.md lists the kinds"
    raise FieldError(f'the kind "{clean_text(text, 40)}" is not known; {what}')


def _text(fields: Mapping[str, str], name: str, limit: int) -> str:
    return clean_text(unguarded(fields.get(name, "")), limit)


def _pair(fields: Mapping[str, str], asset: str, amount: str) -> Amount | None:
    symbol, number = fields.get(asset, "").strip(), fields.get(amount, "").strip()
    if not symbol and not number:
        return None
    return read_symbol(symbol, asset), read_positive(number, amount)


def _fee(fields: Mapping[str, str]) -> Amount | None:
    """The fee, where a zero is as good as nothing."""
    if not fields.get("fee amount", "").strip("0. "):
        return None
    return _pair(fields, "fee asset", "fee amount")


def _value(fields: Mapping[str, str]) -> Amount | None:
    text = fields.get("value", "").strip()
    if not text:
        return None
    currency = read_symbol(fields.get("value currency", ""), "value currency")
    if currency not in FIAT:
        raise FieldError(f"the value currency {currency} is not a currency")
    value = read_number(text, "value")
    if value < 0:
        raise FieldError("the value is negative")
    return currency, value


def _income_kind(fields: Mapping[str, str], kind: TransactionKind) -> str:
    wanted = fields.get("income kind", "").strip().lower()
    if wanted and kind != "income":
        raise FieldError("only an income has an income kind")
    if wanted not in INCOME_KINDS:
        known = ", ".join(filter(None, INCOME_KINDS))
        raise FieldError(f'the income kind "{clean_text(wanted, 40)}" is none of {known}')
    return wanted


def _id(fields: Mapping[str, str]) -> str:
    """The row hash that Assay wrote; another program's numbers are none."""
    text = fields.get("id", "").strip()
    return text if _ID.fullmatch(text) else ""


GENERIC = Importer(
    name="Assay CSV",
    account="Main",
    columns=",".join(COLUMNS),
    matches=_matches,
    read=_read,
)
