"""What is held and worth on a day, and what is said when something is not known."""

from datetime import date
from decimal import Decimal

from engine.ledger.gaps import about
from engine.ledger.legs import cash_pockets, holdings
from engine.ledger.methods import CostBasis
from engine.ledger.valuation import HoldingRow, Valuation
from tests.engine.ledger.ledger_samples import make, price_book, value_at

LEDGER = [
    make("2024-01-01", "buy", ("BTC", "0.5"), ("USD", "20000"), ("USD", "100")),
    make("2024-01-02", "buy", ("ETH", "4"), ("USD", "8000"), account="Coinbase"),
    make("2024-01-03", "transfer", ("ETH", "1"), ("ETH", "1"), account="Coinbase", to="Ledger"),
    make("2024-02-01", "sell", ("USD", "5000"), ("BTC", "0.1"), ("USD", "10")),
]
PRICES = price_book(
    BTC={"2024-01-05": "42000", "2024-03-01": "60000"},
    ETH={"2024-01-05": "2200", "2024-02-27": "3000"},
)


def by_asset(result: Valuation) -> dict[str, HoldingRow]:
    return {row.asset: row for row in result.rows}


def test_value_weight_cost_and_unrealised_gain() -> None:
    result = value_at(LEDGER, PRICES, "USD", date(2024, 3, 1))
    rows = by_asset(result)
    # BTC: 0.4 left at 60,000 = 24,000; they cost 0.4 * 40,200 = 16,080.
    btc = rows["BTC"]
    assert (btc.amount, btc.value, btc.cost, btc.unrealised) == (
        Decimal("0.4"),
        24000,
        16080,
        7920,
    )
    assert btc.average_cost == 40200
    # ETH: 4 at 3,000 = 12,000, cost 8,000; its close is three days old and says so.
    eth = rows["ETH"]
    assert (eth.value, eth.cost, eth.unrealised) == (12000, 8000, 4000)
    assert (btc.price_day, eth.price_day) == (date(2024, 3, 1), date(2024, 2, 27))
    assert result.total == 36000
    assert (btc.weight, eth.weight) == (Decimal(24) / 36, Decimal(12) / 36)
    assert [row.asset for row in result.rows] == ["BTC", "ETH"]
    assert not result.missing


def test_a_past_day_knows_nothing_of_later_ones() -> None:
    result = value_at(LEDGER, PRICES, "USD", date(2024, 1, 5))
    assert result.total == Decimal("0.5") * 42000 + 4 * 2200
    assert value_at(LEDGER, PRICES, "USD", date(2023, 12, 31)).rows == ()


def test_one_account_alone() -> None:
    result = value_at(LEDGER, PRICES, "USD", date(2024, 3, 1), account="Ledger")
    (row,) = result.rows
    assert (row.asset, row.amount, row.value, row.cost, row.weight) == ("ETH", 1, 3000, 2000, 1)


def test_prices_that_are_missing_or_too_old_are_named() -> None:
    result = value_at(
        [*LEDGER, make("2024-02-01", "buy", ("XYZ", "1"), ("USD", "5"))],
        PRICES,
        "USD",
        date(2024, 3, 7),
    )
    rows = by_asset(result)
    assert rows["BTC"].value == 24000  # six days old
    assert (rows["ETH"].value, rows["ETH"].weight, rows["ETH"].cost) == (None, None, 8000)
    assert result.total == 24000
    assert result.rows[0].weight == 1
    assert result.missing == (
        "The last price of ETH is of 2024-02-27, too old to use; it is not in the total.",
        "XYZ has no price in USD; it is not in the total.",
    )


def test_part_of_a_holding_may_have_no_known_cost() -> None:
    result = value_at(
        [*LEDGER, make("2024-02-02", "deposit", ("BTC", "0.6"))], PRICES, "USD", date(2024, 3, 1)
    )
    row = by_asset(result)["BTC"]
    # Worth 60,000 in all; the 0.4 BTC with a known cost gained 24,000 - 16,080.
    assert (row.amount, row.value, row.known_amount) == (1, 60000, Decimal("0.4"))
    assert (row.cost, row.unrealised, row.average_cost) == (16080, 7920, 40200)
    assert result.missing == (
        "0.6 BTC came into Kraken (first on 2024-02-02) at an unknown cost; its gain is left out.",
    )


def test_more_sold_than_bought_is_never_valued_below_zero() -> None:
    ledger = [
        make("2024-01-01", "buy", ("BTC", "1"), ("USD", "40000")),
        make("2024-01-02", "sell", ("USD", "90000"), ("BTC", "2"), account="Coinbase"),
    ]
    result = value_at(ledger, PRICES, "USD", date(2024, 3, 1))
    assert result.rows == ()
    assert result.total == 0
    missing = "The records hold -1 BTC: earlier purchases are missing, so it is in no total."
    assert missing in result.missing
    # Held in all is less than was bought in one account: a gain cannot be stated.
    ledger.append(make("2024-01-03", "income", ("BTC", "1.5"), account="Ledger"))
    row = by_asset(value_at(ledger, PRICES, "USD", date(2024, 3, 1)))["BTC"]
    assert (row.amount, row.cost, row.unrealised) == (Decimal("0.5"), None, None)


def test_what_is_oversold_in_all_has_no_value_in_an_account_either() -> None:
    ledger = [
        make("2024-01-01", "buy", ("BTC", "1"), ("USD", "40000")),
        make("2024-01-02", "sell", ("USD", "90000"), ("BTC", "2"), account="Coinbase"),
        make("2024-01-03", "buy", ("ETH", "2"), ("USD", "4000")),
    ]
    day = date(2024, 3, 1)
    kraken = value_at(ledger, PRICES, "USD", day, account="Kraken")
    # Two ETH at 3,000; the BTC is listed, but without a value.
    assert (kraken.total, value_at(ledger, PRICES, "USD", day).total) == (6000, 6000)
    btc = by_asset(kraken)["BTC"]
    assert (btc.amount, btc.value, btc.unrealised, btc.weight) == (1, None, None, None)
    assert (
        "The records hold 1 BTC in Kraken, but -1 in all accounts together: earlier purchases are "
        "missing, so it is in no total." in kraken.missing
    )


def test_an_account_below_zero_is_told_of_where_it_lowers_the_total() -> None:
    ledger = [
        make("2024-01-01", "buy", ("BTC", "3"), ("USD", "120000")),
        make("2024-01-02", "sell", ("USD", "90000"), ("BTC", "2"), account="Coinbase"),
    ]
    day = date(2024, 3, 1)
    whole = value_at(ledger, PRICES, "USD", day)
    # 3 - 2 at 60,000; in Kraken alone there are 3.
    assert whole.total == 60000
    assert (
        "The records hold -2 BTC in Coinbase: earlier purchases are missing, and the total counts "
        "so much less than the other accounts hold." in whole.missing
    )
    kraken = value_at(ledger, PRICES, "USD", day, account="Kraken")
    assert (kraken.total, kraken.missing) == (180000, whole.missing[:1])


def test_what_is_missing_is_known_by_coin() -> None:
    result = value_at(
        [
            *LEDGER,
            make("2024-01-01", "deposit", ("BTC", "1"), account="USD wallet of ETH"),
            make("2024-01-03", "trade", ("XYZ", "1"), ("ABC", "2")),
            make("2024-01-04", "buy", ("ETH", "1"), ("CHF", "9")),
        ],
        PRICES,
        "USD",
        date(2024, 1, 7),
    )
    assert [gap.split(" (first")[0] for gap in about(result.missing, "BTC")] == [
        "1 BTC came into USD wallet of ETH"
    ]
    assert not about(result.missing, "USD")
    for coin in ("ABC", "XYZ"):
        assert any("1 entry of XYZ for ABC" in gap for gap in about(result.missing, coin))
    assert [gap.assets for gap in result.missing if "XYZ has no price" in gap] == [{"XYZ"}]


def test_cash_counts_where_the_records_explain_it() -> None:
    kraken = [
        make("2024-01-01", "deposit", ("USD", "1000")),
        make("2024-01-02", "buy", ("ETH", "0.25"), ("USD", "600"), ("USD", "1.5")),
    ]
    coinbase = [make("2024-01-02", "sell", ("USD", "100"), ("ETH", "0.01"), account="Coinbase")]
    bank = [
        make("2024-01-01", "deposit", ("EUR", "10"), account="Bitstamp"),
        make("2024-01-02", "buy", ("ETH", "1"), ("EUR", "2000"), account="Bitstamp"),
    ]
    everything = [*kraken, *coinbase, *bank]
    cash = cash_pockets(everything)
    assert cash.tracked == {("Kraken", "USD")}
    assert cash.unexplained == {("Bitstamp", "EUR")}
    assert holdings(everything) == {"ETH": Decimal("1.24"), "USD": Decimal("398.5")}
    result = value_at(kraken, PRICES, "USD", date(2024, 1, 5))
    usd = by_asset(result)["USD"]
    assert (usd.value, usd.price, usd.cost, usd.unrealised) == (Decimal("398.5"), 1, None, None)
    assert result.total == Decimal("398.5") + Decimal("0.25") * 2200
    missing = value_at(everything, PRICES, "USD", date(2024, 1, 5)).missing
    assert (
        "Cash in Bitstamp (EUR) is left out: the records would make it fall below zero." in missing
    )


def test_another_currency_is_taken_from_the_rate() -> None:
    prices = price_book(ETH={"2024-01-05": "2200"}, EUR={"2024-01-05": "1.1"})
    ledger = [make("2024-01-05", "deposit", ("EUR", "100"))]
    assert value_at(ledger, prices, "USD", date(2024, 1, 5)).total == 110


def test_nfts_are_listed_apart_and_in_no_total() -> None:
    ledger = [
        *LEDGER,
        make("2024-02-02", "nft_buy", ("PUNKS#7804", "1"), ("ETH", "2"), value=("USD", "5000")),
        make("2024-02-03", "gift", ("PUNKS#1", "1")),
    ]
    result = value_at(ledger, PRICES, "USD", date(2024, 3, 1))
    assert [row.asset for row in result.rows] == ["BTC", "ETH"]
    assert result.total == 24000 + 2 * 3000
    assert [(row.asset, row.amount, row.value, row.weight, row.cost) for row in result.nfts] == [
        ("PUNKS#1", 1, None, None, None),
        ("PUNKS#7804", 1, None, None, 5000),
    ]
    # Nothing is said of their price, but the cost of the gift is not known.
    assert [gap for gap in about(result.missing, "PUNKS#1") if "price in USD" in gap] == []


def test_the_lots_are_those_of_the_method_in_force() -> None:
    ledger = [*LEDGER, make("2024-01-20", "buy", ("BTC", "0.5"), ("USD", "30000"))]
    on = date(2024, 3, 1)
    # 0.1 BTC sold: of the first purchase (cost 40,200 a coin), or of the dearest (60,000).
    by_fifo = by_asset(value_at(ledger, PRICES, "USD", on))["BTC"]
    by_hifo = by_asset(value_at(ledger, PRICES, "USD", on, basis=CostBasis("hifo")))["BTC"]
    assert (by_fifo.cost, by_hifo.cost) == (50100 - 4020, 50100 - 6000)


def test_a_universal_basis_has_no_cost_of_one_account() -> None:
    basis = CostBasis(universal=True)
    everywhere = value_at(LEDGER, PRICES, "USD", date(2024, 3, 1), basis=basis)
    assert by_asset(everywhere)["ETH"].cost == 8000
    one = value_at(LEDGER, PRICES, "USD", date(2024, 3, 1), account="Ledger", basis=basis)
    assert by_asset(one)["ETH"].cost is None
    assert one.missing == ("Costs are kept for all accounts together, not for one account alone.",)
