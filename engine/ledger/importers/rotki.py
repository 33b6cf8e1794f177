"""rotki's own formats for trades and for other events; times are Unix time in milliseconds.

A token is named by its place on a chain (eip155:1/erc20:0x…): the best known get their symbol, the
others the beginning of their contract.
"""

import re

from engine.core.csvfile import Row
from engine.core.fields import FieldError, read_positive, read_symbol, read_time
from engine.core.records import Transaction
from engine.ledger.importers.base import Amount, Importer, build, exchange
from engine.ledger.importers.contracts import by_contract, official_symbol
from engine.ledger.importers.movements import MOVED, REWARDED, SPENT, STAKED, movement
from engine.ledger.importers.rowwise import named_account, row_by_row, unknown
from engine.ledger.importers.trades import read_fee

_SHARED = frozenset({"location", "fee", "fee currency", "description", "timestamp"})
_TRADES = _SHARED | {"spend currency", "receive currency", "receive amount", "spend amount"}
_EVENTS = _SHARED | {"type", "currency", "amount"}
_TOKEN = re.compile(r"eip155:[0-9]+/(?:erc20|erc721):(0x[0-9a-fA-F]{40})(?:/([0-9]{1,78}))?")
_IN = {"deposit": MOVED, "income": REWARDED, "staking": STAKED}
_OUT = {"spend": SPENT, "withdrawal": MOVED}
_ANYWHERE = "external"


def _trade(row: Row, account: str) -> list[Transaction]:
    get = row.fields
    received = _amount(row, "receive currency", "receive amount")
    sent = _amount(row, "spend currency", "spend amount")
    time, account = read_time(get["timestamp"]), _account(row, account)
    note = get["description"]
    return [exchange(time, account, received, sent, fee=_fee(row), note=note)]


def _event(row: Row, account: str) -> list[Transaction]:
    get = row.fields
    kind = get["type"].strip().lower()
    asset, amount = _amount(row, "currency", "amount")
    time, account = read_time(get["timestamp"]), _account(row, account)
    fee, note = _fee(row), get["description"]
    if kind in _IN:
        return [movement(time, account, (asset, amount), _IN[kind], fee=fee, note=note)]
    if kind in _OUT:
        return [movement(time, account, (asset, -amount), _OUT[kind], fee=fee, note=note)]
    if kind == "loss":
        return [build(time, "loss", account, sent=(asset, amount), fee=fee, note=note)]
    raise unknown("type", get["type"])


def _account(row: Row, default: str) -> str:
    location = row.fields["location"].strip()
    return default if location.lower() == _ANYWHERE else named_account(location, default)


def _amount(row: Row, currency: str, amount: str) -> Amount:
    return _asset(row.fields[currency], currency), read_positive(row.fields[amount], amount)


def _fee(row: Row) -> Amount | None:
    fee = read_fee(row.fields["fee"])
    return (_asset(row.fields["fee currency"], "fee currency"), fee) if fee else None


def _asset(text: str, name: str) -> str:
    match = _TOKEN.fullmatch(text.strip())
    if match is None:
        if ":" in text or "/" in text:
            raise FieldError(f"the {name} is an identifier of rotki's that is not known")
        return read_symbol(text, name)
    symbol = official_symbol(match[1]) or by_contract(match[1])
    return f"{symbol}#{match[2]}" if match[2] else symbol


ROTKI_TRADES = Importer(
    name="rotki trades",
    account="rotki",
    columns="Location,Spend Currency,Receive Currency,Receive Amount,Spend Amount,Fee,"
    "Fee Currency,Description,Timestamp",
    matches=_TRADES.issubset,
    read=row_by_row(_trade),
)
ROTKI_EVENTS = Importer(
    name="rotki events",
    account="rotki",
    columns="Type,Location,Currency,Amount,Fee,Fee Currency,Description,Timestamp",
    matches=_EVENTS.issubset,
    read=row_by_row(_event),
)
