"""Each analysis by figures worked out by hand or published; the portfolio is that of world.py."""

from decimal import Decimal

import pytest

from engine.assistant.analyses import ANALYSES
from engine.assistant.calls import check_arguments
from engine.assistant.tools.base import ToolResult
from engine.assistant.tools.context import ToolContext
from engine.core.cards import ChartCard, FactsCard, TableCard
from engine.core.errors import KnownError
from tests.engine.assistant.world import facts, trade, world


def run(name: str, context: ToolContext | None = None, **arguments: str) -> ToolResult:
    tool = ANALYSES[name].tool
    numbers = {p.name for p in tool.parameters if p.schema()["type"] == "number"}
    given = {k: Decimal(v) if k in numbers else v for k, v in arguments.items()}
    return tool.run(context or world(), check_arguments(tool, given))


def table(result: ToolResult) -> TableCard:
    return next(card for card in result.cards if isinstance(card, TableCard))


def moving(days: int, step: float = 0.01) -> tuple[str, ...]:
    """A price that rises and falls by turns, so that every return is known."""
    price, found = 100.0, []
    for number in range(days):
        found.append(f"{price:.6f}")
        price *= 1 + (step if number % 2 else -step)
    return tuple(found)


LONG = {"BTC": moving(400), "ETH": moving(400, 0.02)}


def test_every_analysis_has_a_form_that_says_what_it_asks_for() -> None:
    for analysis in ANALYSES.values():
        assert analysis.title
        assert analysis.intro.endswith(".")
        for param in analysis.tool.parameters:
            assert param.label, (analysis.name, param.name)
            if param.default is not None and param.choices:
                assert param.default in param.choices


@pytest.mark.parametrize(
    ("arguments", "loss"),
    [
        # 2√r/(1+r) − 1; the other figures from the pool formulas of the papers, to six digits.
        ({"pool": "v2 50/50", "price_change_percent": "50"}, "-2.02 %"),
        ({"pool": "v2 50/50", "price_change_percent": "300"}, "-20.00 %"),
        ({"pool": "weighted", "price_change_percent": "100", "weight_percent": "80"}, "-3.27 %"),
        (
            {
                "pool": "v3 range",
                "price_change_percent": "25",
                "below_percent": "50",
                "above_percent": "100",
            },
            "-2.11 %",
        ),
    ],
)
def test_liquidity_lab_gives_the_published_losses(arguments: dict[str, str], loss: str) -> None:
    assert facts(run("lp_lab", **arguments))["impermanent loss"] == loss


def test_liquidity_lab_counts_fees_gas_and_break_even() -> None:
    """10,000 at 10 % a year for 73 days are 200 of fees; a price that stays loses nothing."""
    found = facts(
        run(
            "lp_lab",
            price_change_percent="0",
            deposit="10000",
            fee_apr_percent="10",
            days="73",
            gas="50",
        )
    )
    assert found["fees"] == "$200.00"
    assert found["against holding"] == "+$150.00"
    assert found["break-even"] == "18.2 days"  # 50 of 2.74 a day


def test_a_range_left_behind_earns_nothing() -> None:
    found = facts(run("lp_lab", pool="v3 range", price_change_percent="100", above_percent="40"))
    assert found["fees"] == "$0.00"
    assert found["at the end"].startswith("out of range")


def test_sale_preview_takes_the_lots_of_the_books() -> None:
    """The 0.5 BTC left cost 30,000 and are worth 40,000 at the last close of 80,000."""
    result = run("sale_preview", asset="BTC")
    found = facts(result)
    assert (found["proceeds"], found["cost"], found["gain"]) == (
        "$40,000.00",
        "$30,000.00",
        "+$10,000.00",
    )
    # 0.2 of them lie in another account since the transfer: two lots of one purchase.
    assert [row[1] for row in table(result).rows] == ["0.3", "0.2"]


def test_sale_preview_refuses_what_is_not_held() -> None:
    with pytest.raises(KnownError, match="hold no SOL"):
        run("sale_preview", asset="SOL")
    with pytest.raises(KnownError, match="less than"):
        run("sale_preview", asset="BTC", amount="2")


def test_lots_add_up_to_what_was_paid() -> None:
    found = facts(run("lots_held"))
    assert found["cost"] == "$55,560.00"  # 30,000 + 25,560
    assert found["unrealised gain"] == "+$14,440.00"  # 70,000 − 55,560


def test_income_counts_what_came_in_at_its_value_then() -> None:
    result = run("income", period="2026")
    assert facts(result)["total"] == "$1,500.00"
    assert table(result).rows == (("ETH", "0.5", "$1,500.00"),)
    assert facts(run("income", period="2025"))["total"] == "$0.00"


def test_income_by_kind() -> None:
    rows = [trade("2026-07-01", "income", ("ETH", "1"), worth="100")]
    staking = [
        type(one)(**{**{n: getattr(one, n) for n in one.__slots__}, "income_kind": "staking"})
        for one in rows
    ]
    assert facts(run("income", world(staking), period="2026"))["staking"] == "$100.00"


def test_risk_board_of_returns_that_turn_by_turn_are_one_percent() -> None:
    """Returns are ±1 % by turns: their deviation is 1 % (√(n/(n−1)) of it), times √365 = 19.1 %."""
    found = facts(run("risk_board", world(closes=LONG), asset="BTC", period="1y"))
    assert found["annualised volatility"] in ("19.13 %", "19.12 %")
    assert found["1-day VaR 95 %, historical"] == "1.00 %"
    assert found["1-day CVaR 95 %"] == "1.00 %"


def test_risk_board_says_what_few_returns_do_not_allow() -> None:
    result = run("risk_board", asset="BTC", period="all")
    assert "do not allow: " in result.text
    assert "Sharpe ratio" in result.text
    assert "Sharpe ratio" not in facts(result)


def test_risk_board_states_its_conventions() -> None:
    board = run("risk_board", world(closes=LONG), asset="BTC", period="1y").cards[0]
    assert isinstance(board, FactsCard)
    for words in ("365 days", "ddof 1", "n = 365", "risk-free rate 0.00%", "data "):
        assert words in board.method


def test_optimiser_gives_equal_weights_where_asked_to() -> None:
    result = run(
        "optimise", world(closes=LONG), assets="BTC, ETH", method="equal weight", period="1y"
    )
    assert [row[:2] for row in table(result).rows] == [("BTC", "50.00 %"), ("ETH", "50.00 %")]


def test_inverse_volatility_weighs_the_calmer_coin_twice() -> None:
    """ETH moves twice as much, so BTC gets two thirds."""
    result = run(
        "optimise",
        world(closes=LONG),
        assets="BTC, ETH",
        method="inverse volatility",
        period="1y",
        cap_percent="100",
    )
    assert [row[:2] for row in table(result).rows] == [("BTC", "66.67 %"), ("ETH", "33.33 %")]
    chart = next(card for card in result.cards if isinstance(card, ChartCard))
    assert chart.kind == "scatter"


def test_optimiser_needs_two_coins() -> None:
    with pytest.raises(KnownError, match="at least two"):
        run("optimise", world(closes=LONG), assets="BTC")


def test_range_backtest_of_a_price_that_stays_in_range() -> None:
    """Always in range: the fees of a year at 10 %, times the concentration of the range."""
    found = facts(
        run(
            "range_backtest",
            world(closes={"BTC": ("100",) * 366}),
            asset="BTC",
            period="1y",
            below_percent="99",
            above_percent="900",
            fee_apr_percent="10",
            gas="0",
        )
    )
    assert found["time in range"] == "100.00 %"
    assert found["at the end"] > found["if held"]


def test_loan_health_by_hand() -> None:
    """1 BTC at 80,000 with a threshold of 80 % against 32,000: 64,000 / 32,000 = 2."""
    found = facts(run("loan_health", asset="BTC", amount="1", debt="32000", threshold_percent="80"))
    assert found["health factor"] == "2.00"
    assert found["liquidation price"] == "$40,000.00"
    assert found["fall until liquidation"] == "50.00 %"


def test_scorecards_of_a_list_put_the_riskiest_first() -> None:
    rows = (
        "name,description\n"
        "Safe,Audited by two firms. The team is public. Liquidity locked for two years.\n"
        "Rug,Anonymous team. Unaudited. Promises 1000x gains. Many reports of scams.\n"
    )
    result = run("token_scorecard", text=rows)
    assert [row[0] for row in table(result).rows] == ["Rug", "Safe"]
    assert facts(result)["risk of Rug"] == "high"


SEED = (
    ("Token A", "0x123abc...", "High APY, anonymous team, launched yesterday"),
    ("Token B", "0x456def...", "Backed by a reputable exchange, solid roadmap, transparent team"),
    ("Token C", "0x789ghi...", "Claims unrealistic gains, has multiple scam reports"),
)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"{name} ({at}): {said}" for name, at, said in SEED),
        "\n".join(f"{name} - {said}" for name, _, said in SEED),
        "Score these: " + " ".join(f"{name}: {said}." for name, _, said in SEED),
        "\n\n".join(f"Name: {n}\nAddress: {at}\nDescription: {said}" for n, at, said in SEED),
        "".join(
            f'{{"name": "{n}", "address": "{at}", "description": "{d}"}},' for n, at, d in SEED
        ),
    ],
)
def test_three_tokens_of_one_text_are_a_batch(text: str) -> None:
    result = run("token_scorecard", text=text)
    rows = {row[0]: row[1:] for row in table(result).rows}
    assert list(rows) == ["Token A", "Token C", "Token B"]
    assert {name: row[0] for name, row in rows.items()} == {
        "Token A": "high", "Token C": "high", "Token B": "clear so far",
    }  # fmt: skip
    assert "anonymous" in rows["Token A"][2]
    assert "multiple scam reports" in rows["Token C"][2]
    assert "backed by a reputable firm" in result.text


def test_what_a_list_does_not_say_clearly_is_named() -> None:
    text = "name,audited,colour\nHalf,partial,red\nWhole,yes,blue\n,no,green\n"
    result = run("token_scorecard", text=text)
    assert {row[0] for row in table(result).rows} == {"Half", "Whole"}
    for said in ("Half: left unknown, for “partial” under audited", "the columns colour",
                 "Row 3 is not scored"):  # fmt: skip
        assert said in result.text


def test_scorecard_of_nothing_known_is_not_a_low_risk() -> None:
    assert facts(run("token_scorecard", text="It exists."))["risk"] == "unknown"
    with pytest.raises(KnownError, match="nothing about a token"):
        run("token_scorecard")


def test_nft_values_need_sales() -> None:
    with pytest.raises(KnownError, match="Which collection"):
        run("nft_value", item="7804")


def test_yields_need_pools() -> None:
    with pytest.raises(KnownError, match="no yields"):
        run("yields_compared")
