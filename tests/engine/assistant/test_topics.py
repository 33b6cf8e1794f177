"""Questions in the terms of the trade reach their analysis with the values they name."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from engine.assistant.analyses import ANALYSES
from engine.assistant.prompting import Exchange
from engine.assistant.topics import topic_of
from tests.engine.assistant.world import world

DEV = Path(__file__).parents[3] / "training" / "assistant"


@pytest.mark.parametrize(
    ("question", "name", "arguments"),
    [
        ("what is the sharpe ratio of ETH over 1y?", "risk_board", {"asset": "ETH"}),
        ("value at risk of my portfolio", "risk_board", {}),
        ("show me the efficient frontier of BTC and ETH", "optimise", {"assets": "BTC, ETH"}),
        ("HRP weights for my coins", "optimise", {"method": "HRP"}),
        ("minimum variance of BTC, ETH", "optimise", {"method": "minimum variance"}),
        ("what would the gain be if I sold my BTC", "sale_preview", {"asset": "BTC"}),
        ("how much did i get from staking rewards in 2026", "income", {"period": "2026"}),
        ("show my lots of ETH", "lots_held", {"asset": "ETH"}),
        ("health factor of my BTC loan", "loan_health", {"asset": "BTC"}),
        (
            "health factor of 2 ETH with 3000 debt",
            "loan_health",
            {"amount": Decimal(2), "debt": Decimal(3000)},
        ),
        (
            "what would the gain be if i sold 0.5 BTC at 90k",
            "sale_preview",
            {"amount": Decimal("0.5"), "price": Decimal(90_000)},
        ),
        ("what would I gain if I sold everything", "sale_preview", {"asset": "ALL"}),
        ("what would I gain if I liquidated my whole portfolio", "sale_preview", {"asset": "ALL"}),
        ("profit I would make selling everything today", "sale_preview", {"asset": "ALL"}),
        (
            "what would the gain be if I sold half of everything",
            "sale_preview",
            {"asset": "ALL", "share_percent": Decimal(50)},
        ),
        (
            "what would I gain if I sold my BTC and ETH",
            "sale_preview",
            {"asset": "BTC, ETH"},
        ),
        (
            "what would I gain if I sold half of my bitcoin, and my ether",
            "sale_preview",
            {"asset": "BTC, ETH", "share_percent": Decimal(50)},
        ),
        (
            "if I sold my BTC and bought ETH what would I gain",
            "sale_preview",
            {"asset": "BTC"},
        ),
        (
            "if i sold half my BTC what would i gain",
            "sale_preview",
            {"asset": "BTC", "share_percent": Decimal(50)},
        ),
        (
            "if I sold 30 % of my ETH at 3000",
            "sale_preview",
            {"asset": "ETH", "share_percent": Decimal(30), "price": Decimal(3000)},
        ),
        (
            "if I sold half a bitcoin, what would I gain",
            "sale_preview",
            {"asset": "BTC", "amount": Decimal("0.5")},
        ),
        ("what is my nft #7804 worth", "nft_value", {"item": "7804"}),
        ("show the correlation matrix of my coins", "correlations", {}),
        ("rolling correlation of BTC and ETH", "correlations", {"assets": "BTC, ETH"}),
        ("spearman correlations between all my coins", "correlations", {"method": "spearman"}),
        ("heat map of BTC, ETH and SOL", "correlations", {"assets": "BTC, ETH, SOL"}),
        ("list the worst drawdowns of ETH", "drawdown_list", {"asset": "ETH"}),
        ("my 5 biggest drawdowns", "drawdown_list", {"falls": Decimal(5)}),
        ("under-water chart of my portfolio", "drawdown_list", {}),
        ("did I beat bitcoin this year?", "benchmark", {"against": "BTC", "period": "ytd"}),
        ("my portfolio against 60/40", "benchmark", {"against": "60/40 BTC/cash"}),
        ("beta of ETH to BTC", "benchmark", {"asset": "ETH", "against": "BTC"}),
        ("tracking error of my portfolio vs ETH", "benchmark", {"against": "ETH"}),
        ("stress test my portfolio", "stress_replay", {}),
        ("what would another FTX do to me", "stress_replay", {"scenario": "FTX, November 2022"}),
        ("replay the covid crash on my coins", "stress_replay", {"scenario": "March 2020"}),
        ("monte carlo of my portfolio over 2 years", "monte_carlo", {"days": Decimal(730)}),
        (
            "simulate my portfolio for 90 days with seed 7",
            "monte_carlo",
            {"days": Decimal(90), "seed": Decimal(7)},
        ),
        (
            "what's the probability that I am down after a year",
            "monte_carlo",
            {"days": Decimal(365)},
        ),
        ("my xirr since the start", "growth", {"period": "all"}),
        ("money-weighted return of my Kraken account", "growth", {"account": "Kraken"}),
        ("contributions versus growth of my portfolio", "growth", {}),
        ("what moved my portfolio today?", "movers", {"period": "1d"}),
        ("which coins dragged my portfolio down this week", "movers", {"period": "wtd"}),
        ("top movers over the last 30 days", "movers", {"period": "30d"}),
        (
            "rebalance my portfolio to 60% BTC, 30% ETH and 10% USDC",
            "rebalance",
            {"weights": "BTC 60, ETH 30, USDC 10"},
        ),
        (
            "rebalance to BTC 60, ETH 40 with $5,000 new cash",
            "rebalance",
            {"weights": "BTC 60, ETH 40", "cash": Decimal(5000)},
        ),
        (
            "how do I rebalance to 70 % bitcoin and 30 % ether, only buying",
            "rebalance",
            {"weights": "BTC 70, ETH 30", "mode": "buy only"},
        ),
        ("tax report for 2025", "tax_year", {"year": "2025"}),
        ("my taxes for last year", "tax_year", {"year": "2025"}),
        ("how much are my taxable gains this year", "tax_year", {"year": "2026"}),
        ("sentiment of BTC", "sentiment", {"asset": "BTC"}),
        ("show me the market sentiment over 3 months", "sentiment", {"period": "3m"}),
        ("does sentiment predict the price of ETH?", "sentiment", {"asset": "ETH"}),
        ("only my sells", "transaction_sums", {"kind": "sold"}),
        ("my last 5 trades", "transaction_sums", {"kind": "traded", "last": Decimal(5)}),
        ("show the last five transactions", "transaction_sums", {"last": Decimal(5)}),
        (
            "how many ETH did I buy in 2025?",
            "transaction_sums",
            {"kind": "bought", "asset": "ETH", "period": "2025"},
        ),
        ("how much have I withdrawn in total?", "transaction_sums", {"kind": "withdrawn"}),
        ("highest price of BTC in 2025", "price_extremes", {"asset": "BTC", "period": "2025"}),
        ("all-time high of solana", "price_extremes", {"asset": "SOL"}),
        ("when was the lowest close of ETH?", "price_extremes", {"asset": "ETH"}),
        ("ratio of ETH to BTC", "price_ratio", {"asset": "ETH", "against": "BTC"}),
        ("eth/btc ratio over 6m", "price_ratio", {"asset": "ETH", "period": "6m"}),
        ("price of ETH in BTC", "price_ratio", {"asset": "ETH", "against": "BTC"}),
        (
            "Sharpe ratio of BTC in 2025 with a risk free rate of 2%",
            "risk_board",
            {"asset": "BTC", "period": "2025", "risk_free_percent": Decimal(2)},
        ),
        (
            "sharpe ratio of my portfolio with 4% risk free",
            "risk_board",
            {"risk_free_percent": Decimal(4)},
        ),
        ("sharpe of ETH, risk-free rate 1.5", "risk_board", {"risk_free_percent": Decimal("1.5")}),
        ("VaR of BTC in 2025", "risk_board", {"asset": "BTC", "period": "2025"}),
        ("VaR at 99%", "risk_board", {"confidence_percent": Decimal(99)}),
        (
            "Sortino at 3 % and VaR at 99 % of BTC",
            "risk_board",
            {"risk_free_percent": Decimal(3), "confidence_percent": Decimal(99)},
        ),
        ("how would FTX hit me", "stress_replay", {"scenario": "FTX, November 2022"}),
        ("how many days was I under water in 2025", "drawdown_list", {"period": "2025"}),
        (
            "rebalance to 10% cash, 60% BTC and 30% ETH",
            "rebalance",
            {"weights": "CASH 10, BTC 60, ETH 30"},
        ),
        ("rebalance to 60/40 BTC ETH", "rebalance", {"weights": "BTC 60, ETH 40"}),
        (
            "rebalance to BTC 60, ETH 40 with 1000 dollars of new money",
            "rebalance",
            {"weights": "BTC 60, ETH 40", "cash": Decimal(1000)},
        ),
    ],
)
def test_questions_and_their_analyses(
    question: str, name: str, arguments: dict[str, str | Decimal]
) -> None:
    found = topic_of(question, (), world())
    assert found is not None
    analysis, given = found
    assert analysis.name == name
    assert arguments.items() <= given.items()


@pytest.mark.parametrize(
    "question",
    ["rebalance to BTC 60 ETH 30 cash 10", "rebalance to 60% BTC, 30% ETH and 10% cash"],
)
def test_a_weight_of_cash_is_no_new_money(question: str) -> None:
    found = topic_of(question, (), world())
    assert found == (ANALYSES["rebalance"], {"weights": "BTC 60, ETH 30, CASH 10"})


@pytest.mark.parametrize(
    "question",
    [
        "what is a sharpe ratio?",
        "whats a rug pull",
        "explain the efficient frontier",
        "what is my portfolio worth?",
        "how volatile is BTC?",
        "alert me when BTC is above 100k",
        "what is XIRR?",
        "what does rebalancing mean?",
        "what is a monte carlo simulation",
        "stress test: bitcoin minus 35 %",
        "list my transactions of 2025",
        "what is the correlation of BTC and ETH?",
        "how much did I pay in fees",
    ],
)
def test_questions_for_a_term_or_an_everyday_tool_are_left_alone(question: str) -> None:
    assert topic_of(question, (), world()) is None


@pytest.mark.parametrize(
    "question", ["if I sold everything except BTC", "if I sold my FOOBAR, what would I gain?"]
)
def test_a_sale_of_what_is_not_clear_names_no_coin(question: str) -> None:
    found = topic_of(question, (), world())
    assert found is not None
    assert found[0].name == "sale_preview"
    assert "asset" not in found[1]


def test_a_text_stays_what_it_was_in_a_follow_up() -> None:
    call = {"name": "rebalance", "arguments": {"weights": "BTC 50, ETH 50"}}
    history = [Exchange("rebalance to BTC 50, ETH 50", call, "Sell 0.0625 BTC.")]
    assert topic_of("and with 5000 more cash?", history, world()) == (
        ANALYSES["rebalance"],
        {"weights": "BTC 50, ETH 50", "cash": Decimal(5000)},
    )


def test_no_question_for_an_everyday_tool_is_taken() -> None:
    """The 1,534 questions that the router is measured with stay with it."""
    taken = []
    for path in sorted(DEV.glob("dev*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            question = json.loads(line)["text"]
            if topic_of(question, (), world()) is not None:
                taken.append(question)
    assert not taken


def test_a_follow_up_changes_one_value() -> None:
    call = {"name": "risk_board", "arguments": {"asset": "ETH", "period": "1y"}}
    history = [Exchange("sharpe ratio of ETH over 1y", call, "It is 1.2.")]
    found = topic_of("and for BTC?", history, world())
    assert found is not None
    assert found[0].name == "risk_board"
    assert found[1] == {"asset": "BTC", "period": "1y"}


@pytest.mark.parametrize(
    ("question", "name", "value"),
    [
        ("value at risk of my portfolio at 99 %", "confidence_percent", "99"),
        (
            "provide liquidity with 10000 dollars at 15 % fees for 90 days, price up 50 %",
            "price_change_percent",
            "50",
        ),
    ],
)
def test_a_percentage_goes_where_it_belongs(question: str, name: str, value: str) -> None:
    found = topic_of(question, (), world())
    assert found is not None
    assert found[1][name] == Decimal(value)


@pytest.mark.parametrize(
    "question", ["simulate +20 % on BTC", "simulate a 30 percent drop in my portfolio"]
)
def test_a_simulated_change_is_no_simulation(question: str) -> None:
    assert topic_of(question, (), world()) is None


def test_the_word_optimise_is_no_coin() -> None:
    found = topic_of("optimise my portfolio", (), world())
    assert found is not None
    assert (found[0].name, found[1].get("assets")) == ("optimise", None)


@pytest.mark.parametrize(
    ("question", "name", "arguments"),
    [
        (
            "compare my portfolio with 60 % BTC and 40 % ETH",
            "benchmark",
            {"against": "BTC 60, ETH 40"},
        ),
        ("compare my portfolio with 60/40 BTC ETH", "benchmark", {"against": "BTC 60, ETH 40"}),
        (
            "if BTC falls 50 % and everything else 70 %",
            "stress_replay",
            {"changes": "BTC -50, others -70"},
        ),
        (
            "what if BTC drops 20 % and ETH rises 10 %",
            "stress_replay",
            {"changes": "BTC -20, ETH 10"},
        ),
        ("what would march 2020 do to my portfolio", "stress_replay", {"scenario": "March 2020"}),
        ("what is PUNKS#7804 worth", "nft_value", {"item": "7804"}),
        ("which pool pays the most on 1000 dollars", "yields_compared", {"amount": Decimal(1000)}),
        ("score the token PEPE", "token_scorecard", {}),
        ("Token A: High APY, anonymous team. Token B: Solid roadmap.", "token_scorecard", {}),
    ],
)
def test_nothing_else_is_answered_instead(
    question: str, name: str, arguments: dict[str, str | Decimal]
) -> None:
    found = topic_of(question, (), world())
    assert found is not None
    assert found[0].name == name
    assert arguments.items() <= found[1].items()
    assert "risk_free_percent" not in found[1]
