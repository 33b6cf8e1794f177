"""Bitstamp's transactions: amounts with their currency ("0.5 BTC"), or in columns of their own."""

import re
from datetime import datetime

from engine.core.csvfile import Row
from engine.core.fields import FieldError, read_number, read_symbol, read_time
from engine.core.records import Transaction
from engine.ledger.importers.base import Amount, Importer
from engine.ledger.importers.movements import MOVED, REWARDED, STAKED, Meaning, movement
from engine.ledger.importers.rowwise import LeftOut, row_by_row, unknown
from engine.ledger.importers.times import existing_time, month_number
from engine.ledger.importers.trades import is_buy, market_trade

_OLD = frozenset({"type", "datetime", "account", "amount", "value", "rate", "fee", "sub type"})
_NEW = frozenset(
    {"type", "subtype", "datetime", "amount", "amount currency", "value", "value currency"}
    | {"fee", "fee currency"}
)
_TRADES = frozenset({"market", "market trade"})
_COMING_IN = {
    "deposit": MOVED,
    "ripple deposit": MOVED,
    "card deposit": MOVED,
    "staking reward": STAKED,
    "referral reward": REWARDED,
}
_GOING_OUT = frozenset({"withdrawal", "ripple payment"})
_INTERNAL = frozenset(
    {
        "credited with staked assets",
        "inter account transfer",
        "sent assets to staking",
        "started generating rewards",
        "stopped generating rewards",
        "sub account transfer",
    }
)
_RENAMED = {"ETH2": "ETH", "ETH2R": "ETH"}
"""Ether while it was staked, and its rewards."""
_NAMED_MONTH = re.compile(
    r"([A-Za-z]{3,9})\.? ([0-9]{1,2}), ([0-9]{4}), ([0-9]{1,2}):([0-9]{2}) ([AP])M"
)


def _matches(columns: tuple[str, ...]) -> bool:
    return _OLD.issubset(columns) or _NEW.issubset(columns)


def _transactions(row: Row, account: str) -> list[Transaction]:
    get = row.fields
    kind = get["type"].strip().lower()
    if kind in _INTERNAL:
        raise LeftOut("moves within Bitstamp")
    time = _time(get["datetime"])
    note = get["type"]
    if kind in _TRADES:
        buying = is_buy(get["subtype"] if "subtype" in get else get["sub type"])
        base, quote = _needed(row, "amount"), _needed(row, "value")
        return [market_trade((time, account, note), buying, base, quote, _amount(row, "fee"))]
    asset, amount = _needed(row, "amount")
    if kind in _COMING_IN:
        meaning: Meaning = _COMING_IN[kind]
    elif kind in _GOING_OUT:
        meaning, amount = MOVED, -amount
    else:
        raise unknown("type", get["type"])
    fee = _amount(row, "fee")
    return [movement(time, account, (asset, amount), meaning, fee=fee, note=note)]


def _time(text: str) -> datetime:
    match = _NAMED_MONTH.fullmatch(text.strip())
    if match is None:
        return read_time(text)
    hour = int(match[4])
    if not 1 <= hour <= 12:
        raise FieldError("the hour is not one of 1 to 12")
    hour = hour % 12 + (12 if match[6] == "P" else 0)
    return existing_time(
        text, int(match[3]), month_number(match[1]), int(match[2]), hour, int(match[5])
    )


def _needed(row: Row, name: str) -> Amount:
    found = _amount(row, name)
    if found is None:
        raise FieldError(f"the {name} is missing or zero")
    return found


def _amount(row: Row, name: str) -> Amount | None:
    """The amount and its currency in either generation; None where the field is empty or 0."""
    text = row.fields[name].strip()
    if f"{name} currency" in row.fields:
        currency = row.fields[f"{name} currency"]
    else:
        text, _, currency = text.partition(" ")
    if not text:
        return None
    number = read_number(text, name)
    if number < 0:
        raise FieldError(f"the {name} is negative")
    if number == 0:
        return None
    asset = read_symbol(currency, "currency")
    return _RENAMED.get(asset, asset), number


BITSTAMP = Importer(
    name="Bitstamp",
    account="Bitstamp",
    columns="ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,"
    "Rate currency,Fee,Fee currency,Order ID",
    matches=_matches,
    read=row_by_row(_transactions),
)
