"""A tax year as one CSV table; the first column says what a row is."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from engine.core.formulas import guarded
from engine.core.money import to_text
from engine.ledger.tax_report import TaxReport

COLUMNS = (
    "Section", "Asset", "Account", "Kind", "Acquired", "Date", "Days held", "Term", "Amount",
    "Proceeds", "Cost", "Gain", "Value", "Currency", "Text",
)  # fmt: skip
_STEP = Decimal("1e-8")

_Row = dict[str, str]


def tax_csv(report: TaxReport) -> str:
    """The table, to be written as UTF-8; the same report gives the same text.

    Amounts are exact; money has up to eight decimals. A text that a spreadsheet would take for a
    formula begins with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in _rows(report):
        writer.writerow({"Currency": report.currency, **row})
    return out.getvalue()


def _rows(report: TaxReport) -> Iterator[_Row]:
    for sale in report.sales:
        one = sale.disposal
        yield {
            "Section": "disposal",
            "Asset": _text(one.asset),
            "Account": _text(one.account),
            "Kind": one.rule,
            "Acquired": "" if one.acquired is None else _time(one.acquired),
            "Date": _time(one.time),
            "Days held": "" if sale.days is None else str(sale.days),
            "Term": sale.term,
            "Amount": to_text(one.amount),
            "Proceeds": _money(one.proceeds),
            "Cost": _money(one.cost),
            "Gain": _money(one.gain),
        }
    for income in report.incomes:
        yield {
            "Section": "income",
            "Asset": _text(income.asset),
            "Account": _text(income.account),
            "Kind": income.kind,
            "Date": _time(income.time),
            "Amount": to_text(income.amount),
            "Value": _money(income.value),
        }
    for fee in report.fees:
        yield {
            "Section": "fees",
            "Asset": _text(fee.asset),
            "Amount": to_text(fee.amount),
            "Value": "" if fee.value is None else _money(fee.value),
        }
    for lot in report.open_lots:
        cost = None if lot.unit_cost is None else lot.unit_cost * lot.amount
        yield {
            "Section": "open lot",
            "Asset": _text(lot.asset),
            "Account": _text(lot.account),
            "Acquired": _time(lot.time),
            "Amount": to_text(lot.amount),
            "Cost": "" if cost is None else _money(cost),
        }
    yield from _totals(report)
    for gap in report.missing:
        yield {"Section": "missing", "Text": _text(gap)}
    for sentence in report.method:
        yield {"Section": "method", "Text": _text(sentence)}


def _totals(report: TaxReport) -> Iterator[_Row]:
    totals = report.totals
    yield {
        "Section": "total",
        "Kind": "all",
        "Proceeds": _money(totals.proceeds),
        "Cost": _money(totals.cost),
        "Gain": _money(totals.gain),
    }
    for kind, gain in (
        ("gains", totals.gains),
        ("losses", totals.losses),
        ("short", totals.short),
        ("long", totals.long),
        ("undated", totals.undated),
    ):
        yield {"Section": "total", "Kind": kind, "Gain": _money(gain)}
    yield {"Section": "total", "Kind": "income", "Value": _money(totals.income)}


def _time(moment: datetime) -> str:
    return moment.isoformat(" ", "seconds")[:19]  # without the zone, which is UTC


def _money(value: Decimal) -> str:
    return to_text(value.quantize(_STEP, rounding=ROUND_HALF_UP))


def _text(value: str) -> str:
    """A name or a sentence on one line that no spreadsheet takes for a formula."""
    return guarded(" ".join(value.split()))
