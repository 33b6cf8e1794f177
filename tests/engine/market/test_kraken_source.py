"""Kraken: OHLC, from the request to the candles."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.core.errors import KnownError
from engine.market.sources.base import UnknownAsset, UnusableAnswer
from engine.market.sources.kraken import Kraken, parse_ohlc
from tests.engine.market.source_data import CLOCK, NOW, exact, fetching


def row(day: str, close: str = "68300.1", **changes: Any) -> list[Any]:
    """A row in the documented shape."""
    stamp = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
    values: dict[str, Any] = {
        "time": stamp,
        "open": "66800.5",
        "high": "69990.0",
        "low": "66000.0",
        "close": close,
        "vwap": "68000.0",
        "volume": "3187.08990154",
        "count": 52344,
    }
    return list((values | changes).values())


def reply(*rows: object, **changes: Any) -> Any:
    result = {"XXBTZUSD": list(rows), "last": 1709942400}
    return exact({"error": [], "result": result | changes})


def test_a_candle_is_that_of_its_utc_day() -> None:
    (point,) = parse_ohlc(reply(row("2024-03-08")), "BTC", "USD", NOW).rows
    assert (point.day, point.open, point.high, point.low, point.close, point.volume) == (
        date(2024, 3, 8),
        Decimal("66800.5"),
        Decimal("69990.0"),
        Decimal("66000.0"),
        Decimal("68300.1"),
        Decimal("3187.08990154"),
    )
    assert (point.asset, point.currency, point.source) == ("BTC", "USD", "kraken")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row("2024-03-08", "-1"), "negative"),
        (row("2024-03-08", "70000"), "contradict"),
        (row("2024-03-08 01:00"), "not the candle of a UTC day"),
        (row("2024-03-20"), "in the future"),
        (row("2024-03-08")[:4], "cut off"),
        ({}, "cut off"),
        (row("2024-03-09"), "a second row"),
    ],
)
def test_a_candle_that_cannot_be_is_dropped(bad: object, reason: str) -> None:
    parsed = parse_ohlc(reply(row("2024-03-09"), bad), "BTC", "USD", NOW)
    assert [point.day for point in parsed.rows] == [date(2024, 3, 9)]
    (dropped,) = parsed.dropped
    assert reason in dropped


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"error": [], "result": {"last": 1}},
        {"error": [], "result": {"A": [], "B": []}},
        {"error": [], "result": {"A": 3}},
        {"error": [], "result": []},
        {"result": {"A": []}},
    ],
)
def test_another_form_is_an_error(data: object) -> None:
    with pytest.raises(KnownError, match="unknown form"):
        parse_ohlc(data, "BTC", "USD", NOW)


def test_its_own_errors_are_told() -> None:
    with pytest.raises(UnknownAsset, match="XYZ in CHF"):
        parse_ohlc({"error": ["EQuery:Unknown asset pair"]}, "XYZ", "CHF", NOW)
    with pytest.raises(KnownError, match="Too many requests") as caught:
        parse_ohlc({"error": ["EGeneral:Too many requests\x1b[2J"]}, "BTC", "USD", NOW)
    assert "\x1b" not in str(caught.value)
    assert not isinstance(caught.value, UnknownAsset)


def test_the_history_is_asked_for_as_documented() -> None:
    body = {"error": [], "result": {"XXBTZEUR": [row("2024-03-07"), row("2024-03-08")], "last": 1}}
    with fetching(lambda handler: handler.reply_json(body)) as (server, fetch):
        parsed = Kraken(fetch, CLOCK, server.url).history(
            "BTC", "EUR", date(2024, 3, 8), date(2024, 3, 9)
        )
    (asked,) = server.asked
    assert urlsplit(asked.path).path == "/0/public/OHLC"
    stamp = int(datetime(2024, 3, 8, tzinfo=UTC).timestamp()) - 1
    assert parse_qs(urlsplit(asked.path).query) == {
        "pair": ["XBTEUR"],
        "interval": ["1440"],
        "since": [str(stamp)],
    }
    assert [point.day for point in parsed.rows] == [date(2024, 3, 8)]
    assert parsed.dropped == ()


def test_what_it_no_longer_has_is_said() -> None:
    with fetching(lambda handler: handler.reply_json({"error": [], "result": {"X": []}})) as (
        server,
        fetch,
    ):
        parsed = Kraken(fetch, CLOCK, server.url).history(
            "DOGE", "USD", date(2020, 1, 1), date(2024, 3, 9)
        )
    assert "pair=XDGUSD" in server.asked[0].path
    assert parsed.dropped == ("Kraken gives the last 720 days only",)


@pytest.mark.parametrize(
    ("error", "of_one_coin"),
    [
        ("EGeneral:Invalid arguments", True),
        ("EQuery:Invalid asset pair", True),
        ("EGeneral:Too many requests", False),
        ("EAPI:Rate limit exceeded", False),
        ("EService:Unavailable", False),
    ],
)
def test_errors_about_what_was_asked_are_told_from_those_about_kraken(
    error: str, of_one_coin: bool
) -> None:
    with pytest.raises(KnownError) as raised:
        parse_ohlc({"error": [error]}, "BTC", "USD", NOW)
    assert isinstance(raised.value, UnusableAnswer) is of_one_coin
