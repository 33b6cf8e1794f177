"""What an alert watches, and what is no level to watch for."""

from decimal import Decimal

import pytest

from engine.assistant.candidates import Slots, candidates
from engine.assistant.recognise import recognise
from engine.assistant.tools import TOOLS
from tests.engine.assistant.world import KNOWLEDGE, TODAY


def alert(text: str) -> Slots:
    found = recognise(text, TODAY, ("BTC", "ETH", "SOL"), ("Kraken",))
    prices = {"BTC": Decimal(80_000), "ETH": Decimal(2400)}
    return candidates(TOOLS["create_alert"], found, None, KNOWLEDGE.terms, prices.get)


@pytest.mark.parametrize(
    ("text", "condition", "value"),
    [
        ("ping me when btc drops below 70k", "below", 70_000),
        ("alert eth > 3000", "above", 3000),
        ("tell me when btc hits 70000", "below", 70_000),
        ("tell me when btc hits 90000", "above", 90_000),
        ("shout if eth loses a tenth", "down_percent", 10),
        ("shout if eth jumps 5% in a day", "up_percent", 5),
        ("sol < 95 alert", "below", 95),
        ("set an alret wen cardano goes uder 0.32", "below", Decimal("0.32")),
        ("alert bitcoin lower then 80,000", "below", 80_000),
        ("wake me if btc doubles", "up_percent", 100),
        ("alert my 2 coins no, btc above 100000", "above", 100_000),
        ("at 18:30 tell me if btc is over 90k", "above", 90_000),
    ],
)
def test_alerts(text: str, condition: str, value: int) -> None:
    values = alert(text).values
    assert values["condition"][0] == condition
    assert values["value"] == (value,)


@pytest.mark.parametrize(
    "text",
    [
        "set an alert",
        "i want an alarm on btc",
        "alert me when bitcoin drops",
        "tell me when eth moves a lot",
        "alert me about my 3 coins",
        "notify me about btc in 2 days",
        "alert me about sol at 9 pm",
    ],
)
def test_an_alert_without_a_level_is_asked_for(text: str) -> None:
    assert "value" in alert(text).missing
