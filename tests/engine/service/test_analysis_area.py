"""The analyses on a real store: forms, results, and what the user keeps for them."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.cards import ChartCard, TableCard
from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.core.paths import Paths
from engine.service import Form, Service
from tests.engine.service.conftest import HEADER, take


@pytest.fixture
def demo(service: Service) -> Service:
    service.portfolio.load_demo()
    return service


def test_every_form_offers_what_the_data_make_possible(demo: Service) -> None:
    forms = {form.name: form for form in demo.analysis.forms()}
    assert forms["tax_year"].offers["year"][0] == "2026"
    assert "60/40 BTC/cash" in forms["benchmark"].offers["against"]
    assert "March 2020" in forms["stress_replay"].offers["scenario"]


@pytest.mark.parametrize(
    "name", ["correlations", "benchmark", "stress_replay", "growth", "movers", "tax_year"]
)
def test_analyses_run_on_the_demo_without_any_value(demo: Service, name: str) -> None:
    outcome = demo.analysis.run(name, {}).future.result()
    assert len(outcome.cards) >= 2
    assert outcome.call.startswith(f'{{"name": "{name}"')


def test_notes_come_with_the_cards(demo: Service) -> None:
    outcome = demo.analysis.run("rebalance", {"weights": "BTC 60, ETH 40"}).future.result()
    assert any("counted as 0 %" in note for note in outcome.notes)


def test_targets_and_scenarios_are_kept_and_used(demo: Service, events: list[Event]) -> None:
    demo.analysis.save_text("target", "core", "BTC 60, ETH 30, USDC 10")
    demo.analysis.save_text("scenario", "doom", "BTC -90, others -95")
    assert DataChanged(frozenset({"documents"})) in events
    assert list(demo.analysis.saved("target")) == ["core"]
    stress = demo.analysis.run("stress_replay", {"scenario": "doom"}).future.result()
    assert any(isinstance(card, TableCard) and "doom" in card.title for card in stress.cards)
    assert demo.analysis.run("rebalance", {"target": "core"}).future.result().cards
    demo.analysis.delete("target", "core")
    assert not demo.analysis.saved("target")


def test_tokens_are_kept_and_scored(service: Service) -> None:
    service.analysis.save_text("scorecard", "Rug", "Anonymous team. Unaudited. 1000x gains.")
    outcome = service.analysis.run("token_scorecard", {"token": "Rug"}).future.result()
    assert "Rug" in outcome.cards[0].title


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        ("target", "x", "BTC 70, ETH 40"),
        ("target", "", "BTC 70"),
        ("scenario", "x", "BTC -170"),
        ("scenario", "x", "nonsense"),
        ("profile", "investor", "risk enormous"),
        ("profile", "investor", "colour blue"),
        ("profile", "mine", "risk low"),
        ("node", "x", "http://localhost"),
    ],
)
def test_what_makes_no_sense_is_not_kept(service: Service, kind: str, name: str, text: str) -> None:
    with pytest.raises(KnownError):
        service.analysis.save_text(kind, name, text)
    assert not service.analysis.saved("target")


def test_the_profile_is_where_the_optimiser_begins(demo: Service) -> None:
    demo.analysis.save_text(
        "profile", "investor", "risk high, horizon 10, objective grow, cap 50, excluded ADA"
    )
    form = next(form for form in demo.analysis.forms() if form.remembers)
    defaults = {param.name: param.default for param in form.parameters}
    assert (defaults["risk"], defaults["horizon"]) == ("high", Decimal(10))
    assert defaults["cap_percent"] == Decimal(50)
    outcome = demo.analysis.run("optimise", {}).future.result()
    weights = next(card for card in outcome.cards if isinstance(card, TableCard))
    assert "ADA" not in [row[0] for row in weights.rows]
    assert any("“grow” at high risk" in note for note in outcome.notes)


def test_the_values_of_a_form_are_remembered_and_exclusions_stay(demo: Service) -> None:
    demo.analysis.save_text("profile", "investor", "excluded DOGE")
    demo.analysis.remember_profile({"risk": "low", "horizon": Decimal(2), "period": "1y"})
    kept = demo.analysis.saved("profile")["investor"]
    assert kept["risk"] == "low"
    assert kept["horizon"] == "2"
    assert kept["excluded"] == ["DOGE"]


def form_of(service: Service, name: str) -> Form:
    return next(form for form in service.analysis.forms() if form.name == name)


def begins(service: Service, name: str) -> dict[str, object]:
    """What the form of an analysis begins with."""
    return {p.name: p.default for p in form_of(service, name).parameters if p.default is not None}


def test_forms_begin_with_the_largest_holdings(demo: Service) -> None:
    rows = [row for row in demo.portfolio.valuation().rows if row.asset in ("BTC", "ETH")]
    first, second = sorted(rows, key=lambda row: row.value or 0, reverse=True)
    assert begins(demo, "price_ratio") == {
        "asset": second.asset, "against": first.asset, "period": "1y",
    }  # fmt: skip
    assert begins(demo, "range_backtest")["asset"] == first.asset
    loan = begins(demo, "loan_health")
    assert (loan["asset"], loan["amount"]) == (first.asset, first.amount)
    assert "debt" not in loan


def test_forms_without_holdings_or_prices_begin_empty(service: Service) -> None:
    assert begins(service, "price_ratio") == {"period": "1y"}
    assert "asset" not in begins(service, "loan_health")


@pytest.mark.parametrize("name", ["nft_value", "yields_compared", "sentiment"])
def test_what_an_analysis_lacks_is_told_before_it_is_run(service: Service, name: str) -> None:
    assert "under Market data" in form_of(service, name).lacks
    assert not form_of(service, "lp_lab").lacks


def test_an_nft_that_is_held_stands_in_the_form(service: Service, tmp_path: Path) -> None:
    sales = tmp_path / "sales.csv"
    rows = "Caps,1,2026-10-01,5,ETH\nHats,7,2026-10-01,3,ETH\n"
    sales.write_text("collection,token id,date,price,currency\n" + rows)
    service.market.confirm(service.market.preview_file(sales).future.result()).future.result()
    assert begins(service, "nft_value") == {"collection": "Caps"}
    bought = tmp_path / "bought.csv"
    bought.write_text(HEADER + "2026-03-05,nft_buy,Kraken,Hats#7,1,USD,500,,,,,,\n")
    take(service, bought)
    assert begins(service, "nft_value") == {"collection": "Hats", "item": "7"}
    assert not form_of(service, "nft_value").lacks


def test_nft_sales_that_were_imported_are_valued(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    rows = "".join(
        f"Hats,{n % 5},2026-{month:02}-{n + 1:02},{10 + n % 3},ETH\n"
        for month in (9, 10)
        for n in range(20)
    )
    path.write_text("collection,token id,date,price,currency\n" + rows)
    preview = service.market.preview_file(path).future.result()
    service.market.confirm(preview).future.result()
    form = next(form for form in service.analysis.forms() if form.name == "nft_value")
    assert form.offers["collection"] == ("Hats",)
    outcome = service.analysis.run("nft_value", {"item": "3"}).future.result()
    assert any(isinstance(card, ChartCard) for card in outcome.cards)


def test_a_token_keeps_the_flags_of_each_day_and_a_new_one_fires_its_alert(paths: Paths) -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    with closing(Service.open(paths, FixedClock(noon), background=False)) as service:
        service.analysis.save_text("scorecard", "Rug", "The team is public.")
        service.alerts.add_rule('{"when": {"kind": "red_flag", "token": "Rug"}}')
        assert service.alerts.check_now() == []

    with closing(Service.open(paths, FixedClock(noon + timedelta(1)), background=False)) as service:
        service.analysis.save_text("scorecard", "Rug", "Anonymous team. Unaudited. 1000x gains.")
        first, second = service.analysis.saved("scorecard")["Rug"]["history"]
        assert not first["flags"]
        assert second["flags"]
        assert len(service.alerts.check_now()) == 1


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("monte_carlo", {"seed": -1}, "seed is at least 0"),
        ("risk_board", {"confidence_percent": 200}, "confidence percent is at most 99"),
        ("sale_preview", {"asset": "BTC", "amount": -1}, "amount is at least 0"),
        ("lots_held", {"asset": "BTC", "account": "Nope"}, "no argument"),
        ("sale_preview", {"asset": "BTC", "account": "Nope"}, "no account Nope"),
        ("optimise", {"cap_percent": 5}, "room"),
    ],
)
def test_values_out_of_bounds_are_refused(
    demo: Service, name: str, values: dict[str, object], sentence: str
) -> None:
    with pytest.raises(KnownError, match=sentence):
        demo.analysis.run(name, values).future.result()
