"""Ghostfolio and Wealthfolio: a price and a quantity of something, in a currency."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from import_samples import Said, all_said, reasons

from engine.ledger.importers import ImportPreview

Preview = Callable[..., ImportPreview]

GHOSTFOLIO = "Date,Code,DataSource,Currency,Price,Quantity,Action,Fee,Note\n"
WEALTHFOLIO = (
    "date,type,symbol,instrumentType,quantity,unit_price,currency,fee,amount,comment,fxRate,"
    "subtype\n"
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("BTCUSD,YAHOO,USD,44558.42,0.5,buy,10", ("buy", "0.5 BTC", "22279.21 USD", "10 USD")),
        ("ethereum,COINGECKO,EUR,2000,2,sell,0", ("sell", "4000 EUR", "2 ETH", "")),
        ("BTCUSD,MANUAL,USD,2,3,buy,0", ("buy", "3 BTCUSD", "6 USD", "")),
        ("MSFT,YAHOO,USD,298.58,5,buy,19.00", ("buy", "5 MSFT", "1492.9 USD", "19 USD")),
        ("MSFT,YAHOO,USD,0.62,5,dividend,0.00", ("income other", "3.1 USD", "", "")),
        ("Savings,MANUAL,USD,12.5,1,interest,0", ("income interest", "12.5 USD", "", "")),
        ("Account Opening Fee,MANUAL,USD,0,0,fee,49", ("fee", "", "49 USD", "")),
    ],
)
def test_ghostfolio(preview: Preview, row: str, expected: Said) -> None:
    found = preview(f"{GHOSTFOLIO}16-09-2021,{row},words\n")
    assert all_said(found) == [expected]
    assert found.rows[0].time == datetime(2021, 9, 16, tzinfo=UTC)


@pytest.mark.parametrize("date", ["09-01-2021", "09/01/2021", "20210109", "2021-01-09"])
def test_ghostfolio_dates_have_the_day_first(preview: Preview, date: str) -> None:
    found = preview(f"{GHOSTFOLIO}{date},BTCUSD,YAHOO,USD,1,1,buy,0,\n")
    assert found.rows[0].time == datetime(2021, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("shiny-coin,COINGECKO,USD,1,1,buy,0", 'it is not known which coin "shiny-coin" is'),
        ("HOUSE,MANUAL,USD,1,1,liability,0", 'the action "liability" is not known'),
    ],
)
def test_ghostfolio_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    assert reasons(preview(f"{GHOSTFOLIO}16-09-2021,{row},\n")) == [reason]


@pytest.mark.parametrize(
    ("row", "expected", "value"),
    [
        ("BUY,BTC-USD,CRYPTO,0.5,40000,USD,4.95,,words,,",
         ("buy", "0.5 BTC", "20000 USD", "4.95 USD"), None),
        ("SELL,ETH-EUR,CRYPTO,2,2000,EUR,,3999,,,", ("sell", "3999 EUR", "2 ETH", ""), None),
        ("DEPOSIT,,,,,USD,,5000,,,", ("deposit", "5000 USD", "", ""), None),
        ("DEPOSIT,,,5000,1,USD,,,,,", ("deposit", "5000 USD", "", ""), None),
        ("WITHDRAWAL,$CASH-USD,,,,USD,,1000,,,", ("withdrawal", "", "1000 USD", ""), None),
        ("INTEREST,,,,,USD,,12.50,,,COUPON", ("income interest", "12.5 USD", "", ""), None),
        ("DIVIDEND,VTI,EQUITY,50,1.25,USD,,,,,", ("income other", "62.5 USD", "", ""), None),
        ("INTEREST,ETH-USD,CRYPTO,0.1,2000,USD,,,,,STAKING_REWARD",
         ("income staking", "0.1 ETH", "", ""), "200"),
        ("TRANSFER_IN,BTC-USD,CRYPTO,2,100,USD,,,,,", ("deposit", "2 BTC", "", ""), "200"),
        ("TRANSFER_OUT,BTC-USD,CRYPTO,2,,USD,,,,,", ("withdrawal", "", "2 BTC", ""), None),
        ("FEE,,,,,USD,,25.00,,,", ("fee", "", "25 USD", ""), None),
        ("FEE,,,,,USD,3,,,,", ("fee", "", "3 USD", ""), None),
        ("TAX,,,,,USD,,150.00,,,", ("fee", "", "150 USD", ""), None),
    ],
)  # fmt: skip
def test_wealthfolio(preview: Preview, row: str, expected: Said, value: str | None) -> None:
    found = preview(f"{WEALTHFOLIO}2024-01-15,{row}\n")
    assert all_said(found) == [expected]
    assert found.rows[0].value == (None if value is None else Decimal(value))


def test_wealthfolio_of_old(preview: Preview) -> None:
    header = (
        "date,symbol,instrumentType,quantity,activityType,unitPrice,currency,fee,amount,fxRate,"
        "subtype\n"
    )
    found = preview(
        header + "2024-01-15,BTC-USD,CRYPTO,2,BUY,100.5,USD,5,,,\n"
        "2024-02-15,,,1,DEPOSIT,1,USD,0,1000.00,,\n"
    )
    assert all_said(found) == [
        ("buy", "2 BTC", "201 USD", "5 USD"),
        ("deposit", "1000 USD", "", ""),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("SPLIT,NVDA,EQUITY,3,,USD,,,,,", 'the type "SPLIT" is not known'),
        ("BUY,,,1,1,USD,,,,,", "it does not say what was traded"),
        ("DEPOSIT,,,,,USD,,,,,", "no amount"),
    ],
)
def test_wealthfolio_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    assert reasons(preview(f"{WEALTHFOLIO}2024-01-15,{row}\n")) == [reason]
