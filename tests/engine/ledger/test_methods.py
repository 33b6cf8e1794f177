"""LIFO, HIFO, LOFO, average cost and changes of method; every figure worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from engine.core.errors import KnownError
from engine.core.records import Transaction
from engine.ledger.lots import LotBook, cost_basis, fifo
from engine.ledger.methods import CostBasis, Method
from tests.engine.ledger.ledger_samples import make


def no_price(asset: str, day: date) -> Decimal | None:
    return None


def book(basis: CostBasis, *transactions: Transaction) -> LotBook:
    return cost_basis(transactions, no_price, "USD", basis)


def costs(result: LotBook) -> list[Decimal]:
    return [one.cost for one in result.disposals]


BUYS = (
    make("2023-01-01", "buy", ("BTC", "1"), ("USD", "200")),
    make("2023-02-01", "buy", ("BTC", "1"), ("USD", "300")),
    make("2023-03-01", "buy", ("BTC", "1"), ("USD", "100")),
)
SALE = make("2023-04-01", "sell", ("USD", "600"), ("BTC", "1.5"))


@pytest.mark.parametrize(
    ("method", "expected", "left"),
    [
        ("fifo", [200, 150], [("02", "0.5", 300), ("03", "1", 100)]),
        ("lifo", [100, 150], [("01", "1", 200), ("02", "0.5", 300)]),
        ("hifo", [300, 100], [("01", "0.5", 200), ("03", "1", 100)]),
        ("lofo", [100, 100], [("01", "0.5", 200), ("02", "1", 300)]),
        # 600 for 3 coins are 200 each; the oldest are given away.
        ("average", [200, 100], [("02", "0.5", 200), ("03", "1", 200)]),
    ],
)
@pytest.mark.parametrize("universal", [False, True])
def test_each_method_picks_its_lots(
    method: Method, expected: list[int], left: list[tuple[str, str, int]], universal: bool
) -> None:
    result = book(CostBasis(method, universal), *BUYS, SALE)
    assert costs(result) == expected
    assert [one.proceeds for one in result.disposals] == [400, 200]
    assert [(f"{lot.time:%m}", str(lot.amount), lot.unit_cost) for lot in result.open] == left
    assert {one.rule for one in result.disposals} == {"average" if method == "average" else "lot"}


def test_fifo_is_the_default() -> None:
    assert book(CostBasis(), *BUYS, SALE) == fifo((*BUYS, SALE), no_price, "USD")


def test_per_wallet_sells_the_accounts_own_coins_and_universal_the_oldest_of_all() -> None:
    transactions = (
        make("2023-01-01", "buy", ("BTC", "1"), ("USD", "100"), account="Ledger"),
        make("2023-02-01", "buy", ("BTC", "1"), ("USD", "300"), account="Kraken"),
        make("2023-03-01", "sell", ("USD", "500"), ("BTC", "1"), account="Kraken"),
    )
    wallet = book(CostBasis("fifo"), *transactions)
    assert costs(wallet) == [300]
    assert [(lot.account, lot.unit_cost) for lot in wallet.open] == [("Ledger", 100)]
    universal = book(CostBasis("fifo", universal=True), *transactions)
    assert costs(universal) == [100]
    assert [(lot.account, lot.unit_cost) for lot in universal.open] == [("", 300)]
    assert universal.disposals[0].account == "Kraken"


def test_purchases_of_one_second_in_two_accounts_count_alike_in_any_order() -> None:
    first = make("2023-01-01", "buy", ("BTC", "1"), ("USD", "100"), account="Kraken")
    second = make("2023-01-01", "buy", ("BTC", "1"), ("USD", "300"), account="Ledger")
    sale = make("2023-03-01", "sell", ("USD", "500"), ("BTC", "1"), account="Ledger")
    basis = CostBasis("fifo", universal=True)
    assert costs(book(basis, first, second, sale)) == [100]
    assert costs(book(basis, second, first, sale)) == [100]


def test_a_transfer_moves_nothing_where_all_accounts_are_one() -> None:
    result = book(
        CostBasis("hifo", universal=True),
        make("2023-01-01", "buy", ("BTC", "2"), ("USD", "100")),
        make("2023-02-01", "transfer", ("BTC", "0.9"), ("BTC", "1"), to="Ledger"),
    )
    # 0.1 was lost on the way, which cost 5.
    (lost,) = result.disposals
    assert (lost.amount, lost.proceeds, lost.gain) == (Decimal("0.1"), 0, -5)
    assert [(lot.amount, lot.unit_cost) for lot in result.open] == [(Decimal("1.9"), 50)]
    assert not result.missing


def test_the_dearest_coin_is_told_with_or_without_its_fee() -> None:
    transactions = (
        make("2023-01-01", "buy", ("BTC", "1"), ("USD", "100"), ("USD", "20")),  # 120 with the fee
        make("2023-02-01", "buy", ("BTC", "1"), ("USD", "110")),
        make("2023-03-01", "sell", ("USD", "500"), ("BTC", "1"), ("USD", "5")),
    )
    assert costs(book(CostBasis("hifo"), *transactions)) == [120]
    by_price = CostBasis("hifo", rank_with_fees=False)
    assert costs(book(by_price, *transactions)) == [110]
    assert book(by_price, *transactions).disposals[0].gain == 495 - 110


def test_of_the_same_cost_the_older_goes_first_and_unknown_cost_last() -> None:
    transactions = (
        make("2023-01-01", "deposit", ("BTC", "1")),
        make("2023-02-01", "buy", ("BTC", "1"), ("USD", "100")),
        make("2023-03-01", "buy", ("BTC", "1"), ("USD", "100")),
        make("2023-04-01", "sell", ("USD", "400"), ("BTC", "2")),
    )
    for method in ("hifo", "lofo"):
        result = book(CostBasis(method), *transactions)
        assert [f"{one.acquired:%m}" for one in result.disposals] == ["02", "03"]
        assert [lot.unit_cost for lot in result.open] == [None]


def test_adjusted_cost_base_after_each_purchase_and_sale() -> None:
    transactions = [
        make("2023-01-01", "buy", ("ETH", "100"), ("CAD", "1500")),
        make("2023-02-01", "buy", ("ETH", "150"), ("CAD", "2990"), ("CAD", "10")),
        make("2023-03-01", "sell", ("CAD", "4000"), ("ETH", "200"), ("CAD", "40")),
        make("2023-04-01", "buy", ("ETH", "350"), ("CAD", "7350"), account="Ledger"),
        make("2023-05-01", "sell", ("CAD", "4800"), ("ETH", "200"), account="Ledger"),
    ]
    basis = CostBasis("average", universal=True)
    # (1,500 + 3,000) / 250 = 18.00; 200 sold cost 3,600; 900 stay for 50.
    first = cost_basis(transactions[:3], no_price, "CAD", basis)
    assert sum(costs(first)) == 3600
    assert sum(one.gain for one in first.disposals) == 3960 - 3600
    assert {lot.unit_cost for lot in first.open} == {18}
    # (900 + 7,350) / 400 = 20.625; 200 sold cost 4,125.
    second = cost_basis(transactions, no_price, "CAD", basis)
    assert sum(costs(second)) == 3600 + 4125
    assert {lot.unit_cost for lot in second.open} == {Decimal("20.625")}
    # By account Ledger's 200 cost 21 each.
    by_account = cost_basis(transactions, no_price, "CAD", CostBasis("average"))
    assert sum(costs(by_account)) == 3600 + 4200


def test_coins_of_unknown_cost_stay_out_of_the_average() -> None:
    result = book(
        CostBasis("average"),
        make("2023-01-01", "deposit", ("BTC", "1")),
        make("2023-02-01", "buy", ("BTC", "1"), ("USD", "100")),
        make("2023-03-01", "buy", ("BTC", "1"), ("USD", "300")),
        make("2023-04-01", "sell", ("USD", "800"), ("BTC", "2")),
    )
    # The unknown coin goes first, without a gain; then one at the average of 200.
    assert [(one.amount, one.proceeds, one.cost) for one in result.disposals] == [(1, 400, 200)]
    assert "unknown cost" in result.missing[0]


def test_the_method_changes_with_the_tax_year() -> None:
    transactions = (
        *BUYS,
        make("2024-01-10", "sell", ("USD", "600"), ("BTC", "1")),
        make("2024-04-10", "sell", ("USD", "600"), ("BTC", "1")),
    )
    # Until 2023 FIFO (200 first); HIFO from 2024 on takes 300 first.
    assert costs(book(CostBasis("fifo", switches=((2024, "hifo"),)), *transactions)) == [300, 200]
    # With tax years from 6 April the January sale is still FIFO's.
    april = CostBasis("fifo", switches=((2024, "hifo"),), year_start=(4, 6))
    assert costs(book(april, *transactions)) == [200, 300]
    april = CostBasis("fifo", switches=((2024, "lofo"),), year_start=(4, 6))
    assert costs(book(april, *transactions)) == [200, 100]
    april = CostBasis("fifo", switches=((2024, "lifo"),), year_start=(4, 6))
    assert costs(book(april, *transactions)) == [200, 100]


def test_leaving_the_average_leaves_each_lot_with_it() -> None:
    transactions = (
        *BUYS,
        make("2023-05-01", "sell", ("USD", "600"), ("BTC", "1")),  # at the average of 200
        make("2024-02-01", "buy", ("BTC", "1"), ("USD", "250")),
        make("2024-03-01", "sell", ("USD", "600"), ("BTC", "2")),
    )
    basis = CostBasis("average", switches=((2024, "hifo"),))
    # Two coins at 200 are left; then the new one of 250 and one of those.
    assert costs(book(basis, *transactions)) == [200, 250, 200]
    # The other way round: FIFO sells the coin of 200; (300 + 100 + 250) / 3 each after that.
    basis = CostBasis("fifo", switches=((2024, "average"),))
    result = book(basis, *transactions)
    assert abs(sum(costs(result)[1:]) - Decimal(650) * 2 / 3) < Decimal("1e-40")
    assert [one.rule for one in result.disposals] == ["lot", "average", "average"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"method": "best"}, "no cost-basis method called best"),
        ({"method": "uk_pool"}, "all accounts together"),
        (
            {"method": "fifo", "universal": True, "switches": ((2024, "uk_pool"),)},
            "all accounts together",
        ),
        ({"method": "fifo", "switches": ((2024, "lifo"), (2023, "hifo"))}, "in order"),
    ],
)
def test_senseless_combinations_are_refused(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(KnownError, match=sentence):
        CostBasis(**arguments)  # type: ignore[arg-type]
