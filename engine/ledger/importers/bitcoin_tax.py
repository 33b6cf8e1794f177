"""bitcoin.tax's trades, and its income and spending in a format of their own.

What a trade cost or fetched includes its fee where that was paid in the same currency.
"""

from decimal import Decimal

from engine.core.csvfile import Row
from engine.core.fields import FieldError, read_number, read_positive, read_symbol, read_time
from engine.core.records import FIAT, Transaction
from engine.ledger.importers.base import Amount, Importer, build
from engine.ledger.importers.movements import (
    GIFT,
    MINED,
    REWARDED,
    SPENT,
    movement,
)
from engine.ledger.importers.rowwise import named_account, row_by_row, unknown
from engine.ledger.importers.trades import is_buy, market_trade, product

_SHARED = frozenset(
    {"date", "action", "symbol", "account", "volume", "price", "currency", "fee", "feecurrency"}
    | {"total", "memo"}
)
_COST = "cost/proceeds"
_EVENT = frozenset({"ref", "txhash"})
_IN = {"giftin": GIFT, "income": REWARDED, "mining": MINED}
_OUT = {"donation": GIFT, "gift": GIFT, "spend": SPENT}
_LOST = frozenset({"lost", "stolen"})


def _matches(columns: tuple[str, ...]) -> bool:
    return _SHARED.issubset(columns) and (_COST in columns or _EVENT.issubset(columns))


def _transactions(row: Row, account: str) -> list[Transaction]:
    get = row.fields
    time, account = read_time(get["date"]), named_account(get["account"], account)
    asset, volume = read_symbol(get["symbol"]), read_positive(get["volume"], "volume")
    action, note = get["action"].strip().lower(), get["memo"]
    fee, rebate = _fee(row)
    if _COST in get:
        if action == "swap":
            raise FieldError("it does not say whether coins were renamed, forked or exchanged")
        what = (time, account, note)
        buying = is_buy(action)
        traded = market_trade(what, buying, (asset, volume), _quote(row, buying, volume, fee), fee)
        back = [movement(time, account, rebate, REWARDED, note="fee rebate")] if rebate else []
        return [traded, *back]
    if rebate:
        raise FieldError("the fee is negative")
    value = _value(row)
    if action in _IN:
        change = (asset, volume)
        return [movement(time, account, change, _IN[action], fee=fee, value=value, note=note)]
    if action in _OUT:
        change = (asset, -volume)
        return [movement(time, account, change, _OUT[action], fee=fee, value=value, note=note)]
    if action in _LOST:
        return [build(time, "loss", account, sent=(asset, volume), fee=fee, note=note)]
    raise unknown("action", get["action"])


def _quote(row: Row, buying: bool, volume: Decimal, fee: Amount | None) -> Amount:
    """What was paid or fetched, without the fee."""
    get = row.fields
    currency = read_symbol(get["currency"], "currency")
    if not fee or fee[0] != currency:
        return currency, product(volume, read_positive(get["price"], "price"))
    total = abs(read_number(get[_COST], "cost or proceeds"))
    amount = total - fee[1] if buying else total + fee[1]
    if amount <= 0:
        raise FieldError("the fee is more than the amount")
    return currency, amount


def _fee(row: Row) -> tuple[Amount | None, Amount | None]:
    """The fee, or what was paid back of it if it is negative."""
    text = row.fields["fee"]
    fee = read_number(text, "fee") if text.strip() else Decimal(0)
    if not fee:
        return None, None
    paid = (read_symbol(row.fields["feecurrency"], "fee currency"), abs(fee))
    return (paid, None) if fee > 0 else (None, paid)


def _value(row: Row) -> Amount | None:
    """What it was worth, where that is stated in money."""
    text, currency = row.fields["total"].strip(), row.fields["currency"].strip().upper()
    if not text or currency not in FIAT:
        return None
    return currency, abs(read_number(text, "total"))


BITCOIN_TAX = Importer(
    name="bitcoin.tax",
    account="bitcoin.tax",
    columns="Date,Action,Symbol,Account,Volume,Price,Currency,Fee,FeeCurrency,Total,"
    "Cost/Proceeds,ExchangeId,Category,Subaccount,Memo,SymbolBalance,CurrencyBalance,FeeBalance",
    matches=_matches,
    read=row_by_row(_transactions),
)
