"""What the user said may be repeated, in the unit it was said in and no other."""

from decimal import Decimal

import pytest

from engine.assistant.grounding import ground, unsupported
from engine.assistant.said import said_figures
from engine.assistant.tools import TOOLS
from tests.engine.assistant.world import TODAY


def may_say(text: str, question: str, tool: str, **arguments: str | Decimal) -> bool:
    figures = said_figures(question, TOOLS[tool], arguments, "USD", TODAY)
    return not unsupported(ground(text, figures))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("if it falls by 30 %", True),
        ("at -30 percent", True),
        ("thirty percent less", True),
        ("you would have $30", False),
        ("it gains +30 %", False),
        ("31 %", False),
    ],
)
def test_a_change(text: str, right: bool) -> None:
    question = "what if btc falls 30 %"
    assert may_say(text, question, "what_if", asset="BTC", change_percent=Decimal(-30)) is right


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("$5,000 at 6 % for 3 years", True),
        ("5,000 dollars", True),
        ("5000", True),
        ("5,000 %", False),
        ("$3", False),
        ("$6", False),
    ],
)
def test_a_growth(text: str, right: bool) -> None:
    arguments = {"amount": Decimal(5000), "rate_percent": Decimal(6), "years": Decimal(3)}
    assert may_say(text, "5k at 6% for 3 years", "compound_growth", **arguments) is right


def test_times() -> None:
    assert may_say("over 30 days", "btc the last 30 days", "price", asset="BTC")
    assert not may_say("it is $30", "btc the last 30 days", "price", asset="BTC")
    assert may_say("over 4 days", "and eth?", "volatility", asset="ETH", period="4d")
    assert may_say("in Q1 2026", "return in Q1 2026", "period_return", period="2026-Q1")


def test_an_alert_level_is_money_or_percent() -> None:
    arguments = {"asset": "BTC", "condition": "down_percent", "value": Decimal(10)}
    assert may_say("falls 10 %", "alert", "create_alert", **arguments)
    assert not may_say("falls below $10", "alert", "create_alert", **arguments)
    assert may_say("below $10", "x", "create_alert", **{**arguments, "condition": "below"})


def test_a_guess_of_the_user_is_no_fact() -> None:
    question = "is my portfolio worth $5,000,000?"
    assert not may_say("Yes, your portfolio is worth $5,000,000.", question, "portfolio_value")
