"""Bybit's changes of the funding account: what a row is, type and description say together."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_number, read_symbol, read_time
from engine.core.records import FIAT
from engine.ledger.importers.balances import BalanceRow, unexplained
from engine.ledger.importers.base import Importer, Reading
from engine.ledger.importers.movements import (
    AIRDROPPED,
    INTEREST,
    MOVED,
    REWARDED,
    SPENT,
    Meaning,
    movement,
)
from engine.ledger.importers.rowwise import readable, unknown
from engine.ledger.importers.statement import take_exchange

_TIME = "date & time(utc)"
_REQUIRED = frozenset({_TIME, "coin", "qty", "type", "account balance", "description"})
_INTERNAL = re.compile(r"subscription|redemption|auto-earn|transfer (?:to|from) .*account")
_INTEREST = re.compile(r"interest distribution")
_BY_DESCRIPTION = {
    "buy crypto with card": MOVED,
    "deposit": MOVED,
    "withdraw": MOVED,
    "withdrawal": MOVED,
}
_BY_TYPE = {"airdrop": AIRDROPPED, "reward": REWARDED, "rewards": REWARDED}
_CARD = "bybit card"
_CONVERTED = "convert"


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    conversions: dict[datetime, list[tuple[Row, str, Decimal]]] = defaultdict(list)
    balances: list[BalanceRow] = []
    for row in readable(rows, reading):
        get = row.fields
        try:
            time = read_time(get[_TIME])
            change = (read_symbol(get["coin"], "coin"), read_number(get["qty"], "quantity"))
            stated = get["account balance"].strip()
            balance = read_number(stated, "balance") if stated else None
            balances.append(BalanceRow((change[0], ""), time, change[1], balance))
            if _INTERNAL.search(get["description"].lower()):
                reading.leave_out("moves within Bybit")
            elif get["type"].strip().lower() == _CONVERTED:
                conversions[time].append((row, *change))
            else:
                note = f"{get['type'].strip()}: {get['description'].strip()}"
                meaning = _meaning(row, change[0])
                reading.take(row, movement(time, account, change, meaning, note=note))
        except FieldError as error:
            reading.refuse([row], str(error))
    for time, entries in conversions.items():
        take_exchange(
            [row for row, _, _ in entries],
            (time, account, _CONVERTED),
            [(coin, quantity) for _, coin, quantity in entries],
            (),
            reading,
        )
    reading.warnings.extend(unexplained(balances, "Bybit"))


def _meaning(row: Row, coin: str) -> Meaning:
    kind = row.fields["type"].strip().lower()
    description = row.fields["description"].strip().lower()
    if kind == _CARD:
        if coin in FIAT:
            raise FieldError("it does not say whether money was paid, or what coins were worth")
        return SPENT
    if _INTEREST.search(description):
        return INTEREST
    if description in _BY_DESCRIPTION:
        return _BY_DESCRIPTION[description]
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    raise unknown("kind of row", f"{kind}: {description}")


BYBIT = Importer(
    name="Bybit funding account",
    account="Bybit",
    columns="Date & Time(UTC),Coin,QTY,Type,Account Balance,Description",
    matches=_REQUIRED.issubset,
    read=_read,
)
