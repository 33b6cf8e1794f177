"""A hand-made portfolio, small enough to compute everything about it on paper.

2026-01-10  buy   1 BTC    for 40,000 USD, fee 100   Kraken    costs 40,100
2026-02-10  buy   1 BTC    for 60,000 USD            Kraken    costs 60,000
2026-03-10  buy   12 ETH   for 24,000 USD, fee 60    Coinbase  costs 24,060
2026-06-10  sell  1.5 BTC  for 120,000 USD, fee 300  Kraken    brings 119,700
2026-07-01  income 0.5 ETH worth 1,500 USD           Coinbase  costs 1,500
2026-08-01  transfer 0.2 BTC                         Kraken → Ledger

Left are 0.5 BTC (cost 30,000: half of the second purchase) and 12.5 ETH (cost 25,560).
The last closes are 80,000 and 2,400, so they are worth 40,000 + 30,000 = 70,000 USD.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.alerts.conditions import Condition
from engine.alerts.listing import Alert, State
from engine.alerts.rule import Rule
from engine.alerts.simple import SimpleCondition, simple_check
from engine.assistant.knowledge import Knowledge
from engine.assistant.tools import TOOLS
from engine.assistant.tools.base import ToolResult
from engine.assistant.tools.context import ToolContext
from engine.core.cards import FactsCard, QuoteCard, TableCard
from engine.core.records import PricePoint, Transaction
from engine.market.series import PriceBook

TODAY = date(2026, 11, 22)
KNOWLEDGE = Knowledge()
Side = tuple[str, str] | None

# Of the five days up to TODAY. Returns: BTC +25, −20, +25, −20 %; ETH +20, 0, 0, −20 %.
CLOSES = {
    "BTC": ("80000", "100000", "80000", "100000", "80000"),
    "ETH": ("2500", "3000", "3000", "3000", "2400"),
}


def alarm(
    asset: str,
    condition: SimpleCondition,
    value: Decimal,
    currency: str = "USD",
    fired: date | None = None,
) -> Alert:
    """An alert as the store would give it; fired: the day it rang last."""
    return watched(simple_check(asset, condition, value, currency), fired)


def watched(condition: Condition, fired: date | None = None, state: State = "watching") -> Alert:
    """An alert on any condition."""
    made = datetime(2026, 1, 1, tzinfo=UTC)
    rang = None if fired is None else datetime.combine(fired, time(0), UTC)
    return Alert(1, Rule(1, made, condition), "", made, state, rang)


class Stored:
    """Closes of the last days as the store would give them, in USD; "" is a day without."""

    def __init__(self, closes: dict[str, tuple[str, ...]], last: date = TODAY) -> None:
        self._closes, self._last = closes, last

    def series(self, asset: str, currency: str) -> Sequence[PricePoint]:
        closes = self._closes.get(asset, ()) if currency == "USD" else ()
        first = self._last - timedelta(len(closes) - 1)
        return [
            PricePoint(asset, currency, first + timedelta(n), Decimal(close))
            for n, close in enumerate(closes)
            if close
        ]


def trade(
    day: str,
    kind: Any,
    received: Side = None,
    sent: Side = None,
    fee: Side = None,
    *,
    account: str = "Kraken",
    to: str | None = None,
    worth: str | None = None,
) -> Transaction:
    """A transaction at noon: trade("2026-01-10", "buy", ("BTC", "1"), ("USD", "40000"))."""

    def split(side: Side) -> tuple[str | None, Decimal]:
        return (side[0], Decimal(side[1])) if side else (None, Decimal(0))

    return Transaction(
        datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC),
        kind,
        account,
        *split(received),
        *split(sent),
        *split(fee),
        Decimal(worth) if worth else None,
        "USD" if worth else None,
        "",
        row_hash=f"{day} {kind} {account}",
        to_account=to,
    )


TRADES = (
    trade("2026-01-10", "buy", ("BTC", "1"), ("USD", "40000"), ("USD", "100")),
    trade("2026-02-10", "buy", ("BTC", "1"), ("USD", "60000")),
    trade("2026-03-10", "buy", ("ETH", "12"), ("USD", "24000"), ("USD", "60"), account="Coinbase"),
    trade("2026-06-10", "sell", ("USD", "120000"), ("BTC", "1.5"), ("USD", "300")),
    trade("2026-07-01", "income", ("ETH", "0.5"), account="Coinbase", worth="1500"),
    trade("2026-08-01", "transfer", ("BTC", "0.2"), ("BTC", "0.2"), to="Ledger"),
)


def world(
    trades: Sequence[Transaction] = TRADES,
    closes: dict[str, tuple[str, ...]] | None = None,
    alerts: Sequence[Alert] = (),
    last: date = TODAY,
    currency: str = "USD",
) -> ToolContext:
    """What the tools see; closes end on the day `last`."""
    prices = PriceBook(Stored(CLOSES if closes is None else closes, last))
    return ToolContext(trades, prices, alerts, KNOWLEDGE, currency, TODAY)


def ask(tool: str, context: ToolContext | None = None, **arguments: str) -> ToolResult:
    """Runs a tool; numbers are given as text. The hand-made portfolio unless another is given."""
    numbers = {p.name for p in TOOLS[tool].parameters if p.kind in ("percent", "amount", "years")}
    values = {k: Decimal(v) if k in numbers else v for k, v in arguments.items()}
    return TOOLS[tool].run(context or world(), values)


def facts(result: ToolResult) -> dict[str, str]:
    """The labelled lines of a result's text."""
    lines = (line.partition(": ") for line in result.text.splitlines()[1:])
    return {label: value for label, colon, value in lines if colon}


def figure(result: ToolResult, label: str) -> Decimal:
    """The exact number behind a label."""
    return next(f.value for f in result.figures if f.label == label)


def table(result: ToolResult) -> TableCard:
    """The table of a result."""
    return next(card for card in result.cards if isinstance(card, TableCard))


def shown(result: ToolResult) -> str:
    """Every text of a result that a user can read numbers from, charts aside."""
    parts = [result.text]
    for card in result.cards:
        if isinstance(card, TableCard):
            lines = [*card.rows, card.total or ()]
            parts += [card.title, *(cell for line in lines for cell in line)]
        elif isinstance(card, FactsCard):
            parts += [value for _, value in card.facts]
        elif isinstance(card, QuoteCard):
            parts += [card.title, card.text]
    return "\n".join(parts)
