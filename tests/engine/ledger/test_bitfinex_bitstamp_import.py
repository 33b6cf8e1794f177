"""Bitfinex's dates are understood from the whole file; Bitstamp's two generations say the same."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from import_samples import all_said, reasons

from engine.ledger.importers import ImportPreview

Preview = Callable[..., ImportPreview]

BITFINEX = "#,PAIR,AMOUNT,PRICE,FEE,FEE PERC,FEE CURRENCY,DATE,ORDER ID\n"
OLD = "Type,Datetime,Account,Amount,Value,Rate,Fee,Sub Type\n"
NEW = (
    "ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,"
    "Rate currency,Fee,Fee currency,Order ID\n"
)


def bitfinex(*dates: str) -> str:
    return BITFINEX + "".join(f"1,BTC/USD,0.1,20000,-4,0.2%,USD,{date},9\n" for date in dates)


def test_bitfinex_trades(preview: Preview) -> None:
    # 0.1 BTC at 20,000 are 2,000 USD; 2 ETH at 1,500.5 are 3,001 USDT, which Bitfinex calls UST.
    result = preview(
        BITFINEX
        + "2,ETH/UST,-2,1500.5,-6.002,0.2%,UST,2022-07-20 10:00:00,9\n"
        + "1,BTC/USD,0.1,20000,-0.0002,0.2%,BTC,2022-07-19 10:00:00,8\n"
    )
    assert all_said(result) == [
        ("trade", "3001 USDT", "2 ETH", "6.002 USDT"),
        ("buy", "0.1 BTC", "2000 USD", "0.0002 BTC"),
    ]
    older_header = BITFINEX.replace("FEE PERC,", "")
    text = older_header + "1,BTC/USD,0.1,20000,0,,2022-07-19 10:00:00,8\n"
    assert all_said(preview(text)) == [("buy", "0.1 BTC", "2000 USD", "")]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        # Day first would be 2005, before Bitfinex: only the year first is possible.
        (["22-07-05 10:00:00"], [(2022, 7, 5)]),
        # Newest first; as day-month-year they would rise and fall.
        (["22-08-13 10:00:00", "22-07-21 10:00:00", "22-07-15 10:00:00"],
         [(2022, 8, 13), (2022, 7, 21), (2022, 7, 15)]),
        (["30-07-22 10:00:00", "15-07-22 10:00:00", "20-06-22 10:00:00"],
         [(2022, 7, 30), (2022, 7, 15), (2022, 6, 20)]),
        (["07-19-22 10:00:00"], [(2022, 7, 19)]),
    ],
)  # fmt: skip
def test_short_dates_are_read_where_one_order_is_possible(
    preview: Preview, dates: list[str], expected: list[tuple[int, int, int]]
) -> None:
    result = preview(bitfinex(*dates))
    assert not result.refused
    assert [row.time for row in result.rows] == [datetime(*d, 10, tzinfo=UTC) for d in expected]


def test_a_date_that_can_be_two_days_is_refused(preview: Preview) -> None:
    # 2022-07-19 or 22 July 2019.
    assert reasons(preview(bitfinex("22-07-19 10:00:00"))) == [
        "the file does not show which part of its dates is the year"
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,BTCF0/USTF0,0.1,1,0,,,2022-07-19,8", "derivatives are not read"),
        ("1,BTC/USD,0,1,0,,,2022-07-19,8", "the amount is zero"),
        ("1,BTC/USD,1,1,5,,USD,2022-07-19,8", "the fee is above zero"),
        ("1,BTC/USD,1e-20,1e-20,0,,,2022-07-19,8", "out of range"),
    ],
)
def test_bitfinex_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    (found,) = reasons(preview(BITFINEX + row + "\n"))
    assert reason in found


def test_bitstamp_generations_say_the_same(preview: Preview) -> None:
    old = preview(
        OLD
        + 'Deposit,"Jan. 28, 2022, 12:13 AM",Main Account,2.00000000 ETH,,,,\n'
        + 'Market,"Jan. 28, 2022, 12:31 PM",Main Account,1 ETH,2200.00 EUR,2200.00 EUR,10.5 EUR,'
        "Sell\n" + 'Withdrawal,"Sept. 1, 2022, 11:40 PM",Main Account,2189.50 EUR,,,3.00 EUR,\n'
    )
    new = preview(
        NEW
        + "1,Main Account,Deposit,,2022-01-28T00:13:00Z,2,ETH,,,,,,,\n"
        + "2,Main Account,Market,Sell,2022-01-28T12:31:00Z,1,ETH,2200,EUR,2200,EUR,10.5,EUR,7\n"
        + "3,Main Account,Withdrawal,,2022-09-01T23:40:00Z,2189.5,EUR,,,,,3,EUR,\n"
    )
    assert all_said(old) == [
        ("deposit", "2 ETH", "", ""),
        ("sell", "2200 EUR", "1 ETH", "10.5 EUR"),
        ("withdrawal", "", "2189.5 EUR", "3 EUR"),
    ]
    assert [row.row_hash for row in old.rows] == [row.row_hash for row in new.rows]
    assert old.source == "Bitstamp"


def test_bitstamp_rewards_and_moves(preview: Preview) -> None:
    result = preview(
        NEW
        + "1,Main Account,Staking reward,,2022-01-28T00:13:00Z,0.01,ETH2R,,,,,,,\n"
        + "2,Main Account,Market,Buy,2022-01-29T00:13:00Z,1,ETH,0.06,BTC,0.06,BTC,,,\n"
        + "3,Main Account,Started generating rewards,,2022-01-30T00:00:00Z,1,ETH,,,,,,,\n"
    )
    assert all_said(result) == [
        ("income staking", "0.01 ETH", "", ""),
        ("trade", "1 ETH", "0.06 BTC", ""),
    ]
    assert result.warnings == ("Left out 1: moves within Bitstamp.",)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('Loan,"Jan. 28, 2022, 12:13 AM",M,2 ETH,,,,', 'the type "Loan" is not known'),
        ('Deposit,"Smarch 28, 2022, 12:13 AM",M,2 ETH,,,,', '"Smarch" is not a month'),
        ('Deposit,"Feb. 30, 2022, 12:13 AM",M,2 ETH,,,,', "is not a date that exists"),
        ('Deposit,"Feb. 3, 2022, 13:13 AM",M,2 ETH,,,,', "the hour is not one of 1 to 12"),
        ('Deposit,"Feb. 3, 2022, 12:13 AM",M,,,,,', "the amount is missing or zero"),
        ('Deposit,"Feb. 3, 2022, 12:13 AM",M,2,,,,', "no currency"),
        ('Deposit,"Feb. 3, 2022, 12:13 AM",M,-2 ETH,,,,', "the amount is negative"),
    ],
)
def test_bitstamp_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    (found,) = reasons(preview(OLD + row + "\n"))
    assert reason in found
