"""Whatever an analysis shows, or says beside it, is a figure, so that an answer may repeat it."""

import random
from decimal import Decimal
from typing import Any

import pytest

from engine.assistant.analyses import ANALYSES
from engine.assistant.grounding import ground, unsupported
from engine.assistant.summary import summary
from engine.core.errors import KnownError
from tests.engine.assistant.shelf import Shelf, run, with_shelf
from tests.engine.assistant.test_analyses import LONG, moving
from tests.engine.assistant.test_market_analyses import hand_made
from tests.engine.assistant.test_tool_figures import check
from tests.engine.assistant.world import TRADES, trade, world
from training.assistant.market import random_user

CLOSES = {**LONG, "SOL": moving(400, -0.013)}
HELD = (*TRADES, trade("2026-10-01", "buy", ("SOL", "2"), ("USD", "300"), ("USD", "0.3")))
TEXT = "Anonymous team, unaudited, liquidity locked for 30 days, promises 1000x."

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("risk_board", {"asset": "BTC"}),
    ("risk_board", {"period": "ytd"}),
    ("correlations", {}),
    ("drawdown_list", {"asset": "ETH"}),
    ("benchmark", {"against": "60/40 BTC/cash"}),
    ("benchmark", {"asset": "ETH", "against": "equal weight", "period": "6m"}),
    ("stress_replay", {}),
    ("stress_replay", {"changes": "BTC -33.3, others -70"}),
    ("monte_carlo", {"days": 30, "paths": 1000}),
    ("optimise", {}),
    ("lp_lab", {"price_change_percent": Decimal(40)}),
    ("range_backtest", {"asset": "BTC"}),
    ("loan_health", {"asset": "BTC", "amount": 1, "debt": 20}),
    ("token_scorecard", {"text": TEXT}),
    ("nft_value", {"item": "7"}),
    ("growth", {}),
    ("growth", {"by": "account", "period": "30d"}),
    ("movers", {"period": "7d"}),
    ("rebalance", {"weights": "BTC 40, ETH 30, SOL 20"}),
    ("lots_held", {}),
    ("sale_preview", {"asset": "BTC", "amount": Decimal("0.25"), "price": 50}),
    ("sale_preview", {"asset": "ALL"}),
    ("tax_year", {}),
    ("tax_year", {"year": "2026"}),
    ("income", {}),
    ("transaction_sums", {}),
    ("transaction_sums", {"kind": "bought", "asset": "ETH"}),
    ("sentiment", {}),
    ("price_extremes", {"asset": "ETH", "period": "90d"}),
    ("price_ratio", {"asset": "ETH", "against": "BTC"}),
]


def test_every_analysis_is_called_here() -> None:
    assert {name for name, _ in CALLS} >= ANALYSES.keys() - {"yields_compared"}


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_numbers_shown_are_figures(name: str, arguments: dict[str, Any]) -> None:
    shelf = Shelf(
        values={("sentiment", "BTC", "score"): [0.1 * (n % 7) - 0.3 for n in range(90)]},
        sold=hand_made().sold,
    )
    check(run(name, with_shelf(shelf, world(HELD, CLOSES)), **arguments))


@pytest.mark.parametrize("seed", range(3))
def test_numbers_shown_of_anybodys_portfolio_are_figures(seed: int) -> None:
    context = random_user(random.Random(seed)).context
    ran = 0
    for name, arguments in CALLS:
        try:
            result = run(name, context, **arguments)
        except KnownError:
            continue
        ran += 1
        check(result)
        text = summary(ANALYSES[name].tool, result, "")
        assert not unsupported(ground(text, result.figures)), text
    assert ran > 10
