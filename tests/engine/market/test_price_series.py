"""Stored prices as series: the last known close, windows, rates, and what is kept in memory."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest

from engine.core.records import PricePoint
from engine.market.series import PriceBook

START = date(2024, 1, 1)


class Source:
    """BTC on 1, 2, 3 and 12 January; the euro on 1 January. Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.btc = {0: "100", 1: "110", 2: "120", 11: "130"}

    def series(self, asset: str, currency: str) -> Sequence[PricePoint]:
        self.asked += 1
        found = {("BTC", "USD"): self.btc, ("EUR", "USD"): {0: "1.25"}}.get((asset, currency), {})
        return [
            PricePoint(asset, currency, START + timedelta(n), Decimal(close))
            for n, close in found.items()
        ]


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def book(source: Source) -> PriceBook:
    return PriceBook(source)


def test_the_last_known_close(book: PriceBook) -> None:
    assert book.quote("BTC", "USD", START - timedelta(1)) is None
    for day, expected in ((0, 100), (2, 120), (10, 120), (500, 130)):
        point = book.quote("BTC", "USD", START + timedelta(day))
        assert point is not None
        assert point.close == expected
    assert book.quote("ETH", "USD", START) is None


def test_a_price_to_value_with_is_a_week_old_at_most(book: PriceBook) -> None:
    assert book.price("BTC", "USD", START + timedelta(9)) == 120
    assert book.price("BTC", "USD", START + timedelta(10)) is None


def test_windows(book: PriceBook) -> None:
    days, closes = book.closes("BTC", "USD", START + timedelta(1), START + timedelta(2))
    assert days == [START + timedelta(1), START + timedelta(2)]
    assert closes.tolist() == [110, 120]
    # With the close before the window the first return is that of its first day.
    _, closes = book.closes("BTC", "USD", START + timedelta(1), START + timedelta(2), base=True)
    assert closes.tolist() == [100, 110, 120]
    _, closes = book.closes("BTC", "USD", START + timedelta(11), START + timedelta(20), base=True)
    assert closes.tolist() == [130]
    assert book.closes("ETH", "USD", START, START)[0] == []
    assert book.span("BTC", "USD") == (START, START + timedelta(11))
    assert book.span("ETH", "USD") is None


def test_what_is_handed_out_cannot_change_what_is_kept(book: PriceBook) -> None:
    _, closes = book.closes("BTC", "USD", START, START)
    closes[0] = -1
    assert book.closes("BTC", "USD", START, START)[1].tolist() == [100]


def test_a_rate_is_turned_round_for_fiat_only(book: PriceBook) -> None:
    point = book.quote("USD", "EUR", START)
    assert point is not None
    assert point.close == Decimal("0.8")
    assert book.quote("USD", "BTC", START) is None


def test_a_coin_priced_in_another_currency_is_converted_by_the_rate(book: PriceBook) -> None:
    # 110 dollars at 0.8 euros the dollar; the rate of 1 January serves for a week.
    point = book.quote("BTC", "EUR", START + timedelta(1))
    assert point is not None
    assert (point.close, point.currency) == (88, "EUR")
    assert book.span("BTC", "EUR") == (START, START + timedelta(2))
    assert book.quote("BTC", "CHF", START) is None


def test_one_close_of_its_own_does_not_hide_the_converted_ones() -> None:
    def closes(count: int, value: str) -> dict[int, str]:
        return dict.fromkeys(range(count), value)

    class Mixed:
        def series(self, asset: str, currency: str) -> Sequence[PricePoint]:
            found = {
                ("BTC", "USD"): closes(301, "100"),
                ("EUR", "USD"): closes(301, "1.25"),
                ("BTC", "EUR"): {100: "79", 400: "90"},
                ("USD", "EUR"): {50: "0.5"},
            }.get((asset, currency), {})
            return [
                PricePoint(asset, currency, START + timedelta(n), Decimal(close))
                for n, close in found.items()
            ]

    book = PriceBook(Mixed())
    # Its own close on the day that has one; 100 dollars at 0.8 (once 0.5) on the others.
    for day, expected in ((0, 80), (50, 50), (99, 80), (100, 79), (101, 80), (300, 80), (400, 90)):
        point = book.quote("BTC", "EUR", START + timedelta(day))
        assert point is not None
        assert (point.day, point.close) == (START + timedelta(day), expected)
    days, _ = book.closes("BTC", "EUR", START, START + timedelta(500))
    assert len(days) == 302
    assert days == sorted(days)
    assert book.price("USD", "EUR", START + timedelta(51)) == Decimal("0.8")


def test_series_are_kept_until_prices_change(book: PriceBook, source: Source) -> None:
    book.quote("BTC", "USD", START)
    once = source.asked
    for _ in range(3):
        book.quote("BTC", "USD", START)
    assert source.asked == once
    source.btc[0] = "50"
    book.forget()
    point = book.quote("BTC", "USD", START)
    assert point is not None
    assert point.close == 50


def test_points_for_alerts_begin_two_before_the_day(book: PriceBook) -> None:
    def closes(day: int) -> list[Decimal]:
        return [p.close for p in book.points_since("BTC", "USD", START + timedelta(day))]

    assert closes(5) == [110, 120, 130]
    assert closes(1) == [100, 110, 120, 130]
    assert closes(99) == [120, 130]


class Stored:
    """Whatever points it is given."""

    def __init__(self, *points: PricePoint) -> None:
        self.points = points

    def series(self, asset: str, currency: str) -> Sequence[PricePoint]:
        return [p for p in self.points if (p.asset, p.currency) == (asset, currency)]


def test_a_rate_the_user_entered_the_other_way_round_counts_before_an_imported_one() -> None:
    eve = START - timedelta(1)
    book = PriceBook(
        Stored(
            PricePoint("EUR", "USD", eve, Decimal("1.10"), source="import"),
            PricePoint("EUR", "USD", START, Decimal("1.10"), source="import"),
            PricePoint("USD", "EUR", START, Decimal("0.8"), source="manual"),
        )
    )
    assert book.price("EUR", "USD", eve) == Decimal("1.10")
    assert book.price("EUR", "USD", START) == Decimal("1.25")
    assert book.price("USD", "EUR", START) == Decimal("0.8")


def test_a_price_the_user_entered_in_dollars_counts_in_euros_too() -> None:
    book = PriceBook(
        Stored(
            PricePoint("BTC", "EUR", START, Decimal(70), source="import"),
            PricePoint("BTC", "USD", START, Decimal(100), source="manual"),
            PricePoint("USD", "EUR", START, Decimal("0.8"), source="import"),
        )
    )
    assert book.price("BTC", "EUR", START) == 80
    assert book.price("BTC", "USD", START) == 100
