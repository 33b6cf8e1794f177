"""CoinGecko: market_chart and simple/price, from the request to the records."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.core.errors import KnownError
from engine.market.sources.base import UnknownAsset, read_json
from engine.market.sources.coingecko import CoinGecko, parse_market_chart
from tests.engine.loopback import Handler
from tests.engine.market.source_data import CLOCK, NOW, exact, fetching


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


# The documented shape, with the numbers of three days; the last entry is the present price.
DAILY = f"""{{
    "prices": [
        [{ms("2024-03-08")}, 69702.3087473573],
        [{ms("2024-03-09")}, 71246.9514406015],
        [{ms("2024-03-10")}, 68887.7495158568],
        [{ms("2024-03-10 15:29")}, 67000.5]
    ],
    "market_caps": [[{ms("2024-03-08")}, 1370247487960.09]],
    "total_volumes": [[{ms("2024-03-08")}, 1.6e10]]
}}""".encode()


def test_a_price_stamped_midnight_closes_the_day_before() -> None:
    parsed = parse_market_chart(read_json(DAILY, "CoinGecko"), "BTC", "USD", NOW)
    assert [(row.day, row.close) for row in parsed.rows] == [
        (date(2024, 3, 7), Decimal("69702.3087473573")),
        (date(2024, 3, 8), Decimal("71246.9514406015")),
        (date(2024, 3, 9), Decimal("68887.7495158568")),
        (date(2024, 3, 10), Decimal("67000.5")),
    ]
    assert parsed.dropped == ()
    assert {(row.asset, row.currency, row.source) for row in parsed.rows} == {
        ("BTC", "USD", "coingecko")
    }


def test_of_hourly_prices_the_one_next_to_midnight_closes_the_day() -> None:
    start = datetime(2024, 3, 8, 0, 3, 12, tzinfo=UTC)
    prices = [
        [int((start + timedelta(hours=hour)).timestamp() * 1000), 100 + hour] for hour in range(30)
    ]
    # In any order.
    parsed = parse_market_chart(exact({"prices": prices[::-1]}), "ETH", "EUR", NOW)
    assert [(row.day, row.close) for row in parsed.rows] == [
        (date(2024, 3, 7), Decimal(100)),
        (date(2024, 3, 8), Decimal(124)),
        (date(2024, 3, 9), Decimal(129)),
    ]


def test_a_tiny_price_stays_exact() -> None:
    data = read_json(b'{"prices":[[1709942400000,1.234567890123456789e-08]]}', "CoinGecko")
    (row,) = parse_market_chart(data, "PEPE", "USD", NOW).rows
    assert str(row.close) == "1.234567890123456789E-8"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([ms("2024-03-09"), -1], "negative"),
        ([ms("2024-03-09"), 0], "zero"),
        ([ms("2024-03-09"), None], "not a number"),
        ([ms("2024-03-09"), True], "not a number"),
        ([ms("2024-03-09"), {"usd": 1}], "not a number"),
        ([ms("2024-03-09"), 10**40], "out of range"),
        ([ms("2024-03-12"), 1], "in the future"),
        ([ms("2008-01-01"), 1], "before the first crypto"),
        (["2024-03-09", 1], "the time is not a number"),
        ([10**30, 1], "out of range"),
        ([ms("2024-03-09")], "cut off"),
        ("2024-03-09", "cut off"),
        (None, "cut off"),
    ],
)
def test_a_row_that_cannot_be_is_dropped_with_its_reason(row: object, reason: str) -> None:
    data = exact({"prices": [[ms("2024-03-08"), 5], row]})
    parsed = parse_market_chart(data, "BTC", "USD", NOW)
    assert [row.close for row in parsed.rows] == [Decimal(5)]
    (dropped,) = parsed.dropped
    assert dropped.startswith("row 2: ")
    assert reason in dropped


def test_a_time_of_a_thousand_million_digits_is_not_written_out() -> None:
    data = read_json(b'{"prices": [[1709856000000, 5], [1e999999999, 1]]}', "CoinGecko")
    assert parse_market_chart(data, "BTC", "USD", NOW).dropped == (
        "row 2: the time is out of range",
    )


@pytest.mark.parametrize(
    "data", [None, [], 3, {}, {"prices": None}, {"prices": {}}, {"prices": [[1, 2]]}]
)
def test_another_form_is_an_error(data: object) -> None:
    with pytest.raises(KnownError):
        parse_market_chart(data, "BTC", "USD", NOW)


def test_no_prices_are_no_error() -> None:
    assert parse_market_chart({"prices": []}, "BTC", "USD", NOW).rows == ()


@pytest.mark.parametrize(
    "text", [DAILY[:-20], b"", b"<html>", b"\xff\xfe", b'{"prices": [[1, NaN]]}', b"[" * 100_000]
)
def test_what_is_no_json_is_told(text: bytes) -> None:
    with pytest.raises(KnownError, match="CoinGecko sent is not JSON"):
        read_json(text, "CoinGecko")


def test_the_history_is_asked_for_as_documented() -> None:
    with fetching(lambda handler: handler.reply(body=DAILY)) as (server, fetch):
        source = CoinGecko(fetch, CLOCK, server.url, key="CG-secret")
        parsed = source.history("BTC", "USD", date(2024, 3, 8), date(2024, 3, 9))
    (asked,) = server.asked
    url = urlsplit(asked.path)
    assert url.path == "/coins/bitcoin/market_chart/range"
    assert parse_qs(url.query) == {
        "vs_currency": ["usd"],
        "from": [str(ms("2024-03-08") // 1000)],
        "to": [str(ms("2024-03-10 00:05") // 1000)],
        "precision": ["full"],
    }
    assert asked.headers["x-cg-demo-api-key"] == "CG-secret"
    assert "CG-secret" not in asked.path + repr(source)
    assert [row.day for row in parsed.rows] == [date(2024, 3, 8), date(2024, 3, 9)]


def test_without_a_key_none_is_sent_and_the_user_may_name_the_id() -> None:
    with fetching(lambda handler: handler.reply(body=DAILY)) as (server, fetch):
        source = CoinGecko(fetch, CLOCK, server.url, ids={"XYZ": "xyz-coin"})
        source.history("XYZ", "CHF", date(2024, 3, 8), date(2024, 3, 9))
    (asked,) = server.asked
    assert asked.path.startswith("/coins/xyz-coin/market_chart/range?vs_currency=chf&")
    assert asked.headers["x-cg-demo-api-key"] is None


def test_what_the_free_plan_lacks_is_said() -> None:
    with fetching(lambda handler: handler.reply(body=DAILY)) as (server, fetch):
        source = CoinGecko(fetch, CLOCK, server.url)
        parsed = source.history("BTC", "USD", date(2020, 1, 1), date(2024, 3, 10))
    assert f"from={ms('2023-03-12') // 1000}&" in server.asked[0].path
    assert parsed.dropped == ("CoinGecko gives the last 365 days only",)


@pytest.mark.parametrize("asset", ["XYZ", "EUR"])
def test_a_coin_nobody_knows_the_id_of_is_not_asked_for(asset: str) -> None:
    with fetching(lambda handler: handler.reply()) as (server, fetch):
        with pytest.raises(UnknownAsset, match=asset):
            CoinGecko(fetch, CLOCK, server.url).history(
                asset, "USD", date(2024, 3, 8), date(2024, 3, 9)
            )
        assert server.asked == []


@pytest.mark.parametrize("name", ["../ping", "a/b", "A b", "x?y", ""])
def test_an_id_cannot_lead_elsewhere(name: str) -> None:
    with fetching(lambda handler: handler.reply()) as (server, fetch):
        source = CoinGecko(fetch, CLOCK, server.url, ids={"XYZ": name})
        with pytest.raises(UnknownAsset):
            source.history("XYZ", "USD", date(2024, 3, 8), date(2024, 3, 9))


def test_a_coin_it_does_not_have_is_unknown_and_other_errors_are_errors() -> None:
    status = 404

    def answer(handler: Handler) -> None:
        handler.reply(status, b'{"error":"coin not found"}')

    with fetching(answer) as (server, fetch):
        source = CoinGecko(fetch, CLOCK, server.url)
        with pytest.raises(UnknownAsset, match="BTC"):
            source.history("BTC", "USD", date(2024, 3, 8), date(2024, 3, 9))
        status = 401
        with pytest.raises(KnownError, match="401") as caught:
            source.history("BTC", "USD", date(2024, 3, 8), date(2024, 3, 9))
        assert not isinstance(caught.value, UnknownAsset)


def test_a_period_it_does_not_have_is_not_asked_for() -> None:
    with fetching(lambda handler: handler.reply()) as (server, fetch):
        source = CoinGecko(fetch, CLOCK, server.url)
        parsed = source.history("BTC", "USD", date(2020, 1, 1), date(2020, 12, 31))
    assert server.asked == []
    assert (parsed.rows, parsed.dropped) == ((), ("CoinGecko gives the last 365 days only",))
