"""Binance's statement: one row per change of a balance, with no number that ties a trade together.

Rows of one second and one family of operations are taken together; several coins bought or sold
in the same second cannot be told apart and are refused. Spot, funding, earn and futures wallets
are one account, so moves between them change nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest
from typing import Literal, NamedTuple

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
_INCOME_KINDS = (
    ("staking", "staking"),
    ("interest", "interest"),
    ("airdrop", "airdrop"),
    ("distribution", "airdrop"),
    ("mining", "mining"),
)
"""What a word of an operation says of an income; the others are rebates and the like."""


_ZERO = Decimal(0)
_SECOND = timedelta(seconds=1)

_Family = Literal["trade", "conversion", "internal", "balance", "futures", "income", "unknown"]
_KINDS: dict[_Family, tuple[TransactionKind, TransactionKind]] = {
    "balance": ("deposit", "withdrawal"),
    "futures": ("income", "fee"),
    "income": ("income", "withdrawal"),
}


class _Operation(NamedTuple):
    """What a row does: as it is written, as it is compared, and how it is booked."""

    shown: str
    name: str
    family: _Family
    income_kind: str


class _Entry(NamedTuple):
    """One row, read; without the fields, which take most of a row's memory."""

    line: int
    text: str
    time: datetime
    operation: _Operation
    coin: str
    change: Decimal

    @property
    def row(self) -> Row:
        return Row(self.line, self.text, {})


_Seconds = dict[datetime, list[_Entry]]


def _matches(columns: tuple[str, ...]) -> bool:
    return _REQUIRED.issubset(columns) and any(name in columns for name in _TIMES)


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    trades: _Seconds = defaultdict(list)
    conversions: dict[str, _Seconds] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if isinstance(row, RefusedRow):
            reading.refused.append(row)
            continue
        try:
            entry = _entry(row)
            family = entry.operation.family
            if family == "trade":
                trades[entry.time].append(entry)
            elif family == "conversion":
                conversions[entry.operation.name][entry.time].append(entry)
            else:
                _single(entry, account, reading)
        except FieldError as error:
            reading.refuse([row], str(error))
    for group in _groups(trades):
        _trade(group, account, reading)
    for operation, seconds in conversions.items():
        for group in _groups(seconds):
            if operation == _DUST:
                _dust(group, account, reading)
            else:
                _trade(group, account, reading)


def _entry(row: Row) -> _Entry:
    fields = row.fields
    return _Entry(
        row.line,
        row.text,
        read_time(fields["utc time"] if "utc time" in fields else fields["time"]),
        _operation(fields["operation"], fields["account"]),
        read_symbol(fields["coin"], "coin"),
        read_number(fields["change"], "change"),
    )


@lru_cache(maxsize=1024)
def _operation(shown: str, wallet: str) -> _Operation:
    name = shown.strip().lower()
    family = _family(name, in_futures="futures" in wallet.lower())
    income = next((kind for word, kind in _INCOME_KINDS if word in name), "other")
    return _Operation(shown, name, family, income if family == "income" else "")


def _family(operation: str, in_futures: bool) -> _Family:
    if operation in _FUTURES or (in_futures and operation in _FEES):
        return "futures"
    if operation in _TRADES:
        return "trade"
    if operation in _CONVERSIONS:
        return "conversion"
    if operation in _INTERNAL or any(word in operation for word in _INTERNAL_WORDS):
        return "internal"
    if operation in _DEPOSITS or operation in _WITHDRAWALS:
        return "balance"
    return "income" if any(word in operation for word in _INCOME_WORDS) else "unknown"


def _single(entry: _Entry, account: str, reading: Reading) -> None:
    family = entry.operation.family
    if family == "internal":
        reading.leave_out("moves within Binance")
    elif family == "unknown":
        raise FieldError(f'the operation "{clean_text(entry.operation.shown, 60)}" is not known')
    elif family == "income" and entry.change < 0:
        raise FieldError("the change of an income is negative")
    else:
        _take(entry, account, _KINDS[family], reading)


def _take(
    entry: _Entry, account: str, kinds: tuple[TransactionKind, TransactionKind], reading: Reading
) -> None:
    _, _, time, operation, coin, change = entry
    taken = one_sided(
        time, account, coin, change, kinds,
        note=operation.shown, income_kind=operation.income_kind,
    )  # fmt: skip
    reading.take(entry, taken)


def _groups(seconds: _Seconds) -> Iterator[list[_Entry]]:
    """Rows of one second together; a half of a trade is joined with the next second's half.

    What was given is gone from seconds, and its memory free.
    """
    times = sorted(seconds)
    for time, following in zip_longest(times, times[1:]):
        group = seconds.pop(time, None)
        if group is None:  # joined with the one before
            continue
        if following and following - time == _SECOND:
            after = seconds[following]
            if not _is_whole(group) and not _is_whole(after) and _is_whole(group + after):
                group += seconds.pop(following)
        yield group


def _is_whole(entries: list[_Entry]) -> bool:
    received, sent, _ = _sides(entries)
    return bool(received and sent)


def _sides(entries: list[_Entry]) -> tuple[list[Amount], list[Amount], list[Amount]]:
    """What came in, what went out and the fees, each summed by coin."""
    received: dict[str, Decimal] = {}
    sent: dict[str, Decimal] = {}
    fees: dict[str, Decimal] = {}
    for _, _, _, operation, coin, change in entries:
        if operation.name in _FEES:
            fees[coin] = fees.get(coin, _ZERO) - change
        elif change > 0:
            received[coin] = received.get(coin, _ZERO) + change
        elif change < 0:
            sent[coin] = sent.get(coin, _ZERO) - change
    return list(received.items()), list(sent.items()), list(fees.items())


def _trade(group: list[_Entry], account: str, reading: Reading) -> None:
    received, sent, fees = _sides(group)
    if not sent and all(entry.operation.name in _BOUGHT_OUTSIDE for entry in group):
        for entry in group:
            try:
                _take(entry, account, ("deposit", "withdrawal"), reading)
            except FieldError as error:
                reading.refuse([entry.row], str(error))
        return
    first = group[0]
    try:
        if not received or not sent:
            raise FieldError("the other half of this trade is not in the file")
        if len(received) > 1 or len(sent) > 1:
            raise FieldError("trades of several coins in the same second cannot be told apart")
        if any(fee < 0 for _, fee in fees):
            raise FieldError("the fee is positive")
        trade = exchange(
            first.time,
            account,
            received[0],
            sent[0],
            fee=fees[0] if fees else None,
            note=first.operation.shown,
        )
    except FieldError as error:
        reading.refuse([entry.row for entry in group], str(error))
        return
    reading.take(first, trade)
    for fee in fees[1:]:
        reading.take(first, build(first.time, "fee", account, sent=fee, note="trading fee"))


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
