"""Which values an argument may take."""

import random
from datetime import date
from decimal import Decimal

import pytest

from engine.assistant.candidates import Previous, Slots, candidates
from engine.assistant.recognise import recognise
from engine.assistant.tools import TOOLS
from tests.engine.assistant.world import KNOWLEDGE, TODAY, world
from training.assistant.surfaces import World
from training.assistant.wordings import fill, load

OWNED, ACCOUNTS = ("BTC", "ETH", "SOL"), ("Coinbase", "Kraken", "Ledger")


def slots(tool: str, text: str, previous: Previous | None = None) -> Slots:
    found = recognise(text, TODAY, OWNED, ACCOUNTS)
    prices = {"BTC": Decimal(80_000), "ETH": Decimal(2400)}
    return candidates(TOOLS[tool], found, previous, KNOWLEDGE.terms, prices.get)


def only(tool: str, text: str, previous: Previous | None = None) -> dict[str, str | Decimal]:
    """The one call that is possible."""
    found = slots(tool, text, previous)
    assert found.single, found
    return {name: values[0] for name, values in found.values.items()}


@pytest.mark.parametrize(
    ("tool", "text", "arguments"),
    [
        ("position", "how much btc is on kraken", {"asset": "BTC", "account": "Kraken"}),
        ("portfolio_value", "value on 5 march 2026", {"date": "2026-03-05"}),
        ("profit_loss", "realised gains on eth in 2025",
         {"asset": "ETH", "kind": "realised", "period": "2025"}),
        ("profit_loss", "my unrealized profit", {"kind": "unrealised"}),
        ("profit_loss", "realised and unrealised", {}),
        ("best_worst", "worst performer this month", {"period": "mtd"}),
        ("period_return", "return of sol over the last 30 days", {"asset": "SOL", "period": "30d"}),
        ("volatility", "how wild is bitcoin", {"asset": "BTC"}),
        ("correlation", "btc vs eth since 2024",
         {"asset_a": "BTC", "asset_b": "ETH", "period": "2024-01-01.."}),
        ("what_if", "what if eth drops 30%", {"asset": "ETH", "change_percent": Decimal(-30)}),
        ("what_if", "what if the market halves", {"asset": "ALL", "change_percent": Decimal(-50)}),
        ("what_if", "what if everything doubles", {"asset": "ALL", "change_percent": Decimal(100)}),
        ("apr_to_apy", "5% apr paid weekly", {"rate_percent": Decimal(5), "compounding": "weekly"}),
        ("compound_growth", "$1000 at 5% for 18 months",
         {"amount": Decimal(1000), "rate_percent": Decimal(5), "years": Decimal("1.5")}),
        ("impermanent_loss", "il on 5k if eth rises 40%",
         {"price_change_percent": Decimal(40), "amount": Decimal(5000)}),
        ("create_alert", "alert me when btc goes above 100k",
         {"asset": "BTC", "condition": "above", "value": Decimal(100_000)}),
        ("create_alert", "tell me if eth falls 5 %",
         {"asset": "ETH", "condition": "down_percent", "value": Decimal(5)}),
        # A level to be "hit" lies where the price is not.
        ("create_alert", "alert when btc hits 70000",
         {"asset": "BTC", "condition": "below", "value": Decimal(70_000)}),
        ("create_alert", "alert when btc hits 90000",
         {"asset": "BTC", "condition": "above", "value": Decimal(90_000)}),
        ("explain_term", "what is impermanent loss", {"term": "impermanent loss"}),
        ("price", "price of btc yesterday", {"asset": "BTC", "date": "2026-11-21"}),
        ("transactions", "my eth trades on coinbase in 2025",
         {"asset": "ETH", "account": "Coinbase", "period": "2025"}),
        ("transactions", "what did i do on 2026-03-05", {"period": "2026-03-05..2026-03-05"}),
        ("list_alerts", "which alerts do i have", {}),
    ],
)  # fmt: skip
def test_one_call_is_possible(tool: str, text: str, arguments: dict[str, str | Decimal]) -> None:
    assert only(tool, text) == arguments
    order = [p.name for p in TOOLS[tool].parameters if p.name in arguments]
    assert list(slots(tool, text).values) == order


@pytest.mark.parametrize(
    ("tool", "text", "missing"),
    [
        ("create_alert", "set an alert", "asset"),
        ("create_alert", "alert on btc", "condition"),
        ("what_if", "what if bitcoin drops", "change_percent"),
        ("correlation", "correlation of btc", "asset_b"),
        ("correlation", "correlation", "asset_a"),
        ("position", "how much do i have", "asset"),
        ("compound_growth", "1000 dollars at 5 %", "years"),
        ("apr_to_apy", "apr to apy", "rate_percent"),
    ],
)
def test_what_is_missing(tool: str, text: str, missing: str) -> None:
    found = slots(tool, text)
    assert found.missing[0] == missing
    assert not found.single


def test_ambiguous_values_are_all_candidates() -> None:
    assert set(slots("what_if", "btc 30%").values["change_percent"]) == {Decimal(30), Decimal(-30)}
    assert slots("position", "btc or eth").values["asset"] == ("BTC", "ETH")
    levels = slots("create_alert", "btc alert 50k")
    assert set(levels.values["condition"]) == {"above", "below"}


@pytest.mark.parametrize(
    ("before", "tool", "text", "arguments"),
    [
        (Previous("volatility", {"asset": "BTC", "period": "30d"}), "volatility", "and eth?",
         {"asset": "ETH", "period": "30d"}),
        (Previous("volatility", {"asset": "BTC"}), "volatility", "over the last year",
         {"asset": "BTC", "period": "1y"}),
        (Previous("position", {"asset": "SOL"}), "price", "what does it cost",
         {"asset": "SOL"}),
        (Previous("price", {"asset": "BTC"}), "correlation", "does it move with eth",
         {"asset_a": "BTC", "asset_b": "ETH"}),
        (Previous("what_if", {"asset": "BTC", "change_percent": Decimal(-30)}), "what_if",
         "and eth", {"asset": "ETH", "change_percent": Decimal(-30)}),
        (Previous("what_if", {"asset": "ALL", "change_percent": Decimal(-30)}), "what_if",
         "and -50%", {"asset": "ALL", "change_percent": Decimal(-50)}),
        (Previous("create_alert", {"asset": "BTC", "condition": "above", "value": Decimal(9)}),
         "create_alert", "same for eth",
         {"asset": "ETH", "condition": "above", "value": Decimal(9)}),
        (Previous("apr_to_apy", {"rate_percent": Decimal(5)}), "apr_to_apy", "and weekly?",
         {"rate_percent": Decimal(5), "compounding": "weekly"}),
    ],
)  # fmt: skip
def test_follow_ups_inherit(
    before: Previous, tool: str, text: str, arguments: dict[str, str | Decimal]
) -> None:
    assert only(tool, text, before) == arguments


def test_everything_is_no_coin_for_other_tools() -> None:
    before = Previous("what_if", {"asset": "ALL", "change_percent": Decimal(-30)})
    assert slots("price", "what does it cost", before).missing == ("asset",)


def test_without_a_previous_call_nothing_is_inherited() -> None:
    assert slots("volatility", "and over a year?").values == {"period": ("1y",)}


@pytest.mark.parametrize("tool", sorted(TOOLS))
@pytest.mark.parametrize(
    "text", ["", "?", "30", "btc eth sol ada 5% 10% 2024 1y yesterday $5 kraken"]
)
def test_only_known_arguments_in_order(tool: str, text: str) -> None:
    found = slots(tool, text)
    names = [p.name for p in TOOLS[tool].parameters]
    assert [n for n in names if n in found.values] == list(found.values)
    required = {p.name for p in TOOLS[tool].parameters if p.required}
    assert found.missing or required <= set(found.values)
    assert set(found.missing) <= required
    for p in TOOLS[tool].parameters:
        values = found.values.get(p.name, ())
        assert len(set(values)) == len(values)
        assert not p.choices or set(values) <= set(p.choices)


def test_the_right_call_is_nearly_always_possible() -> None:
    """Of hand-written wordings, filled without typos; what is missed is asked for or offered."""
    rng = random.Random(11)
    user = World(date(2026, 11, 22), ("ADA", "BTC", "ETH", "LINK", "SOL"), ACCOUNTS)
    price = world().last_price
    wordings = [w for w in load() if w.tool and not w.previous]
    chosen = rng.sample(wordings, 500)
    possible = 0
    for wording in chosen:
        utterance = fill(wording, user, rng)
        found = recognise(utterance.text, user.today, user.assets, user.accounts)
        offered = candidates(TOOLS[wording.tool or ""], found, None, KNOWLEDGE.terms, price)
        possible += all(v in offered.values.get(n, ()) for n, v in utterance.arguments.items())
    assert possible / len(chosen) > 0.93


@pytest.mark.parametrize(
    ("tool", "text", "rate", "compounding"),
    [
        ("apr_to_apy", "what apy is 1 % a day", "365", "daily"),
        ("apr_to_apy", "0.05 % per day as apy", "18.25", "daily"),
        ("apr_to_apy", "0.5 percent a month, which apy", "6.0", "monthly"),
        ("apr_to_apy", "12 % apr compounded every month", "12", "monthly"),
        ("apr_to_apy", "12 % a year paid monthly", "12", "monthly"),
        ("apr_to_apy", "12% apr every month", "12", "monthly"),
        ("compound_growth", "1000 at 0.5% a month for 3 years", "6.0", "monthly"),
        ("compound_growth", "1000 at 2% each quarter for 3 years", "8", "quarterly"),
    ],
)
def test_a_rate_per_day_or_month_is_made_yearly(
    tool: str, text: str, rate: str, compounding: str
) -> None:
    slots = candidates(TOOLS[tool], recognise(text, TODAY), None)
    assert slots.values["rate_percent"][0] == Decimal(rate)
    assert slots.values["compounding"] == (compounding,)
