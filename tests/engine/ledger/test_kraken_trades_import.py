"""Kraken's trades: the cost excludes the fee, which is paid in the second currency."""

from collections.abc import Callable

import pytest
from import_samples import all_said, reasons

from engine.ledger.importers import ImportPreview

Preview = Callable[..., ImportPreview]

HEADER = "txid,ordertxid,pair,time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers\n"
NEWER = HEADER.strip() + ",postxid,posstatus,cprice,ccost,cfee,cvol,cmargin,net,trades\n"


def trade(pair: str, side: str, figures: str) -> str:
    """figures: price, cost, fee, volume, margin."""
    return f"T1,O1,{pair},2023-05-01 09:00:00.1234,{side},limit,{figures},,L1\n"


def test_buys_and_sales(preview: Preview) -> None:
    # 0.02 BTC at 30,000 cost 600 and a fee of 0.26 % on top: 1.56.
    rows = trade("XXBTZUSD", "buy", "30000,600,1.56,0.02,0") + trade(
        "XETHXXBT", "sell", "0.06,0.12,0.000312,2,0.00000"
    )
    result = preview(HEADER + rows)
    assert result.source == "Kraken trades"
    assert all_said(result) == [
        ("buy", "0.02 BTC", "600 USD", "1.56 USD"),
        ("trade", "0.12 BTC", "2 ETH", "0.000312 BTC"),
    ]
    assert result.rows[0].account == "Kraken"
    assert "import one of the two files" in result.warnings[0]


def test_the_newer_header(preview: Preview) -> None:
    row = trade("SOL/EUR", "buy", "20,40,0.1,2,0").strip() + ",,,,,,,,,\n"
    assert all_said(preview(NEWER + row)) == [("buy", "2 SOL", "40 EUR", "0.1 EUR")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (trade("XXBTZUSD", "buy", "30000,600,1.56,0.02,120"), "trades on margin are not read"),
        (trade("MONAUSD", "buy", "1,600,1.56,0.02,0"), "MON/AUSD or MONA/USD"),
        (trade("XXBTZUSD", "swap", "1,600,1.56,0.02,0"), 'the side "swap" is not known'),
        (trade("XXBTZUSD", "buy", "1,,1.56,0.02,0"), "no total"),
    ],
)
def test_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    (found,) = reasons(preview(HEADER + row))
    assert reason in found
