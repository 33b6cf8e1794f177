"""KuCoin: the zone stands in the header of newer files; older ones are in UTC+8."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from import_samples import all_said, reasons

from engine.ledger.importers import ImportPreview

Preview = Callable[..., ImportPreview]

NEWEST = (
    "UID,Account Type,Order ID,Symbol,Side,Order Type,Avg. Filled Price,Filled Amount,"
    "Filled Volume,Filled Volume (USDT),Filled Time(UTC+02:00),Fee,Tax,Maker/Taker,Fee Currency\n"
)
ORDERS = (
    "UID,Account Type,Order ID,Order Time(UTC),Symbol,Side,Order Type,Order Price,Order Amount,"
    "Avg. Filled Price,Filled Amount,Filled Volume,Filled Volume (USDT),Filled Time(UTC),Fee,"
    "Fee Currency,Tax,Status\n"
)
SECOND = "tradeCreatedAt,orderId,symbol,side,price,size,funds,fee,liquidity,feeCurrency,orderType\n"
FIRST = (
    "Time,Pair,Side,FilledPrice,FilledPriceCoin,Amount,AmountCoin,Volume,VolumeCoin,Fee,FeeCoin\n"
)
# 2 XRP at 0.5 are 1 USDT, with a fee of 0.001 USDT, at 8 in the morning UTC.
EXPECTED = ("trade", "2 XRP", "1 USDT", "0.001 USDT")
MORNING = datetime(2023, 1, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        NEWEST + "1,Spot,O1,XRP-USDT,BUY,LIMIT,0.5,2,1,1,2023-01-02 10:00:00,0.001,,TAKER,USDT\n",
        ORDERS + "1,Spot,O1,2023-01-02 07:59:00,XRP-USDT,BUY,LIMIT,0.5,2,0.5,2,1,1,"
        "2023-01-02 08:00:00,0.001,USDT,0,deal\n",
        SECOND + "2023-01-02 16:00:00,O1,XRP-USDT,buy,0.5,2,1,0.001,taker,USDT,limit\n",
        FIRST + "2023/01/02 16:00:00,XRP/USDT,Buy,0.5,USDT,2,XRP,1,USDT,0.001,USDT\n",
    ],
)
def test_all_generations_say_the_same(preview: Preview, text: str) -> None:
    result = preview(text)
    assert result.source == "KuCoin trades"
    assert all_said(result) == [EXPECTED]
    assert result.rows[0].time == MORNING
    names_no_zone = text.startswith((SECOND, FIRST))
    assert [("UTC+8" in warning) for warning in result.warnings] == [True] * names_no_zone


def test_sales(preview: Preview) -> None:
    text = SECOND + "2023-01-02 16:00:00,O1,XRP-BTC,sell,0.00002,100,0.002,0.000002,t,BTC,limit\n"
    assert all_said(preview(text)) == [("trade", "0.002 BTC", "100 XRP", "0.000002 BTC")]


def test_what_changes_nothing(preview: Preview) -> None:
    unfilled = "1,Spot,O1,XRP-USDT,BUY,LIMIT,0,0,0,0,,0,,TAKER,USDT\n"
    nothing = "No matching records found.,,,,,,,,,,,,,,\n"
    result = preview(NEWEST + unfilled + nothing)
    assert all_said(result) == []
    assert set(result.warnings) == {
        "Left out 1: orders that were not filled.",
        "Left out 1: lines that say there is nothing.",
    }


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("XRP-USDT,LEND,LIMIT,1,2,1,1,2023-01-02 10:00:00,0,,T,USDT", 'the side "LEND"'),
        ("XRPUSDT,BUY,LIMIT,1,2,1,1,2023-01-02 10:00:00,0,,T,USDT", "ends with no currency"),
        ("XRP-USDT,BUY,LIMIT,1,2,1,1,2023-01-02 10:00:00,0,5,T,USDT", "a tax was taken"),
        ("XRP-USDT,BUY,LIMIT,1,2,1,1,yesterday,0,,T,USDT", '"yesterday" is not a date'),
    ],
)
def test_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    (found,) = reasons(preview(NEWEST + "1,Spot,O1," + row + "\n"))
    assert reason in found
