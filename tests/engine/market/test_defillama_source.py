"""DefiLlama: pools and their charts, from the request to the records."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.market.sources.base import UnknownAsset
from engine.market.sources.defillama import DefiLlama, Pool, named, parse_chart, parse_pools
from engine.store.measurements import Measurement
from tests.engine.market.source_data import CLOCK, NOW, exact, fetching

STETH = "747c1d2a-c668-4682-b9f9-296708a3dd90"


def pool(**changes: Any) -> dict[str, Any]:
    """A pool in the documented shape."""
    entry = {
        "chain": "Ethereum",
        "project": "lido",
        "symbol": "STETH",
        "tvlUsd": 22760693591,
        "apyBase": 2.382,
        "apyReward": None,
        "apy": 2.382,
        "rewardTokens": None,
        "pool": STETH,
        "apyPct1D": 0.197,
        "stablecoin": False,
        "ilRisk": "no",
        "exposure": "single",
        "predictions": {"predictedClass": "Stable/Up", "predictedProbability": 74},
        "poolMeta": None,
        "apyMean30d": 2.1932,
        "underlyingTokens": ["0x0000000000000000000000000000000000000000"],
    }
    return entry | changes


def pools(*entries: object) -> Any:
    return exact({"status": "success", "data": list(entries)})


def day(stamp: str, **changes: Any) -> dict[str, Any]:
    """A day of a chart in the documented shape."""
    entry = {
        "timestamp": stamp,
        "tvlUsd": 9912345678,
        "apy": 3.7,
        "apyBase": None,
        "apyReward": None,
        "il7d": None,
        "apyBase7d": None,
    }
    return entry | changes


def test_rates_are_fractions_a_year() -> None:
    parsed = parse_pools(pools(pool()))
    assert parsed.rows == (
        Pool(
            STETH,
            "lido",
            "STETH",
            "Ethereum",
            Decimal(22760693591),
            Decimal("0.02382"),
            Decimal("0.02382"),
            None,
            Decimal("0.021932"),
            stable=False,
            impermanent_loss=False,
        ),
    )
    assert parsed.rows[0].label == "lido STETH on Ethereum"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pool": None}, "no pool"),
        ({"pool": "../x"}, "no usable id"),
        ({"tvlUsd": -1}, "negative"),
        ({"tvlUsd": None}, "not a number"),
        ({"apy": None}, "not a number"),
        ({"apy": "high"}, "not a number"),
        ({"apy": 10**40}, "out of range"),
        ({"apy": -100}, "the apy is -100 % or less"),
        ({"symbol": " "}, "no symbol"),
        ({"project": 3}, "no project"),
    ],
)
def test_a_pool_that_cannot_be_is_dropped(changes: dict[str, Any], reason: str) -> None:
    parsed = parse_pools(pools(pool(), pool(**changes), "?"))
    assert len(parsed.rows) == 1
    assert reason in parsed.dropped[0]
    assert "not an object" in parsed.dropped[1]


def test_what_is_not_known_is_none() -> None:
    (one,) = parse_pools(
        pools(pool(ilRisk=None, stablecoin=None, apyBase=None, apyMean30d=None))
    ).rows
    assert (one.impermanent_loss, one.stable, one.apy_base, one.apy_mean_30d) == (None,) * 4


def test_control_characters_do_not_get_in() -> None:
    (one,) = parse_pools(pools(pool(symbol="\x1b[2JSTETH\u202e"))).rows
    assert one.label == "lido [2JSTETH on Ethereum"


def test_a_chart_is_one_value_a_day() -> None:
    data = pools(
        day("2024-03-09T00:00:00.000Z"),
        day("2024-03-08T00:00:00.000Z", apy=-0.5),
        day("2024-03-09T23:01:10.123Z", apy=3.9, tvlUsd=0),
        day("2024-03-11T00:00:00.000Z"),
        day("yesterday"),
        day(None),  # type: ignore[arg-type]
    )
    parsed = parse_chart(data, STETH, NOW)
    assert parsed.rows == (
        Measurement("yield", STETH, "apy", date(2024, 3, 8), Decimal("-0.005")),
        Measurement("yield", STETH, "tvl", date(2024, 3, 8), Decimal(9912345678)),
        Measurement("yield", STETH, "apy", date(2024, 3, 9), Decimal("0.039")),
        Measurement("yield", STETH, "tvl", date(2024, 3, 9), Decimal(0)),
    )
    assert [reason.split(":")[0] for reason in parsed.dropped] == ["row 4", "row 5", "row 6"]


@pytest.mark.parametrize(
    "data", [None, [], {"status": "error"}, {"status": "success", "data": {}}, {"data": []}]
)
def test_another_form_is_an_error(data: object) -> None:
    with pytest.raises(KnownError):
        parse_pools(data)
    with pytest.raises(KnownError):
        parse_chart(data, STETH, NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(pool())), JSON))
def test_any_value_in_any_field_is_taken_or_dropped(changes: dict[str, Any]) -> None:
    parsed = parse_pools({"status": "success", "data": [exact(pool()), exact(pool()) | changes]})
    assert len(parsed.rows) + len(parsed.dropped) == 2
    assert all(one.tvl >= 0 for one in parsed.rows)


def test_pools_are_chosen_here_and_not_there() -> None:
    entries = [
        pool(),
        pool(pool="b", project="aave-v3", symbol="USDC", tvlUsd=5),
        pool(pool="c", project="aave-v3", symbol="USDC", chain="Base", tvlUsd=500),
    ]
    body = {"status": "success", "data": entries}
    with fetching(lambda handler: handler.reply_json(body)) as (server, fetch):
        source = DefiLlama(fetch, CLOCK, server.url)
        found = source.pools("usdc AAVE")
        large = source.pools("", Decimal(100))
    assert [one.id for one in found.rows] == ["c", "b"]
    assert [one.id for one in large.rows] == [STETH, "c"]
    assert [asked.path for asked in server.asked] == ["/pools", "/pools"]


def test_a_pool_is_asked_for_by_its_id() -> None:
    body = {"status": "success", "data": [day("2024-03-09T00:00:00.000Z")]}
    with fetching(lambda handler: handler.reply_json(body)) as (server, fetch):
        rows = DefiLlama(fetch, CLOCK, server.url).chart(STETH).rows
    assert server.asked[0].path == f"/chart/{STETH}"
    assert len(rows) == 2


@pytest.mark.parametrize("name", ["", "../pools", "a b", "x?y"])
def test_an_id_cannot_lead_elsewhere(name: str) -> None:
    with fetching(lambda handler: handler.reply()) as (server, fetch):
        with pytest.raises(UnknownAsset):
            DefiLlama(fetch, CLOCK, server.url).chart(name)
        assert server.asked == []


def test_a_pool_it_does_not_have_is_unknown() -> None:
    with (
        fetching(lambda handler: handler.reply(404)) as (server, fetch),
        pytest.raises(UnknownAsset, match="no pool"),
    ):
        DefiLlama(fetch, CLOCK, server.url).chart(STETH)


def test_pools_of_one_name_are_told_apart() -> None:
    ids = ("11111111-a", "22222222-b", "33333333-c")
    metas = ("0.3%", "0.05%", "0.05%")
    found = parse_pools(
        pools(*(pool(pool=one, poolMeta=meta) for one, meta in zip(ids, metas, strict=True)))
    ).rows
    assert found[0].label == "lido STETH on Ethereum, 0.3%"
    rows = [Measurement("yield", one, "apy", date(2024, 3, 8), Decimal(1)) for one in (*ids, "x")]
    told = named(rows, {one.id: one for one in found}, date(2024, 3, 10))
    assert list(dict.fromkeys(row.name for row in told)) == [
        "lido STETH on Ethereum, 0.3%",
        "lido STETH on Ethereum, 0.05% #22222222",
        "lido STETH on Ethereum, 0.05% #33333333",
        "x",
    ]
    assert {row.field for row in told if row.name.endswith("#33333333")} >= {"apy", "tvl"}
