"""The UK share pool against the examples of HMRC's manual (CRYPTO22251 to CRYPTO22256).

HMRC rounds to pounds; the figures here are the same before rounding.
"""

from datetime import date
from decimal import Decimal

from engine.core.records import Transaction
from engine.ledger.lots import LotBook, cost_basis
from engine.ledger.methods import CostBasis
from tests.engine.ledger.ledger_samples import make


def no_price(asset: str, day: date) -> Decimal | None:
    return None


def book(*transactions: Transaction) -> LotBook:
    return cost_basis(transactions, no_price, "GBP", CostBasis("uk_pool", universal=True))


def buy(when: str, amount: str, pounds: str) -> Transaction:
    return make(when, "buy", ("TOK", amount), ("GBP", pounds))


def sell(when: str, amount: str, pounds: str) -> Transaction:
    return make(when, "sell", ("GBP", pounds), ("TOK", amount))


def gains(result: LotBook) -> dict[str, Decimal]:
    """Gain by day."""
    found: dict[str, Decimal] = {}
    for one in result.disposals:
        day = f"{one.time:%m-%d}"
        found[day] = found.get(day, Decimal(0)) + one.gain
    return found


def pool(result: LotBook) -> tuple[Decimal, Decimal]:
    """Amount and cost of the pool left."""
    (lot,) = result.open
    assert lot.unit_cost is not None
    return lot.amount, round(lot.amount * lot.unit_cost, 20)


def test_example_1_a_part_of_the_pool_is_sold() -> None:
    result = book(
        buy("2020-01-01", "100", "1000"),
        buy("2020-09-18", "50", "125000"),
        sell("2020-12-01", "50", "300000"),
    )
    assert gains(result) == {"12-01": 258_000}
    assert pool(result) == (100, 84_000)
    (one,) = result.disposals
    assert (one.rule, one.acquired) == ("pool", None)


def test_example_2_same_day() -> None:
    result = book(
        buy("2020-01-01", "5000", "500"),
        sell("2020-06-23T08:00", "1000", "800"),
        buy("2020-06-23T14:00", "1600", "1000"),
        sell("2020-06-23T20:00", "500", "600"),
    )
    assert gains(result) == {"06-23": Decimal("462.5")}
    assert pool(result) == (5100, Decimal("562.5"))
    (one,) = result.disposals
    assert (one.amount, one.proceeds, one.rule) == (1500, 1400, "same day")


def test_example_3_within_30_days() -> None:
    result = book(
        buy("2020-01-01", "2000", "1000"),
        sell("2020-03-31", "1000", "400"),
        sell("2020-04-20", "500", "150"),
        buy("2020-04-21", "700", "175"),
        buy("2020-04-28", "500", "100"),
        buy("2020-05-01", "500", "150"),
    )
    assert gains(result) == {"03-31": 165, "04-20": 20}
    assert [(one.amount, one.cost, one.rule) for one in result.disposals] == [
        (700, 175, "30 days"),
        (300, 60, "30 days"),
        (200, 40, "30 days"),
        (300, 90, "30 days"),
    ]
    assert pool(result) == (2200, 1060)


def test_example_4_same_day_and_pool() -> None:
    result = book(
        buy("2020-01-01", "8000", "1000"),
        sell("2020-01-31T08:00", "5000", "500"),
        buy("2020-01-31T09:00", "4000", "320"),
        buy("2020-01-31T10:00", "1000", "75"),
        buy("2020-01-31T11:00", "1000", "70"),
        sell("2020-01-31T12:00", "2000", "142"),
        buy("2020-01-31T13:00", "500", "35"),
    )
    assert round(gains(result)["01-31"], 20) == Decimal("79.5")
    assert pool(result) == (7500, Decimal("937.5"))


def test_example_5_30_days_and_pool() -> None:
    result = book(
        buy("2020-01-01", "14000", "200000"),
        sell("2020-08-30", "4000", "160000"),
        buy("2020-09-11", "500", "17500"),
    )
    assert gains(result) == {"08-30": 92_500}
    assert pool(result) == (10_500, 150_000)


def test_example_6_all_three_rules() -> None:
    result = book(
        buy("2020-01-01", "100000", "300000"),
        buy("2020-07-31", "10000", "45000"),
        sell("2020-07-31T01:00", "30000", "150000"),
        sell("2020-08-05", "20000", "100000"),
        buy("2020-08-06", "50000", "225000"),
        sell("2020-08-07", "100000", "150000"),
    )
    found = gains(result)
    assert (found["07-31"], found["08-05"]) == (15_000, 10_000)
    # The pool: 100,000 for 300,000 and 10,000 for 45,000; 100,000 of 110,000 are sold.
    assert round(found["08-07"], 6) == round(150_000 - Decimal(345_000) * 100 / 110, 6)
    amount, cost = pool(result)
    assert (amount, round(cost)) == (10_000, 31_364)


def test_the_30_days_end_after_the_thirtieth() -> None:
    start, last, late = (
        buy("2020-01-01", "10", "100"),
        buy("2020-03-31T23:59", "10", "300"),
        buy("2020-04-01", "10", "300"),
    )
    sale = sell("2020-03-01", "10", "500")
    assert gains(book(start, sale, last)) == {"03-01": 200}
    assert gains(book(start, sale, late)) == {"03-01": 400}


def test_a_purchase_belongs_to_its_own_days_sale_first() -> None:
    result = book(
        buy("2020-01-01", "20", "100"),
        sell("2020-03-01", "10", "200"),
        buy("2020-03-05", "10", "150"),
        sell("2020-03-05T10:00", "10", "170"),
    )
    # The purchase of 5 March is used up that day; 1 March is served from the pool at 5 each.
    assert gains(result) == {"03-01": 150, "03-05": 20}


def test_what_is_not_there_is_named_and_has_no_gain() -> None:
    result = book(buy("2020-01-01", "1", "100"), sell("2020-06-01", "3", "900"))
    (one,) = result.disposals
    assert (one.amount, one.proceeds, one.cost) == (1, 300, 100)
    assert result.missing == (
        (
            "2 TOK left Kraken (first on 2020-06-01) without a recorded purchase; "
            "its gain is left out."
        ),
    )


def test_unknown_costs_and_withdrawals_leave_at_the_average() -> None:
    result = book(
        make("2020-01-01", "deposit", ("TOK", "10")),
        buy("2020-02-01", "30", "300"),
        make("2020-03-01", "withdrawal", None, ("TOK", "20")),
        sell("2020-05-01", "10", "400"),
    )
    # A quarter of the pool has no known cost: 15 of 20 stay known, then 7.5 of 10 are sold.
    (one,) = result.disposals
    assert (one.amount, one.proceeds, one.cost) == (Decimal("7.5"), 300, 75)
    assert [(lot.amount, lot.unit_cost) for lot in result.open] == [
        (Decimal("7.5"), 10),
        (Decimal("2.5"), None),
    ]


def test_a_transfer_between_own_accounts_changes_nothing() -> None:
    result = book(
        buy("2020-01-01", "10", "100"),
        make("2020-02-01", "transfer", ("TOK", "5"), ("TOK", "5"), to="Ledger"),
    )
    assert not result.disposals
    assert pool(result) == (10, 100)
