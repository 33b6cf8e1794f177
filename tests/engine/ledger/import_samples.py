"""A short way to say what an import gave."""

import csv

from engine.core.money import to_text
from engine.core.records import Transaction
from engine.ledger.importers import ImportPreview

Said = tuple[str, str, str, str]


def said(t: Transaction) -> Said:
    """Kind (with the kind of income), what came in, what went out and the fee."""
    kind = f"{t.kind} {t.income_kind}".strip()
    sides = ((t.asset_in, t.amount_in), (t.asset_out, t.amount_out), (t.fee_asset, t.fee_amount))
    received, sent, fee = (f"{to_text(n)} {asset}" if asset else "" for asset, n in sides)
    return kind, received, sent, fee


def all_said(preview: ImportPreview) -> list[Said]:
    """The same of all rows of an import that refused none."""
    assert not preview.refused, preview.refused
    return [said(row) for row in preview.rows]


def reasons(preview: ImportPreview) -> list[str]:
    """Why rows were refused, of an import that took none."""
    assert not preview.rows, preview.rows
    return [row.reason for row in preview.refused]


def _rows(*texts: str) -> list[list[str]]:
    return list(csv.reader(texts))


ANNE = "0x" + "a1" * 20
BILL = "0x" + "b2" * 20
CLARA = "0x" + "c3" * 20
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
FAKE = "0xfa" + "ce" * 19
"""Addresses: Anne's is the user's."""

GOOD_ROWS = {
    "Assay CSV": _rows(
        "2024-01-02,buy,K,BTC,0.5,USD,20000,USD,10,,,,,,,",
        "2024-01-05,income,K,SOL,0.25,,,,,,,,staking,,,",
    ),
    "Coinbase": _rows(
        "2023-05-01 09:00:00 UTC,Buy,BTC,0.5,USD,$28000,$14000,$14140,$140,Bought 0.5 BTC",
        "2023-05-01 09:00:00 UTC,Convert,USDC,-1000,USD,1,995,1000,5,Converted 1 USDC to 0.5 ETH",
    ),
    "Kraken ledgers": _rows(
        "L1,T1,2023-05-02 09:00:00,trade,,currency,ZUSD,-600,1.56,398.44",
        "L2,T1,2023-05-02 09:00:00,trade,,currency,XXBT,0.02,0,0.02",
    ),
    "Binance statement": _rows(
        "1,2023-09-29 09:56:26,Spot,Transaction Buy,ETH,0.017,",
        "1,2023-09-29 09:56:26,Spot,Transaction Spend,USDT,-28.46,",
    ),
    "Binance trades": _rows("2023-01-02 10:00:00,BTCUSDT,BUY,20000,0.5BTC,10000USDT,0.0005BTC"),
    "Binance deposits and withdrawals": _rows("2023-01-02 10:00:00,BTC,BTC,0.5,a,b,Completed"),
    "Coinbase Pro": _rows(
        "default,match,2021-03-15T11:00:00.843Z,0.5,0.5,ETH,,77,o1",
        "default,match,2021-03-15T11:00:00.843Z,-800,200,EUR,,77,o1",
        "default,fee,2021-03-15T11:00:00.843Z,-4,196,EUR,,77,o1",
        "default,deposit,2021-03-15T10:00:00.215Z,1000,1000,EUR,d1,,",
    ),
    "Kraken trades": _rows("T1,O1,XXBTZUSD,2023-05-01 09:00:00,buy,limit,3,600,1.5,0.02,0,,L1"),
    "KuCoin trades": _rows(
        "1,Spot,O1,XRP-USDT,BUY,LIMIT,0.5,2,1,1,2023-01-02 10:00:00,0.001,,TAKER,USDT"
    ),
    "Crypto.com App": _rows(
        "2022-05-01 10:00:00,Words,EUR,-10,CRO,50,EUR,10,12,viban_purchase",
        "2022-05-01 10:00:00,Words,CRO,200,,,EUR,10.6,12,dust_conversion_credited",
        "2022-05-01 10:00:00,Words,UNI,-1.5,,,EUR,-5.8,-7,dust_conversion_debited",
    ),
    "Bitstamp": _rows(
        "1,M,Deposit,,2022-01-28T00:13:00Z,2,ETH,,,,,,,",
        "2,M,Market,Sell,2022-01-28T12:31:00Z,1,ETH,2200,EUR,2200,EUR,10.5,EUR,7",
    ),
    "Bitfinex trades": _rows("1,BTC/USD,0.1,20000,-4,0.2%,USD,22-07-05 10:00:00,9"),
    "OKX trading history": _rows(
        "3,o1,2024-01-02 10:00:00,Spot,ETH-USDT,Buy,0.2,ETH,0,-0.0002,0,0,0.1998,0.1998,ETH",
        "2,o1,2024-01-02 10:00:00,Spot,ETH-USDT,Sell,400,USDT,0,0,0,0,-400,600,USDT",
    ),
    "OKX funding history": _rows("1,2024-01-01 10:00:00,Deposit,100,0,100,0,USDT"),
    "Bybit funding account": _rows(
        "2024-04-01 09:00:00,USDT,500,Transfer in,500,Deposit",
        "2024-04-05 09:00:00,USDT,-60,Convert,440,Convert",
        "2024-04-05 09:00:00,BTC,0.001,Convert,0.001,Convert",
    ),
    "Gate billing details": _rows(
        "2,2024-01-15 12:01:00,Order Placed,o1,USDT,-100,50,50",
        "3,2024-01-15 12:02:00,Order Fullfilled,o1,XCH,2,2,2",
        "4,2024-01-15 12:02:00,Trade Fee,o1,XCH,-0.004,1.996,1.996",
    ),
    "Nexo": _rows("N1,Exchange,EURX,-100,BTC,0.005,$12.5,approved / words,2022-02-01 07:01:00"),
    "Uphold": _rows(
        "Tue May 26 2020 18:06:28 GMT+0000,litecoin,1.26,LTC,2,NANO,1,uphold,9,NANO,completed,out"
    ),
    "Ledger Live": _rows(
        "2024-01-02T10:00:00.000Z,Confirmed,BTC,IN,0.5,0.0001,h1,Bitcoin 1,x,USD,1,1",
        "2024-01-03T10:00:00.000Z,Confirmed,ETH,OUT,1.002,0.002,h2,Ethereum 1,x,USD,1,1",
        "2024-01-04T10:00:00.000Z,Failed,ETH,OUT,1,0.001,h3,Ethereum 1,x,USD,1,1",
        "2024-01-05T10:00:00.000Z,Confirmed,ATOM,REWARD,0.25,0,h4,Cosmos 1,x,USD,1,1",
    ),
    "Trezor Suite": _rows(
        "1704189600,d,t,SENT,h1,0.0001,BTC,bc1,,0.5,BTC,1,",
        "1704189600,d,t,SELF,h2,0.0002,BTC,bc1,,0.5,BTC,1,",
    ),
    "Etherscan transactions": _rows(
        f"h1,1,1704189600,d,{ANNE},{BILL},,0,1.5,0,0.001,0,0,,,Transfer",
        f"h2,2,1704189700,d,{CLARA},{ANNE},,2,0,0,0.001,0,0,,,Transfer",
        f"h3,3,1704189800,d,{ANNE},{CLARA},,0,0,0,0.003,0,0,Error(0),Out of gas,Swap",
    ),
    "Etherscan ERC-20 transfers": _rows(
        f"h1,1,1704189600,d,{ANNE},{BILL},100,$100.00,{USDC},USD Coin,USDC",
        f"h2,2,1704189700,d,{CLARA},{ANNE},5000,,{FAKE},Visit site,CLAIM",
    ),
    "Etherscan NFT transfers": _rows(
        f"h1,1,1704189600,d,{ANNE},{BILL},{FAKE},CryptoPunks,PUNK,7804,721,1",
        f"h2,2,1704189700,d,{CLARA},{ANNE},{FAKE},Two words,???,1,1155,3",
    ),
    "CoinTracking": _rows(
        "Trade,0.5,ETH,505,EUR,5,EUR,Kraken,,words,20.09.2019 13:00:00",
        "Withdrawal,-,,1.001,ETH,0.001,ETH,Kraken,,,21.09.2019 13:00:00",
    ),
    "rotki trades": _rows("kraken,EUR,BTC,0.5,10000,5,EUR,words,1659171600000"),
    "rotki events": _rows(
        "Staking,kraken,ETH,0.05,,,words,1659340800000",
        "Withdrawal,kraken,ETH,1,0.01,ETH,words,1659340800000",
    ),
    "BittyTax": _rows(
        "Trade,0.5,BTC,,10000,GBP,,5,GBP,,Kraken,2024-01-02T10:00:00,words",
        "Gift-Received,1,ETH,2000,,,,,,,,2024-01-03T10:00:00,",
    ),
    "Ghostfolio": _rows("16-09-2021,BTCUSD,YAHOO,USD,40000,0.5,buy,19.00,words"),
    "Wealthfolio": _rows(
        "2024-01-15,BUY,BTC-USD,CRYPTO,0.5,40000,USD,4.95,,words,,",
        "2024-03-01,DEPOSIT,,,,,USD,,5000,words,,",
    ),
    "CoinLedger": _rows(
        "2025-03-06T00:00:00.000,Trade,7,Pionex,Pionex,,,Debit,USDT,-10,",
        "2025-03-06T00:00:00.000,Trade,7,Pionex,Pionex,,,Credit,TRX,283.9,",
        "2025-03-06T00:00:00.000,Trade,7,Pionex,Pionex,,,Platform Fee,TRX,-0.1,",
    ),
    "bitcoin.tax": _rows(
        "2018-06-03 21:16:15 +0000,BUY,BCH,Kraken,2,1000,EUR,3,EUR,-2003,2003,1,,,,1,1,0"
    ),
}
"""Rows below the documented header of each source, with a field for each column."""
