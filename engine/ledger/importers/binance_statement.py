"""Binance's statement: one row per change of a balance, with no number that ties a trade together.

Rows of one second and one family of operations are taken together; several coins bought or sold
in the same second cannot be told apart and are refused. Spot, funding, earn and futures wallets
are one account, so moves between them change nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from engine.core.csvfile import RefusedRow, Row, clean_text
from engine.core.fields import FieldError, read_number, read_symbol, read_time
from engine.core.records import TransactionKind
from engine.ledger.importers.base import Amount, Importer, Reading, build, exchange, one_sided

_REQUIRED = frozenset({"account", "operation", "coin", "change"})
_TIMES = ("utc time", "time")  # newer statements have no zone in the header; read as UTC

_FEES = frozenset({"fee", "transaction fee"})
_TRADES = _FEES | {
    "buy",
    "sell",
    "transaction buy",
    "transaction sold",
    "transaction spend",
    "transaction revenue",
    "transaction related",
}
_CONVERSIONS = frozenset(
    {
        "asset conversion transfer",
        "auto-invest transaction",
        "binance convert",
        "bnb fee deduction",
        "buy crypto with card",
        "buy crypto with fiat",
        "eth 2.0 staking",
        "fiat ocbs - add fiat and fees",
        "buy crypto",
        "futures convert",
        "large otc trading",
        "leverage token redemption",
        "small assets exchange bnb",
        "stablecoins auto-conversion",
        "token swap - distribution",
        "token swap - redenomination/rebranding",
    }
)
_DUST = "small assets exchange bnb"
_BOUGHT_OUTSIDE = frozenset(
    {"buy crypto", "buy crypto with card", "buy crypto with fiat", "fiat ocbs - add fiat and fees"}
)
_DEPOSITS = frozenset({"deposit", "fiat deposit", "p2p trading", "c2c transfer", "crypto box"})
_WITHDRAWALS = frozenset(
    {"withdraw", "withdrawal", "fiat withdraw", "fiat withdrawal", "send", "binance card spending"}
)
_FUTURES = frozenset(
    {
        "funding fee",
        "insurance fund compensation",
        "insurance fund refund",
        "realize profit and loss",
        "realized profit and loss",
    }
)
_INTERNAL_WORDS = ("subscription", "redemption", "purchase", "transfer between", "unlock")
_INTERNAL = frozenset({"transfer_in", "transfer_out", "asset - transfer", "main and funding"})
_INCOME_WORDS = (
    "airdrop",
    "cashback",
    "commission",
    "distribution",
    "interest",
    "kickback",
    "mining",
    "rebate",
    "referral",
    "reward",
    "voucher",
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row, read."""

    row: Row
    time: datetime
    wallet: str
    operation: str
    coin: str
    change: Decimal


def _matches(columns: tuple[str, ...]) -> bool:
    return _REQUIRED.issubset(columns) and any(name in columns for name in _TIMES)


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    trades: list[_Entry] = []
    conversions: dict[str, list[_Entry]] = defaultdict(list)
    for row in rows:
        if isinstance(row, RefusedRow):
            reading.refused.append(row)
            continue
        try:
            entry = _entry(row)
            if _is_futures(entry.wallet) and entry.operation in _FEES:
                _take(entry, account, ("income", "fee"), reading)
            elif entry.operation in _TRADES:
                trades.append(entry)
            elif entry.operation in _CONVERSIONS:
                conversions[entry.operation].append(entry)
            else:
                _single(entry, account, reading)
        except FieldError as error:
            reading.refuse([row], str(error))
    for group in _seconds(trades):
        _trade(group, account, reading)
    for operation, entries in conversions.items():
        for group in _seconds(entries):
            if operation == _DUST:
                _dust(group, account, reading)
            else:
                _trade(group, account, reading)


def _entry(row: Row) -> _Entry:
    fields = row.fields
    return _Entry(
        row,
        read_time(next(fields[name] for name in _TIMES if name in fields)),
        fields["account"].strip().lower(),
        fields["operation"].strip().lower(),
        read_symbol(fields["coin"], "coin"),
        read_number(fields["change"], "change"),
    )


def _is_futures(wallet: str) -> bool:
    return "futures" in wallet


def _single(entry: _Entry, account: str, reading: Reading) -> None:
    operation = entry.operation
    if operation in _INTERNAL or any(word in operation for word in _INTERNAL_WORDS):
        reading.leave_out("moves within Binance")
    elif operation in _DEPOSITS or operation in _WITHDRAWALS:
        _take(entry, account, ("deposit", "withdrawal"), reading)
    elif operation in _FUTURES:
        _take(entry, account, ("income", "fee"), reading)
    elif any(word in operation for word in _INCOME_WORDS):
        if entry.change < 0:
            raise FieldError("the change of an income is negative")
        _take(entry, account, ("income", "withdrawal"), reading)
    else:
        shown = clean_text(entry.row.fields["operation"], 60)
        raise FieldError(f'the operation "{shown}" is not known')


def _take(
    entry: _Entry, account: str, kinds: tuple[TransactionKind, TransactionKind], reading: Reading
) -> None:
    note = entry.row.fields["operation"]
    reading.take(
        entry.row, one_sided(entry.time, account, entry.coin, entry.change, kinds, note=note)
    )


def _seconds(entries: list[_Entry]) -> Iterator[list[_Entry]]:
    """Rows of one second together; a half of a trade is joined with the next second's half."""
    by_time: dict[datetime, list[_Entry]] = defaultdict(list)
    for entry in entries:
        by_time[entry.time].append(entry)
    for time in sorted(by_time):
        group = by_time[time]
        after = by_time.get(time + timedelta(seconds=1)) if group else None
        if after and not _is_whole(group) and not _is_whole(after) and _is_whole(group + after):
            group = group + after
            by_time[time + timedelta(seconds=1)] = []
        if group:
            yield group


def _is_whole(entries: list[_Entry]) -> bool:
    received, sent, _ = _sides(entries)
    return bool(received and sent)


def _sides(entries: list[_Entry]) -> tuple[list[Amount], list[Amount], list[Amount]]:
    """What came in, what went out and the fees, each summed by coin."""
    received: dict[str, Decimal] = defaultdict(Decimal)
    sent: dict[str, Decimal] = defaultdict(Decimal)
    fees: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry.operation in _FEES:
            fees[entry.coin] -= entry.change
        elif entry.change > 0:
            received[entry.coin] += entry.change
        elif entry.change < 0:
            sent[entry.coin] -= entry.change
    return list(received.items()), list(sent.items()), list(fees.items())


def _trade(group: list[_Entry], account: str, reading: Reading) -> None:
    rows = [entry.row for entry in group]
    received, sent, fees = _sides(group)
    first = group[0]
    if not sent and all(entry.operation in _BOUGHT_OUTSIDE for entry in group):
        for entry in group:
            _take(entry, account, ("deposit", "withdrawal"), reading)
        return
    if not received or not sent:
        reading.refuse(rows, "the other half of this trade is not in the file")
        return
    if len(received) > 1 or len(sent) > 1:
        reading.refuse(rows, "trades of several coins in the same second cannot be told apart")
        return
    if any(fee < 0 for _, fee in fees):
        reading.refuse(rows, "the fee is positive")
        return
    try:
        trade = exchange(
            first.time,
            account,
            received[0],
            sent[0],
            fee=fees[0] if fees else None,
            note=first.row.fields["operation"],
        )
    except FieldError as error:
        reading.refuse(rows, str(error))
        return
    reading.take(first.row, trade)
    for fee in fees[1:]:
        reading.take(first.row, build(first.time, "fee", account, sent=fee, note="trading fee"))


def _dust(group: list[_Entry], account: str, reading: Reading) -> None:
    """Small amounts swapped for BNB: with as many rows in as out, the nth belong together."""
    received = [entry for entry in group if entry.change > 0]
    sent = [entry for entry in group if entry.change < 0]
    if len(received) != len(sent):
        _trade(group, account, reading)
        return
    for one, other in zip(received, sent, strict=True):
        _trade([one, other], account, reading)


BINANCE = Importer(
    name="Binance statement",
    account="Binance",
    columns="User_ID,UTC_Time,Account,Operation,Coin,Change,Remark",
    matches=_matches,
    read=_read,
)
