"""Coinbase Pro, OKX, Bybit and Gate: rows of one order are one trade, and balances must agree."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from import_samples import all_said, reasons

from engine.ledger.importers import ImportPreview
from engine.ledger.legs import holdings

Preview = Callable[..., ImportPreview]

PRO = (
    "portfolio,type,time,amount,balance,amount/balance unit,transfer id,trade id,order id\n"
    "default,deposit,2021-03-15T10:00:00.215Z,1000,1000,EUR,d1,,\n"
    "default,match,2021-03-15T11:00:00.843Z,0.5,0.5,ETH,,77,o1\n"
    "default,match,2021-03-15T11:00:00.843Z,-800,200,EUR,,77,o1\n"
    "default,fee,2021-03-15T11:00:00.843Z,-4,196,EUR,,77,o1\n"
    "default,conversion,2021-03-15T12:00:00.000Z,-100,96,EUR,,,\n"
    "default,conversion,2021-03-15T12:00:00.000Z,110,110,USDC,,,\n"
    "default,withdrawal,2021-03-16T10:00:00.000Z,-0.2,0.3,ETH,w1,,\n"
    "default,rebate,2021-03-17T10:00:00.000Z,1,97,EUR,,,\n"
)


def test_coinbase_pro(preview: Preview) -> None:
    result = preview(PRO)
    assert result.source == "Coinbase Pro"
    assert all_said(result) == [
        ("deposit", "1000 EUR", "", ""),
        ("buy", "0.5 ETH", "800 EUR", "4 EUR"),
        ("buy", "110 USDC", "100 EUR", ""),
        ("withdrawal", "", "0.2 ETH", ""),
        ("income other", "1 EUR", "", ""),
    ]
    assert not result.warnings
    # What is held is what the balance column says.
    assert holdings(result.rows) == {
        "ETH": Decimal("0.3"),
        "EUR": Decimal(97),
        "USDC": Decimal(110),
    }


def test_coinbase_pro_numbers_of_trades_repeat_in_other_orders(preview: Preview) -> None:
    header = PRO.splitlines()[0] + "\n"
    rows = [
        f"default,match,2021-03-15T11:00:0{n}Z,{amount},,{unit},,77,{order}\n"
        for n, (amount, unit, order) in enumerate(
            [("1", "ETH", "o1"), ("-900", "EUR", "o1"), ("1", "BTC", "o2"), ("-9000", "EUR", "o2")]
        )
    ]
    assert all_said(preview(header + "".join(rows))) == [
        ("buy", "1 ETH", "900 EUR", ""),
        ("buy", "1 BTC", "9000 EUR", ""),
    ]


def test_coinbase_pro_rows_that_are_missing_or_unknown(preview: Preview) -> None:
    lines = PRO.splitlines(keepends=True)
    half = preview("".join(lines[:3]) + ",,,,,,,,\n")
    assert [row.reason for row in half.refused] == [
        "the other half of this trade is not in the file"
    ]
    assert half.warnings == ("Left out 1: empty rows.",)
    gap = preview("".join(lines[:2] + lines[3:5]).replace("match", "withdrawal"))
    assert gap.warnings == ()
    gap = preview(lines[0] + lines[1] + lines[8])
    assert gap.warnings == (
        "The rows of EUR add up to 1,001, but Coinbase Pro's balance is 97: some rows are missing.",
    )
    unknown = preview(lines[0] + lines[1].replace("deposit", "teleport"))
    assert reasons(unknown) == ['the type "teleport" is not known']


OKX_OLD = (
    "\ufeffid,Order id,Time,Trade Type,Instrument,Type,Amount,Unit,PL,Fee,Position Change,"
    "Position Balance,Balance Change,Balance,Unit\n"
)
OKX_NEW = (
    "UID:1,Account Type:Trading,Time Zone:UTC+0\n"
    "id,Order id,Time,Trade Type,Symbol,Action,Amount,Trading Unit,Filled Price,PnL,Fee,Fee Unit,"
    "Position Change,Position Balance,Balance Change,Balance,Balance Unit\n"
)
# 0.5 ETH at 2,000 less a fee of 0.0005 ETH, in two fills of 0.2 and 0.3; newest row first.
OKX_EXPECTED = [("trade", "0.5 ETH", "1000 USDT", "0.0005 ETH")]


def test_okx_generations_say_the_same(preview: Preview) -> None:
    old = preview(
        OKX_OLD
        + "5,o1,2024-01-02 10:00:01,Spot,ETH-USDT,Buy,0.3,ETH,0,-0.0003,0,0,0.2997,0.4995,ETH\n"
        + "4,o1,2024-01-02 10:00:01,Spot,ETH-USDT,Sell,600,USDT,0,0,0,0,-600,0,USDT\n"
        + "3,o1,2024-01-02 10:00:00,Spot,ETH-USDT,Buy,0.2,ETH,0,-0.0002,0,0,0.1998,0.1998,ETH\n"
        + "2,o1,2024-01-02 10:00:00,Spot,ETH-USDT,Sell,400,USDT,0,0,0,0,-400,600,USDT\n"
        + "1,t1,2024-01-02 09:00:00,Transfer,,Transfer in,0,USDT,0,0,0,0,1000,1000,USDT\n"
    )
    new = preview(
        OKX_NEW
        + "5,o1,2024-01-02 10:00:01,Spot,ETH-USDT,Buy,0.3,ETH,2000,0,-0.0003,ETH,0,0,0.2997,0.4995,"
        "ETH\n"
        + "4,o1,2024-01-02 10:00:01,Spot,ETH-USDT,Sell,600,ETH,2000,0,0,USDT,0,0,-600,0,USDT\n"
        + "3,o1,2024-01-02 10:00:00,Spot,ETH-USDT,Buy,0.2,ETH,2000,0,-0.0002,ETH,0,0,0.1998,0.1998,"
        "ETH\n"
        + "2,o1,2024-01-02 10:00:00,Spot,ETH-USDT,Sell,400,ETH,2000,0,0,USDT,0,0,-400,600,USDT\n"
        + "1,t1,2024-01-02 09:00:00,Transfer,,Transfer in,0,cont,0,0,0,USDT,0,0,1000,1000,USDT\n"
    )
    assert all_said(old) == all_said(new) == OKX_EXPECTED
    assert [row.row_hash for row in old.rows] == [row.row_hash for row in new.rows]
    assert holdings(old.rows)["ETH"] == Decimal("0.4995")
    assert old.warnings == new.warnings
    assert old.warnings == (
        "Times are read as UTC; OKX names the zone of the file in its first line.",
        "Left out 1: moves within OKX.",
    )


def okx(trade_type: str, rest: str) -> str:
    """rest: fee, fee unit, two figures of the position, change, balance and unit."""
    return OKX_NEW + f"1,o1,2024-01-02 10:00:00,{trade_type},X,Y,1,cont,2,0,{rest}\n"


def test_okx_futures_are_gains_and_losses(preview: Preview) -> None:
    gain = preview(okx("Swap", "-0.1,USDT,0,0,9.9,9.9,USDT"))
    assert all_said(gain) == [("income other", "9.9 USDT", "", "")]
    loss = preview(okx("Perpetual", "0,USDT,0,0,-3,7,USDT"))
    assert all_said(loss) == [("fee", "", "3 USDT", "")]
    assert "USDT starts with a balance of 10: rows from before" in loss.warnings[1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (okx("Margin", "0,USDT,0,0,1,1,USDT"), 'the trade type "Margin" is not known'),
        (okx("Spot", "0,USDT,0,0,1,1,USDT"), "the other half of this trade"),
        (okx("Spot", "-1,OKB,0,0,1,1,USDT"), "the fee was paid in another coin"),
        (okx("Spot", "1,USDT,0,0,x,1,USDT"), 'the change of the balance "x" is not a number'),
    ],
)
def test_okx_rows_that_are_refused(preview: Preview, text: str, reason: str) -> None:
    (found,) = reasons(preview(text))
    assert reason in found


def test_okx_funding_account(preview: Preview) -> None:
    result = preview(
        "id,Time,Type,Amount,Before Balance,After Balance,Fee,Symbol\n"
        "1,2024-01-01 10:00:00,Deposit,100,0,100,0,USDT\n"
        "2,2024-01-02 10:00:00,To unified trading account,-40,100,60,0,USDT\n"
        "3,2024-01-03 10:00:00,Staking Yield,1,60,61,0,USDT\n"
        "4,2024-01-04 10:00:00,Withdrawal,-50,61,11,0,USDT\n"
    )
    assert result.source == "OKX funding history"
    assert all_said(result) == [
        ("deposit", "100 USDT", "", ""),
        ("income staking", "1 USDT", "", ""),
        ("withdrawal", "", "50 USDT", ""),
    ]
    assert len(result.warnings) == 2


BYBIT = (
    "UID: 1,Company Name: ,Country: \nDate & Time(UTC),Coin,QTY,Type,Account Balance,Description\n"
)


def test_bybit(preview: Preview) -> None:
    result = preview(
        BYBIT
        + "2024-04-01 09:00:00,USDT,500,Transfer in,500,Deposit\n"
        + "2024-04-02 09:00:00,USDT,-100,Transfer out,400,Transfer to Unified Trading Account\n"
        + "2024-04-03 09:00:00,USDT,0.1,Earn,400.1,Easy Earn | Flexible Interest Distribution\n"
        + "2024-04-04 09:00:00,USDT,-200,Earn,200.1,Easy Earn | Subscription\n"
        + "2024-04-05 09:00:00,USDT,-60,Convert,140.1,Convert\n"
        + "2024-04-05 09:00:00,BTC,0.001,Convert,0.001,Convert\n"
        + "2024-04-06 09:00:00,BTC,-0.0004,Bybit Card,0.0006,Purchase\n"
        + "2024-04-07 09:00:00,ARB,5,Airdrop,5,Airdrop\n"
        + "2024-04-08 09:00:00,USDT,-40.1,Withdraw,100,Withdrawal\n"
    )
    assert result.source == "Bybit funding account"
    assert all_said(result) == [
        ("deposit", "500 USDT", "", ""),
        ("income interest", "0.1 USDT", "", ""),
        ("trade", "0.001 BTC", "60 USDT", ""),
        ("spend", "", "0.0004 BTC", ""),
        ("income airdrop", "5 ARB", "", ""),
        ("withdrawal", "", "40.1 USDT", ""),
    ]
    assert result.warnings == ("Left out 2: moves within Bybit.",)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("USD,-26.48,Bybit Card,0,Purchase", "whether money was paid"),
        ("BTC,0.1,Bybit Card,0.1,Refund", "the amount of a payment is above zero"),
        ("BTC,0.1,Loan,0.1,Borrowed", '"loan: borrowed" is not known'),
        ("BTC,0.1,Convert,0.1,Convert", "the other half of this trade"),
        ("BTC,-0.1,Airdrop,0,Airdrop", "the amount of an airdrop is negative"),
    ],
)
def test_bybit_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    (found,) = reasons(preview(BYBIT + f"2024-04-01 09:00:00,{row}\n"))
    assert reason in found


GATE = "no,time,action_desc,action_data,type,change_amount,amount,total\n"


def test_gate(preview: Preview) -> None:
    # 100 USDT are bound, 40 come back, so 60 bought 2 XCH less 0.004; another order is cancelled.
    result = preview(
        GATE
        + "1,2024-01-15 12:00:00,Deposits,d1,USDT,150,150,150\n"
        + "2,2024-01-15 12:01:00,Order Placed,o1,USDT,-100,50,50\n"
        + "3,2024-01-15 12:02:00,Order Fullfilled,o1,XCH,2,2,2\n"
        + "4,2024-01-15 12:02:00,Trade Fee,o1,XCH,-0.004,1.996,1.996\n"
        + "5,2024-01-15 12:03:00,Order Cancelled,o1,USDT,40,90,90\n"
        + "6,2024-01-15 12:04:00,Order Placed,o2,USDT,-10,80,80\n"
        + "7,2024-01-15 12:05:00,Order Cancelled,o2,USDT,10,90,90\n"
        + "8,2024-01-16 12:00:00,Airdrop bonus,,GT,1,1,1\n"
        + "9,2024-01-17 12:00:00,HODL Interest,,USDT,0.5,90.5,90.5\n"
        + "10,2024-01-18 12:00:00,Withdrawals,w1,XCH,-1,0.996,0.996\n"
    )
    assert result.source == "Gate billing details"
    assert all_said(result) == [
        ("deposit", "150 USDT", "", ""),
        ("trade", "2 XCH", "60 USDT", "0.004 XCH"),
        ("income airdrop", "1 GT", "", ""),
        ("income interest", "0.5 USDT", "", ""),
        ("withdrawal", "", "1 XCH", ""),
    ]
    assert result.warnings == ("Left out 2: orders that were cancelled.",)
    assert holdings(result.rows)["USDT"] == Decimal("90.5")


def test_gate_totals_are_checked_where_they_follow_the_changes(preview: Preview) -> None:
    rows = [("d1", 100, 100), ("d2", 10, 110), ("d3", 10, 120), ("d4", 5, 425)]
    deposits = "".join(
        f"{n},2024-01-{n:02d} 12:00:00,Deposits,{number},USDT,{change},{total},{total}\n"
        for n, (number, change, total) in enumerate(rows, start=1)
    )
    assert preview(GATE + deposits).warnings == (
        "The rows of USDT add up to 125, but Gate's balance is 425: some rows are missing.",
    )
    unrelated = deposits.replace(",110\n", ",7\n").replace(",120\n", ",9\n")
    assert preview(GATE + unrelated).warnings == ()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Order Placed,o1,USDT,-100,0,0", "the other half of this trade"),
        ("Points Purchase,o1,USDT,-100,0,0", 'the action "Points Purchase" is not known'),
        ("Airdrop,,USDT,-100,0,0", "the amount of an airdrop is negative"),
        ("Deposits,,USDT,0,0,0", "the amount is zero"),
        ("Deposits,,,1,0,0", "no coin"),
    ],
)
def test_gate_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    (found,) = reasons(preview(GATE + f"1,2024-01-15 12:00:00,{row}\n"))
    assert reason in found
