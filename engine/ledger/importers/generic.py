"""Assay's own format, documented in docs/import-format.md."""

from collections.abc import Iterable
from typing import get_args

from engine.core.csvfile import RefusedRow, Row, clean_text
from engine.core.fields import FieldError, read_positive, read_symbol, read_time
from engine.core.records import FIAT, Transaction, TransactionKind
from engine.ledger.importers.base import (
    ACCOUNT_LENGTH,
    Amount,
    Importer,
    Reading,
    build,
    exchange_kind,
)

_REQUIRED = frozenset({"date", "kind", "asset in", "amount in", "asset out", "amount out"})
_KINDS: tuple[TransactionKind, ...] = get_args(TransactionKind)
_EXCHANGES = ("buy", "sell", "trade")
_RECEIVED = ("deposit", "income")
_SENT = ("withdrawal", "fee")


def _matches(columns: tuple[str, ...]) -> bool:
    return _REQUIRED.issubset(columns)


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    for row in rows:
        if isinstance(row, RefusedRow):
            reading.refused.append(row)
            continue
        try:
            reading.take(row, _transaction(row, account))
        except FieldError as error:
            reading.refuse([row], str(error))


def _transaction(row: Row, default_account: str) -> Transaction:
    get = row.fields
    time = read_time(get["date"])
    kind = _kind(get["kind"])
    received, sent = _side(row, "in"), _side(row, "out")
    to_account = clean_text(get.get("to account", ""), ACCOUNT_LENGTH) or None
    _check_sides(kind, received, sent, to_account)
    if received and sent and kind in _EXCHANGES:
        # A "buy" paid in another coin is a trade, whatever the file calls it.
        kind = exchange_kind(received[0], sent[0])
    elif kind == "transfer":
        received, sent = _transfer_sides(received, sent)
    account = clean_text(get.get("account", ""), ACCOUNT_LENGTH) or default_account
    if account == to_account:
        raise FieldError("a transfer goes to another account")
    return build(
        time,
        kind,
        account,
        received=received,
        sent=sent,
        fee=_fee(row),
        value=_value(row),
        note=get.get("note", ""),
        to_account=to_account,
    )


def _kind(text: str) -> TransactionKind:
    wanted = text.strip().lower()
    for kind in _KINDS:
        if kind == wanted:
            return kind
    if not wanted:
        raise FieldError("no kind")
    raise FieldError(f'the kind "{clean_text(text, 40)}" is none of {", ".join(_KINDS)}')


def _side(row: Row, side: str) -> Amount | None:
    return _pair(row, f"asset {side}", f"amount {side}")


def _pair(row: Row, asset: str, amount: str) -> Amount | None:
    symbol, number = row.fields.get(asset, "").strip(), row.fields.get(amount, "").strip()
    if not symbol and not number:
        return None
    return read_symbol(symbol, asset), read_positive(number, amount)


def _fee(row: Row) -> Amount | None:
    """The fee, where a zero is as good as nothing."""
    if not row.fields.get("fee amount", "").strip("0. "):
        return None
    return _pair(row, "fee asset", "fee amount")


def _value(row: Row) -> Amount | None:
    if not row.fields.get("value", "").strip():
        return None
    currency = read_symbol(row.fields.get("value currency", ""), "value currency")
    if currency not in FIAT:
        raise FieldError(f"the value currency {currency} is not a currency")
    return currency, read_positive(row.fields["value"], "value")


def _check_sides(
    kind: TransactionKind, received: Amount | None, sent: Amount | None, to_account: str | None
) -> None:
    if (kind == "transfer") != (to_account is not None):
        raise FieldError("a transfer, and only a transfer, names the account it goes to")
    if kind in _EXCHANGES and not (received and sent):
        raise FieldError(f"a {kind} needs what came in and what went out")
    if kind in _RECEIVED and (sent or not received):
        raise FieldError(f"{kind} needs what came in, and nothing that went out")
    if kind in _SENT and (received or not sent):
        raise FieldError(f"{kind} needs what went out, and nothing that came in")
    if kind in _EXCHANGES and received and sent and received[0] == sent[0]:
        raise FieldError(f"it exchanges {received[0]} for itself")


def _transfer_sides(received: Amount | None, sent: Amount | None) -> tuple[Amount, Amount]:
    side = sent or received
    if side is None:
        raise FieldError("a transfer needs an asset and an amount")
    if received and sent and received != sent:
        raise FieldError("a transfer has the same asset and amount on both sides; use the fee")
    return side, side


GENERIC = Importer(
    name="Assay CSV",
    account="Main",
    columns="date,kind,account,asset_in,amount_in,asset_out,amount_out,fee_asset,fee_amount,"
    "to_account,value,value_currency,note",
    matches=_matches,
    read=_read,
)
