"""The tables of holdings: one row per asset, sortable by every column."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication

from desktop.widgets.figures import day_text
from desktop.widgets.table import RowsModel
from desktop.widgets.tiles import UNKNOWN
from engine.core.cards import Column
from engine.core.money import format_amount, format_money, format_percent

if TYPE_CHECKING:
    from engine.service import HoldingRow, Valuation

_translate = QCoreApplication.translate


def columns() -> tuple[Column, ...]:
    """The columns of the table."""
    return (
        Column(_translate("holdings", "Asset"), "text"),
        Column(_translate("holdings", "Amount"), "amount"),
        Column(_translate("holdings", "Price"), "money"),
        Column(_translate("holdings", "Value"), "money"),
        Column(_translate("holdings", "Weight"), "percent"),
        Column(_translate("holdings", "Average cost"), "money"),
        Column(_translate("holdings", "Unrealised"), "money"),
    )


def holdings_model(valuation: "Valuation") -> RowsModel:
    """The rows of a valuation, shown as text and sorted by their exact figures."""
    currency = valuation.currency
    shown = [_cells(line, currency) for line in valuation.rows]
    keys = [_keys(line) for line in valuation.rows]
    return RowsModel(columns(), shown, keys=keys)


def nfts_model(valuation: "Valuation") -> RowsModel:
    """The NFTs held, each with what it cost."""
    titles = (
        Column(_translate("holdings", "NFT"), "text"),
        Column(_translate("holdings", "Amount"), "amount"),
        Column(_translate("holdings", "Cost"), "money"),
    )
    rows = [
        (
            line.asset,
            format_amount(line.amount),
            UNKNOWN if line.cost is None else format_money(line.cost, valuation.currency),
        )
        for line in valuation.nfts
    ]
    return RowsModel(titles, rows)


def signed_money(value: Decimal, currency: str) -> str:
    """Money with its sign always written, so that colour is not the only mark of a gain."""
    return ("+" if value > 0 else "") + format_money(value, currency)


def oldest_price(valuation: "Valuation") -> str:
    """The day of the oldest price used, or "" if there is none."""
    days = [line.price_day for line in valuation.rows if line.price_day is not None]
    return day_text(min(days)) if days else ""


def has_prices(valuation: "Valuation") -> bool:
    """Whether the worth of anything is known."""
    return not valuation.rows or any(line.value is not None for line in valuation.rows)


def _cells(line: "HoldingRow", currency: str) -> tuple[str, ...]:
    def money(value: Decimal | None) -> str:
        return UNKNOWN if value is None else format_money(value, currency)

    gain = UNKNOWN if line.unrealised is None else signed_money(line.unrealised, currency)
    weight = UNKNOWN if line.weight is None else format_percent(line.weight, 1)
    return (
        line.asset,
        format_amount(line.amount),
        money(line.price),
        money(line.value),
        weight,
        money(line.average_cost),
        gain,
    )


def _keys(line: "HoldingRow") -> tuple[Any, ...]:
    return (
        line.asset,
        line.amount,
        line.price,
        line.value,
        line.weight,
        line.average_cost,
        line.unrealised,
    )
