"""Files of yields: CSV, DefiLlama's replies, names that people know, per cent into fractions."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import KnownError
from engine.market.measurements import MeasurementPreview
from engine.store.measurements import Measurement
from tests.engine.market.market_file import NOW, looked_at

TODAY = NOW.date()


def llama(**changes: Any) -> dict[str, Any]:
    """One entry of a /pools reply, as recorded."""
    return {
        "chain": "Ethereum",
        "project": "lido",
        "symbol": "STETH",
        "tvlUsd": 21_300_500_000.25,
        "apyBase": 2.591,
        "apyReward": None,
        "apy": 2.591,
        "rewardTokens": None,
        "pool": "747c1d2a-c668-4682-b9f9-296708a3dd90",
        "apyPct1D": 0.023,
        "stablecoin": False,
        "ilRisk": "no",
        "exposure": "single",
        "predictions": {"predictedClass": "Stable/Up"},
        "poolMeta": None,
        "underlyingTokens": ["0x0000000000000000000000000000000000000000"],
    } | changes


def values(preview: MeasurementPreview) -> dict[tuple[str, str], str]:
    return {(row.name, row.field): str(row.value) for row in preview.rows}


def test_a_list_of_pools_is_of_today(tmp_path: Path) -> None:
    preview = looked_at(tmp_path, {"status": "success", "data": [llama()]})
    name = "lido STETH on Ethereum"
    assert isinstance(preview, MeasurementPreview)
    assert (preview.topic, preview.names, preview.what) == ("yield", (name,), "JSON")
    assert {row.day for row in preview.rows} == {TODAY}
    assert values(preview) == {
        (name, "apy"): "0.02591",
        (name, "apy_base"): "0.02591",
        (name, "tvl"): "21300500000.25",
        (name, "il_risk"): "0",
        (name, "stablecoin"): "0",
    }


def test_pools_of_one_name_are_told_apart_by_their_ids(tmp_path: Path) -> None:
    pools = [
        llama(pool="aaaaaaaa-1", apy=1),
        llama(pool="bbbbbbbb-2", apy=2),
        llama(pool="cccccccc-3", apy=3, poolMeta="7 days unstaking"),
        llama(pool="dddddddd-4", apy=4, project="", symbol=""),
    ]
    preview = looked_at(tmp_path, {"status": "success", "data": pools})
    assert {name: value for (name, field), value in values(preview).items() if field == "apy"} == {
        "lido STETH on Ethereum #aaaaaaaa": "0.01",
        "lido STETH on Ethereum #bbbbbbbb": "0.02",
        "lido STETH on Ethereum, 7 days unstaking": "0.03",
        "dddddddd-4": "0.04",
    }


def test_a_chart_is_of_the_pool_the_user_names(tmp_path: Path) -> None:
    chart = {
        "status": "success",
        "data": [
            {"timestamp": "2024-03-01T00:01:10.000Z", "tvlUsd": 5, "apy": 3.5, "apyBase": 3.5},
            {"timestamp": "2024-03-01T23:01:10.000Z", "tvlUsd": 6, "apy": 4.5, "apyBase": 4.5},
            {"timestamp": "2024-03-02T00:01:10.000Z", "tvlUsd": 7, "apy": None, "apyBase": None},
        ],
    }
    with pytest.raises(KnownError, match="does not say whose yields"):
        looked_at(tmp_path, chart)
    preview = looked_at(tmp_path, chart, asset=" my pool\n")
    day = date(2024, 3, 1)
    assert preview.rows == (
        Measurement("yield", "my pool", "apy", day, Decimal("0.045")),
        Measurement("yield", "my pool", "apy_base", day, Decimal("0.045")),
        Measurement("yield", "my pool", "tvl", day, Decimal(6)),
    )
    assert preview.warnings == ("Left out 1: rows of a day that has a later one.",)
    assert [(row.line, row.reason) for row in preview.refused] == [(3, "no apy")]


def test_a_csv_file_with_a_history(tmp_path: Path) -> None:
    preview = looked_at(
        tmp_path,
        "day,protocol,asset,network,APY,apy_base,apy_reward,tvl,il_risk,stablecoin\n"
        '2024-03-01,aave-v3,usdc,Base,5.25 %,5,0.25,"1,000",no,true\n'
        "2024-03-02,aave-v3,usdc,Base,-0.5,,,,unknown,YES\n",
    )
    name = "aave-v3 usdc on Base"
    assert (preview.first, preview.last, preview.unit) == (
        date(2024, 3, 1), date(2024, 3, 2), "line",
    )  # fmt: skip
    assert [(row.field, row.day.day, str(row.value)) for row in preview.rows] == [
        ("apy", 1, "0.0525"), ("apy_base", 1, "0.05"), ("apy_reward", 1, "0.0025"),
        ("tvl", 1, "1000"), ("il_risk", 1, "0"), ("stablecoin", 1, "1"),
        ("apy", 2, "-0.005"), ("stablecoin", 2, "1"),
    ]  # fmt: skip
    assert preview.names == (name,)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2024-03-01,P,,1", "no apy"),
        ("2024-03-01,P,NaN,1", 'the apy "NaN" is not a number'),
        ("2024-03-01,P,-100,1", "the apy is -100 % or less"),
        ("2024-03-01,P,1,-1", "the tvl is negative"),
        ("2024-03-01,,1,1", "no pool"),
        ("2030-03-01,P,1,1", "the date 2030-03-01 is in the future"),
        (",P,1,1", "no date"),
    ],
)
def test_rows_that_are_refused(tmp_path: Path, row: str, reason: str) -> None:
    preview = looked_at(tmp_path, f"date,pool,apy,tvl\n2024-03-01,Q,1,1\n{row}\n")
    assert len(preview.names) == 1
    assert [(one.line, one.reason) for one in preview.refused] == [(3, reason)]


def test_a_flag_that_is_neither(tmp_path: Path) -> None:
    preview = looked_at(tmp_path, "pool,apy,ilrisk\nP,1,maybe\n")
    assert preview.refused[0].reason == "the il_risk is neither yes nor no"
