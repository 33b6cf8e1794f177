"""The tables of a preview of market data: new prices, yields and scores, NFT sales."""

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import QCoreApplication

from desktop.portfolio.preview_rows import SHOWN
from desktop.widgets.table import RowsModel
from engine.core.cards import Column
from engine.core.money import format_amount, format_money, format_percent
from engine.core.records import FIAT, PricePoint
from engine.service import Measurement, NftSale

_translate = QCoreApplication.translate


def prices_model(rows: Sequence[PricePoint]) -> RowsModel:
    """New prices; whole candles if one of them is more than a close."""
    candles = any(row.open or row.high or row.low for row in rows[:SHOWN])
    course = (
        _translate("market", "Open"),
        _translate("market", "High"),
        _translate("market", "Low"),
    )
    columns = (
        Column(_translate("market", "Day"), "date"),
        Column(_translate("market", "Asset"), "text"),
        *(Column(name, "money") for name in course if candles),
        Column(_translate("market", "Close"), "money"),
    )
    shown = []
    for row in rows[:SHOWN]:
        before = (row.open, row.high, row.low) if candles else ()
        cells = (_money(price, row.currency) for price in (*before, row.close))
        shown.append((row.day.isoformat(), row.asset, *cells))
    return RowsModel(columns, shown)


def measurements_model(rows: Sequence[Measurement]) -> RowsModel:
    """New yields, deposits or scores."""
    columns = (
        Column(_translate("market", "Day"), "date"),
        Column(_translate("market", "Of"), "text"),
        Column(_translate("market", "What"), "text"),
        Column(_translate("market", "Value"), "amount"),
        Column(_translate("market", "Note"), "text"),
    )
    shown = [
        (row.day.isoformat(), row.name, _field(row.field), _value(row), row.note)
        for row in rows[:SHOWN]
    ]
    return RowsModel(columns, shown)


def sales_model(rows: Sequence[NftSale]) -> RowsModel:
    """New NFT sales."""
    columns = (
        Column(_translate("market", "Time (UTC)"), "date"),
        Column(_translate("market", "Collection"), "text"),
        Column(_translate("market", "Item"), "text"),
        Column(_translate("market", "Price"), "amount"),
    )
    shown = [
        (f"{row.time:%Y-%m-%d %H:%M}", row.collection, row.token, _price(row.price, row.currency))
        for row in rows[:SHOWN]
    ]
    return RowsModel(columns, shown)


def _field(name: str) -> str:
    names = {
        "apy": _translate("market", "APY"),
        "apy_base": _translate("market", "Base APY"),
        "apy_reward": _translate("market", "Reward APY"),
        "tvl": _translate("market", "Deposits"),
        "score": _translate("market", "Score"),
    }
    return names.get(name, name)


def _value(row: Measurement) -> str:
    if row.field.startswith("apy"):
        return format_percent(row.value)
    return format_money(row.value, "USD") if row.field == "tvl" else format_amount(row.value)


def _price(price: Decimal, currency: str) -> str:
    if currency in FIAT:
        return format_money(price, currency)
    return f"{format_amount(price)} {currency}"


def _money(price: Decimal | None, currency: str) -> str:
    return "" if price is None else format_money(price, currency)
