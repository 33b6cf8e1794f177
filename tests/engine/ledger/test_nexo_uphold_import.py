"""Nexo and Uphold: rows with what went in and what came out."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from import_samples import all_said, reasons

from engine.ledger.importers import ImportPreview

Preview = Callable[..., ImportPreview]

NEXO = (
    "Transaction,Type,Input Currency,Input Amount,Output Currency,Output Amount,USD Equivalent,"
    "Details,Date / Time (UTC)\n"
)
WITH_FEE = NEXO.replace("USD Equivalent,", "USD Equivalent,Fee,Fee Currency,")
UPHOLD = (
    "Date,Destination,Destination Amount,Destination Currency,Fee Amount,Fee Currency,Id,Origin,"
    "Origin Amount,Origin Currency,Status,Type\n"
)


def nexo(kind: str, sides: str, details: str = "approved / words") -> str:
    return f"NXT1,{kind},{sides},$12.5,{details},2022-02-01 07:01:00\n"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (nexo("Deposit", "BTC,0.5,BTC,0.5"), ("deposit", "0.5 BTC", "", "")),
        (nexo("Top up Crypto", "BTC,0.5,BTC,0.5"), ("deposit", "0.5 BTC", "", "")),
        (nexo("Exchange Deposited On", "EUR,10,EURX,10"), ("deposit", "10 EUR", "", "")),
        (nexo("Deposit", "NEXO,5,NEXO,5", "approved / NEXO Airdrop"),
         ("income airdrop", "5 NEXO", "", "")),
        (nexo("Withdrawal", "BTC,-0.5,BTC,0.5"), ("withdrawal", "", "0.5 BTC", "")),
        (nexo("WithdrawExchanged", "EUR,-10,EUR,10"), ("withdrawal", "", "10 EUR", "")),
        (nexo("Withdrawal", "BTC,-0.5,BTC,0.5", "approved / Transfer to Nexo User"),
         ("gift", "", "0.5 BTC", "")),
        (nexo("Interest", "BTC,0.01,BTC,0.01"), ("income interest", "0.01 BTC", "", "")),
        (nexo("FixedTermInterest", "BTC,0.01,,"), ("income interest", "0.01 BTC", "", "")),
        (nexo("Exchange Cashback", "NEXO,1,NEXO,1"), ("income other", "1 NEXO", "", "")),
        (nexo("Exchange", "USDTERC,-100,NEXONEXO,80"), ("trade", "80 NEXO", "100 USDT", "")),
        (nexo("Exchange", "EURX,-100,BTC,0.005"), ("buy", "0.005 BTC", "100 EUR", "")),
        (nexo("Nexo Card Purchase", "EURX,-20,EUR,20"), ("spend", "", "20 EUR", "")),
    ],
)  # fmt: skip
def test_nexo_kinds_of_rows(preview: Preview, row: str, expected: tuple[str, ...]) -> None:
    result = preview(NEXO + row)
    assert all_said(result) == [expected]
    assert result.source == "Nexo"


def test_nexo_fees_are_part_of_the_input(preview: Preview) -> None:
    row = "NXT1,Withdrawal,BTC,-0.5,BTC,0.4995,$12,0.0005,BTC,approved / a,2022-02-01 07:01:00\n"
    assert all_said(preview(WITH_FEE + row)) == [("withdrawal", "", "0.4995 BTC", "0.0005 BTC")]
    none = row.replace("0.0005,BTC", "-,-").replace("0.4995", "0.5")
    assert all_said(preview(WITH_FEE + none)) == [("withdrawal", "", "0.5 BTC", "")]


def test_nexo_worth_in_dollars(preview: Preview) -> None:
    (row,) = preview(NEXO + nexo("Interest", "BTC,0.01,BTC,0.01")).rows
    assert (row.value, row.value_currency) == (Decimal("12.5"), "USD")


def test_nexo_rows_that_change_nothing(preview: Preview) -> None:
    result = preview(
        NEXO
        + nexo("Deposit To Exchange", "EUR,100,EURX,100")
        + nexo("Locking Term Deposit", "BTC,-1,BTC,1")
        + nexo("Exchange To Withdraw", "GBPX,-10,GBP,10", "rejected / GBPX to GBP")
    )
    assert all_said(result) == []
    assert set(result.warnings) == {
        "Left out 2: moves within Nexo.",
        "Left out 1: rows that were pending, cancelled or failed.",
    }


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (nexo("Manual Repayment", "BTC,-1,BTC,1"), "loans and what pays them back are not read"),
        (nexo("Liquidation", "BTC,-1,BTC,1"), "loans and what pays them back are not read"),
        (nexo("Nexo Card Refund", "EURX,1,EUR,1"), 'the type "Nexo Card Refund" is not known'),
        (nexo("Interest", "BTC,-0.1,BTC,-0.1"), "the amount of an interest payment is negative"),
        (nexo("Interest", "BTC,0,BTC,0"), "the input amount is missing or zero"),
        (nexo("Interest", "BTC,1,BTC,1", "floating / words"), 'the status "floating" is not known'),
        (nexo("Interest", "BTC,1,BTC,1", ""), "no status"),
    ],
)
def test_nexo_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    (found,) = reasons(preview(NEXO + row))
    assert reason in found


def uphold(
    kind: str, origin: str, destination: str, fee: str = ",", status: str = "completed"
) -> str:
    """origin, destination: place, amount, currency."""
    return f"Tue May 26 2020 18:06:28 GMT+0000,{destination},{fee},1a2b,{origin},{status},{kind}\n"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # 25 EUR by card become BTC at Uphold: they came in and were spent on it.
        (uphold("in", "credit-card,25,EUR", "uphold,0.003,BTC"),
         [("deposit", "25 EUR", "", ""), ("buy", "0.003 BTC", "25 EUR", "")]),
        (uphold("in", "bitcoin,0.5,BTC", "uphold,0.5,BTC"), [("deposit", "0.5 BTC", "", "")]),
        (uphold("out", "uphold,0.5,BTC", "bitcoin,0.4999,BTC", "0.0001,BTC"),
         [("withdrawal", "", "0.4999 BTC", "0.0001 BTC")]),
        # 2 of the 133 NANO are the fee; the LTC bought leave at once.
        (uphold("out", "uphold,133,NANO", "litecoin,1.26,LTC", "2,NANO"),
         [("trade", "1.26 LTC", "131 NANO", "2 NANO"), ("withdrawal", "", "1.26 LTC", "")]),
        (uphold("transfer", "uphold,0.004,BTC", "uphold,24.5,GBP", "0.5,GBP"),
         [("sell", "25 GBP", "0.004 BTC", "0.5 GBP")]),
    ],
)  # fmt: skip
def test_uphold_rows(preview: Preview, row: str, expected: list[tuple[str, ...]]) -> None:
    result = preview(UPHOLD + row)
    assert all_said(result) == expected
    assert {found.time for found in result.rows} == {datetime(2020, 5, 26, 18, 6, 28, tzinfo=UTC)}


def test_uphold_rows_that_change_nothing(preview: Preview) -> None:
    result = preview(
        UPHOLD
        + uphold("transfer", "uphold,1,BTC", "uphold,1,BTC")
        + uphold("out", "uphold,1,BTC", "bitcoin,1,BTC", status="failed")
    )
    assert all_said(result) == []
    assert set(result.warnings) == {
        "Left out 1: moves within Uphold.",
        "Left out 1: rows that were pending, cancelled or failed.",
    }


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (uphold("sideways", "uphold,1,BTC", "uphold,1,BTC"), 'the type "sideways" is not known'),
        (uphold("out", "uphold,1,BTC", "bitcoin,2,BTC"), "more arrived than was sent"),
        (uphold("out", "uphold,1,BTC", "x,2,LTC", "1,BTC"), "the fee is more than the amount"),
        (uphold("in", "bank,0,EUR", "uphold,0,EUR"), "the origin amount is zero"),
        (uphold("in", "bank,1,EUR", "uphold,1,"), "no destination currency"),
    ],
)
def test_uphold_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    (found,) = reasons(preview(UPHOLD + row))
    assert reason in found
