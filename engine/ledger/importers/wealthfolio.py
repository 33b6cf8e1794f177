"""Wealthfolio's activities, with the columns of either generation.

A holding is a symbol, a quantity and a price in the row's currency; cash is an amount of it.
"""

from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import Row
from engine.core.fields import FieldError, read_positive, read_symbol, read_time
from engine.core.records import Transaction
from engine.ledger.importers.base import Amount, Importer, build
from engine.ledger.importers.movements import (
    CHARGED,
    INTEREST,
    MOVED,
    REWARDED,
    STAKED,
    Meaning,
    movement,
)
from engine.ledger.importers.rowwise import row_by_row, unknown
from engine.ledger.importers.trades import market_trade, product, read_fee

_REQUIRED = frozenset({"date", "symbol", "quantity", "currency", "fee", "amount"})
_KINDS = ("type", "activitytype")
_PRICES = ("unit price", "unitprice")
_IN = frozenset({"ADD_HOLDING", "TRANSFER_IN"})
_OUT = frozenset({"REMOVE_HOLDING", "TRANSFER_OUT"})
_CASH = {
    "CREDIT": REWARDED,
    "DEPOSIT": MOVED,
    "DIVIDEND": REWARDED,
    "INTEREST": INTEREST,
    "TRANSFER_IN": MOVED,
}
_PAID = {"FEE": CHARGED, "TAX": CHARGED, "TRANSFER_OUT": MOVED, "WITHDRAWAL": MOVED}
_IN_KIND = {"DIVIDEND_IN_KIND": REWARDED, "DRIP": REWARDED, "STAKING_REWARD": STAKED}
"""Subtypes of what is received in the holding itself."""


def _matches(columns: tuple[str, ...]) -> bool:
    return _REQUIRED.issubset(columns) and all(
        any(name in columns for name in names) for names in (_KINDS, _PRICES)
    )


def _transactions(row: Row, account: str) -> list[Transaction]:
    get = row.fields
    kind = _of(row, _KINDS).strip().upper()
    subtype = get.get("subtype", "").strip().upper()
    time = read_time(get["date"])
    currency = read_symbol(get["currency"], "currency")
    note = get.get("comment", "")
    holding = _holding(row, currency)
    fee = read_fee(get["fee"])
    paid = (currency, fee) if fee else None
    if kind in ("BUY", "SELL"):
        if holding is None:
            raise FieldError("it does not say what was traded")
        total = (currency, _total(row, holding[1]))
        return [market_trade((time, account, note), kind == "BUY", holding, total, paid)]
    if holding and subtype in _IN_KIND:
        value = (currency, _total(row, holding[1]))
        meaning = _IN_KIND[subtype]
        return [movement(time, account, holding, meaning, fee=paid, value=value, note=note)]
    if holding and kind in _IN:
        cost = (currency, _total(row, holding[1])) if _has_price(row) else None
        return [build(time, "deposit", account, received=holding, fee=paid, value=cost, note=note)]
    if holding and kind in _OUT:
        return [build(time, "withdrawal", account, sent=holding, fee=paid, note=note)]
    return [_cash(row, kind, (time, account, note), currency, fee)]


def _cash(
    row: Row, kind: str, what: tuple[datetime, str, str], currency: str, fee: Decimal
) -> Transaction:
    time, account, note = what
    meaning: Meaning | None = _CASH.get(kind) or _PAID.get(kind)
    if meaning is None:
        raise unknown("type", _of(row, _KINDS))
    if kind == "FEE" and not row.fields["amount"].strip("0. "):
        return movement(time, account, (currency, -fee), CHARGED, note=note)
    quantity = row.fields["quantity"]
    amount = _total(row, read_positive(quantity, "quantity") if quantity.strip() else None)
    paid = (currency, fee) if fee else None
    change = (currency, amount if kind in _CASH else -amount)
    return movement(time, account, change, meaning, fee=paid, note=note)


def _holding(row: Row, currency: str) -> Amount | None:
    """What the row is about and how much; None for cash. Coins are named as in BTC-USD."""
    symbol = row.fields["symbol"].strip()
    if not symbol or symbol.upper().startswith("$CASH"):
        return None
    if not row.fields["quantity"].strip():
        return None
    asset = read_symbol(symbol, "symbol").removesuffix(f"-{currency}")
    return asset, read_positive(row.fields["quantity"], "quantity")


def _total(row: Row, quantity: Decimal | None) -> Decimal:
    """The amount that is stated, or else the quantity times the price."""
    if row.fields["amount"].strip("0. "):
        return read_positive(row.fields["amount"], "amount")
    if quantity is None:
        raise FieldError("no amount")
    return product(quantity, read_positive(_of(row, _PRICES), "price"))


def _has_price(row: Row) -> bool:
    return bool(row.fields["amount"].strip("0. ") or _of(row, _PRICES).strip("0. "))


def _of(row: Row, names: tuple[str, ...]) -> str:
    return next(row.fields[name] for name in names if name in row.fields)


WEALTHFOLIO = Importer(
    name="Wealthfolio",
    account="Wealthfolio",
    columns="date,type,symbol,instrumentType,quantity,unit_price,currency,fee,amount,comment,"
    "fxRate,subtype",
    matches=_matches,
    read=row_by_row(_transactions),
)
