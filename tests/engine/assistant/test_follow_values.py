"""Values counted from the values before, and arguments put in the place of others."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.assistant.candidates import Previous, candidates
from engine.assistant.follow import is_follow_up
from engine.assistant.recognise import recognise
from engine.assistant.tools import TOOLS
from tests.engine.assistant.world import KNOWLEDGE, TODAY

Value = str | Decimal
Call = tuple[str, dict[str, Value]]

GROWTH: Call = (
    "compound_growth",
    {"amount": Decimal(3000), "rate_percent": Decimal(10), "years": Decimal(2)},
)
FALL: Call = ("what_if", {"asset": "BTC", "change_percent": Decimal(-30)})
WILD: Call = ("volatility", {"asset": "SOL", "period": "30d"})
PAIR: Call = ("correlation", {"asset_a": "BTC", "asset_b": "ETH", "period": "1y"})
ALARM: Call = ("create_alert", {"asset": "BTC", "condition": "below", "value": Decimal(12)})
WORTH: Call = ("portfolio_value", {"account": "Ledger", "date": "2026-03-03"})
POOL: Call = ("impermanent_loss", {"price_change_percent": Decimal(50), "amount": Decimal(2000)})
BAG: Call = ("position", {"asset": "ETH", "account": "Coinbase"})
YIELD: Call = ("apr_to_apy", {"rate_percent": Decimal(5), "compounding": "weekly"})
# fmt: off


def arguments(call: Call, text: str, tool: str = "") -> dict[str, Value]:
    """The first candidate of every argument, for the tool of the call before or another."""
    found = recognise(text, TODAY, ("BTC", "ETH", "SOL"), ("Kraken", "Ledger", "Coinbase"))
    slots = candidates(TOOLS[tool or call[0]], found, Previous(*call), KNOWLEDGE.terms)
    assert not slots.missing
    return {name: values[0] for name, values in slots.values.items()}


@pytest.mark.parametrize(
    ("call", "text", "name", "value"),
    [
        (GROWTH, "half that rate", "rate_percent", 5),
        (GROWTH, "with a tenth of that amount", "amount", 300),
        (GROWTH, "a third of the money", "amount", 1000),
        (GROWTH, "with 10x the money", "amount", 30000),
        (GROWTH, "three times as long", "years", 6),
        (GROWTH, "quarter of the time", "years", "0.5"),
        (GROWTH, "five more years", "years", 7),
        (GROWTH, "another 5 years", "years", 7),
        (GROWTH, "1000 more", "amount", 4000),
        (GROWTH, "and for 10?", "years", 10),
        (GROWTH, "and at 8?", "rate_percent", 8),
        (GROWTH, "my mistake, the rate is six and a half", "rate_percent", "6.5"),
        (GROWTH, "sorry, the rate is 7", "rate_percent", 7),
        (GROWTH, "rate is 7 and a quarter", "rate_percent", "7.25"),
        (GROWTH, "oops 4000 dollars i meant", "amount", 4000),
        (FALL, "make it three times as bad", "change_percent", -90),
        (FALL, "double it", "change_percent", -60),
        (FALL, "half that drop", "change_percent", -15),
        (FALL, "and 50?", "change_percent", -50),
        (FALL, "no i meant 40 percent", "change_percent", -40),
        (FALL, "and if it doubles", "change_percent", 100),
        (POOL, "the other way, minus 50", "price_change_percent", -50),
        (POOL, "with a tenth of that amount", "amount", 200),
        (POOL, "double that", "price_change_percent", 100),
        (ALARM, "oops i meant eleven fifty", "value", "11.5"),
        (ALARM, "2 lower", "value", 10),
        (ALARM, "make it 5k higher", "value", 5012),
        (ALARM, "half that", "value", 6),
        (YIELD, "half of that", "rate_percent", "2.5"),
        (YIELD, "7 and a half", "rate_percent", "7.5"),
        (WILD, "double the window", "period", "60d"),
        (WILD, "and over 7?", "period", "7d"),
        (WILD, "twice as long", "period", "60d"),
        (WILD, "q3 as well please", "period", "2026-Q3"),
        (WILD, "no, only for the month just gone", "period", "2026-10"),
        (WILD, "zoom out to half a year", "period", "6m"),
        (WILD, "swap that for avax", "asset", "AVAX"),
        (WILD, "replace sol with ada", "asset", "ADA"),
        (WILD, "versus bitcoin", "asset", "BTC"),
        (PAIR, "swap eth for uniswap", "asset_b", "UNI"),
        (PAIR, "replace btc by doge", "asset_a", "DOGE"),
        (FALL, "not just btc, the whole market", "asset", "ALL"),
        (BAG, "same coin, kraken", "account", "Kraken"),
        (WORTH, "on the 10th", "date", "2026-03-10"),
        (WORTH, "exactly a year earlier", "date", "2025-03-03"),
    ],
)
def test_one_value_changes(call: Call, text: str, name: str, value: str | int) -> None:
    new: Value = Decimal(value) if isinstance(call[1][name], Decimal) else str(value)
    assert arguments(call, text) == {**call[1], name: new}


@pytest.mark.parametrize(
    ("call", "text", "name"),
    [
        (WORTH, "now across every account, that day", "account"),
        (WORTH, "everywhere", "account"),
        (BAG, "in all accounts", "account"),
        (WILD, "the whole portfolio then", "asset"),
        (WILD, "all my coins together, same window", "asset"),
        (WORTH, "and now?", "date"),
    ],
)
def test_an_argument_is_taken_back(call: Call, text: str, name: str) -> None:
    assert arguments(call, text) == {k: v for k, v in call[1].items() if k != name}


@pytest.mark.parametrize(
    ("call", "tool", "text", "expected"),
    [
        (("period_return", {"asset": "BTC", "period": "ytd"}), "volatility",
         "how bumpy was the ride", {"asset": "BTC", "period": "ytd"}),
        (("period_return", {"asset": "ETH", "period": "2026-03-01.."}), "max_drawdown",
         "what was the ugliest dip it took along the way",
         {"asset": "ETH", "period": "2026-03-01.."}),
        (("portfolio_value", {"account": "Kraken"}), "portfolio_value", "net worth pls", {}),
        (("period_return", {"period": "ytd"}), "best_worst", "show me my biggest winners", {}),
        (BAG, "position", "how much btc do i have in total", {"asset": "BTC"}),
        (WILD, "volatility", "what was the volatility of eth", {"asset": "ETH"}),
    ],
)
def test_only_what_points_back_inherits_place_and_time(
    call: Call, tool: str, text: str, expected: dict[str, Value]
) -> None:
    assert arguments(call, text, tool) == expected


@pytest.mark.parametrize(
    "text",
    ["q3 as well please", "avax too", "zoom out to half a year", "swap link for uniswap",
     "the whole portfolio then", "oops i meant eleven fifty", "versus bitcoin, whats that one",
     "what does a single one go for", "my mistake, the rate is six and a half"],
)
def test_follow_ups(text: str) -> None:
    assert is_follow_up(text)


@pytest.mark.parametrize(
    "text",
    ["what is my portfolio worth on Kraken", "show me the trades of last year",
     "set an alert for bitcoin above 100k"],
)
def test_questions_of_their_own(text: str) -> None:
    assert not is_follow_up(text)


PIECES = st.sampled_from(
    "double half twice 10x 0x a tenth of that amount rate window drop it swap for btc eth and over "
    "30 99999999999999999999999x another five years more lower oops i meant same coin everything "
    "on the 31st two days before after quarter and a half percent 1e17 million not just as long "
    "bad billion hundred $5k".split()
)
CALLS = st.sampled_from([GROWTH, FALL, WILD, PAIR, ALARM, WORTH, POOL, BAG, YIELD])


@given(CALLS, st.sampled_from(sorted(TOOLS)), st.lists(PIECES, max_size=8))
def test_any_words_give_values_that_a_call_can_hold(
    call: Call, tool: str, words: list[str]
) -> None:
    found = recognise(" ".join(words), TODAY, ("BTC", "ETH"), ("Kraken",))
    slots = candidates(TOOLS[tool], found, Previous(*call), KNOWLEDGE.terms)
    for param in TOOLS[tool].parameters:
        for value in slots.values.get(param.name, ()):
            assert value.is_finite() if isinstance(value, Decimal) else value
            assert len(str(value)) < 60
