"""The tables of a tax report in display strings, for pages and screens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from engine.core.money import format_amount, format_money
from engine.ledger.tax_report import TaxReport

_INCOME = {"": "not stated", "lp_reward": "liquidity reward"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column; share: of the width of the page. kind: as of a card's column."""

    title: str
    share: float
    kind: Literal["text", "amount", "money"] = "text"

    @property
    def right(self) -> bool:
        """Whether it is aligned to the right, as figures are."""
        return self.kind != "text"


@dataclass(frozen=True, slots=True)
class Section:
    """A table with a heading; without rows there is nothing of the kind in the year."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None = None


def tax_sections(report: TaxReport) -> tuple[Section, ...]:
    """All tables of a report, in the order in which they are read."""

    def money(value: Decimal | None) -> str:
        return "unknown" if value is None else format_money(value, report.currency)

    sales = _sales(report, money)
    total = _total(report, money) if sales else None
    return tuple(
        Section(title, columns, tuple(rows), last)
        for title, columns, rows, last in (
            ("Summary", _SUMMARY, _summary(report, money), None),
            ("Gains by asset", _BY_ASSET, _by_asset(report, money), None),
            ("Disposals, lot by lot", _SALES, sales, total),
            ("Income by kind and asset", _INCOME_SUMS, _income_sums(report, money), None),
            ("Income, entry by entry", _INCOMES, _incomes(report, money), None),
            ("Fees paid", _FEES, _fees(report, money), None),
            (f"Lots still open on {report.end}", _LOTS, _lots(report, money), None),
        )
    )


_Money = Callable[[Decimal | None], str]
_Rows = list[tuple[str, ...]]

_SUMMARY = (Column("", 0.25), Column("", 0.15, "money"))
_BY_ASSET = (
    Column("Asset", 0.16),
    Column("Amount", 0.21, "amount"),
    Column("Proceeds", 0.21, "money"),
    Column("Cost", 0.21, "money"),
    Column("Gain", 0.21, "money"),
)
_SALES = (
    Column("Asset", 0.07),
    Column("Amount", 0.12, "amount"),
    Column("Acquired (UTC)", 0.115),
    Column("Disposed of (UTC)", 0.115),
    Column("Days", 0.045, "amount"),
    Column("Term", 0.05),
    Column("Rule", 0.06),
    Column("Proceeds", 0.105, "money"),
    Column("Cost", 0.105, "money"),
    Column("Gain", 0.105, "money"),
    Column("Account", 0.11),
)
_INCOME_SUMS = (
    Column("Kind", 0.25),
    Column("Asset", 0.15),
    Column("Amount", 0.3, "amount"),
    Column("Value", 0.3, "money"),
)
_INCOMES = (
    Column("Received (UTC)", 0.16),
    Column("Kind", 0.16),
    Column("Asset", 0.12),
    Column("Amount", 0.2, "amount"),
    Column("Value", 0.16, "money"),
    Column("Account", 0.2),
)
_FEES = (
    Column("Asset", 0.2),
    Column("Amount", 0.4, "amount"),
    Column("Value", 0.4, "money"),
)
_LOTS = (
    Column("Asset", 0.14),
    Column("Acquired (UTC)", 0.18),
    Column("Amount", 0.24, "amount"),
    Column("Cost", 0.2, "money"),
    Column("Account", 0.24),
)


def _summary(report: TaxReport, money: _Money) -> _Rows:
    totals = report.totals.in_cents()
    rows = [
        ("Proceeds", money(totals.proceeds)),
        ("Cost", money(totals.cost)),
        ("Gains", money(totals.gains)),
        ("Losses", money(totals.losses)),
        ("Gains less losses", money(totals.gain)),
        ("· held short", money(totals.short)),
        ("· held long", money(totals.long)),
    ]
    if totals.undated:
        rows.append(("· without a holding period", money(totals.undated)))
    return [*rows, ("Income", money(totals.income))]


def _by_asset(report: TaxReport, money: _Money) -> _Rows:
    return [
        (
            one.asset,
            format_amount(one.amount),
            money(one.proceeds),
            money(one.cost),
            money(one.gain),
        )
        for one in report.by_asset
    ]


def _sales(report: TaxReport, money: _Money) -> _Rows:
    rows: _Rows = []
    for sale in report.sales:
        one = sale.disposal
        rows.append(
            (
                one.asset,
                format_amount(one.amount),
                "" if one.acquired is None else _time(one.acquired),
                _time(one.time),
                "" if sale.days is None else f"{sale.days:,}",
                "" if sale.term == "none" else sale.term,
                one.rule,
                money(one.proceeds),
                money(one.cost),
                money(one.gain),
                one.account,
            )
        )
    return rows


def _total(report: TaxReport, money: _Money) -> tuple[str, ...]:
    totals = report.totals.in_cents()
    sums = (money(totals.proceeds), money(totals.cost), money(totals.gain))
    return ("Total", "", "", "", "", "", "", *sums, "")


def _income_sums(report: TaxReport, money: _Money) -> _Rows:
    return [
        (_kind(one.kind), one.asset, format_amount(one.amount), money(one.value))
        for one in report.income_sums
    ]


def _incomes(report: TaxReport, money: _Money) -> _Rows:
    return [
        (
            _time(one.time),
            _kind(one.kind),
            one.asset,
            format_amount(one.amount),
            money(one.value),
            one.account,
        )
        for one in report.incomes
    ]


def _fees(report: TaxReport, money: _Money) -> _Rows:
    return [(one.asset, format_amount(one.amount), money(one.value)) for one in report.fees]


def _lots(report: TaxReport, money: _Money) -> _Rows:
    return [
        (
            lot.asset,
            _time(lot.time),
            format_amount(lot.amount),
            money(None if lot.unit_cost is None else lot.unit_cost * lot.amount),
            lot.account or "all accounts",
        )
        for lot in report.open_lots
    ]


def _kind(kind: str) -> str:
    return _INCOME.get(kind, kind)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")
