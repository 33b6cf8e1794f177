"""CoinTracking, rotki, BittyTax, CoinLedger, bitcoin.tax: where fees are, what types mean."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from import_samples import FAKE, USDC, Said, all_said, reasons

from engine.ledger.importers import ImportPreview

Preview = Callable[..., ImportPreview]

COINTRACKING = (
    '\ufeff"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"\n'
)
ROTKI_TRADES = (
    "Location,Spend Currency,Receive Currency,Receive Amount,Spend Amount,Fee,Fee Currency,"
    "Description,Timestamp\n"
)
ROTKI_EVENTS = "Type,Location,Currency,Amount,Fee,Fee Currency,Description,Timestamp\n"
BITTYTAX = (
    "Type,Buy Quantity,Buy Asset,Buy Value in GBP,Sell Quantity,Sell Asset,Sell Value in GBP,"
    "Fee Quantity,Fee Asset,Fee Value in GBP,Wallet,Timestamp,Note\n"
)
COINLEDGER = (
    "Timestamp (UTC),Type,Internal Id,Platform,Account Name,Platform Id,Blockchain Id,Record Type,"
    "Asset,Amount,Description\n"
)
BITCOIN_TAX = (
    "Date,Action,Symbol,Account,Volume,Price,Currency,Fee,FeeCurrency,Total,Cost/Proceeds,"
    "ExchangeId,Category,Subaccount,Memo,SymbolBalance,CurrencyBalance,FeeBalance\n"
)
SPENDING = (
    "Date,Action,Symbol,Account,Volume,Price,Currency,Fee,FeeCurrency,Total,Ref,Memo,Margin,"
    "MarginId,TxHash,Sender,Recipient\n"
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # The examples of CoinTracking's article on entering fees.
        ("Trade,1,BTC,505,USD,5,USD", ("buy", "1 BTC", "500 USD", "5 USD")),
        ("Trade,0.99,BTC,500,USD,0.01,BTC", ("buy", "1 BTC", "500 USD", "0.01 BTC")),
        ("Spend,-,,0.201,BTC,0.001,BTC", ("spend", "", "0.2 BTC", "0.001 BTC")),
        ("Withdrawal,-,,1.001,BTC,0.001,BTC", ("withdrawal", "", "1 BTC", "0.001 BTC")),
        ("Trade,1,BTC,15,ETH,1,BNB", ("trade", "1 BTC", "15 ETH", "")),
        ("Other Fee,-,,1,BNB,,", ("fee", "", "1 BNB", "")),
        ("Deposit,5.00000000,XMR,-,,,", ("deposit", "5 XMR", "", "")),
        ("Gift/Tip,0.001,BTC,-,,,", ("gift", "0.001 BTC", "", "")),
        ("Reward / Bonus,2,ETH,-,,,", ("income other", "2 ETH", "", "")),
        ("Staking,1,AXS,,,,", ("income staking", "1 AXS", "", "")),
        ("Mining (commercial),1,BTC,,,,", ("income mining", "1 BTC", "", "")),
        ("Interest Income,1,USDC,,,,", ("income interest", "1 USDC", "", "")),
        ("Stolen,-,,1,ETH,,", ("loss", "", "1 ETH", "")),
        ("Donation,-,,1,ETH,,", ("gift", "", "1 ETH", "")),
        ("Margin Loss,-,,3,EUR,,", ("fee", "", "3 EUR", "")),
    ],
)
def test_cointracking(preview: Preview, row: str, expected: Said) -> None:
    found = preview(COINTRACKING + f"{row},Kraken,,words,20.09.2019 13:00:00\n")
    assert all_said(found) == [expected]
    assert (found.source, found.rows[0].account, found.rows[0].note) == (
        "CoinTracking",
        "Kraken",
        "words",
    )
    assert found.rows[0].time == datetime(2019, 9, 20, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Provide Liquidity,-,,1,ETH,,", 'the type "Provide Liquidity" is not known'),
        ("Trade,1,BTC,-,,,", "a trade needs what was bought and what was sold"),
        ("Deposit,-,,1,BTC,,", "its amounts do not fit its type"),
        ("Withdrawal,-,,0.001,BTC,0.001,BTC", "the fee is more than the amount"),
    ],
)
def test_cointracking_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    assert reasons(preview(COINTRACKING + f"{row},,,,20.09.2019 13:00:00\n")) == [reason]


def test_cointracking_dates_with_strokes_are_read_if_the_file_shows_their_order(
    preview: Preview,
) -> None:
    row = "Deposit,1,BTC,-,,,,no exchange,,,{}\n"
    found = preview(COINTRACKING + row.format("5/9/2017 21:14") + row.format("9/13/2017 8:05"))
    assert [row.time for row in found.rows] == [
        datetime(2017, 5, 9, 21, 14, tzinfo=UTC),
        datetime(2017, 9, 13, 8, 5, tzinfo=UTC),
    ]
    assert found.rows[0].account == "CoinTracking"
    unclear = preview(COINTRACKING + row.format("5/9/2017 21:14"))
    assert reasons(unclear) == [
        '"5/9/2017 21:14" does not show whether the day or the month stands first'
    ]


def test_rotki_trades(preview: Preview) -> None:
    place, usdc = "eip155:1/erc20:", f"0x{USDC[2:].upper()}"
    found = preview(
        ROTKI_TRADES
        + f"binance,{place}{usdc},ETH,1.0000,1875.64,,,words,1659085200000\n"
        + f"external,LTC,{place}{FAKE},4.3241,392.8870,1.5,USD,,1659171600000\n"
        + "kraken,BTC,eip155:1/erc721:0x12,1,1,,,,1659171600000\n"
    )
    assert [row.reason for row in found.refused] == [
        "the receive currency is an identifier of rotki's that is not known"
    ]
    assert [(row.asset_in, row.amount_in, row.asset_out, row.amount_out) for row in found.rows] == [
        ("ETH", Decimal(1), "USDC", Decimal("1875.64")),
        ("0XFACECECECECECECECE", Decimal("4.3241"), "LTC", Decimal("392.887")),
    ]
    assert [row.account for row in found.rows] == ["binance", "rotki"]
    assert (found.rows[1].fee_asset, found.rows[1].fee_amount) == ("USD", Decimal("1.5"))
    # 1659085200 s is 2022-07-29 09:00 UTC.
    assert found.rows[0].time == datetime(2022, 7, 29, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("Deposit,kucoin,EUR,1000.00,,", ("deposit", "1000 EUR", "", "")),
        ("Withdrawal,binance,USDT,99,1,USDT", ("withdrawal", "", "99 USDT", "1 USDT")),
        ("Staking,luno,ETH,0.0513,,", ("income staking", "0.0513 ETH", "", "")),
        ("Income,cex,DAI,1000,,", ("income other", "1000 DAI", "", "")),
        ("Loss,coinbase,BTC,0.091,,", ("loss", "", "0.091 BTC", "")),
        ("Spend,coinbase,BTC,0.091,,", ("spend", "", "0.091 BTC", "")),
    ],
)
def test_rotki_events(preview: Preview, row: str, expected: Said) -> None:
    assert all_said(preview(f"{ROTKI_EVENTS}{row},words,1658912400000\n")) == [expected]


def test_rotki_events_of_no_type(preview: Preview) -> None:
    found = preview(f"{ROTKI_EVENTS}Invalid,bisq,BCH,0.3,,,,1659686400000\n")
    assert reasons(found) == ['the type "Invalid" is not known']


@pytest.mark.parametrize(
    ("row", "expected", "value"),
    [
        ("Trade,0.5,BTC,,10000,GBP,,5,GBP,", ("buy", "0.5 BTC", "10000 GBP", "5 GBP"), None),
        ("Trade,2,ETH,3000.5,0.1,BTC,,,,", ("trade", "2 ETH", "0.1 BTC", ""), "3000.5"),
        ("Trade,2,ETH,,0.1,BTC,2999,,,", ("trade", "2 ETH", "0.1 BTC", ""), "2999"),
        ("Deposit,1,ETH,,,,,0.01,ETH,", ("deposit", "1 ETH", "", "0.01 ETH"), None),
        ("Gift-Received,1,ETH,2000,,,,,,", ("gift", "1 ETH", "", ""), "2000"),
        ("Staking-Reward,1,ETH,2000,,,,,,", ("income staking", "1 ETH", "", ""), "2000"),
        ("Airdrop,1,UNI,0,,,,,,", ("income airdrop", "1 UNI", "", ""), "0"),
        ("Fork,1,BCH,300,,,,,,", ("correction", "1 BCH", "", ""), "0"),
        ("Spend,,,,1,ETH,2000,,,", ("spend", "", "1 ETH", ""), "2000"),
        ("Charity-Sent,,,,1,ETH,,,,", ("gift", "", "1 ETH", ""), None),
        ("Lost,,,,1,ETH,,,,", ("loss", "", "1 ETH", ""), None),
        ("Margin-Loss,,,,1,ETH,,,,", ("fee", "", "1 ETH", ""), None),
        ("Stake,,,,5,ETH,,0.01,ETH,", ("fee", "", "0.01 ETH", ""), None),
        ("Deposit,1,CryptoPunk #369,,,,,,,", ("deposit", "1 CRYPTOPUNK#369", "", ""), None),
    ],
)
def test_bittytax(preview: Preview, row: str, expected: Said, value: str | None) -> None:
    found = preview(f"{BITTYTAX}{row},My wallet,2024-01-02T10:00:00.123456 UTC,words\n")
    assert all_said(found) == [expected]
    assert found.rows[0].value == (None if value is None else Decimal(value))
    assert found.rows[0].value_currency == (None if value is None else "GBP")
    assert found.rows[0].account == "My wallet"


def test_bittytax_rows_that_change_nothing_or_are_not_read(preview: Preview) -> None:
    end = ",,2024-01-02T10:00:00,\n"
    found = preview(
        f"{BITTYTAX}Unstake,1,ETH,,,,,,,{end}Loan,1,ETH,,,,,,,{end}Trade,1,ETH,,,,,,,{end}"
    )
    assert [row.reason for row in found.refused] == [
        "loans and what pays them back are not read",
        "a trade needs what was bought and what was sold",
    ]
    assert found.warnings == ("Left out 1: moves to staking and back.",)


def test_coinledger_rows_of_one_number_are_one_trade(preview: Preview) -> None:
    def row(kind: str, number: str, record: str, asset: str, amount: str, name: str = "P") -> str:
        return f"2025-03-06T00:00:00.000,{kind},{number},P,{name},,,{record},{asset},{amount},\n"

    found = preview(
        COINLEDGER
        + row("Trade", "1", "Debit", "USDT", "-10.17704774")
        + row("Trade", "1", "Credit", "TRX", "283.9")
        + row("Trade", "1", "Platform Fee", "TRX", "-0.14195")
        + row("Withdrawal", "2", "Debit", "DOGE", "-55", "")
        + row("Withdrawal", "2", "Network Fee", "DOGE", "-1")
        + row("Theft Loss", "3", "Debit", "ETH", "-0.03")
        + row("Gift Sent", "4", "Debit", "BTC", "-0.0005")
        + row("Margin Gain", "5", "Margin Gain", "USDT", "-5.8")
        + row("Buy", "6", "Debit", "EUR", "-15.6")
        + row("Mining", "7", "Debit", "BTC", "-1")
        + row("Manual Position", "8", "Credit", "DOGE", "10")
    )
    assert [row.reason for row in found.refused] == [
        "the other half of this trade is not in the file",
        "the amount of a mining reward is negative",
        'the type "Manual Position" is not known',
    ]
    rows = [(row.kind, row.account, row.asset_out, row.amount_out) for row in found.rows]
    assert rows == [
        ("trade", "P", "USDT", Decimal("10.17704774")),
        ("withdrawal", "P", "DOGE", Decimal(55)),
        ("fee", "P", "DOGE", Decimal(1)),
        ("loss", "P", "ETH", Decimal("0.03")),
        ("gift", "P", "BTC", Decimal("0.0005")),
        ("fee", "P", "USDT", Decimal("5.8")),
    ]
    trade = found.rows[0]
    assert (trade.asset_in, trade.amount_in) == ("TRX", Decimal("283.9"))
    assert (trade.fee_asset, trade.fee_amount) == ("TRX", Decimal("0.14195"))


def test_bitcoin_tax_trades_include_their_fees(preview: Preview) -> None:
    end = "1,,,words,0,0,0\n"
    found = preview(
        BITCOIN_TAX
        # 1 BCH for 1000 and 3 of fees; 700 USDT for 0.1 BTC less 0.001; a fee in a third coin.
        + f"2018-06-03 21:16:15 +0000,BUY,BCH,Kraken,1,1000,EUR,3,EUR,-1003,1003,{end}"
        + f"2018-11-09 13:51:11 +0100,SELL,USDT,,700,0.0001,BTC,0.001,BTC,0.099,0.099,{end}"
        + f"2018-11-09 13:51:11 +0000,BUY,ETH,,2,0.03,BTC,0.1,BNB,0.06,0.06,{end}"
        + f"2018-11-09 13:51:11 +0000,BUY,ETH,,2,0.03,BTC,-0.01,BNB,0.06,0.06,{end}"
        + f"2018-11-29 22:00:00 +0000,SWAP,BTC,Binance,1.5,1,BCH,0,,1.5,1.5,{end}"
    )
    assert [row.reason for row in found.refused] == [
        "it does not say whether coins were renamed, forked or exchanged"
    ]
    assert [row.account for row in found.rows[:2]] == ["Kraken", "bitcoin.tax"]
    assert found.rows[1].time == datetime(2018, 11, 9, 12, 51, 11, tzinfo=UTC)
    said = [
        (row.kind, row.amount_in, row.amount_out, row.fee_amount, row.income_kind)
        for row in found.rows
    ]
    assert said == [
        ("buy", Decimal(1), Decimal(1000), Decimal(3), ""),
        ("trade", Decimal("0.1"), Decimal(700), Decimal("0.001"), ""),
        ("trade", Decimal(2), Decimal("0.06"), Decimal("0.1"), ""),
        ("trade", Decimal(2), Decimal("0.06"), Decimal(0), ""),
        ("income", Decimal("0.01"), Decimal(0), Decimal(0), "other"),
    ]


@pytest.mark.parametrize(
    ("action", "expected", "value"),
    [
        ("SPEND", ("spend", "", "0.05 BTC", ""), "280.495"),
        ("GIFT", ("gift", "", "0.05 BTC", ""), "280.495"),
        ("MINING", ("income mining", "0.05 BTC", "", ""), "280.495"),
        ("GIFTIN", ("gift", "0.05 BTC", "", ""), "280.495"),
        ("STOLEN", ("loss", "", "0.05 BTC", ""), None),
    ],
)
def test_bitcoin_tax_spending(
    preview: Preview, action: str, expected: Said, value: str | None
) -> None:
    found = preview(
        f"{SPENDING}2018-12-01 22:00:00 +0000,{action},BTC,,0.05,5609.9,EUR,0,EUR,280.495,"
        "647,,,,,,\n"
    )
    assert all_said(found) == [expected]
    assert found.rows[0].value == (None if value is None else Decimal(value))
