"""Binance: klines, from the request to the candles."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.core.errors import KnownError
from engine.core.records import PricePoint
from engine.market.quality import examine
from engine.market.sources.base import DAY_MS, UnknownAsset
from engine.market.sources.binance import Binance, parse_klines
from tests.engine.loopback import Handler
from tests.engine.market.source_data import CLOCK, NOW, exact, fetching


def kline(day: str, close: str = "68330.42000000", **changes: Any) -> list[Any]:
    """A kline in the documented shape."""
    opened = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
    row: dict[str, Any] = {
        "opened": opened,
        "open": "66823.18000000",
        "high": "70000.00000000",
        "low": "66082.66000000",
        "close": close,
        "volume": "89512.12345000",
        "closed": opened + DAY_MS - 1,
        "quote": "6095473425.11",
        "trades": 3243433,
        "taker": "44731.11",
        "taker_quote": "3045473425.11",
        "unused": "0",
    }
    return list((row | changes).values())


def test_a_candle_is_that_of_its_utc_day() -> None:
    parsed = parse_klines(exact([kline("2024-03-08")]), "BTC", "USD", NOW)
    assert parsed.rows == (
        PricePoint(
            "BTC",
            "USD",
            date(2024, 3, 8),
            Decimal("68330.42"),
            Decimal("66823.18"),
            Decimal(70000),
            Decimal("66082.66"),
            Decimal("89512.12345"),
            "binance",
        ),
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"close": "-1"}, "negative"),
        ({"close": "NaN"}, "not a number"),
        ({"close": "Infinity"}, "not a number"),
        ({"close": ""}, "no close"),
        ({"close": None}, "not a number"),
        ({"close": "99999"}, "contradict"),
        ({"low": "80000"}, "contradict"),
        ({"volume": "-1"}, "negative"),
        ({"closed": 0}, "not the candle of a UTC day"),
        ({"opened": 1709856000001}, "not the candle of a UTC day"),
        ({"opened": "1709856000000"}, "time is not a number"),
    ],
)
def test_a_candle_that_cannot_be_is_dropped(changes: dict[str, Any], reason: str) -> None:
    data = exact([kline("2024-03-08", **changes), kline("2024-03-09")])
    parsed = parse_klines(data, "BTC", "USD", NOW)
    assert [row.day for row in parsed.rows] == [date(2024, 3, 9)]
    (dropped,) = parsed.dropped
    assert reason in dropped


def test_a_day_without_trade_has_a_volume_of_zero_which_the_report_on_quality_sees() -> None:
    days = ("2024-03-07", "2024-03-08", "2024-03-09")
    rows = parse_klines(exact([kline(day, volume="0.0") for day in days]), "X", "USD", NOW).rows
    assert [row.volume for row in rows] == [0, 0, 0]
    assert [found.kind for found in examine(rows, NOW.date()).findings] == ["no volume"]


def test_hourly_candles_are_not_taken_for_days() -> None:
    hour = 3_600_000
    first = kline("2024-03-08")[0]
    rows = [
        kline("2024-03-08", opened=first + n * hour, closed=first + (n + 1) * hour - 1)
        for n in range(24)
    ]
    with pytest.raises(KnownError, match="No row"):
        parse_klines(exact(rows), "BTC", "USD", NOW)


def test_a_second_row_for_a_day_is_dropped_and_the_future_as_well() -> None:
    rows = [kline("2024-03-09"), kline("2024-03-08"), kline("2024-03-09", "1"), kline("2024-03-11")]
    rows[2] = kline("2024-03-09", "67000")
    parsed = parse_klines(exact(rows), "BTC", "USD", NOW)
    assert [(row.day.day, row.close) for row in parsed.rows] == [
        (8, Decimal("68330.42")),
        (9, Decimal("68330.42")),
    ]
    assert parsed.dropped == (
        "row 4: the date 2024-03-11 is in the future",
        "a second row for 2024-03-09",
    )


@pytest.mark.parametrize("data", [{"code": -1121, "msg": "Invalid symbol."}, None, "", [1], [[]]])
def test_another_form_is_an_error(data: object) -> None:
    with pytest.raises(KnownError):
        parse_klines(data, "BTC", "USD", NOW)


def test_a_long_history_is_asked_for_page_by_page() -> None:
    def answer(handler: Handler) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        first = datetime.fromtimestamp(int(query["startTime"][0]) / 1000, UTC)
        last = datetime.fromtimestamp(int(query["endTime"][0]) / 1000, UTC)
        count = min((last - first).days + 1, int(query["limit"][0]))
        handler.reply_json([kline(str((first + timedelta(n)).date())) for n in range(count)])

    start = date(2020, 1, 1)
    with fetching(answer) as (server, fetch):
        parsed = Binance(fetch, CLOCK, server.url).history("BTC", "USD", start, date(2024, 3, 10))
    assert [urlsplit(asked.path).path for asked in server.asked] == ["/api/v3/klines"] * 2
    query = parse_qs(urlsplit(server.asked[0].path).query)
    assert (query["symbol"], query["interval"]) == (["BTCUSDT"], ["1d"])
    days = [row.day for row in parsed.rows]
    assert days == [start + timedelta(n) for n in range((date(2024, 3, 10) - start).days + 1)]
    assert parsed.dropped == ("Binance prices BTC in USDT, which is taken for the dollar",)


def test_another_currency_is_its_own_market() -> None:
    with fetching(lambda handler: handler.reply_json([])) as (server, fetch):
        parsed = Binance(fetch, CLOCK, server.url).history(
            "ETH", "EUR", date(2024, 3, 8), date(2024, 3, 9)
        )
    assert "symbol=ETHEUR" in server.asked[0].path
    assert (parsed.rows, parsed.dropped) == ((), ())


def test_a_market_it_does_not_have_is_unknown() -> None:
    def answer(handler: Handler) -> None:
        handler.reply(400, b'{"code":-1121,"msg":"Invalid symbol."}')

    with fetching(answer) as (server, fetch):
        source = Binance(fetch, CLOCK, server.url)
        with pytest.raises(UnknownAsset, match="ABCCHF"):
            source.history("ABC", "CHF", date(2024, 3, 8), date(2024, 3, 9))
        for asset in ("A&B", "EUR"):
            with pytest.raises(UnknownAsset):
                source.history(asset, "EUR", date(2024, 3, 8), date(2024, 3, 9))
    assert len(server.asked) == 1


def test_an_address_that_is_banned_is_told() -> None:
    with (
        fetching(lambda handler: handler.reply(418, Retry_After="1200")) as (server, fetch),
        pytest.raises(KnownError, match="Try again in 20 minutes"),
    ):
        Binance(fetch, CLOCK, server.url).history("BTC", "USD", date(2024, 3, 8), date(2024, 3, 9))
