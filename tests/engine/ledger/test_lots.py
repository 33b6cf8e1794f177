"""FIFO cost basis, with every expected figure worked out by hand in the comments."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.core.records import Transaction
from engine.ledger.gains import realised
from engine.ledger.lots import LotBook, fifo
from tests.engine.ledger.ledger_samples import make


def no_price(asset: str, day: date) -> Decimal | None:
    return None


def book(*transactions: Transaction, **prices: str) -> LotBook:
    """Prices hold for every day."""

    def price(asset: str, day: date) -> Decimal | None:
        return Decimal(prices[asset]) if asset in prices else None

    return fifo(transactions, price, "USD")


def test_the_oldest_coins_are_sold_first_and_fees_count() -> None:
    result = book(
        make("2024-01-01", "buy", ("BTC", "1"), ("USD", "10000"), ("USD", "100")),
        make("2024-02-01", "buy", ("BTC", "1"), ("USD", "20000"), ("USD", "200")),
        make("2024-03-01", "sell", ("USD", "45000"), ("BTC", "1.5"), ("USD", "450")),
    )
    # Proceeds 45,000 - 450 = 44,550, that is 29,700 a coin. Costs: 10,100 and 20,200.
    # First lot: 29,700 - 10,100 = 19,600. Half the second: 14,850 - 10,100 = 4,750.
    first, second = result.disposals
    assert (first.amount, first.proceeds, first.cost, first.gain) == (1, 29700, 10100, 19600)
    assert (second.amount, second.proceeds, second.cost, second.gain) == (
        Decimal("0.5"),
        14850,
        10100,
        4750,
    )
    assert first.acquired == datetime(2024, 1, 1, tzinfo=UTC)
    (lot,) = result.open
    assert (lot.asset, lot.amount, lot.unit_cost) == ("BTC", Decimal("0.5"), 20200)
    assert not result.missing


def test_a_fee_in_the_coin_bought_raises_what_each_coin_cost() -> None:
    # 1,000 for 1 ETH of which 0.2 went as fee: 0.8 ETH cost 1,000, so 1,250 each.
    result = book(make("2024-01-01", "buy", ("ETH", "1"), ("USD", "1000"), ("ETH", "0.2")))
    (lot,) = result.open
    assert (lot.amount, lot.unit_cost) == (Decimal("0.8"), 1250)


def test_a_fee_in_the_coin_sold_leaves_with_it() -> None:
    result = book(
        make("2024-01-01", "buy", ("ETH", "2"), ("USD", "2000")),
        make("2024-02-01", "sell", ("USD", "1500"), ("ETH", "1"), ("ETH", "0.5")),
    )
    # 1.5 ETH cost 1,500 and fetched 1,500.
    (disposal,) = result.disposals
    assert (disposal.amount, disposal.proceeds, disposal.cost) == (Decimal("1.5"), 1500, 1500)
    assert [lot.amount for lot in result.open] == [Decimal("0.5")]


def test_a_fee_in_a_third_coin_is_a_sale_of_it() -> None:
    result = book(
        make("2024-01-01", "buy", ("BNB", "1"), ("USD", "200")),
        make("2024-02-01", "buy", ("ETH", "1"), ("USD", "1000"), ("BNB", "0.1")),
        BNB="300",
    )
    # The fee is worth 30. BNB: 30 - 20 = 10 gained; ETH cost 1,000 + 30.
    (disposal,) = result.disposals
    assert (disposal.asset, disposal.proceeds, disposal.cost, disposal.gain) == ("BNB", 30, 20, 10)
    assert {lot.asset: lot.unit_cost for lot in result.open} == {"BNB": 200, "ETH": 1030}


def test_a_fee_in_a_third_coin_without_a_price_is_no_loss() -> None:
    result = book(
        make("2024-01-01", "buy", ("BNB", "1"), ("USD", "200")),
        make("2024-02-01", "buy", ("ETH", "1"), ("USD", "1000"), ("BNB", "0.1")),
    )
    # What the fee was worth is not known, so nothing is: not a loss of the 20 that it had cost.
    assert result.disposals == ()
    assert {lot.asset: lot.amount for lot in result.open} == {"BNB": Decimal("0.9"), "ETH": 1}
    (sentence,) = result.missing
    assert sentence.startswith("1 entry of BNB (first on 2024-02-01) could not be valued in USD")


def test_a_trade_is_a_sale_at_the_value_of_what_is_received() -> None:
    transactions = (
        make("2024-01-01", "buy", ("BTC", "1"), ("USD", "10000")),
        make("2024-02-01", "trade", ("ETH", "10"), ("BTC", "0.5")),
    )
    # 10 ETH at 1,600 are 16,000, though half a BTC at 31,000 would be 15,500.
    result = book(*transactions, ETH="1600", BTC="31000")
    (disposal,) = result.disposals
    assert (disposal.proceeds, disposal.cost, disposal.gain) == (16000, 5000, 11000)
    assert {lot.asset: lot.unit_cost for lot in result.open} == {"BTC": 10000, "ETH": 1600}
    # Without a price of ETH the side that has one is taken.
    result = book(*transactions, BTC="31000")
    assert result.disposals[0].proceeds == 15500
    assert {lot.asset: lot.unit_cost for lot in result.open}["ETH"] == 1550
    # Without any price nothing is guessed.
    result = book(*transactions)
    assert not result.disposals
    assert {lot.asset: lot.unit_cost for lot in result.open}["ETH"] is None
    assert result.missing == (
        (
            "1 entry of ETH for BTC (first on 2024-02-01) could not be valued in USD: "
            "there is no price for the day."
        ),
    )


def test_a_stated_value_goes_before_market_prices() -> None:
    result = book(
        make("2024-01-01", "buy", ("BTC", "1"), ("USD", "10000")),
        make("2024-02-01", "trade", ("ETH", "10"), ("BTC", "0.5"), value=("USD", "15900")),
        ETH="1600",
    )
    assert result.disposals[0].proceeds == 15900


def test_stablecoins_are_assets_and_fiat_is_not() -> None:
    result = book(
        make("2024-01-01", "deposit", ("USD", "1000")),
        make("2024-01-02", "buy", ("USDC", "1000"), ("USD", "1001")),
        make("2024-01-03", "trade", ("ETH", "0.5"), ("USDC", "1000")),
        make("2024-01-04", "trade", ("EUR", "90"), ("USD", "100")),
        USDC="1",
    )
    (disposal,) = result.disposals
    assert (disposal.asset, disposal.gain) == ("USDC", -1)
    assert [(lot.asset, lot.unit_cost) for lot in result.open] == [("ETH", 2000)]


def test_other_currencies_are_converted_at_the_day() -> None:
    transactions = (
        make("2024-01-01", "buy", ("ETH", "1"), ("EUR", "1000"), ("EUR", "10")),
        make("2024-02-01", "sell", ("EUR", "1500"), ("ETH", "1"), ("EUR", "15")),
    )
    # 1,010 EUR at 1.10 = 1,111 USD; 1,485 EUR at 1.10 = 1,633.50 USD.
    (disposal,) = book(*transactions, EUR="1.10").disposals
    assert (disposal.cost, disposal.proceeds) == (1111, Decimal("1633.5"))
    # Without a rate the coin's own price is used, and that is said.
    result = book(*transactions, ETH="1200")
    assert result.disposals[0].gain == 0
    assert result.missing == (
        (
            "2 entries in EUR (first on 2024-01-01) were valued by the coin's closing price: "
            "there is no price of EUR in USD."
        ),
    )


def test_income_is_bought_at_its_value_on_receipt() -> None:
    result = book(
        make("2024-01-01", "income", ("SOL", "2"), value=("USD", "50")),
        make("2024-01-02", "income", ("SOL", "1"), None, ("SOL", "0.2")),
        make("2024-02-01", "sell", ("USD", "120"), ("SOL", "2.8")),
        SOL="30",
    )
    # 2 SOL stated as 50, then 0.8 SOL (after commission) at 30 = 24; sold for 120.
    assert [one.value for one in result.income] == [50, 24]
    assert sum(one.cost for one in result.disposals) == 74
    (row,) = realised(result)
    assert (row.asset, row.gain, row.income) == ("SOL", 46, 74)


def test_interest_in_money_is_income_without_a_lot() -> None:
    result = book(
        make("2024-01-01", "income", ("USD", "12")),
        make("2024-01-02", "income", ("EUR", "10"), None, ("EUR", "1")),
        EUR="1.10",
    )
    # 12 USD, and 9 EUR at 1.10 = 9.90 USD.
    assert [(row.asset, row.income) for row in realised(result)] == [
        ("EUR", Decimal("9.9")),
        ("USD", 12),
    ]
    assert result.open == ()


def test_income_without_a_price_is_named() -> None:
    result = book(make("2024-01-01", "income", ("XYZ", "2")))
    assert result.open[0].unit_cost is None
    assert "1 entry of XYZ (first on 2024-01-01) could not be valued" in result.missing[0]


def test_a_transfer_keeps_the_lots_and_loses_its_fee() -> None:
    result = book(
        make("2024-01-01", "buy", ("ETH", "1"), ("USD", "1000")),
        make("2024-01-02", "buy", ("ETH", "1"), ("USD", "2000")),
        make("2024-01-03", "buy", ("ETH", "1"), ("USD", "3000"), account="Ledger"),
        make("2024-02-01", "transfer", ("ETH", "1.4"), ("ETH", "1.4"), ("ETH", "0.1"), to="Ledger"),
        make("2024-03-01", "sell", ("USD", "2000"), ("ETH", "1.2"), account="Ledger"),
    )
    fee, *sold = result.disposals
    # 1.4 ETH move: the first wholly, 0.4 of the second; the fee takes 0.1 of the second (200).
    assert (fee.proceeds, fee.cost, fee.gain, fee.account) == (0, 200, -200, "Kraken")
    # On the Ledger the moved coins are older than the one bought there: 1,000 + 0.2 * 2,000.
    assert sum(one.cost for one in sold) == 1400
    assert [(lot.account, lot.amount, lot.unit_cost) for lot in result.open] == [
        ("Kraken", Decimal("0.5"), 2000),
        ("Ledger", Decimal("0.2"), 2000),
        ("Ledger", Decimal(1), 3000),
    ]


def test_withdrawals_leave_without_a_gain_and_fees_are_lost() -> None:
    result = book(
        make("2024-01-01", "buy", ("ETH", "2"), ("USD", "2000")),
        make("2024-01-02", "withdrawal", None, ("ETH", "0.5"), ("ETH", "0.1")),
        make("2024-01-03", "fee", None, ("ETH", "0.2")),
    )
    assert [(one.amount, one.gain) for one in result.disposals] == [
        (Decimal("0.1"), -100),
        (Decimal("0.2"), -200),
    ]
    assert result.open[0].amount == Decimal("1.2")


def test_missing_history_is_named_and_never_guessed() -> None:
    result = book(
        make("2024-01-01", "deposit", ("BTC", "1")),
        make("2024-01-02", "sell", ("USD", "10000"), ("BTC", "0.25")),
        make("2024-01-03", "buy", ("ETH", "1"), ("USD", "1000")),
        make("2024-01-04", "sell", ("USD", "6000"), ("ETH", "3")),
    )
    # Of 3 ETH only one has a purchase: a third of the proceeds, 2,000, less 1,000.
    (disposal,) = result.disposals
    assert (disposal.amount, disposal.proceeds, disposal.gain) == (1, 2000, 1000)
    assert result.open[0].unit_cost is None
    assert result.missing == (
        (
            "2 ETH left Kraken (first on 2024-01-04) without a recorded purchase; "
            "its gain is left out."
        ),
        "1 BTC came into Kraken (first on 2024-01-01) at an unknown cost; its gain is left out.",
    )


def test_a_deposit_with_a_stated_cost_is_known() -> None:
    result = book(make("2024-01-01", "deposit", ("BTC", "2"), value=("USD", "30000")))
    assert result.open[0].unit_cost == 15000
    assert not result.missing


def test_within_one_second_what_comes_in_goes_first() -> None:
    result = book(
        make("2024-01-01", "sell", ("USD", "150"), ("ETH", "1")),
        make("2024-01-01", "buy", ("ETH", "1"), ("USD", "100")),
    )
    assert result.disposals[0].gain == 50
    assert not result.missing


def test_realised_gains_of_a_period_and_account() -> None:
    result = book(
        make("2024-01-01", "buy", ("BTC", "4"), ("USD", "400")),
        make("2024-02-01", "sell", ("USD", "150"), ("BTC", "1")),
        make("2024-03-01", "sell", ("USD", "180"), ("BTC", "1")),
        make("2024-03-31", "buy", ("SOL", "1"), ("USD", "10"), account="Coinbase"),
        make("2024-04-01", "sell", ("USD", "30"), ("SOL", "1"), account="Coinbase"),
    )
    assert [(row.asset, row.gain) for row in realised(result)] == [("BTC", 130), ("SOL", 20)]
    march = realised(result, date(2024, 3, 1), date(2024, 3, 31))
    assert [(row.asset, row.amount, row.proceeds, row.cost, row.gain) for row in march] == [
        ("BTC", 1, 180, 100, 80)
    ]
    assert [row.asset for row in realised(result, account="Coinbase")] == ["SOL"]
    assert realised(result, asset="ETH") == ()


@pytest.mark.parametrize("count", [1, 3, 7])
def test_splitting_a_lot_loses_nothing_of_its_cost(count: int) -> None:
    third = str(Decimal(1) / 3)[:30]
    sales = [
        make(f"2024-02-{day:02d}", "sell", ("USD", "1"), ("BTC", third))
        for day in range(1, count + 1)
    ]
    result = book(make("2024-01-01", "buy", ("BTC", "7"), ("USD", "100")), *sales)
    left = sum(lot.amount * (lot.unit_cost or 0) for lot in result.open)
    assert abs(sum(one.cost for one in result.disposals) + left - 100) < Decimal("1e-40")
