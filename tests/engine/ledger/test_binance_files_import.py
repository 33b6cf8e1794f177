"""Binance's trades in both generations, and its deposits and withdrawals."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from import_samples import all_said, reasons

from engine.ledger.importers import ImportPreview

Preview = Callable[..., ImportPreview]

ATTACHED = "Date(UTC),Pair,Side,Price,Executed,Amount,Fee\n"
COLUMNS = "Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin\n"
DEPOSITS = "Date(UTC+0),Coin,Network,Amount,Address,TXID,Status\n"
WITHDRAWALS = "Date(UTC+0),Coin,Network,Amount,Fee,Address,TXID,Status\n"


def test_both_generations_say_the_same(preview: Preview) -> None:
    # 0.5 BTC at 20,000 are 10,000 USDT; 2 ETH at 1,500 are 3,000 EUR.
    newer = preview(
        ATTACHED
        + "2023-01-02 10:00:00,BTCUSDT,BUY,20000,0.5BTC,10000USDT,0.0005BTC\n"
        + '2023-01-03 10:00:00,ETHEUR,SELL,"1,500",2ETH,"3,000EUR",0.01BNB\n'
    )
    older = preview(
        COLUMNS
        + "2023-01-02 10:00:00,BTCUSDT,BUY,20000,0.5,10000,0.0005,BTC\n"
        + "2023-01-03 10:00:00,ETHEUR,SELL,1500,2,3000,0.01,BNB\n"
    )
    expected = [
        ("trade", "0.5 BTC", "10000 USDT", "0.0005 BTC"),
        ("sell", "3000 EUR", "2 ETH", "0.01 BNB"),
    ]
    assert all_said(newer) == all_said(older) == expected
    assert [row.row_hash for row in newer.rows] == [row.row_hash for row in older.rows]
    assert newer.source == "Binance trades"
    assert newer.rows[0].account == "Binance"
    assert "import one of the two files" in newer.warnings[0]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # The coin begins with a figure: 10.5 of 1INCH, not 10.51 of INCH.
        ("1INCHUSDT,BUY,0.5,10.51INCH,5.25USDT,0.0011INCH", ("10.5 1INCH", "5.25 USDT")),
        # Not AD and AEUR: the amounts name the coins.
        ("ZETAEUR,BUY,0.5,10ZETA,5EUR,0BNB", ("10 ZETA", "5 EUR")),
    ],
)
def test_coins_are_read_from_the_amounts(
    preview: Preview, row: str, expected: tuple[str, str]
) -> None:
    ((_, *sides, _),) = all_said(preview(ATTACHED + f"2023-01-02 10:00:00,{row}\n"))
    assert tuple(sides) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ATTACHED + "2023-01-02,BTCUSDT,HOLD,1,1BTC,1USDT,0BNB\n", 'the side "HOLD" is not known'),
        (ATTACHED + "2023-01-02,BTCUSDT,BUY,1,1ETH,1USDT,0BNB\n", "do not name the coins"),
        (ATTACHED + "2023-01-02,BTCUSDT,BUY,1,1BTC,1USDT,free\n", "the fee"),
        (COLUMNS + "2023-01-02,BTCXYZ,BUY,1,1,1,0,BNB\n", "no currency that is known"),
        (COLUMNS + "2023-01-02,ZETAEUR,BUY,1,1,1,0.1,BNB\n", "ZET/AEUR or ZETA/EUR"),
        (COLUMNS + "2023-01-02,BTCUSDT,BUY,1,1,1,0.1,\n", "what the fee was paid in"),
        (COLUMNS + "2023-01-02,BTCUSDT,BUY,1,1,1,-0.1,BNB\n", "the fee is negative"),
        (COLUMNS + "2023-01-02,BTCUSDT,BUY,1,-1,1,0,BNB\n", "the amount is negative"),
    ],
)
def test_trades_that_are_refused(preview: Preview, text: str, reason: str) -> None:
    (found,) = reasons(preview(text))
    assert reason in found


def test_the_coin_of_the_fee_tells_how_to_read_the_pair(preview: Preview) -> None:
    result = preview(COLUMNS + "2023-01-02,ZETAEUR,BUY,1,1,2,0.1,ZETA\n")
    assert all_said(result) == [("buy", "1 ZETA", "2 EUR", "0.1 ZETA")]


def test_deposits_and_withdrawals(preview: Preview) -> None:
    deposits = preview(
        DEPOSITS
        + "2023-01-02 10:00:00,BTC,BTC,0.5,bc1q,ab,Completed\n"
        + "23-01-03 10:00:00,ETH,ETH,1,0x1,cd,Completed\n"
        + "2023-01-04 10:00:00,ETH,ETH,1,0x1,cd,Pending\n"
    )
    assert all_said(deposits) == [("deposit", "0.5 BTC", "", ""), ("deposit", "1 ETH", "", "")]
    assert deposits.rows[1].time == datetime(2023, 1, 3, 10, tzinfo=UTC)
    assert deposits.warnings == ("Left out 1: rows that were pending, cancelled or failed.",)
    # The fee comes on top of what arrives.
    withdrawals = preview(
        WITHDRAWALS + "2023-01-02 10:00:00,BTC,BTC,0.5,0.0002,bc1q,ab,Completed\n"
    )
    assert all_said(withdrawals) == [("withdrawal", "", "0.5 BTC", "0.0002 BTC")]


def test_the_header_names_the_zone(preview: Preview) -> None:
    text = DEPOSITS.replace("UTC+0", "UTC+8") + "2023-01-02 03:00:00,BTC,BTC,1,a,b,Completed\n"
    (row,) = preview(text).rows
    assert row.time == datetime(2023, 1, 1, 19, tzinfo=UTC)


def test_an_unknown_status_is_refused(preview: Preview) -> None:
    result = preview(DEPOSITS + "2023-01-02 03:00:00,BTC,BTC,1,a,b,Floating\n")
    assert reasons(result) == ['the status "Floating" is not known']
