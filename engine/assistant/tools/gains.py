"""Tools about gains: profit and loss, best and worst position, return over a period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from engine.analytics.returns import period_return as price_return
from engine.assistant.tools.base import Arguments, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import NO_PRICE_THEN, Sheet
from engine.core.cards import ChartCard, Column, Series, TableCard
from engine.core.errors import KnownError
from engine.core.money import format_percent
from engine.core.records import FIAT
from engine.core.words import capitalised
from engine.ledger.gains import Realised, realised
from engine.ledger.gaps import Gap, about
from engine.ledger.performance import wealth
from engine.ledger.valuation import Valuation

TWR_METHOD = "Time-weighted return, daily linked: deposits and withdrawals do not count as gains."
PRICE_METHOD = "Last close ÷ close before the period − 1."
_DISPOSALS = frozenset({"sell", "trade", "spend", "nft_buy", "nft_sell", "lp_add", "lp_remove"})
"""Kinds by which coins are given away for something."""
_NO_GAIN = "no price, or not known what it cost"
_COLUMNS = (
    Column("Asset", "text"),
    Column("Realised", "money"),
    Column("Unrealised now", "money"),
    Column("Income", "money"),
)


def profit_loss(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Realised and unrealised gain of the portfolio or one asset; realised within a period.

    A gain that cannot be computed is not stated, and then the notes are part of the answer.
    """
    kind = arguments.get("kind")
    wanted = str(arguments["asset"]) if "asset" in arguments else None
    start = end = None
    label = ""
    if "period" in arguments:
        start, end, label = context.window(str(arguments["period"]))
    held = context.valuation()
    sums = _sums(context, held, start, end, wanted)
    gain, paper, income = sums.gain, sums.paper, sums.income
    title = "Profit and loss" + (f" of {wanted}" if wanted else "")
    sheet = Sheet(f"{title}, {label}" if label else title, context.currency)
    if start and end:
        sheet.span(start, end)
    # What is open now is no gain of a period: it is stated if it is asked for, or if none is named.
    open_too = kind == "unrealised" or (kind is None and start is None)
    headline = ""
    if kind != "unrealised":
        if gain is not None:
            headline = sheet.money("realised", gain, sign=True)
        if income:
            sheet.money("income", income, sign=True)
    if open_too and paper is not None:
        paper_text = sheet.money("unrealised now", paper, sign=True)
        headline = headline or paper_text
    if kind is None and open_too and gain is not None and paper is not None:
        headline = sheet.money("total", gain + income + paper, sign=True)
    if open_too and wanted is None:
        sheet.left_out([name for name, value in sums.open.items() if value is None], _NO_GAIN)
    notes = _notes(held.missing, wanted)
    for sentence in notes:
        sheet.note(sentence)
    if end and end < context.first_day:
        sheet.note(f"Your records begin on {context.first_day}, after this period.")
    if start and kind == "unrealised":
        sheet.note("Unrealised gains are those of today, not of the period.")
    whole = start is None or kind == "unrealised"
    asked = {"realised": (gain,), "unrealised": (paper,)}.get(str(kind), (gain, paper))
    unknown = None in (asked if whole else (gain,))
    return replace(
        sheet.result(_gains_table(sheet, sums, gains_method(context), context.simulated, whole)),
        headline="" if unknown else headline,
        # Words of a model could present the gain of a part, or of a period, as that of the whole.
        plain=unknown or start is not None or bool(wanted and notes),
    )


@dataclass(frozen=True, slots=True)
class _Sums:
    """Gains by coin, open and closed, and their sums; None = it cannot be computed.

    sold: coins that were sold, whether or not a gain is known.
    """

    open: Mapping[str, Decimal | None]
    closed: Mapping[str, Realised]
    sold: frozenset[str]
    below_zero: bool

    @property
    def gain(self) -> Decimal | None:
        """What was realised."""
        if self.sold and not any(row.amount for row in self.closed.values()):
            return None
        return sum((row.gain for row in self.closed.values()), Decimal(0))

    @property
    def paper(self) -> Decimal | None:
        """What is unrealised."""
        known = [gain for gain in self.open.values() if gain is not None]
        return None if not known and (self.open or self.below_zero) else sum(known, Decimal(0))

    @property
    def income(self) -> Decimal:
        """What was received as a reward."""
        return sum((row.income for row in self.closed.values()), Decimal(0))

    def gain_of(self, asset: str) -> Decimal | None:
        """What was realised in one coin; None also if nothing was."""
        row = self.closed.get(asset)
        return None if row is None or (asset in self.sold and not row.amount) else row.gain


def _sums(
    context: ToolContext, held: Valuation, start: date | None, end: date | None, wanted: str | None
) -> _Sums:
    return _Sums(
        open={
            row.asset: row.unrealised
            for row in held.rows
            if row.asset not in FIAT and wanted in (None, row.asset)
        },
        closed={row.asset: row for row in realised(context.book, start, end, wanted)},
        sold=frozenset(
            t.asset_out
            for t in context.linked
            if t.kind in _DISPOSALS
            and t.asset_out
            and t.asset_out not in FIAT
            and wanted in (None, t.asset_out)
            and (start is None or t.time.date() >= start)
            and (end is None or t.time.date() <= end)
        ),
        below_zero=wanted is not None and context.amount(wanted) < 0,
    )


def gains_method(context: ToolContext) -> str:
    """How realised and unrealised gains were worked out."""
    method = context.basis.described()
    return f"{capitalised(method)}; fees in cost and proceeds; unrealised at the last close."


def _gains_table(
    sheet: Sheet, sums: _Sums, method: str, simulated: bool, open_too: bool
) -> TableCard:
    """The gains by coin; open_too: with those that are unrealised now."""

    def line(
        name: str, of: str, gain: Decimal | None, paper: Decimal | None, income: Decimal | None
    ) -> tuple[str, ...]:
        now = sheet.money_cell(f"unrealised{of or ' now'}", paper) if open_too else ""
        cells = (
            name,
            sheet.money_cell(f"realised{of}", gain),
            now,
            sheet.money_cell(f"income{of}", income),
        )
        return cells if open_too else (*cells[:2], *cells[3:])

    rows = []
    named = sums.closed.keys() | sums.sold | (sums.open.keys() if open_too else set())
    for name in sorted(named):
        row = sums.closed.get(name)
        income = row.income if row else None
        rows.append(line(name, f" of {name}", sums.gain_of(name), sums.open.get(name), income))
    total = line("Total", "", sums.gain, sums.paper, sums.income)
    columns = _COLUMNS if open_too else (*_COLUMNS[:2], *_COLUMNS[3:])
    return TableCard(sheet.title, columns, tuple(rows), total, method, simulated)


def _on_cost(context: ToolContext) -> str:
    return f"Unrealised gain ÷ cost of what is held ({context.basis.described()})."


def _notes(missing: Sequence[Gap], asset: str | None) -> Sequence[Gap]:
    """What to say of what is not known: of one asset, else of coins."""
    if asset is not None:
        return about(missing, asset)[-3:]
    return [gap for gap in missing if not gap.assets <= FIAT][:2]


def best_worst(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The positions with the highest and the lowest return, on cost or over a period."""
    held = context.valuation()
    sheet = Sheet("Best and worst position", context.currency)
    ranked: list[tuple[str, Decimal]] = []
    if "period" in arguments:
        start, end, _ = context.window(str(arguments["period"]))
        sheet.span(start, end)
        method, why = PRICE_METHOD, "too few prices"
        for row in held.rows:
            if row.price is None or row.asset in FIAT:
                continue
            days, closes = context.closes(row.asset, str(arguments["period"]))
            if len(days) > 1:
                ranked.append((row.asset, Decimal(str(price_return(closes)))))
    else:
        method, why = _on_cost(context), _NO_GAIN
        sheet.day("date", held.on)
        ranked = [
            (row.asset, row.unrealised / row.cost)
            for row in held.rows
            if row.unrealised is not None and row.cost
        ]
    if not ranked:
        raise KnownError(
            "No position has both a cost and a price.", "Import transactions and price history."
        )
    ranked.sort(key=lambda item: -item[1])
    best, worst = ranked[0], ranked[-1]
    sheet.fact("best", best[0])
    sheet.percent("return of best", best[1], sign=True)
    sheet.fact("worst", worst[0])
    sheet.percent("return of worst", worst[1], sign=True)
    names = {name for name, _ in ranked}
    coins = [row.asset for row in held.rows if row.asset not in FIAT]
    sheet.left_out([name for name in coins if name not in names], why)
    for name, value in ranked:
        sheet.hidden(f"return of {name}", value * 100, format_percent(value, sign=True))
    series = Series("return", tuple(n for n, _ in ranked), tuple(float(v) * 100 for _, v in ranked))
    chart = ChartCard("Return by position", "bar", (series,), "%", method, context.simulated)
    return sheet.result(sheet.card(method, context.simulated), chart)


def period_return(context: ToolContext, arguments: Arguments) -> ToolResult:
    """The return over a period: of the portfolio (time-weighted) or of one asset's price."""
    period = str(arguments["period"]) if "period" in arguments else None
    if "asset" in arguments:
        asset, method = str(arguments["asset"]), PRICE_METHOD
        days, closes = context.closes(asset, period)
        unpriced: tuple[str, ...] = ()
    else:
        asset, method = "portfolio", TWR_METHOD
        history = context.history_of(period)
        days, closes = [history.days[0] - timedelta(1), *history.days], wealth(history)
        unpriced = history.unpriced
    value = price_return(closes)
    sheet = Sheet(f"Return of {asset}" if asset != "portfolio" else "Portfolio return",
                  context.currency)  # fmt: skip
    sheet.span(days[0], days[-1])
    sheet.percent("return", value, sign=True)
    if asset != "portfolio":
        sheet.money("price at start", Decimal(str(closes[0])))
        sheet.money("price at end", Decimal(str(closes[-1])))
    sheet.left_out(unpriced, NO_PRICE_THEN)
    growth = [float(c / closes[0] - 1) * 100 for c in closes]
    series = Series(asset, tuple(map(str, days)), tuple(growth))
    chart = ChartCard("Return since the start", "line", (series,), "%", method, context.simulated)
    return sheet.result(sheet.card(method, context.simulated), chart)
