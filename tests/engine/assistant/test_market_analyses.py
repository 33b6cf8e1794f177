"""Sentiment, extremes, ratios and NFT values by figures worked out by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.analytics.nft import Sale
from engine.core.errors import KnownError
from tests.engine.assistant.shelf import Shelf, chart, run, with_shelf
from tests.engine.assistant.world import TODAY, facts, figure

TONE = Shelf(values={("sentiment", "BTC", "score"): (0.5, -0.5, 0.5, -0.5, 0.1)})


def test_sentiment_that_knew_the_next_day() -> None:
    """BTC rises after every good day and falls after every bad one."""
    result = run("sentiment", with_shelf(TONE))
    found = facts(result)
    assert found["correlation with the next day's return of BTC"] == "1.00"
    assert (found["last"], found["mean"], found["pairs of days"]) == ("0.10", "0.02", "4")
    assert "rough figure" in result.text
    assert chart(result, "Price").series[0].name == "BTC"


def test_sentiment_that_is_not_there() -> None:
    with pytest.raises(KnownError, match="no sentiment to show"):
        run("sentiment")
    with pytest.raises(KnownError, match="no sentiment of SOL"):
        run("sentiment", with_shelf(TONE), series="SOL")


def test_highest_and_lowest_price() -> None:
    found = facts(run("price_extremes", asset="BTC"))
    assert (found["highest close"], found["lowest close"]) == ("$100,000.00", "$80,000.00")
    assert found["day of the highest close"] == "2026-11-19"
    assert found["last close against the highest close"] == "-20.00 %"
    assert found["mean close"] == "$88,000.00"
    with pytest.raises(KnownError, match="no prices of BTC"):
        run("price_extremes", asset="BTC", period="2025")


def test_the_price_of_one_coin_in_another() -> None:
    """ETH in BTC: 2,500/80,000, 3,000/100,000, 3,000/80,000, 3,000/100,000, 2,400/80,000."""
    result = run("price_ratio", asset="ETH", against="BTC", period="all")
    found = facts(result)
    assert found["ratio"] == "0.0300000" or found["ratio"] == "0.03"
    assert figure(result, "highest") == Decimal("0.0375")
    assert found["day of the highest"] == "2026-11-20"
    assert found["change"] == "-4.00 %"
    assert figure(result, "mean") == Decimal("0.03175")
    with pytest.raises(KnownError, match="two different coins"):
        run("price_ratio", asset="BTC", against="BTC")


def sale(item: str, days_ago: int, price: str) -> Sale:
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
    return Sale(item, noon - timedelta(days_ago), Decimal(price))


def hand_made() -> Shelf:
    """Ten items sold at 10 each, three times; those with a crown brought 20."""
    sales, traits = [], {}
    for number in range(10):
        crowned = number % 4 == 0
        traits[str(number)] = {"head": "crown" if crowned else "cap"}
        sales += [
            sale(str(number), days, "20" if crowned else "10")
            for days in (90 + number, 50 + number, 10 + number)
        ]
    return Shelf(sold={"Hats": (sorted(sales, key=lambda one: one.time), traits)})


def test_the_range_holds_the_price_an_item_always_sold_at() -> None:
    result = run("nft_value", with_shelf(hand_made()), item="#7")
    assert facts(result)["last sale"] == "10 ETH"
    assert "Left out: 2 sales in other currencies than ETH." in result.text
    assert figure(result, "low") <= 10 <= figure(result, "high")
    assert figure(result, "level of the collection") == 10
    assert figure(result, "sales in 30 days") == 10
    assert len(chart(result).series[0].x) == 30


def test_a_rarer_trait_is_worth_more() -> None:
    context = with_shelf(hand_made())
    crowned, plain = (run("nft_value", context, collection="Hats", item=n) for n in ("4", "7"))
    assert figure(crowned, "middle") > figure(plain, "middle") * Decimal("1.5")
    assert "no total of the portfolio" in crowned.text


def test_an_unknown_collection_is_refused() -> None:
    with pytest.raises(KnownError, match="no sales of this collection"):
        run("nft_value", with_shelf(hand_made()), collection="Cats", item="1")
