"""`assay analyse` and `assay tax` as a user types them."""

import json
from pathlib import Path

from tests.engine.cli.conftest import Run


def test_analyses_are_listed_and_run(assay: Run) -> None:
    assay("demo")
    listed = assay("analyse").stdout
    for name in ("correlations", "stress_replay", "monte_carlo", "rebalance", "tax_year"):
        assert name in listed
    shown = assay("analyse", "rebalance", "weights=BTC 60, ETH 40", "cash=1000").stdout
    assert "Trades and weights" in shown
    assert "Note: Held without a target weight" in shown
    cards = json.loads(assay("analyse", "movers", "--json").stdout)
    assert cards[0]["title"] == "Movers"


def test_a_value_that_no_analysis_asks_for(assay: Run) -> None:
    assert "It asks for: " in assay("analyse", "movers", "colour=blue", status=2).stderr
    assert "no analysis called" in assay("analyse", "nonsense", status=2).stderr


def test_the_help_of_an_analysis_lists_its_choices(assay: Run) -> None:
    shown = assay("analyse", "optimise", "--help").stdout
    assert "by profile; equal weight; inverse volatility" in shown
    assert "from 5 to 100" in shown
    assert "usage: assay analyse" in assay("analyse", "-h").stdout
    assert "no analysis called" in assay("analyse", "nonsense", "--help", status=2).stderr


def test_json_has_every_point_of_a_chart(assay: Run) -> None:
    """The demo's prices begin on 2 January 2023, a return earlier than the portfolio."""
    assay("demo")
    cards = json.loads(assay("analyse", "drawdown_list", "asset=btc", "--json").stdout)
    days, depths = (cards[-1]["series"][0][key] for key in ("x", "y"))
    assert len(days) > 1_400
    assert f"{min(depths):.2f} %" == dict(cards[0]["facts"])["maximum drawdown"]


def test_targets_are_stored_and_deleted(assay: Run) -> None:
    assert "is stored" in assay("analyse", "--save", "target", "core", "BTC 60, ETH 40").stdout
    assert (
        "more than 100 %"
        in assay("analyse", "--save", "target", "bad", "BTC 60, ETH 70", status=2).stderr
    )
    assert "is deleted" in assay("analyse", "--delete", "target", "core").stdout
    assay("analyse", "--delete", "target", "core", status=2)


def test_tax_years(assay: Run, tmp_path: Path) -> None:
    assert "no transactions yet" in assay("tax").stdout
    assay("demo")
    year = assay("tax").stdout.split()[0]
    assert "Disposals, lot by lot" in assay("tax", year).stdout
    path = tmp_path / "year.csv"
    assert "Written" in assay("tax", year, "--csv", path, "--pdf", tmp_path / "year.pdf").stdout
    assert path.read_text("utf-8").startswith("Section")
    assert "already is a file" in assay("tax", year, "--csv", path, status=2).stderr
    assert int(year) in json.loads(assay("tax", "--json").stdout)
