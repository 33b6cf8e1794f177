"""Kraken's trades export. The cost excludes the fee, which is paid in the pair's second currency.

The ledgers export says more (deposits, rewards, what a fee was paid in) and holds the same trades.
"""

from collections.abc import Iterable

from engine.core.csvfile import RefusedRow, Row
from engine.core.fields import FieldError, read_number
from engine.core.records import FIAT, Transaction
from engine.ledger.importers.base import Importer, Reading
from engine.ledger.importers.kraken_ledgers import PREFIXED, symbol
from engine.ledger.importers.pairs import split_pair
from engine.ledger.importers.rowwise import row_by_row
from engine.ledger.importers.trades import TradeColumns, read_trade

# fmt: off
_QUOTES = frozenset({
    "USD", "EUR", "GBP", "CAD", "JPY", "AUD", "CHF", "AED", "XBT", "BTC", "ETH", "USDT", "USDC",
    "DAI", "PYUSD", "RLUSD", "AUSD", "EURC", "EUROP", "EURQ", "EURR", "USDQ", "USDR", "USDD",
    "USD1", "DOT", "SOL", "POL",
})
# fmt: on
_NOTES = (
    "Kraken's ledgers hold these trades as well: import one of the two files, not both.",
    "Fees are taken as paid in the second currency of each pair; only the ledgers say for certain.",
)


def _is_prefixed(name: str) -> bool:
    return len(name) == 4 and (
        (name[0] == "X" and name[1:] in PREFIXED) or (name[0] == "Z" and name[1:] in FIAT)
    )


def split(text: str, hints: tuple[str, ...] = ()) -> tuple[str, str]:
    """Base and quote of Kraken's pair as usual symbols: XXBTZUSD is BTC and USD.

    Raises FieldError.
    """
    name = text.strip().upper()
    base, quote = name[:-4], name[-4:]
    # The prefixed names of currencies stand only behind one another, and behind USDT.
    if not (_is_prefixed(quote) and (_is_prefixed(base) or base == "USDT")):
        base, quote = split_pair(text, _QUOTES, hints)
    return symbol(base), symbol(quote)


_COLUMNS = TradeColumns(
    time="time",
    pair="pair",
    side="type",
    amount="vol",
    total="cost",
    fee="fee",
    fee_asset="",
    split=split,
)


def _matches(columns: tuple[str, ...]) -> bool:
    return (_COLUMNS.required | {"txid", "ordertxid", "margin"}).issubset(columns)


def _transactions(row: Row, account: str) -> list[Transaction]:
    margin = row.fields["margin"].strip()
    if margin and read_number(margin, "margin"):
        raise FieldError("trades on margin are not read; the ledgers have what they gained or lost")
    return [read_trade(row, _COLUMNS, account)]


def _read(rows: Iterable[Row | RefusedRow], account: str, reading: Reading) -> None:
    row_by_row(_transactions)(rows, account, reading)
    reading.warnings.extend(_NOTES)


KRAKEN_TRADES = Importer(
    name="Kraken trades",
    account="Kraken",
    columns="txid,ordertxid,pair,time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers",
    matches=_matches,
    read=_read,
)
