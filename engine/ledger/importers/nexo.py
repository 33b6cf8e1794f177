"""Nexo's transactions: an input and an output of each row; loans are not read.

EURX, GBPX and USDX are Nexo's own names of money held there, so turning one into the other is a
move within Nexo.
"""

from decimal import Decimal

from engine.core.csvfile import Row
from engine.core.fields import FieldError, read_number, read_symbol, read_time
from engine.core.records import Transaction
from engine.ledger.importers.base import Amount, Importer, exchange
from engine.ledger.importers.movements import (
    AIRDROPPED,
    CHARGED,
    CORRECTED,
    GIFT,
    INTEREST,
    MOVED,
    REWARDED,
    SPENT,
    movement,
)
from engine.ledger.importers.rowwise import LeftOut, require_done, row_by_row, unknown
from engine.ledger.importers.trades import read_fee

_TIME = "date / time (utc)"
_REQUIRED = frozenset(
    {"transaction", "type", "input currency", "input amount", "output currency", "output amount"}
    | {"details", _TIME}
)
_RENAMED = {
    "BNBN": "BNB",
    "EURX": "EUR",
    "GBPX": "GBP",
    "NEXOBEP2": "NEXO",
    "NEXOBNB": "NEXO",
    "NEXONEXO": "NEXO",
    "USDTERC": "USDT",
    "USDX": "USD",
}
_INCOME = {
    "bonus": REWARDED,
    "cashback": REWARDED,
    "dividend": REWARDED,
    "exchangecashback": REWARDED,
    "fixedterminterest": INTEREST,
    "interest": INTEREST,
    "interestadditional": INTEREST,
    "referralbonus": REWARDED,
}
_DEPOSITS = frozenset({"deposit", "exchangedepositedon", "topupcrypto"})
_SENT = {
    "nexocardcashbackreversal": CORRECTED,
    "nexocardpurchase": SPENT,
    "nexocardtransactionfee": CHARGED,
    "withdrawal": MOVED,
    "withdrawalfee": CHARGED,
    "withdrawexchanged": MOVED,
}
_EXCHANGES = frozenset(
    {
        "creditcardfiatxexchangetowithdraw",
        "deposittoexchange",
        "exchange",
        "exchangetowithdraw",
    }
)
_INTERNAL = frozenset(
    {
        "lockingtermdeposit",
        "transferfromprowallet",
        "transferin",
        "transferout",
        "transfertoprowallet",
        "unlockingtermdeposit",
    }
)
_WITHIN = "moves within Nexo"


def _transactions(row: Row, account: str) -> list[Transaction]:
    get = row.fields
    status, _, details = get["details"].partition("/")
    require_done(status)
    # Older files write the types without blanks.
    kind = "".join(get["type"].lower().split())
    if kind in _INTERNAL:
        raise LeftOut(_WITHIN)
    time = read_time(get[_TIME])
    note = f"{get['type'].strip()}: {details.strip()}"
    value = _value(get.get("usd equivalent", ""))
    if kind in _INCOME:
        side = _side(row, "output") or _needed(row, "input")
        return [movement(time, account, side, _INCOME[kind], value=value, note=note)]
    if kind in _DEPOSITS:
        if _fee(row):
            raise FieldError("it does not say whether the fee is part of the amount")
        meaning = AIRDROPPED if "airdrop" in details.lower() else MOVED
        return [movement(time, account, _came_in(row), meaning, value=value, note=note)]
    if kind in _SENT:
        gift = "transfer to nexo user" in details.lower()
        meaning = GIFT if gift and kind == "withdrawal" else _SENT[kind]
        fee = _fee(row)
        asset, amount = _went_out(row, fee)
        return [movement(time, account, (asset, -amount), meaning, fee=fee, value=value, note=note)]
    if kind in _EXCHANGES:
        fee = _fee(row)
        sent, received = _went_out(row, fee), _came_in(row)
        if sent[0] == received[0] and not fee:
            raise LeftOut(_WITHIN)
        if fee and fee[0] != sent[0]:
            raise FieldError("the fee was paid in another coin than the input")
        return [exchange(time, account, received, sent, fee=fee, value=value, note=note)]
    if any(word in kind for word in ("loan", "credit", "repayment", "liquidation", "sellorder")):
        raise FieldError("loans and what pays them back are not read")
    raise unknown("type", get["type"])


def _side(row: Row, name: str) -> Amount | None:
    """Currency and amount with its sign; None where there is no amount or it is zero."""
    text = row.fields[f"{name} amount"].strip()
    if not text:
        return None
    amount = read_number(text, f"{name} amount")
    if amount == 0:
        return None
    asset = read_symbol(row.fields[f"{name} currency"], f"{name} currency")
    return _RENAMED.get(asset, asset), amount


def _needed(row: Row, name: str) -> Amount:
    side = _side(row, name)
    if side is None:
        raise FieldError(f"the {name} amount is missing or zero")
    return side


def _came_in(row: Row) -> Amount:
    asset, amount = _side(row, "output") or _needed(row, "input")
    return asset, abs(amount)


def _went_out(row: Row, fee: Amount | None) -> Amount:
    """What the input was without a fee in the same coin, which is part of it."""
    asset, amount = _needed(row, "input")
    rest = abs(amount) - (fee[1] if fee and fee[0] == asset else Decimal(0))
    if rest <= 0:
        raise FieldError("the fee is more than the amount")
    return asset, rest


def _fee(row: Row) -> Amount | None:
    text = row.fields.get("fee", "").strip().strip("-")
    fee = read_fee(text)
    if not fee:
        return None
    asset = read_symbol(row.fields.get("fee currency", ""), "fee currency")
    return _RENAMED.get(asset, asset), fee


def _value(text: str) -> Amount | None:
    if not text.strip():
        return None
    value = abs(read_number(text, "USD equivalent"))
    return ("USD", value) if value else None


NEXO = Importer(
    name="Nexo",
    account="Nexo",
    columns="Transaction,Type,Input Currency,Input Amount,Output Currency,Output Amount,"
    "USD Equivalent,Details,Date / Time (UTC)",
    matches=_REQUIRED.issubset,
    read=row_by_row(_transactions),
)
