"""Short replies that change one thing of the question before. Today is 22 November 2026."""

from decimal import Decimal

import pytest

from engine.assistant.follow import is_follow_up
from tests.engine.assistant.test_follow_values import PAIR, WILD, WORTH, Call, Value, arguments

GAIN: Call = ("profit_loss", {"asset": "SOL", "kind": "realised", "period": "ytd"})
APRIL: Call = ("period_return", {"asset": "ETH", "period": "2026-04"})
YEAR: Call = ("max_drawdown", {"asset": "ADA", "period": "2023"})
TRADES: Call = ("transactions", {"period": "2026-11-01..2026-11-07"})
FALL: Call = ("what_if", {"asset": "ADA", "change_percent": Decimal(-50)})


@pytest.mark.parametrize(
    ("call", "text", "changed"),
    [
        (GAIN, "nah the ones i still hold", {"kind": "unrealised"}),
        (APRIL, "hm and the same month a year before", {"period": "2025-04"}),
        (APRIL, "same month last year", {"period": "2025-04"}),
        (APRIL, "from the 5th only up to the 12th, i meant", {"period": "2026-04-05..2026-04-12"}),
        (YEAR, "oops, wrong year, make it 24", {"period": "2024"}),
        (YEAR, "i meant '25", {"period": "2025"}),
        (YEAR, "ok link now", {"asset": "LINK"}),
        (WILD, "now stretch it to a fortnight", {"period": "14d"}),
        (WILD, "does ada jitter less", {"asset": "ADA"}),
        (PAIR, "what about with sol instead of eth", {"asset_b": "SOL"}),
        (PAIR, "ada rather than btc", {"asset_a": "ADA"}),
        (WORTH, "roll back three days", {"date": "2026-11-19"}),
        (TRADES, "the coinbase ones, nothing else", {"account": "Coinbase"}),
        (FALL, "an if awthing went doon that much?", {"asset": "ALL"}),
    ],
)
def test_one_value_changes(call: Call, text: str, changed: dict[str, Value]) -> None:
    assert arguments(call, text) == {**call[1], **changed}


@pytest.mark.parametrize(
    ("call", "text", "name"),
    [
        (GAIN, "give me both kinds rolled into one", "kind"),
        (GAIN, "both please", "kind"),
        (GAIN, "forget the coin, the whole shebang", "asset"),
        (WILD, "leave out the coin, i want my total, same window", "asset"),
        (APRIL, "aye an the hale portfolio?", "asset"),
    ],
)
def test_a_value_is_taken_back(call: Call, text: str, name: str) -> None:
    assert arguments(call, text) == {k: v for k, v in call[1].items() if k != name}


def test_it_keeps_the_time_for_another_tool() -> None:
    text = "sure it swings, but what did it actually return"
    assert arguments(WILD, text, "period_return") == WILD[1]


@pytest.mark.parametrize("text", ["how much is btc worth", "what is my best coin this year"])
def test_questions_of_their_own(text: str) -> None:
    assert not is_follow_up(text)
