"""Prices, risk, yields, alerts and terms, against arithmetic by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from math import sqrt

import pytest

from engine.alerts.conditions import AnyOf
from engine.alerts.rulejson import make_check
from engine.assistant.grounding import ground, unsupported
from engine.assistant.tools import TOOLS
from engine.core.cards import ChartCard, QuoteCard
from engine.core.errors import KnownError
from tests.engine.assistant.world import (
    KNOWLEDGE,
    TODAY,
    TRADES,
    alarm,
    ask,
    facts,
    figure,
    shown,
    table,
    trade,
    watched,
    world,
)


def test_price_now() -> None:
    assert facts(ask("price", asset="BTC")) == {
        "close": "$80,000.00",
        "date": "2026-11-22",
        "change from the day before": "-20.00 %",
    }


def test_price_on_a_past_day() -> None:
    found = facts(ask("price", asset="ETH", date="2026-11-20"))
    assert found == {"close": "$3,000.00", "date": "2026-11-20"}


def test_a_price_of_an_earlier_day_says_so() -> None:
    context = world(last=date(2026, 11, 19))
    assert facts(ask("price", context, asset="BTC"))["date"] == "2026-11-19"


def test_no_daily_change_over_a_gap_in_the_prices() -> None:
    context = world(closes={"BTC": ("100000", "", "80000")})
    assert "change from the day before" not in facts(ask("price", context, asset="BTC"))


def test_price_before_the_first_one() -> None:
    with pytest.raises(KnownError, match="does not reach back to 2026-11-01"):
        ask("price", asset="BTC", date="2026-11-01")
    with pytest.raises(KnownError, match="no USD prices for DOGE"):
        ask("price", asset="DOGE")


def test_volatility() -> None:
    # Returns +25, −20, +25, −20 %: mean 2.5 %, each 22.5 % from it; variance 4 · 0.225² / 3.
    daily = sqrt(4 * 0.225**2 / 3)
    result = ask("volatility", asset="BTC", period="4d")
    found = facts(result)
    assert found["annualised volatility"] == "496.36 %"
    assert found["typical daily move"] == "25.98 %"
    assert found["days"] == "4"
    assert "only 4 daily returns" in found["note"]
    assert float(figure(result, "annualised volatility")) == pytest.approx(100 * daily * sqrt(365))


def test_volatility_of_the_portfolio() -> None:
    # Values 71,250, 87,500, 77,500, 87,500, 70,000.
    values = (71_250, 87_500, 77_500, 87_500, 70_000)
    returns = [b / a - 1 for a, b in pairwise(values)]
    mean = sum(returns) / 4
    daily = sqrt(sum((r - mean) ** 2 for r in returns) / 3)
    result = ask("volatility", period="4d")
    assert float(figure(result, "typical daily move")) == pytest.approx(100 * daily)


def test_volatility_of_the_portfolio_leaves_out_days_without_a_price() -> None:
    # One coin at 100, 110, 99, no price, 198, 99, 198: seen are +10, −10, −50 and +100 %.
    returns = (0.10, -0.10, -0.5, 1.0)
    mean = sum(returns) / 4
    daily = sqrt(sum((r - mean) ** 2 for r in returns) / 3)
    closes = {"BTC": ("100", "110", "99", "", "198", "99", "198")}
    context = world(TRADES[:1], closes)
    result = ask("volatility", context, period="6d")
    assert facts(result)["days"] == "4"
    assert float(figure(result, "typical daily move")) == pytest.approx(100 * daily)


def test_volatility_needs_three_returns() -> None:
    with pytest.raises(KnownError, match="only 2 daily returns"):
        ask("volatility", asset="BTC", period="2d")


def test_drawdown() -> None:
    # 100,000 on the 19th, 80,000 a day later, 100,000 again on the 21st.
    found = facts(ask("max_drawdown", asset="BTC", period="4d"))
    assert found == {
        "period": "2026-11-18 to 2026-11-22",
        "maximum drawdown": "-20.00 %",
        "peak": "2026-11-19",
        "trough": "2026-11-20",
        "recovered": "2026-11-21",
    }


def test_drawdown_that_lasts() -> None:
    # The portfolio goes from 77,500 to 87,500 and falls to 70,000.
    found = facts(ask("max_drawdown", period="2d"))
    assert found["maximum drawdown"] == "-20.00 %"
    assert (found["peak"], found["trough"]) == ("2026-11-21", "2026-11-22")
    assert found["recovered"] == "not yet"


def test_no_drawdown() -> None:
    context = world(closes={"BTC": ("1", "2", "3", "4")})
    found = facts(ask("max_drawdown", context, asset="BTC", period="3d"))
    assert found["maximum drawdown"] == "0.00 %"
    assert "peak" not in found


def test_correlation() -> None:
    # From their means the returns are BTC ±22.5 % and ETH +20, 0, 0, −20 %:
    # (0.225 · 0.2 + 0.225 · 0.2) / (√(4 · 0.225²) · √(2 · 0.2²)) = 1 / √2
    result = ask("correlation", asset_a="BTC", asset_b="ETH", period="4d")
    assert facts(result)["correlation"] == "0.71"
    assert facts(result)["strength"] == "strong positive"
    assert facts(result)["days"] == "4"
    assert float(figure(result, "correlation")) == pytest.approx(1 / sqrt(2), abs=1e-6)


def test_correlation_of_unmoved_prices() -> None:
    context = world(closes={"BTC": ("1", "2", "1", "2", "1"), "USDC": ("1",) * 5})
    with pytest.raises(KnownError, match="did not move"):
        ask("correlation", context, asset_a="BTC", asset_b="USDC", period="4d")


def test_a_correlation_of_nearly_nothing_has_no_minus() -> None:
    # Moves of B that hardly depend on those of A.
    a = ("100", "110", "99", "108.9", "98.01")
    b = ("100", "110", "121", "108.9", "98.0101")
    context = world(closes={"BTC": a, "ETH": b})
    found = facts(ask("correlation", context, asset_a="BTC", asset_b="ETH", period="4d"))
    assert found["correlation"] == "0.00"
    assert found["strength"] == "hardly any"


def test_what_if_one_coin_falls() -> None:
    # 30 % of 40,000 is 12,000; 12 of 70 is 17.14 %.
    result = ask("what_if", asset="BTC", change_percent="-30")
    assert facts(result) == {
        "price change": "-30.00 %",
        "value now": "$70,000.00",
        "value after": "$58,000.00",
        "change": "-$12,000.00",
        "portfolio change": "-17.14 %",
    }
    assert table(result).rows == (
        ("BTC", "$40,000.00", "$28,000.00", "-$12,000.00"),
        ("ETH", "$30,000.00", "$30,000.00", "$0.00"),
    )
    assert table(result).title == "BTC -30.00 %"


def test_what_if_everything_halves() -> None:
    found = facts(ask("what_if", asset="ALL", change_percent="-50"))
    assert found["value after"] == "$35,000.00"
    assert found["portfolio change"] == "-50.00 %"


def test_what_if_leaves_cash_alone() -> None:
    # 60,000 in coins and 10,000 in cash: coins that double make 130,000.
    trades = (
        trade("2026-01-01", "deposit", ("USD", "10000"), account="Bank"),
        trade("2026-01-02", "buy", ("BTC", "0.75"), ("USD", "30000")),
    )
    found = facts(ask("what_if", world(trades), asset="ALL", change_percent="100"))
    assert (found["value now"], found["value after"]) == ("$70,000.00", "$130,000.00")


@pytest.mark.parametrize(
    ("asset", "change", "sentence"),
    [("DOGE", "-10", "hold no DOGE"), ("BTC", "-101", "more than 100 %")],
)
def test_what_cannot_be(asset: str, change: str, sentence: str) -> None:
    with pytest.raises(KnownError, match=sentence):
        ask("what_if", asset=asset, change_percent=change)


def test_apr_to_apy() -> None:
    # (1 + 0.1 / 365)^365 − 1
    found = facts(ask("apr_to_apy", rate_percent="10"))
    assert found == {"APR": "10.00 %", "compounding": "daily (assumed)", "APY": "10.52 %"}
    # 1.01^12 − 1
    found = facts(ask("apr_to_apy", rate_percent="12", compounding="monthly"))
    assert (found["APY"], found["compounding"]) == ("12.68 %", "monthly")


def test_a_huge_rate_is_charted_as_far_as_it_can_be() -> None:
    # 10,000 % compounded without end would be e^100 − 1, a number without meaning.
    result = ask("apr_to_apy", rate_percent="10000", compounding="yearly")
    assert facts(result)["APY"] == "10,000.00 %"
    chart = next(card for card in result.cards if isinstance(card, ChartCard))
    assert "continuous" not in chart.series[0].x


def test_compound_growth() -> None:
    # 1,000 · 1.05²
    found = facts(ask("compound_growth", amount="1000", rate_percent="5", years="2"))
    assert found == {
        "start": "$1,000.00",
        "rate per year": "5.00 %",
        "years": "2",
        "compounding": "yearly (assumed)",
        "end value": "$1,102.50",
        "gain": "$102.50",
    }
    # 1,000 · 1.01^6
    half = ask(
        "compound_growth", amount="1000", rate_percent="12", years="0.5", compounding="monthly"
    )
    assert facts(half)["end value"] == "$1,061.52"
    with pytest.raises(KnownError, match="above zero"):
        ask("compound_growth", amount="0", rate_percent="5", years="2")


@pytest.mark.parametrize(
    ("change", "loss"),
    [
        ("300", "-20.00 %"),  # r = 4: 2 · 2 / 5 − 1
        ("-50", "-5.72 %"),  # r = 0.5: 2 · 0.70711 / 1.5 − 1
        ("100", "-5.72 %"),  # r = 2, the same the other way round
        ("0", "0.00 %"),
        ("-100", "-100.00 %"),
    ],
)
def test_impermanent_loss(change: str, loss: str) -> None:
    assert facts(ask("impermanent_loss", price_change_percent=change))["impermanent loss"] == loss


def test_impermanent_loss_of_a_deposit() -> None:
    # r = 4: held 1,000 · 5 / 2, in the pool 1,000 · √4.
    found = facts(ask("impermanent_loss", price_change_percent="300", amount="1000"))
    assert found["value if held"] == "$2,500.00"
    assert found["value in the pool"] == "$2,000.00"
    assert found["loss against holding"] == "$500.00"


def test_an_alert_is_only_drafted() -> None:
    result = ask("create_alert", asset="BTC", condition="above", value="100000")
    assert facts(result)["condition"] == "rises above $100,000.00"
    assert facts(result)["price now"] == "$80,000.00"
    assert facts(result)["state"] == "draft, not active until confirmed"
    draft = result.draft
    assert draft is not None
    assert draft.title == "BTC rises above $100,000.00"
    assert dict(draft.facts) == {
        "asset": "BTC",
        "condition": "above",
        "value": "100000",
        "currency": "USD",
    }
    other = ask("create_alert", asset="BTC", condition="below", value="100000").draft
    assert other is not None
    assert other.draft_id != draft.draft_id


def test_an_alert_on_a_move() -> None:
    result = ask("create_alert", asset="DOGE", condition="down_percent", value="5")
    assert facts(result)["condition"] == "falls within 24 hours by 5 %"
    assert "no fresh USD prices for DOGE" in facts(result)["note"]
    with pytest.raises(KnownError, match="above zero"):
        ask("create_alert", asset="BTC", condition="above", value="0")


def test_list_of_alerts() -> None:
    assert facts(ask("list_alerts"))["count"] == "0"
    alerts = (
        alarm("BTC", "above", Decimal(100_000)),
        alarm("ETH", "up_percent", Decimal(10), fired=TODAY),
    )
    result = ask("list_alerts", world(alerts=alerts))
    assert result.text.splitlines() == [
        "Alerts",
        "count: 2",
        "BTC rises above $100,000.00, armed",
        "ETH rises within 24 hours by 10 %, armed, last rang 2026-11-22",
    ]
    assert [row[2] for row in table(result).rows] == ["$100,000.00", "10 %"]


@pytest.mark.parametrize(
    ("condition", "value", "level"),
    [("up_percent", "0.125", "0.125 %"), ("below", "0.00012345", "$0.00012345")],
)
def test_the_level_shown_is_the_level_stored(condition: str, value: str, level: str) -> None:
    result = ask("create_alert", asset="BTC", condition=condition, value=value)
    assert result.draft is not None
    assert result.draft.title.endswith(f" {level}")
    assert dict(result.draft.facts)["value"] == value
    assert (Decimal(value), level) in [(figure.value, figure.text) for figure in result.figures]
    listed = ask("list_alerts", world(alerts=(alarm("BTC", condition, Decimal(value)),)))
    assert table(listed).rows[0][2] == level


def test_alerts_of_every_kind_are_listed_in_words() -> None:
    calm = make_check(
        "volatility", {"asset": "BTC", "times": "2.5", "days": Decimal(14), "base_days": "90"}
    )
    low = make_check("health", {"position": "Loan", "level": "1.25"})
    alerts = (watched(AnyOf((calm, low)), TODAY, "ended"), watched(low, state="paused"))
    result = ask("list_alerts", world(alerts=alerts))
    calmer, lower = result.text.splitlines()[2:]
    assert calmer == (
        "BTC volatility of 14 days above 2.5 times that of the 90 days before or health factor of "
        "Loan below 1.25, ended, last rang 2026-11-22"
    )
    assert lower == "health factor of Loan below 1.25, paused"
    assert not unsupported(ground(shown(result), result.figures))


def test_alerts_beside_the_demo_are_marked() -> None:
    demo = replace(world(alerts=(alarm("BTC", "above", Decimal(1)),)), simulated=True)
    drafted = ask("create_alert", demo, asset="BTC", condition="above", value="100000")
    assert facts(drafted)["price now (simulated)"] == "$80,000.00"
    assert table(ask("list_alerts", demo)).simulated
    assert not table(ask("list_alerts", replace(demo, simulated=False))).simulated


def test_a_term_is_explained_with_its_source() -> None:
    entry = KNOWLEDGE.find("airdrop")
    assert entry is not None
    result = ask("explain_term", term="airdrop")
    assert result.text.startswith("Airdrop: An airdrop is the free distribution")
    assert result.text.endswith("source: Assay glossary, “Airdrop”")
    assert result.sources == ("Assay glossary, “Airdrop”",)
    assert result.cards == (QuoteCard("Airdrop", entry.text, entry.source),)


def test_an_unknown_term_is_admitted() -> None:
    result = ask("explain_term", term="zzyzx")
    assert result.text == "There is no entry for “zzyzx” in Assay's glossary."
    assert not result.cards


def test_figures_are_in_the_chosen_currency() -> None:
    context = world(currency="EUR")
    result = ask("portfolio_value", context)
    assert result.plain  # only USD prices
    assert "€" not in result.text
    assert "BTC has no price in EUR" in result.text
    assert "ETH has no price in EUR" in result.text


def test_schemas_name_every_argument() -> None:
    for tool in TOOLS.values():
        schema = tool.schema()["function"]
        assert schema["name"] == tool.name
        parameters = schema["parameters"]
        assert list(parameters["properties"]) == [p.name for p in tool.parameters]
        assert set(parameters["required"]) <= set(parameters["properties"])
        for p in tool.parameters:
            assert parameters["properties"][p.name]["type"] in ("string", "number")
            assert (p.kind == "enum") == ("enum" in parameters["properties"][p.name])


def test_the_sums_and_the_first_of_the_transactions() -> None:
    found = facts(ask("transactions"))
    assert found["paid for coins"] == "$124,000.00"  # 40,000 + 60,000 + 24,000
    assert found["received for coins"] == "$120,000.00"
    assert found["fees"] == "$460.00"  # 100 + 60 + 300
    assert found["the first"] == "2026-01-10 buy 1 BTC for $40,000.00 (Kraken)"
    of_ether = facts(ask("transactions", asset="ETH"))
    assert of_ether["paid for coins"] == "$24,000.00"
    assert of_ether["fees"] == "$60.00"
    assert "the first" not in of_ether  # all are listed


def test_money_moved_and_fees_in_coins_are_summed_by_currency() -> None:
    trades = (
        trade("2026-01-01", "deposit", ("USD", "500")),
        trade("2026-01-02", "deposit", ("EUR", "20")),
        trade("2026-01-03", "deposit", ("BTC", "1")),
        trade("2026-01-04", "withdrawal", None, ("USD", "30"), ("USD", "1")),
        trade("2026-01-05", "transfer", ("BTC", "1"), ("BTC", "1"), ("BTC", "0.001"), to="Ledger"),
    )
    found = facts(ask("transactions", world(trades)))
    assert found["money deposited"] == "€20.00, $500.00"
    assert found["money withdrawn"] == "$30.00"
    assert found["fees"] == "0.001 BTC, $1.00"
