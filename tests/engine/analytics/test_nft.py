"""Value ranges of NFTs on collections whose outcome can be worked out by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analytics.nft import LEVEL_SALES, MIN_SALES, Sale, prepare, value
from engine.core.errors import KnownError

START = datetime(2024, 1, 1, tzinfo=UTC)
D = Decimal


def sales(*prices: str, every: float = 1.0) -> list[Sale]:
    """One sale of a new item each `every` days."""
    return [
        Sale(f"#{i}", START + timedelta(days=i * every), D(price)) for i, price in enumerate(prices)
    ]


def end(known: list[Sale]) -> datetime:
    return known[-1].time + timedelta(days=1)


def test_an_even_market() -> None:
    known = sales(*["2"] * 30)
    result = value(prepare(known), "#99", end(known))
    assert result.low == result.mid == result.high == result.level == 2
    assert (result.observed_floor, result.sales_30d) == (2, 30)
    assert (result.last_sale, result.trait_premium) == (None, None)
    assert "Neither a sale of this item nor its traits" in result.warnings[0]


def test_the_level_is_a_weighted_median() -> None:
    # Half-life 3 days: the last 3 of 23 daily sales weigh 1 + 0.794 + 0.63 = 2.42 of a total of
    # 4.83 (1 / (1 - 0.5 ** (1/3)) = 4.847, less the 0.5 ** (23/3) tail): just over half.
    assert value(prepare(known := sales(*["1"] * 20, *["5"] * 3)), "x", end(known)).level == 5
    assert value(prepare(known := sales(*["1"] * 20, *["5"] * 2)), "x", end(known)).level == 1


def test_the_own_sale_counts_half_and_fades_with_age() -> None:
    # Sold at 4 in a market of 1: premium ln 4, of which half, halved again after 200 days.
    known = [*sales(*["1"] * 30), Sale("mine", START + timedelta(days=30), D(4))]
    later = [Sale(f"+{i}", START + timedelta(days=30 + i), D(1)) for i in range(1, 260)]
    history = prepare([*known, *later])
    for days, mid in ((10, 4 ** (0.5 * 0.5 ** (10 / 200))), (200, 4**0.25)):
        result = value(history, "mine", known[-1].time + timedelta(days=days))
        assert float(result.mid) == pytest.approx(mid, rel=1e-5)
        assert result.last_sale == 4
        assert result.last_sale_days == pytest.approx(days)
    assert "Last sale 4" in result.method


def test_an_own_sale_moves_with_the_market() -> None:
    # Sold at the level of 1; the market has risen tenfold since.
    known = sales(*["1"] * 30, *["10"] * 30)
    assert value(prepare(known), "#20", end(known)).mid == 10


def test_traits_by_hand() -> None:
    # Each tenth sale has "crown" and costs 4 times the level of 1: 5 of them after the first
    # MIN_SALES, so ln 4 * 5 / (5 + 20) for crown and nothing for "plain", on average half of it.
    prices = ["4" if i % 10 == 5 else "1" for i in range(60)]
    known = sales(*prices)
    traits = {
        sale.item: frozenset({"crown", "plain"} if sale.price == 4 else {"plain"}) for sale in known
    }
    traits["new"] = frozenset({"crown", "plain"})
    result = value(prepare(known, traits), "new", end(known))
    assert result.trait_premium == pytest.approx(4 ** (5 / 25 / 2))
    assert float(result.mid) == pytest.approx(4**0.1, rel=1e-5)
    assert "Traits: +15 %" in result.method
    assert result.warnings == ()


def test_gifts_and_unpriced_sales_say_nothing() -> None:
    known = sales(*["1"] * 30)
    gift = Sale("mine", known[-1].time + timedelta(hours=1), D("0.001"))
    free = Sale("mine", known[-1].time + timedelta(hours=2), D(0))
    history = prepare([*known, gift, free])
    assert history.ignored == 1
    assert value(history, "mine", end(known)).last_sale is None


def test_the_floor_caps_what_nothing_speaks_for() -> None:
    known = sales(*["2"] * 30)
    history = prepare(known)
    assert value(history, "new", end(known), floor=D("1.5")).mid == D("1.5")
    sold = value(history, "#20", end(known), floor=D("1.5"))
    assert (sold.low, sold.mid) == (D("1.5"), 2)
    assert "Lowest price asked now: 1.5" in sold.method
    assert value(history, "new", end(known), floor=D(3)).mid == 2


def test_few_sales_widen_the_range() -> None:
    prices = ["1", "2", "1", "3", "1", "2", "1", "4", "1", "2"] * 3
    busy, slow = sales(*prices), sales(*prices, every=20)
    wide = value(prepare(slow), "new", end(slow))
    narrow = value(prepare(busy), "new", end(busy))
    assert wide.high / wide.low > narrow.high / narrow.low
    assert any("last 30 days" in warning for warning in wide.warnings)


def test_the_future_is_not_seen() -> None:
    known = sales(*["1"] * 30, *["9"] * 30)
    at = known[30].time
    assert value(prepare(known), "#45", at) == value(prepare(known[:30]), "#45", at)


def test_what_is_refused() -> None:
    known = sales(*["1"] * (MIN_SALES - 1))
    with pytest.raises(KnownError, match="9 sales"):
        value(prepare(known), "x", end(known))
    known = sales(*["1"] * 30)
    with pytest.raises(KnownError, match="floor"):
        value(prepare(known), "x", end(known), floor=D(0))
    with pytest.raises(KnownError):
        value(prepare(known), "x", START)


@given(
    st.lists(st.decimals("0.01", "1000", places=2), min_size=MIN_SALES, max_size=40),
    st.integers(2, 50),
)
def test_ranges_are_ordered_and_scale_with_the_currency(prices: list[Decimal], by: int) -> None:
    known = sales(*map(str, prices))
    result = value(prepare(known), "#3", end(known))
    assert 0 < result.low <= result.mid <= result.high
    scaled = prepare([Sale(sale.item, sale.time, sale.price * by) for sale in known])
    assert float(value(scaled, "#3", end(known)).mid) == pytest.approx(
        float(result.mid) * by, rel=2e-5
    )


def test_only_the_latest_sales_make_the_level() -> None:
    # All at one moment, so of equal weight: the older half is out of sight.
    early = [Sale(f"a{i:04}", START, D(1)) for i in range(LEVEL_SALES)]
    late = [Sale(f"b{i:04}", START, D(2)) for i in range(LEVEL_SALES)]
    assert value(prepare([*late, *early]), "x", START + timedelta(days=1)).level == 2
