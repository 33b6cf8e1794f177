"""Ghostfolio's activities: a price in a currency and how much of what; fees come on top.

Coins of Yahoo are named with their currency (BTCUSD), those of CoinGecko by its ids (bitcoin).
"""

from engine.core.csvfile import Row, clean_text
from engine.core.fields import FieldError, read_positive, read_symbol
from engine.core.records import FIAT, Transaction
from engine.ledger.importers.base import Amount, Importer
from engine.ledger.importers.dates import read_date
from engine.ledger.importers.movements import CHARGED, INTEREST, REWARDED, movement
from engine.ledger.importers.rowwise import LeftOut, row_by_row, unknown
from engine.ledger.importers.trades import market_trade, product, read_fee
from engine.market.sources.ids import COINGECKO_IDS

_REQUIRED = frozenset({"date", "code", "currency", "price", "quantity", "action", "fee"})
_INCOME = {"dividend": REWARDED, "interest": INTEREST}
_SYMBOLS = {name: symbol for symbol, name in COINGECKO_IDS.items()}


def _transactions(row: Row, account: str) -> list[Transaction]:
    get = row.fields
    kind = get["action"].strip().lower()
    time = read_date(get["date"], "day")
    currency = read_symbol(get["currency"], "currency")
    fee = read_fee(get["fee"])
    note = get.get("note", "")
    if kind == "fee":
        return [movement(time, account, (currency, -fee), CHARGED, note=note)]
    if kind not in ("buy", "sell", *_INCOME):
        raise unknown("action", get["action"])
    if not get["quantity"].strip("0. "):
        raise LeftOut("rows of a quantity of zero")
    quantity = read_positive(get["quantity"], "quantity")
    total = product(quantity, read_positive(get["price"], "price"))
    paid: Amount | None = (currency, fee) if fee else None
    if kind in _INCOME:
        note = " ".join(filter(None, (clean_text(get["code"], 40), note)))
        change = (currency, total)
        return [movement(time, account, change, _INCOME[kind], fee=paid, note=note)]
    base = (_symbol(row, currency), quantity)
    what = (time, account, note)
    return [market_trade(what, kind == "buy", base, (currency, total), paid)]


def _symbol(row: Row, currency: str) -> str:
    code = row.fields["code"].strip()
    source = row.fields.get("datasource", "").strip().upper()
    if source == "COINGECKO":
        if code not in _SYMBOLS:
            raise FieldError(f'it is not known which coin "{clean_text(code, 40)}" is')
        return _SYMBOLS[code]
    symbol = read_symbol(code, "code")
    coin = symbol.removesuffix(currency).removesuffix("-")
    is_pair = currency in FIAT and coin != symbol and coin and source in ("", "YAHOO")
    return coin if is_pair else symbol


GHOSTFOLIO = Importer(
    name="Ghostfolio",
    account="Ghostfolio",
    columns="Date,Code,DataSource,Currency,Price,Quantity,Action,Fee,Note",
    matches=_REQUIRED.issubset,
    read=row_by_row(_transactions),
)
