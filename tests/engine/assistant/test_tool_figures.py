"""Nothing is shown that is not among the figures, whoever's portfolio it is."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.assistant.grounding import ground, unsupported
from engine.assistant.tools import TOOLS
from engine.assistant.tools.base import ToolResult
from engine.assistant.tools.context import ToolContext
from engine.core.errors import KnownError
from tests.engine.assistant.world import KNOWLEDGE, TRADES, alarm, ask, shown, trade, world
from training.assistant.market import random_user


def calls(rng: random.Random, context: ToolContext) -> list[tuple[str, dict[str, str | Decimal]]]:
    """A call of every tool, with arguments of this user."""
    one, other = rng.sample([*context.assets, "BTC", "ETH"][:4], 2)
    period = rng.choice(("30d", "6m", "1y", "ytd", "all", "2024"))
    day = (context.today - timedelta(rng.randint(0, 300))).isoformat()
    change = Decimal(rng.choice(("-30", "-12.5", "33.33", "100", "-100")))
    rate, amount = Decimal(rng.choice(("4.5", "18", "250"))), Decimal(rng.randint(1, 90_000))
    condition = rng.choice(("above", "below", "up_percent", "down_percent"))
    account = rng.choice(context.accounts)
    return [
        ("portfolio_value", {}),
        ("portfolio_value", {"account": account, "date": day}),
        ("position", {"asset": one}),
        ("profit_loss", {}),
        ("profit_loss", {"asset": one, "kind": "realised", "period": period}),
        ("best_worst", {}),
        ("best_worst", {"period": period}),
        ("period_return", {"period": period}),
        ("period_return", {"asset": one, "period": period}),
        ("volatility", {"asset": one, "period": period}),
        ("max_drawdown", {"period": period}),
        ("correlation", {"asset_a": one, "asset_b": other, "period": period}),
        ("what_if", {"asset": one, "change_percent": change}),
        ("what_if", {"asset": "ALL", "change_percent": change}),
        ("apr_to_apy", {"rate_percent": rate}),
        ("compound_growth", {"amount": amount, "rate_percent": rate, "years": Decimal("1.5")}),
        ("impermanent_loss", {"price_change_percent": change, "amount": amount}),
        ("create_alert", {"asset": one, "condition": condition, "value": rate}),
        ("list_alerts", {}),
        ("price", {"asset": one}),
        ("price", {"asset": one, "date": day}),
        ("transactions", {}),
        ("transactions", {"asset": one, "period": period}),
    ]


def check(result: ToolResult) -> None:
    text = shown(result)
    links = unsupported(ground(text, result.figures))
    assert not links, [text[link.start - 30 : link.end + 10] for link in links]
    assert all(figure.value.is_finite() for figure in result.figures)


@settings(max_examples=6)
@given(st.integers(0, 2**32))
def test_every_number_shown_is_a_figure(seed: int) -> None:
    rng = random.Random(seed)
    context = random_user(rng).context
    ran = 0
    for name, arguments in calls(rng, context):
        try:
            result = TOOLS[name].run(context, arguments)
        except KnownError:
            continue
        ran += 1
        check(result)
    assert ran > 10


@pytest.mark.parametrize("tool", ["portfolio_value", "profit_loss", "transactions"])
def test_numbers_of_notes_and_odd_rows_are_figures(tool: str) -> None:
    odd = (
        *TRADES,
        trade("2026-10-01", "buy", ("SOL", "2"), ("USD", "300"), ("BNB", "0.01")),
        trade("2026-10-02", "withdrawal", None, ("ADA", "1250.5")),
        trade("2026-10-03", "sell", ("USD", "90"), ("DOT", "7")),
        trade("2026-10-04", "trade", ("ETH", "0.1"), ("LINK", "30"), ("ETH", "0.0001")),
    )
    result = ask(tool, world(odd))
    check(result)


def test_numbers_of_alerts_are_figures() -> None:
    alerts = tuple(
        alarm("BTC", condition, Decimal("12.5"))
        for condition in ("above", "below", "up_percent", "down_percent")
    )
    check(ask("list_alerts", world(alerts=alerts)))
    check(ask("create_alert", asset="BTC", condition="up_percent", value="12.5"))


def test_numbers_of_the_glossary_are_figures() -> None:
    for entry in KNOWLEDGE.entries:
        check(ask("explain_term", term=entry.title))
