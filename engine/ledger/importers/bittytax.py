"""BittyTax's own format, with the values it states in the user's currency."""

import re
from collections.abc import Iterable

from engine.core.csvfile import Row
from engine.core.fields import FieldError, read_number, read_positive, read_symbol, read_time
from engine.core.records import FIAT, Transaction
from engine.ledger.importers.base import Amount, Importer, build, exchange
from engine.ledger.importers.movements import (
    AIRDROPPED,
    CHARGED,
    GAINED_OR_LOST,
    GIFT,
    INTEREST,
    MINED,
    MOVED,
    REWARDED,
    SPENT,
    STAKED,
    movement,
)
from engine.ledger.importers.rowwise import LeftOut, named_account, row_by_row, unknown
from engine.ledger.importers.trades import read_fee

_REQUIRED = frozenset(
    {"type", "buy quantity", "buy asset", "sell quantity", "sell asset", "fee quantity"}
    | {"fee asset", "wallet", "timestamp", "note"}
)
_BUY_VALUE = re.compile(r"buy value in ([a-z]{3})")
_IN = {
    "airdrop": AIRDROPPED,
    "cashback": REWARDED,
    "deposit": MOVED,
    "dividend": REWARDED,
    "fee-rebate": REWARDED,
    "gift-received": GIFT,
    "income": REWARDED,
    "interest": INTEREST,
    "margin-fee-rebate": REWARDED,
    "margin-gain": GAINED_OR_LOST,
    "mining": MINED,
    "referral": REWARDED,
    "staking": STAKED,
    "staking-reward": STAKED,
}
_OUT = {
    "charity-sent": GIFT,
    "gift-sent": GIFT,
    "gift-spouse": GIFT,
    "loan-interest": CHARGED,
    "margin-fee": CHARGED,
    "margin-loss": GAINED_OR_LOST,
    "spend": SPENT,
    "withdrawal": MOVED,
}
_STAKES = frozenset({"stake", "unstake"})
_LOANS = frozenset({"loan", "loan-repayment"})
_NFT = re.compile(r"(.*?) ?#([0-9]+)")


def _matches(columns: tuple[str, ...]) -> bool:
    return _REQUIRED.issubset(columns) and any(map(_BUY_VALUE.fullmatch, columns))


def _transactions(row: Row, account: str) -> list[Transaction]:
    get = row.fields
    kind = get["type"].strip().lower()
    time = read_time(get["timestamp"])
    account = named_account(get["wallet"], account)
    bought, sold, fee = _side(row, "buy"), _side(row, "sell"), _fee(row)
    note = get["note"]
    if kind == "trade":
        if not bought or not sold:
            raise FieldError("a trade needs what was bought and what was sold")
        value = _value(row, "buy") or _value(row, "sell")
        return [exchange(time, account, bought, sold, fee=fee, value=value, note=note)]
    if kind in _LOANS:
        raise FieldError("loans and what pays them back are not read")
    if kind in _STAKES:
        if fee is None:
            raise LeftOut("moves to staking and back")
        return [movement(time, account, (fee[0], -fee[1]), CHARGED, note=note)]
    if kind == "fork":
        # It costs nothing and is no income.
        received, free = _only(bought, sold), (_currency(get), read_number("0", "value"))
        return [
            build(time, "correction", account, received=received, fee=fee, value=free, note=note)
        ]
    if kind in _IN:
        value = _value(row, "buy")
        came_in = _only(bought, sold)
        return [movement(time, account, came_in, _IN[kind], fee=fee, value=value, note=note)]
    if kind not in _OUT and kind != "lost":
        raise unknown("type", get["type"])
    value = _value(row, "sell")
    asset, amount = _only(sold, bought)
    if kind == "lost":
        sent = (asset, amount)
        return [build(time, "loss", account, sent=sent, fee=fee, value=value, note=note)]
    change = (asset, -amount)
    return [movement(time, account, change, _OUT[kind], fee=fee, value=value, note=note)]


def _side(row: Row, name: str) -> Amount | None:
    quantity = row.fields[f"{name} quantity"]
    if not quantity.strip("0. "):
        return None
    asset = _asset(row.fields[f"{name} asset"], f"{name} asset")
    return asset, read_positive(quantity, f"{name} quantity")


def _only(wanted: Amount | None, other: Amount | None) -> Amount:
    if wanted is None or other is not None:
        raise FieldError("its quantities do not fit its type")
    return wanted


def _fee(row: Row) -> Amount | None:
    fee = read_fee(row.fields["fee quantity"])
    return (_asset(row.fields["fee asset"], "fee asset"), fee) if fee else None


def _asset(text: str, name: str) -> str:
    """A symbol; an NFT is written with a blank there ("CryptoPunk #369")."""
    match = _NFT.fullmatch(text.strip())
    return read_symbol(f"{match[1].replace(' ', '')}#{match[2]}" if match else text, name)


def _value(row: Row, name: str) -> Amount | None:
    currency = _currency(row.fields)
    text = row.fields.get(f"{name} value in {currency.lower()}", "")
    if not text.strip():
        return None
    value = read_number(text, f"{name} value")
    if value < 0:
        raise FieldError(f"the {name} value is negative")
    return currency, value


def _currency(columns: Iterable[str]) -> str:
    code = next(match[1] for name in columns if (match := _BUY_VALUE.fullmatch(name))).upper()
    if code not in FIAT:
        raise FieldError(f"the values are in {code}, which is not a currency that is known")
    return code


BITTYTAX = Importer(
    name="BittyTax",
    account="BittyTax",
    columns="Type,Buy Quantity,Buy Asset,Buy Value in GBP,Sell Quantity,Sell Asset,"
    "Sell Value in GBP,Fee Quantity,Fee Asset,Fee Value in GBP,Wallet,Timestamp,Note",
    matches=_matches,
    read=row_by_row(_transactions),
)
