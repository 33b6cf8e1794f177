"""Gifts, spending, losses, NFTs, pool shares and corrections in the books, by hand."""

from datetime import date
from decimal import Decimal

import pytest

from engine.core.records import Transaction
from engine.ledger.lots import LotBook, cost_basis
from engine.ledger.methods import CostBasis
from tests.engine.ledger.ledger_samples import make

PRICES = {"ETH": Decimal(3000), "BNB": Decimal(500)}
BOUGHT = make("2024-01-01", "buy", ("ETH", "10"), ("USD", "20000"))
POOL = CostBasis("uk_pool", universal=True)


def price(asset: str, day: date) -> Decimal | None:
    return PRICES.get(asset)


def book(*transactions: Transaction, basis: CostBasis | None = None) -> LotBook:
    return cost_basis(transactions, price, "USD", basis or CostBasis())


def gains(result: LotBook) -> list[tuple[Decimal, Decimal, Decimal]]:
    return [(one.amount, one.proceeds, one.gain) for one in result.disposals]


def test_spending_is_a_sale_at_the_stated_value_else_at_the_price_of_the_day() -> None:
    stated = make("2024-02-01", "spend", None, ("ETH", "1"), value=("USD", "2900"))
    assert gains(book(BOUGHT, stated)) == [(1, 2900, 900)]
    priced = make("2024-02-01", "spend", None, ("ETH", "1"))
    assert gains(book(BOUGHT, priced)) == [(1, 3000, 1000)]
    unknown = book(
        make("2024-01-01", "buy", ("XYZ", "1"), ("USD", "5")),
        make("2024-02-01", "spend", None, ("XYZ", "1")),
    )
    assert not unknown.disposals
    assert not unknown.open
    (gap,) = unknown.missing
    assert gap.startswith("1 entry of XYZ (first on 2024-02-01) could not be valued in USD")


def test_a_fee_on_spending_comes_off_the_proceeds() -> None:
    in_kind = make("2024-02-01", "spend", None, ("ETH", "1"), ("ETH", "0.5"))
    assert gains(book(BOUGHT, in_kind)) == [(Decimal("1.5"), 3000, 0)]
    in_money = make("2024-02-01", "spend", None, ("ETH", "1"), ("USD", "40"))
    assert gains(book(BOUGHT, in_money)) == [(1, 2960, 960)]
    bnb = make("2024-01-01", "buy", ("BNB", "1"), ("USD", "450"))
    in_bnb = make("2024-02-01", "spend", None, ("ETH", "1"), ("BNB", "0.1"))
    # 0.1 BNB is sold for 50, which makes the proceeds 2,950.
    assert gains(book(BOUGHT, bnb, in_bnb)) == [(Decimal("0.1"), 50, 5), (1, 2950, 950)]


def test_money_that_is_spent_or_given_has_no_lots() -> None:
    rows = [
        make("2024-01-01", kind, None, ("USD", "100")) for kind in ("spend", "gift", "loss")
    ] + [make("2024-01-01", kind, ("USD", "100")) for kind in ("gift", "correction")]
    assert book(*rows) == LotBook((), (), (), ())


def test_a_gift_made_leaves_at_cost_without_a_gain() -> None:
    given = make("2024-02-01", "gift", None, ("ETH", "4"), ("ETH", "0.1"))
    result = book(BOUGHT, given)
    # Only the network fee is a disposal, for nothing.
    assert gains(result) == [(Decimal("0.1"), 0, -200)]
    assert [lot.amount for lot in result.open] == [Decimal("5.9")]
    assert not result.missing


def test_a_gift_received_costs_its_value_and_says_where_that_is_from() -> None:
    stated = make("2024-02-01", "gift", ("ETH", "2"), value=("USD", "1000"))
    assert [lot.unit_cost for lot in book(stated).open] == [500]
    assert not book(stated).missing
    bare = book(make("2024-02-01", "gift", ("ETH", "2")))
    assert [lot.unit_cost for lot in bare.open] == [3000]
    (gap,) = bare.missing
    assert gap == (
        "2 ETH came into Kraken as a gift (first on 2024-02-01) and costs what it was worth that "
        "day; state its value if the giver's cost counts."
    )


def test_in_the_uk_pool_a_gift_is_a_sale_at_market_value() -> None:
    given = make("2024-02-01", "gift", None, ("ETH", "4"))
    assert gains(book(BOUGHT, given, basis=POOL)) == [(4, 12000, 4000)]
    stated = make("2024-02-01", "gift", None, ("ETH", "4"), value=("USD", "10000"))
    assert gains(book(BOUGHT, stated, basis=POOL)) == [(4, 10000, 2000)]


@pytest.mark.parametrize("basis", [CostBasis(), POOL])
def test_a_gift_received_costs_its_value_and_is_no_income(basis: CostBasis) -> None:
    stated = make("2024-01-01", "gift", ("ETH", "2"), value=("USD", "5000"))
    priced = make("2024-02-01", "gift", ("ETH", "2"))
    result = book(stated, priced, basis=basis)
    assert sum(lot.amount * (lot.unit_cost or 0) for lot in result.open) == 11000
    assert not result.income
    unknown = book(make("2024-02-01", "gift", ("XYZ", "1")), basis=basis)
    assert [lot.unit_cost for lot in unknown.open] == [None]
    assert "could not be valued" in unknown.missing[0]


def test_a_loss_brings_nothing() -> None:
    lost = make("2024-02-01", "loss", None, ("ETH", "3"))
    assert gains(book(BOUGHT, lost)) == [(3, 0, -6000)]


def test_a_correction_is_no_gain_and_what_it_brings_has_its_stated_cost() -> None:
    out = make("2024-02-01", "correction", None, ("ETH", "3"))
    result = book(BOUGHT, out)
    assert not result.disposals
    assert [lot.amount for lot in result.open] == [7]
    stated = make("2024-02-01", "correction", ("ETH", "1"), value=("USD", "100"))
    assert [lot.unit_cost for lot in book(stated).open] == [100]
    unknown = book(make("2024-02-01", "correction", ("ETH", "1")))
    assert [lot.unit_cost for lot in unknown.open] == [None]
    assert "at an unknown cost" in unknown.missing[0]


def test_an_nft_is_bought_with_coins_and_sold_for_coins() -> None:
    bought = make("2024-02-01", "nft_buy", ("PUNKS#7804", "1"), ("ETH", "2"))
    sold = make("2024-03-01", "nft_sell", ("ETH", "5"), ("PUNKS#7804", "1"))
    result = book(BOUGHT, bought, sold)
    # 2 ETH worth 6,000 cost 4,000; the punk of 6,000 brings 5 ETH worth 15,000.
    assert [(one.asset, one.proceeds, one.gain) for one in result.disposals] == [
        ("ETH", 6000, 2000),
        ("PUNKS#7804", 15000, 9000),
    ]
    assert [(lot.asset, lot.amount, lot.unit_cost) for lot in result.open] == [
        ("ETH", 8, 2000),
        ("ETH", 5, 3000),
    ]


def test_pool_shares_are_bought_and_sold_for_coins() -> None:
    added = make("2024-02-01", "lp_add", ("UNI-V2", "7"), ("ETH", "2"))
    taken = make("2024-03-01", "lp_remove", ("ETH", "2.5"), ("UNI-V2", "7"))
    result = book(BOUGHT, added, taken)
    assert [(one.asset, one.proceeds, one.gain) for one in result.disposals] == [
        ("ETH", 6000, 2000),
        ("UNI-V2", 7500, 1500),
    ]


def test_income_keeps_its_kind() -> None:
    reward = make("2024-02-01", "income", ("ETH", "1"), income_kind="staking")
    assert [(one.kind, one.value) for one in book(reward).income] == [("staking", 3000)]


def test_within_a_second_what_comes_in_goes_first() -> None:
    when = "2024-02-01T10:00:00"
    rows = [
        make(when, "spend", None, ("ETH", "1")),
        make(when, "nft_sell", ("ETH", "1"), ("PUNKS#1", "1")),
        make(when, "gift", ("PUNKS#1", "1"), value=("USD", "10")),
    ]
    assert not book(*rows).missing
