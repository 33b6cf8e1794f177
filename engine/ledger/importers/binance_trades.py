"""Binance's spot trades, both generations: amounts with their coins attached, or in columns.

The newer export names each coin behind its amount ("0.5BTC"), so its pairs need no guessing.
"""

import re
from collections.abc import Iterable

from engine.core.csvfile import RefusedRow, Row, clean_text
from engine.core.fields import FieldError, read_positive, read_symbol, read_time
from engine.core.records import Transaction
from engine.ledger.importers.base import Amount, Importer, Reading
from engine.ledger.importers.pairs import QUOTES, split_pair
from engine.ledger.importers.rowwise import row_by_row
from engine.ledger.importers.trades import (
    TradeColumns,
    is_buy,
    market_trade,
    read_fee,
    read_trade,
)

_ATTACHED = frozenset({"date(utc)", "pair", "side", "price", "executed", "amount", "fee"})
_AMOUNT = re.compile(r"([0-9][0-9,]*(?:\.[0-9]*)?(?:E[+-]?[0-9]{1,3})?)([A-Z][A-Z0-9]*)")
_COLUMNS = TradeColumns(
    time="date(utc)",
    pair="market",
    side="type",
    amount="amount",
    total="total",
    fee="fee",
    fee_asset="fee coin",
    split=lambda text, hints: split_pair(text, QUOTES, hints),
)
_TWICE = "Binance's statement holds these trades as well: import one of the two files, not both."


def _matches(columns: tuple[str, ...]) -> bool:
    return _ATTACHED.issubset(columns) or _COLUMNS.required.issubset(columns)


def _transactions(row: Row, account: str) -> list[Transaction]:
    if "executed" in row.fields:
        return [_attached(row, account)]
    return [read_trade(row, _COLUMNS, account)]


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    row_by_row(_transactions)(rows, account, reading)
    reading.warnings.append(_TWICE)


def _attached(row: Row, account: str) -> Transaction:
    get = row.fields
    base, quote = _sides(get["pair"], get["executed"], get["amount"])
    fee = get["fee"].strip().upper()
    return market_trade(
        (read_time(get["date(utc)"]), account, get["pair"]),
        is_buy(get["side"]),
        base,
        quote,
        _fee(fee, (base[0], quote[0])),
    )


def _sides(pair: str, executed: str, amount: str) -> tuple[Amount, Amount]:
    """Both amounts; the pair's name is where the first one's coin meets the second one's."""
    name, first, second = (text.strip().upper() for text in (pair, executed, amount))
    for middle in range(1, len(name)):
        base, quote = name[:middle], name[middle:]
        if first.endswith(base) and second.endswith(quote):
            numbers = first.removesuffix(base), second.removesuffix(quote)
            if all(number[-1:].isdigit() for number in numbers):
                return (
                    (read_symbol(base), read_positive(numbers[0], "executed amount")),
                    (read_symbol(quote), read_positive(numbers[1], "amount")),
                )
    shown = clean_text(pair, 40)
    raise FieldError(f'the amounts do not name the coins of the pair "{shown}"')


def _fee(text: str, coins: tuple[str, str]) -> Amount | None:
    if not text.strip("0."):
        return None
    for coin in coins:
        if text.endswith(coin) and text.removesuffix(coin)[-1:].isdigit():
            return coin, read_fee(text.removesuffix(coin))
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise FieldError(f'the fee "{clean_text(text, 40)}" is not an amount with its coin')
    return match[2], read_fee(match[1])


BINANCE_TRADES = Importer(
    name="Binance trades",
    account="Binance",
    columns="Date(UTC),Pair,Side,Price,Executed,Amount,Fee",
    matches=_matches,
    read=_read,
)
