"""The risk notice: after everything that could be read as advice, and after nothing else."""

import pytest

from engine.assistant.analyses import tool_called
from engine.assistant.notice import NOTICE, currency_notice, period_notice, risk_notice
from engine.assistant.tools import TOOLS
from tests.engine.assistant.world import TODAY


@pytest.mark.parametrize(
    "question",
    [
        "should I buy bitcoin",
        "shld i dump my avax",
        "is now a good time to get in",
        "is ada a good buy",
        "buy or sell btc",
        "hold or sell?",
        "sell or keep?",
        "would you hold eth",
        "what would you do",
        "is it smart to put my savings in sol",
        "is it too late to buy",
        "is it safe to hold usdc",
        "any advice on my portfolio?",
        "which coin to buy next",
        "how much should i invest",
        "would it be wiser to put the lot into bitcoin or just half of it",
        "is it time to sell",
        "will sol moon",
        "can you predict ether",
        "ape in?",
        "what should we do with link",
    ],
)
def test_questions_for_advice(question: str) -> None:
    assert risk_notice(question, "BTC is at $80,000.00.", TOOLS["price"]) == NOTICE
    assert risk_notice(question, "I cannot say.", None) == NOTICE


@pytest.mark.parametrize(
    "question",
    [
        "what do I hold",
        "what coins do i own and hold?",
        "when did I last buy",
        "did i ever buy doge",
        "how much did I sell in 2025",
        "list my buys and sells",
        "show everything I hold on Kraken",
        "how long did I hold eth",
        "my best buy this year",
        "what's the average buy price of my sol",
        "how much have I invested",
        "alert me if btc drops below 50k",
        "what is a buy wall",
        "What does HODL mean?",
        "hello",
    ],
)
def test_questions_for_facts(question: str) -> None:
    assert risk_notice(question, "You hold 2 BTC.", TOOLS["portfolio_value"]) == ""
    assert risk_notice(question, "You hold 2 BTC.", None) == ""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("You could sell some of it.", NOTICE),
        ("I would suggest waiting.", NOTICE),
        ("It is better to hold.", NOTICE),
        ("I make no predictions and give no advice to buy or sell.", NOTICE),
        ("You hold 2 BTC and bought them in March.", ""),
        ("The sale brought $500.00.", ""),
    ],
)
def test_what_the_answer_says(answer: str, expected: str) -> None:
    assert risk_notice("and now?", answer, None) == expected
    assert risk_notice("and now?", answer, TOOLS["transactions"]) == expected


def test_a_glossary_entry_is_no_advice() -> None:
    text = "You should sell only to people you know."
    assert risk_notice("what is p2p", text, TOOLS["explain_term"]) == ""


@pytest.mark.parametrize(
    ("question", "tool", "named"),
    [
        ("what is my btc worth in euros", "position", "EUR"),
        ("price of eth in GBP", "price", "GBP"),
        ("convert my total to quid", "portfolio_value", "GBP"),
        ("my total in dollars", "portfolio_value", ""),
        ("trades in the euro pair", "transactions", ""),
        ("volatility of btc in euros", "volatility", ""),
    ],
)
def test_another_currency_is_said_to_be_unknown(question: str, tool: str, named: str) -> None:
    notice = currency_notice(question, TOOLS[tool], "USD", lambda code: False)
    assert notice == (named and f"The figures are in USD; I know no exchange rate to {named}.")


def test_a_currency_with_a_rate_can_be_chosen() -> None:
    notice = currency_notice("my btc in euros", TOOLS["position"], "USD", {"EUR"}.__contains__)
    assert notice == "The figures are in USD; choose EUR in Settings to see those."


@pytest.mark.parametrize("name", ["price_extremes", "sale_preview", "growth", "tax_year"])
def test_analyses_in_money_name_the_currency_too(name: str) -> None:
    notice = currency_notice("… in EUR", tool_called(name), "USD", lambda code: True)
    assert notice == "The figures are in USD; choose EUR in Settings to see those."


@pytest.mark.parametrize(
    ("question", "name", "words"),
    [
        ("my position in BTC in 2025", "position", "2025"),
        ("how much BTC did I hold last year", "position", "last year"),
        ("what was my portfolio worth in march 2026", "portfolio_value", "march 2026"),
        ("my lots of ETH in Q2 2025", "lots_held", "Q2 2025"),
    ],
)
def test_a_period_that_is_not_used_is_named(question: str, name: str, words: str) -> None:
    assert period_notice(question, tool_called(name), {}, TODAY) == (
        f"These are the figures of 2026-11-22; “{words}” is not used."
    )


@pytest.mark.parametrize(
    ("question", "name", "arguments"),
    [
        ("my position in BTC", "position", {}),
        ("what is my portfolio worth this week", "portfolio_value", {}),
        ("price of BTC in 2025", "price", {"date": "2025-12-31"}),
        ("profit in 2025", "profit_loss", {"period": "2025"}),
        ("what is BTC worth in 2030", "price", {}),
    ],
)
def test_no_period_is_left_unused(question: str, name: str, arguments: dict[str, str]) -> None:
    assert period_notice(question, tool_called(name), arguments, TODAY) == ""
