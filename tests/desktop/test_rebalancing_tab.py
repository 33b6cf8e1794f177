"""The tab of rebalancing: what it begins with."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Event

import pytest
from pytestqt.qtbot import QtBot

from desktop.portfolio.rebalancing import RebalancingPart, weights_text
from engine.service import Valuation
from tests.desktop.fake_service import some_valuation
from tests.desktop.opened_window import press, words
from tests.desktop.portfolio_window import MOVED, PortfolioWindow


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path) -> Iterator[PortfolioWindow]:
    with PortfolioWindow.opened(qtbot, tmp_path / "home") as found:
        yield found


def test_it_begins_with_the_weights_held_now(it: PortfolioWindow) -> None:
    it.load_demo()
    part = it.open("rebalancing", RebalancingPart)
    it.wait(lambda: "There is nothing to trade." in words(part))
    field = part.field()
    assert field is not None
    assert field.text() == weights_text(it.service.portfolio.valuation())
    assert "These are the weights held now" in words(part)

    field.setText("BTC 100")
    field.editingFinished.emit()
    it.wait(lambda: "Sell ETH" in words(part))
    part.refresh()
    assert field.text() == "BTC 100"

    press(part, "Use the weights held now")
    it.wait(lambda: field.text() != "BTC 100" and "There is nothing to trade." in words(part))


def test_without_prices_it_says_what_is_missing(it: PortfolioWindow, tmp_path: Path) -> None:
    it.take(tmp_path / "moved.csv", MOVED)
    part = it.open("rebalancing", RebalancingPart)
    it.wait(lambda: "No prices are known" in words(part))
    field = part.field()
    assert field is not None
    assert field.text() == ""


def test_weights_that_were_not_changed_follow_the_holdings(
    it: PortfolioWindow, tmp_path: Path
) -> None:
    it.load_demo()
    part = it.open("rebalancing", RebalancingPart)
    it.wait(lambda: "There is nothing to trade." in words(part))
    it.take(tmp_path / "moved.csv", MOVED)
    it.wait(lambda: "No prices are known" in words(part))
    field = part.field()
    assert field is not None
    assert field.text() == ""


def test_weights_deleted_or_begun_by_the_user_are_left(it: PortfolioWindow) -> None:
    it.load_demo()
    part = it.open("rebalancing", RebalancingPart)
    it.wait(lambda: "There is nothing to trade." in words(part))
    field = part.field()
    assert field is not None
    for typed in ("", "BTC 50, ET"):
        field.setText(typed)
        day = it.service.market.history("ETH")[-1].day
        it.service.market.add_price("ETH", day, Decimal(9000 + len(typed)))
        part.refresh()
        it.settled()
        assert field is part.field()
        assert field.text() == typed


def test_what_is_typed_while_the_weights_are_worked_out_is_left(
    it: PortfolioWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    it.load_demo()
    valuation, go_on, begun = it.service.portfolio.valuation, Event(), Event()

    def slowly() -> Valuation:
        begun.set()
        assert go_on.wait(60)
        return valuation()

    monkeypatch.setattr(it.service.portfolio, "valuation", slowly)
    part = it.open("rebalancing", RebalancingPart)
    it.wait(begun.is_set)
    field = part.field()
    assert field is not None
    field.setText("BTC 50, ET")
    go_on.set()
    it.settled()
    assert field.text() == "BTC 50, ET"
    assert "These are the weights held now" not in words(part)


def test_weights_survive_a_form_that_offers_more(it: PortfolioWindow) -> None:
    it.load_demo()
    part = it.open("rebalancing", RebalancingPart)
    it.wait(lambda: "There is nothing to trade." in words(part))
    field = part.field()
    assert field is not None
    field.setText("BTC 50, ETH 50")
    it.service.analysis.save_text("target", "mine", "BTC 60")
    part.refresh()
    it.wait(lambda: part.field() is not field)
    new = part.field()
    assert new is not None
    assert new.text() == "BTC 50, ETH 50"


def test_a_stored_target_comes_before_the_weights_held_now(it: PortfolioWindow) -> None:
    it.service.analysis.save_text("target", "mine", "BTC 60")
    it.load_demo()
    part = it.open("rebalancing", RebalancingPart)
    it.wait(lambda: "Choose a stored target" in words(part))
    field = part.field()
    assert field is not None
    assert field.text() == ""


def test_rounded_weights_come_to_the_whole() -> None:
    valuation = some_valuation()
    one = valuation.rows[0]

    def held(*weights: str) -> str:
        rows = [replace(one, asset=f"A{n}", weight=Decimal(w)) for n, w in enumerate(weights)]
        return weights_text(replace(valuation, rows=tuple(rows)))

    assert held("0.333333", "0.333333", "0.333334") == "A0 33.34, A1 33.33, A2 33.33"
    # Three times 16.666… rounds up; the largest gives.
    third = "0.1666666666"
    assert held("0.5000000002", third, third, third) == "A0 49.99, A1 16.67, A2 16.67, A3 16.67"
    # What is too little to be written is left out.
    assert held("0.99999", "0.00001") == "A0 100"
    money = replace(one, asset="USD", weight=Decimal("0.25"))
    coin = replace(one, asset="BTC", weight=Decimal("0.75"))
    assert weights_text(replace(valuation, rows=(coin, money))) == "BTC 75"
    unpriced = replace(one, weight=None)
    assert weights_text(replace(valuation, rows=(unpriced,))) == ""
