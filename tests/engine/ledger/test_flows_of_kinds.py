"""What counts as money coming in or going out, and what is part of the return."""

from datetime import date

import pytest

from engine.ledger.history import History, value_history
from engine.ledger.performance import daily_returns
from tests.engine.ledger.ledger_samples import make, price_book

D1, D2, D3 = (f"2024-01-0{n}" for n in (1, 2, 3))
PRICES = price_book(ETH={D1: "100", D2: "100", D3: "100"})
BOUGHT = make(f"{D1}T10:00:00", "buy", ("ETH", "10"), ("USD", "1000"))


def history(*more: object) -> History:
    rows = [BOUGHT, *more]
    return value_history(rows, PRICES, "USD", date.fromisoformat(D1), date.fromisoformat(D3))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "change", "flow"),
    [
        ("spend", "out", -200),
        ("gift", "out", -200),
        ("gift", "in", 200),
        ("correction", "out", -200),
        ("correction", "in", 200),
        ("loss", "out", 0),
        ("income", "in", 0),
        ("fee", "out", 0),
    ],
)
def test_flows_of_one_sided_kinds(kind: str, change: str, flow: float) -> None:
    side = ("ETH", "2")
    row = make(D2, kind, side if change == "in" else None, side if change == "out" else None)
    found = history(row)
    assert found.flows.tolist() == [1000, flow, 0]
    assert found.values.tolist() == [1000, *[1200 if change == "in" else 800] * 2]
    # At a price that stands still only income, fees and losses are earned or lost.
    returned = {"loss": -0.2, "fee": -0.2, "income": 0.2}.get(kind, 0.0)
    assert daily_returns(found).tolist() == pytest.approx([0, returned, 0])


def test_an_nft_bought_for_ether_is_money_going_out() -> None:
    found = history(
        make(D2, "nft_buy", ("PUNKS#1", "1"), ("ETH", "3")),
        make(D3, "nft_sell", ("ETH", "5"), ("PUNKS#1", "1")),
    )
    assert found.values.tolist() == [1000, 700, 1200]
    assert found.flows.tolist() == [1000, -300, 500]
    assert daily_returns(found).tolist() == [0, 0, 0]
    assert found.unpriced == ()


def test_pool_shares_without_a_price_lie_outside() -> None:
    found = history(
        make(D2, "lp_add", ("UNI-V2", "7"), ("ETH", "3")),
        make(D3, "lp_remove", ("ETH", "4"), ("UNI-V2", "7")),
    )
    assert found.flows.tolist() == [1000, -300, 400]
    assert found.unpriced == ("UNI-V2",)
    assert daily_returns(found).tolist() == [0, 0, 0]


def test_tracked_cash_that_is_spent_or_given_is_a_flow() -> None:
    found = history(
        make(D1, "deposit", ("USD", "1500")),
        make(D2, "spend", None, ("USD", "100")),
        make(D3, "gift", None, ("USD", "50")),
    )
    assert found.values.tolist() == [1500, 1400, 1350]
    assert found.flows.tolist() == [1500, -100, -50]
