"""Tools about prices and the list of transactions."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from engine.assistant.tools.base import Arguments, ToolResult
from engine.assistant.tools.context import ToolContext, parse_day
from engine.assistant.tools.figures import Sheet
from engine.core.cards import ChartCard, Column, Series, TableCard
from engine.core.errors import KnownError
from engine.core.money import format_amount, format_money
from engine.core.records import FIAT, Transaction

PRICE_METHOD = "Daily closes from the stored price history."
_SHOWN = 50
_COLUMNS = (
    Column("Date", "date"),
    Column("Kind", "text"),
    Column("Account", "text"),
    Column("In", "amount"),
    Column("Out", "amount"),
    Column("Fee", "amount"),
)


def price(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The last stored close of an asset, or the close on a past day."""
    asset = str(arguments["asset"])
    context.first_price_day(asset)
    wanted = parse_day(arguments.get("date"), context.today)
    point = context.prices.quote(asset, context.currency, wanted)
    if point is None:
        raise KnownError(f"The price history of {asset} does not reach back to {wanted}.")
    sheet = Sheet(f"Price of {asset}", context.currency)
    sheet.money("close", point.close)
    sheet.day("date", point.day)
    if "date" not in arguments:
        days, values = context.closes(asset, "90d")
        if len(values) > 1:
            eve = point.day - timedelta(1)
            before = context.prices.quote(asset, context.currency, eve)
            if before is not None and before.day == eve:
                sheet.percent(
                    "change from the day before", point.close / before.close - 1, sign=True
                )
            series = Series(asset, tuple(map(str, days)), tuple(float(v) for v in values))
            chart = ChartCard(f"{asset}, 90 days", "line", (series,), context.currency,
                              PRICE_METHOD, context.simulated)  # fmt: skip
            return sheet.result(sheet.card(PRICE_METHOD, context.simulated), chart)
    return sheet.result(sheet.card(PRICE_METHOD, context.simulated))


def transactions(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Transactions of an asset, account or period, the newest first."""
    context.require_portfolio()
    asset, account = arguments.get("asset"), arguments.get("account")
    period = str(arguments["period"]) if "period" in arguments else "all"
    start, end, _ = context.window(period)
    chosen = [
        t
        for t in context.linked
        if start <= t.time.date() <= end
        and (asset is None or asset in (t.asset_in, t.asset_out))
        and (account is None or account in (t.account, t.to_account))
    ]
    chosen.sort(key=lambda t: t.time, reverse=True)
    sheet = Sheet("Transactions" + (f" of {asset}" if asset else ""), context.currency)
    sheet.number("count", len(chosen), str(len(chosen)))
    sheet.span(start, end)
    _sums(sheet, chosen)
    for t in chosen[:5]:
        sheet.line(_line(sheet, t))
    if len(chosen) > 5:
        sheet.line(f"the first: {_line(sheet, chosen[-1])}")
    for t in chosen[5:_SHOWN]:
        _line(sheet, t)
    rows = tuple(
        (f"{t.time:%Y-%m-%d}", t.kind, _where(t), _side(t.amount_in, t.asset_in),
         _side(t.amount_out, t.asset_out), _side(t.fee_amount, t.fee_asset))
        for t in chosen[:_SHOWN]
    )  # fmt: skip
    more = f"; the newest {_SHOWN} are shown" if len(chosen) > _SHOWN else ""
    method = f"From the imported records{more}."
    table = TableCard(sheet.title, _COLUMNS, rows, None, method, context.simulated)
    return sheet.result(table)


def _sums(sheet: Sheet, chosen: Sequence[Transaction]) -> None:
    """What was paid for coins, taken for them, moved in and out in money, and paid in fees."""
    totals: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for t in chosen:
        label = {"buy": "paid for coins", "withdrawal": "money withdrawn"}.get(t.kind)
        if label and t.asset_out in FIAT:
            totals[label][t.asset_out] += t.amount_out
        label = {"sell": "received for coins", "deposit": "money deposited"}.get(t.kind)
        if label and t.asset_in in FIAT:
            totals[label][t.asset_in] += t.amount_in
        if t.fee_asset and t.fee_amount:
            totals["fees"][t.fee_asset] += t.fee_amount
    for label, sums in totals.items():
        shown = []
        for asset, amount in sorted(sums.items()):
            text = format_money(amount, asset) if asset in FIAT else _side(amount, asset)
            sheet.hidden(label, amount, text)
            shown.append(text)
        sheet.fact(label, ", ".join(shown))


def _where(t: Transaction) -> str:
    return f"{t.account} → {t.to_account}" if t.to_account else t.account


def _side(amount: Decimal, asset: str | None) -> str:
    if not asset or not amount:
        return ""
    return f"{format_amount(amount)} {asset}"


def _line(sheet: Sheet, t: Transaction) -> str:
    day = f"{t.time:%Y-%m-%d}"
    sheet.hidden("date", Decimal(t.time.year), day)
    parts = []
    for name, amount, asset in (("", t.amount_in, t.asset_in), ("for", t.amount_out, t.asset_out)):
        moved = name == "for" and t.kind == "transfer"  # the same coins, said already
        if asset and amount and not moved:
            text = _side(amount, asset)
            if asset == sheet.currency:
                text = format_money(amount, asset)
            sheet.hidden(f"amount of {asset}", amount, text)
            parts.append(f"{name} {text}".strip())
    if t.fee_asset and t.fee_amount:
        sheet.hidden("fee", t.fee_amount, _side(t.fee_amount, t.fee_asset))
    return f"{day} {t.kind} {' '.join(parts)} ({_where(t)})"
