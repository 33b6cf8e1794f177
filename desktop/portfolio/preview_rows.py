"""The tables of an import preview: new transactions, rows that were not taken."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from PySide6.QtCore import QCoreApplication

from desktop.safetext import one_line
from desktop.widgets.table import RowsModel
from engine.core.cards import Column
from engine.core.money import format_amount, format_money
from engine.core.records import FIAT, Transaction
from engine.core.words import capitalised

SHOWN = 2_000
"""Rows listed at most; the counts above the lists are of all."""

_translate = QCoreApplication.translate


class Refused(Protocol):
    """A line of a file that was not taken, and why."""

    @property
    def line(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def text(self) -> str: ...


def transactions_model(rows: Sequence[Transaction]) -> RowsModel:
    """New transactions."""
    columns = (
        Column(_translate("preview", "Time (UTC)"), "date"),
        Column(_translate("preview", "Kind"), "text"),
        Column(_translate("preview", "In"), "amount"),
        Column(_translate("preview", "Out"), "amount"),
        Column(_translate("preview", "Fee"), "amount"),
        Column(_translate("preview", "Account"), "text"),
    )
    return RowsModel(columns, [_transaction(row) for row in rows[:SHOWN]])


def refused_model(rows: Sequence[Refused], counted: str = "") -> RowsModel:
    """Rows that were not taken, each with its number, of lines unless counted says of what."""
    columns = (
        Column(counted or _translate("preview", "Line"), "amount"),
        Column(_translate("preview", "Reason"), "text"),
        Column(_translate("preview", "Text"), "text"),
    )
    shown = [
        (str(row.line), capitalised(row.reason), one_line(row.text, 120)) for row in rows[:SHOWN]
    ]
    return RowsModel(columns, shown)


def _transaction(row: Transaction) -> tuple[str, ...]:
    return (
        f"{row.time:%Y-%m-%d %H:%M}",
        row.kind.capitalize(),
        _side(row.amount_in, row.asset_in),
        _side(row.amount_out, row.asset_out),
        _side(row.fee_amount, row.fee_asset) if row.fee_amount else "",
        row.account,
    )


def _side(amount: Decimal, asset: str | None) -> str:
    if not asset:
        return ""
    return format_money(amount, asset) if asset in FIAT else f"{format_amount(amount)} {asset}"
