"""Weekly and monthly candles against values worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import PricePoint
from engine.market.resample import Candle, resample

MONDAY = date(2024, 1, 29)


def day(number: int, *prices: str | None) -> PricePoint:
    """close, open, high, low, volume of a day."""
    values = [None if price is None else Decimal(price) for price in prices]
    close, *others = values
    assert close is not None
    return PricePoint("BTC", "USD", MONDAY + timedelta(number), close, *others)


def test_weeks_begin_on_monday() -> None:
    points = [
        day(-1, "9"),  # the Sunday of the week before
        day(0, "11", "10", "12.5", "9.5", "1.1"),
        day(1, "12", "11", "12.000000000000000001", "10", "2.2"),
        day(6, "8", "9", "9", "7", "0"),
    ]
    before, week = resample(points, "week")
    one = Decimal(9)
    assert before == Candle(date(2024, 1, 22), date(2024, 1, 28), 1, one, one, one, one, None)
    assert week == Candle(
        MONDAY, date(2024, 2, 4), 3, Decimal(10), Decimal("12.5"), Decimal(7), Decimal(8),
        Decimal("3.3"),
    )  # fmt: skip
    assert not week.complete


def test_months_and_days_without_candles() -> None:
    points = [day(number, str(100 + number), None, None, None, "1") for number in range(35)]
    january, february, march = resample(points, "month")
    assert (january.start, january.end, january.days) == (date(2024, 1, 1), date(2024, 1, 31), 3)
    assert (january.open, january.high, january.low, january.close) == (100, 102, 100, 102)
    # 2024 is a leap year.
    assert (february.end, february.days, february.complete) == (date(2024, 2, 29), 29, True)
    assert (february.open, february.close, february.volume) == (103, 131, 29)
    assert (march.start, march.days) == (date(2024, 3, 1), 3)
    assert resample([], "month") == ()


def test_a_volume_that_is_missing_on_one_day_is_not_guessed() -> None:
    (week,) = resample([day(0, "1", None, None, None, "5"), day(1, "1")], "week")
    assert week.volume is None


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.decimals("0.00001", "99999", places=18)),
        min_size=1,
        unique_by=lambda pair: pair[0],
    )
)
def test_candles_hold_every_day_once(pairs: list[tuple[int, Decimal]]) -> None:
    points = [day(number, str(close)) for number, close in sorted(pairs)]
    for candles in (resample(points, "week"), resample(points, "month")):
        assert sum(candle.days for candle in candles) == len(points)
        assert candles[0].open == points[0].close
        assert candles[-1].close == points[-1].close
        assert max(candle.high for candle in candles) == max(point.close for point in points)
        assert min(candle.low for candle in candles) == min(point.close for point in points)
