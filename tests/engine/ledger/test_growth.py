"""Contributions against growth, by hand, and the gains of the parts against the whole."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.core.records import Transaction
from engine.ledger.growth import (
    Growth,
    growth,
    growth_by_account,
    growth_by_asset,
    growth_by_tag,
    money_weighted_return,
)
from engine.ledger.history import value_history
from tests.engine.ledger.ledger_samples import make, price_book, tagged

START = date(2023, 1, 1)
END = date(2023, 12, 31)


def daily(first: float, last: float, days: int = 366) -> dict[str, str]:
    """A price on a straight line from the last day of 2022 on."""
    step = (last - first) / (days - 1)
    before = START - timedelta(1)
    return {str(before + timedelta(n)): f"{first + n * step:.10f}" for n in range(days)}


PRICES = price_book(BTC=daily(100, 200), ETH=daily(10, 5))


def by_name(found: tuple[Growth, ...]) -> dict[str, Growth]:
    return {one.name: one for one in found}


def test_what_was_paid_in_and_what_came_of_it() -> None:
    ledger = [
        make("2022-12-31", "buy", ("BTC", "1"), ("USD", "100")),
        make("2023-12-31", "buy", ("BTC", "2"), ("USD", "400")),
        make("2023-12-31", "sell", ("USD", "200"), ("BTC", "1")),
    ]
    found = growth(ledger, PRICES, "USD", START, END)
    # Two flows of one day are one: +400 - 200.
    assert (found.opening, found.paid_in, found.paid_out, found.value) == (100, 200, 0, 400)
    assert (found.net, found.gain) == (200, 100)
    # Money that comes in counts as invested before the day's move.
    eve = 100 + 364 * 100 / 365
    assert found.twr == pytest.approx(eve / 100 * 400 / (eve + 200) - 1)
    # 100 a year before, 200 on the last day, then 400: 100 (1 + r) = 200.
    assert found.xirr == pytest.approx(1.0, abs=1e-9)
    assert found.invested[[0, -1]].tolist() == [100, 300]
    assert found.notes == ()


def test_the_rate_solves_its_equation() -> None:
    ledger = [
        make("2023-01-01", "buy", ("BTC", "3"), ("USD", "310")),
        make("2023-06-01", "sell", ("USD", "150"), ("BTC", "1")),
        make("2023-09-01", "buy", ("BTC", "1"), ("USD", "170")),
    ]
    history = value_history(ledger, PRICES, "USD", START, END)
    rate = money_weighted_return(history)
    flows = [("2023-01-01", -310), ("2023-06-01", 150), ("2023-09-01", -170), ("2023-12-31", 600)]
    years = [((date.fromisoformat(day) - START).days / 365, flow) for day, flow in flows]
    assert sum(flow / (1 + rate) ** year for year, flow in years) == pytest.approx(0, abs=1e-6)


def test_accounts_give_and_take_transfers() -> None:
    ledger = [
        make("2023-01-01", "buy", ("BTC", "2"), ("USD", "200")),
        make("2023-12-31", "transfer", ("BTC", "1"), ("BTC", "1"), to="Ledger"),
    ]
    found = by_name(growth_by_account(ledger, PRICES, "USD", START, END))
    assert (found["Kraken"].value, found["Kraken"].paid_out, found["Kraken"].gain) == (
        200,
        200,
        200,
    )
    assert (found["Ledger"].value, found["Ledger"].paid_in, found["Ledger"].gain) == (200, 200, 0)
    assert found["Ledger"].xirr is None
    assert found["Ledger"].notes == ("There is no XIRR for less than 30 days.",)


def test_assets_trade_at_the_trades_value() -> None:
    ledger = [
        make("2022-12-31", "buy", ("BTC", "1"), ("USD", "100")),
        make("2022-12-31", "buy", ("BNB", "1"), ("USD", "7")),
        # At 200 a coin half a BTC is worth 100, but 110 was stated; the fee is a third coin's.
        make(
            "2023-12-31",
            "trade",
            ("ETH", "20"),
            ("BTC", "0.5"),
            ("BNB", "0.5"),
            value=("USD", "110"),
        ),
    ]
    prices = price_book(BTC=daily(100, 200), ETH=daily(10, 5), BNB=daily(8, 8))
    found = by_name(growth_by_asset(ledger, prices, "USD", START, END))
    assert (found["BTC"].paid_out, found["BTC"].value, found["BTC"].gain) == (110, 100, 110)
    # 110 and a fee of 4 for coins that close at 100.
    assert (found["ETH"].paid_in, found["ETH"].value, found["ETH"].gain) == (114, 100, -14)
    assert (found["BNB"].paid_out, found["BNB"].value, found["BNB"].gain) == (4, 4, 0)
    whole = growth(ledger, prices, "USD", START, END)
    assert whole.gain == sum(one.gain for one in found.values()) == 96


def test_tags_are_ledgers_of_their_own() -> None:
    ledger = [
        tagged(make("2022-12-31", "buy", ("BTC", "1"), ("USD", "100")), "savings"),
        tagged(make("2022-12-31", "buy", ("ETH", "5"), ("USD", "50")), "bets"),
        make("2022-12-31", "buy", ("BTC", "9"), ("USD", "900")),
    ]
    found = growth_by_tag(ledger, PRICES, "USD", START, END)
    assert [(one.name, one.value, one.gain) for one in found] == [
        ("savings", 200, 100),
        ("bets", 25, -25),
    ]
    assert found[1].twr == pytest.approx(-0.5)


def test_what_has_no_rate() -> None:
    nothing = value_history([], PRICES, "USD", START, END)
    with pytest.raises(KnownError, match="Nothing was invested"):
        money_weighted_return(nothing)
    assert growth([], PRICES, "USD", START, END).twr is None
    lost = [
        make("2023-01-01", "buy", ("BTC", "1"), ("USD", "100")),
        make("2023-06-01", "loss", None, ("BTC", "1")),
    ]
    with pytest.raises(KnownError, match="No yearly rate"):
        money_weighted_return(value_history(lost, PRICES, "USD", START, END))
    short = [make("2023-01-01", "buy", ("BTC", "1"), ("USD", "100"))]
    with pytest.raises(KnownError, match="less than 30 days"):
        money_weighted_return(value_history(short, PRICES, "USD", START, date(2023, 1, 20)))
    rough = growth(short, PRICES, "USD", START, date(2023, 3, 1))
    assert rough.xirr is not None
    assert "60 days, so it is a rough figure" in rough.notes[0]


def test_what_has_no_price_is_named() -> None:
    ledger = [make("2023-01-01", "buy", ("SHIB", "1"), ("USD", "100"))]
    found = growth(ledger, PRICES, "USD", START, END)
    assert found.notes[0] == "Not counted for lack of a price: SHIB."


coins = st.sampled_from(["BTC", "ETH", "BNB"])
days = st.dates(START - timedelta(20), END).map(str)
sizes = st.integers(1, 40).map(str)
fees = st.none() | st.tuples(st.sampled_from(["USD", "BTC", "ETH", "BNB"]), st.just("0.01"))


@st.composite
def entries(draw: st.DrawFn) -> Transaction:
    kind = draw(st.sampled_from(["buy", "sell", "trade", "income", "transfer", "spend"]))
    coin, size = draw(coins), draw(sizes)
    fee = draw(fees)
    when = draw(days)
    if kind == "buy":
        return make(when, kind, (coin, size), ("USD", draw(sizes)), fee)
    if kind == "sell":
        return make(when, kind, ("USD", draw(sizes)), (coin, size), fee)
    if kind == "trade":
        other = draw(coins.filter(lambda one: one != coin))
        return make(when, kind, (coin, size), (other, draw(sizes)), fee)
    if kind == "income":
        return make(when, kind, (coin, size))
    if kind == "spend":
        return make(when, kind, None, (coin, size), fee)
    return make(when, kind, (coin, size), (coin, size), fee, to="Ledger")


@settings(max_examples=60, deadline=None)
@given(st.lists(entries(), max_size=12), st.booleans())
def test_the_gains_of_the_assets_are_the_portfolios(rows: list[Transaction], cash: bool) -> None:
    prices = price_book(BTC=daily(100, 200, 400), ETH=daily(10, 5, 400), BNB=daily(8, 8, 400))
    # Enough of each coin that nothing ever falls below zero.
    stock = [make("2022-12-01", "gift", (coin, "1000")) for coin in ("BTC", "ETH", "BNB")]
    stock += [make("2022-12-01", "deposit", ("USD", "9999"))] if cash else []
    ledger = sorted([*stock, *rows], key=lambda t: t.time)
    parts = growth_by_asset(ledger, prices, "USD", START, END)
    whole = growth(ledger, prices, "USD", START, END)
    assert float(sum((one.gain for one in parts), Decimal(0))) == pytest.approx(
        float(whole.gain), abs=1e-4
    )
    assert sum(one.value for one in parts) == pytest.approx(whole.value, abs=Decimal("1e-6"))


def test_what_is_oversold_in_all_is_worth_nothing_in_one_account() -> None:
    ledger = [
        make("2022-12-31", "buy", ("BTC", "1"), ("USD", "100")),
        make("2022-12-31", "buy", ("ETH", "1"), ("USD", "10")),
        make("2023-12-31", "sell", ("USD", "400"), ("BTC", "2"), account="Coinbase"),
    ]
    kraken = by_name(growth_by_account(ledger, PRICES, "USD", START, END))["Kraken"]
    # The BTC went from 100 to 200 and left on the last day; 1 ETH went from 10 to 5.
    assert (kraken.opening, kraken.value, kraken.paid_out, kraken.gain) == (110, 5, 200, 95)
    assert growth(ledger, PRICES, "USD", START, END).value == 5


def test_zeros_of_what_has_no_price_say_nothing() -> None:
    ledger = [make("2023-01-01", "buy", ("SHIB", "1"), ("USD", "100"))]
    found = growth(ledger, PRICES, "USD", START, END)
    assert found.unknown
    assert found.notes[1] == (
        "Nothing that was held in this period has a price, so there is no XIRR."
    )
    ledger.append(make("2023-01-01", "buy", ("BTC", "1"), ("USD", "100")))
    assert not growth(ledger, PRICES, "USD", START, END).unknown
    parts = by_name(growth_by_asset(ledger, PRICES, "USD", START, END))
    assert (parts["SHIB"].unknown, parts["BTC"].unknown) == (True, False)
    assert not growth([], PRICES, "USD", START, END).unknown
