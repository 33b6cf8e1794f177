"""Every header that was seen is recognised, by one importer alone."""

import pytest

from engine.core.csvfile import column_names
from engine.ledger.importers import IMPORTERS

HEADERS = {
    "Binance statement": [
        "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark",
        "UTC_Time,Account,Operation,Coin,Change,Remark",
        "User ID,Time,Account,Operation,Coin,Change,Remark",
    ],
    "Binance trades": [
        "Date(UTC),Pair,Side,Price,Executed,Amount,Fee",
        "Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin",
    ],
    "Binance deposits and withdrawals": [
        "Date(UTC+0),Coin,Network,Amount,Address,TXID,Status",
        "Date(UTC+0),Coin,Network,Amount,Fee,Address,TXID,Status",
    ],
    "Coinbase": [
        (
            "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,"
            "Price at Transaction,Subtotal,Total (inclusive of fees and/or spread),"
            "Fees and/or Spread,Notes"
        ),
        (
            "Timestamp,Transaction Type,Asset,Quantity Transacted,Spot Price Currency,"
            "Spot Price at Transaction,Subtotal,Total (inclusive of fees and/or spread),"
            "Fees and/or Spread,Notes"
        ),
        (
            "Timestamp,Transaction Type,Asset,Quantity Transacted,Spot Price Currency,"
            "Spot Price at Transaction,Subtotal,Total (inclusive of fees),Fees,Notes"
        ),
        (
            "Timestamp,Transaction Type,Asset,Quantity Transacted,USD Spot Price at Transaction,"
            "USD Subtotal,USD Total (inclusive of fees),USD Fees,Notes"
        ),
    ],
    "Coinbase Pro": [
        "Portfolio,Type,Timestamp,Amount,Balance,Amount/balance unit,Transfer id,Trade id,Order id",
        "portfolio,type,time,amount,balance,amount/balance unit,transfer id,trade id,order id",
        "type,time,amount,balance,amount/balance unit,transfer id,trade id,order id",
    ],
    "Kraken ledgers": [
        "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance",
        "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance,",
        "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance,amountusd",
        "txid,refid,time,type,subtype,aclass,asset,wallet,amount,fee,balance",
        "txid,refid,time,type,subtype,aclass,asset,wallet,amount,fee,balance,amountusd",
        "txid,refid,time,type,subtype,aclass,subclass,asset,wallet,amount,fee,balance",
        "txid,refid,time,type,subtype,aclass,subclass,asset,wallet,amount,fee,balance,amountusd",
    ],
    "Kraken trades": [
        "txid,ordertxid,pair,time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers",
        (
            "txid,ordertxid,pair,time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers,postxid,"
            "posstatus,cprice,ccost,cfee,cvol,cmargin,net,trades"
        ),
    ],
    "KuCoin trades": [
        (
            "UID,Account Type,Order ID,Symbol,Side,Order Type,Avg. Filled Price,Filled Amount,"
            "Filled Volume,Filled Volume (USDT),Filled Time(UTC-05:00),Fee,Tax,Maker/Taker,"
            "Fee Currency,Account Mode"
        ),
        (
            "UID,Account Type,Order ID,Symbol,Side,Order Type,Avg. Filled Price,Filled Amount,"
            "Filled Volume,Filled Volume (USDT),Filled Time,Fee,Tax,Maker/Taker,Fee Currency"
        ),
        (
            "UID,Account Type,Order ID,Order Time(UTC),Symbol,Side,Order Type,Order Price,"
            "Order Amount,Avg. Filled Price,Filled Amount,Filled Volume,Filled Volume (USDT),"
            "Filled Time(UTC),Fee,Fee Currency,Status"
        ),
        "tradeCreatedAt,orderId,symbol,side,price,size,funds,fee,liquidity,feeCurrency,orderType",
        "tradeCreatedAt,symbol,side,price,size,funds,fee,feeCurrency",
        "Time,Pair,Side,FilledPrice,FilledPriceCoin,Amount,AmountCoin,Volume,VolumeCoin,Fee,FeeCoin",
    ],
    "Crypto.com App": [
        (
            "Timestamp (UTC),Transaction Description,Currency,Amount,To Currency,To Amount,"
            "Native Currency,Native Amount,Native Amount (in USD),Transaction Kind"
        ),
        (
            "Timestamp (UTC),Transaction Description,Currency,Amount,To Currency,To Amount,"
            "Native Currency,Native Amount,Native Amount (in USD),Transaction Kind,Transaction Hash"
        ),
    ],
    "Bitstamp": [
        "Type,Datetime,Account,Amount,Value,Rate,Fee,Sub Type",
        (
            "ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,"
            "Rate currency,Fee,Fee currency,Order ID"
        ),
    ],
    "Bitfinex trades": [
        "#,PAIR,AMOUNT,PRICE,FEE,FEE CURRENCY,DATE,ORDER ID",
        "#,PAIR,AMOUNT,PRICE,FEE,FEE PERC,FEE CURRENCY,DATE,ORDER ID",
    ],
    "OKX trading history": [
        (
            "id,Order id,Time,Trade Type,Instrument,Type,Amount,Unit,PL,Fee,Position Change,"
            "Position Balance,Balance Change,Balance,Unit"
        ),
        (
            "id,Order id,Time,Trade Type,Symbol,Action,Amount,Trading Unit,Filled Price,PnL,Fee,"
            "Fee Unit,Position Change,Position Balance,Balance Change,Balance,Balance Unit"
        ),
    ],
    "OKX funding history": [
        "id,Time,Type,Amount,Before Balance,After Balance,Fee,Symbol",
        "id,Time,Type,Amount,Before Balance,After Balance,Symbol",
    ],
    "Bybit funding account": [
        "Date & Time(UTC),Coin,QTY,Type,Account Balance,Description",
        "Uid,Date & Time(UTC),Coin,QTY,Type,Account Balance,Description",
    ],
    "Gate billing details": [
        "no,time,action_desc,action_data,type,change_amount,amount,total",
    ],
    "Nexo": [
        (
            "Transaction,Type,Input Currency,Input Amount,Output Currency,Output Amount,"
            "USD Equivalent,Details,Date / Time (UTC)"
        ),
        (
            "Transaction,Type,Input Currency,Input Amount,Output Currency,Output Amount,"
            "USD Equivalent,Fee,Fee Currency,Details,Date / Time (UTC)"
        ),
    ],
    "Uphold": [
        (
            "Date,Destination,Destination Amount,Destination Currency,Fee Amount,Fee Currency,Id,"
            "Origin,Origin Amount,Origin Currency,Status,Type"
        ),
    ],
    "Ledger Live": [
        (
            "Operation Date,Status,Currency Ticker,Operation Type,Operation Amount,Operation Fees,"
            "Operation Hash,Account Name,Account xpub,Countervalue Ticker,"
            "Countervalue at Operation Date,Countervalue at CSV Export"
        ),
        (
            "Operation Date,Currency Ticker,Operation Type,Operation Amount,Operation Fees,"
            "Operation Hash,Account Name,Account xpub"
        ),
        (
            "Operation Date,Currency Ticker,Operation Type,Operation Amount,Operation Fees,"
            "Operation Hash,Account Name,Account id"
        ),
    ],
    "Trezor Suite": [
        "Date & Time,Type,Transaction ID,Addresses,Fee,Total",
        (
            "Timestamp,Date,Time,Type,Transaction ID,Fee,Fee unit,Address,Label,Amount,Amount unit,"
            "Fiat (EUR),Other"
        ),
    ],
    "Etherscan transactions": [
        (
            "Txhash,Blockno,UnixTimestamp,DateTime,From,To,ContractAddress,Value_IN(ETH),"
            "Value_OUT(ETH),CurrentValue @ $1800.12/Eth,TxnFee(ETH),TxnFee(USD),"
            "Historical $Price/Eth,Status,ErrCode"
        ),
        (
            "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,"
            "Value_IN(BNB),Value_OUT(BNB),CurrentValue @ $600/BNB,TxnFee(BNB),TxnFee(USD),"
            "Historical $Price/BNB,Status,ErrCode,Method,PrivateNote"
        ),
        (
            "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),ParentTxFrom,ParentTxTo,"
            "ParentTxETH_Value,From,TxTo,ContractAddress,Value_IN(ETH),Value_OUT(ETH),"
            "CurrentValue @ $1800.12/Eth,Historical $Price/Eth,Status,ErrCode,Type"
        ),
    ],
    "Etherscan ERC-20 transfers": [
        "Txhash,UnixTimestamp,DateTime,From,To,Value,ContractAddress,TokenName,TokenSymbol",
        (
            "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,TokenValue,"
            "USDValueDayOfTx,ContractAddress,TokenName,TokenSymbol"
        ),
    ],
    "Etherscan NFT transfers": [
        "Txhash,UnixTimestamp,DateTime,From,To,ContractAddress,TokenId,TokenName,TokenSymbol",
        (
            "Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,"
            "TokenName,TokenSymbol,Token ID,Type,Quantity"
        ),
    ],
    "CoinTracking": [
        "Type,Buy,Cur.,Sell,Cur.,Fee,Cur.,Exchange,Group,Comment,Date",
        "Type,Buy,Cur.,Sell,Cur.,Fee,Cur.,Exchange,Group,Comment,Date,Tx-ID",
    ],
    "rotki trades": [
        (
            "Location,Spend Currency,Receive Currency,Receive Amount,Spend Amount,Fee,"
            "Fee Currency,Description,Timestamp"
        ),
    ],
    "rotki events": ["Type,Location,Currency,Amount,Fee,Fee Currency,Description,Timestamp"],
    "BittyTax": [
        (
            "Type,Buy Quantity,Buy Asset,Buy Value in GBP,Sell Quantity,Sell Asset,"
            "Sell Value in GBP,Fee Quantity,Fee Asset,Fee Value in GBP,Wallet,Timestamp,Note"
        ),
        # Its converter adds the columns of the file it has read.
        (
            "Type,Buy Quantity,Buy Asset,Buy Value in EUR,Sell Quantity,Sell Asset,"
            "Sell Value in EUR,Fee Quantity,Fee Asset,Fee Value in EUR,Wallet,Timestamp,Note,"
            "Raw Data,Time,Type,Note"
        ),
    ],
    "Ghostfolio": [
        "Date,Code,DataSource,Currency,Price,Quantity,Action,Fee,Note",
        "Date,Code,Currency,Price,Quantity,Action,Fee",
    ],
    "Wealthfolio": [
        (
            "date,type,symbol,instrumentType,quantity,unit_price,currency,fee,amount,comment,"
            "fxRate,subtype"
        ),
        (
            "date,symbol,instrumentType,quantity,activityType,unitPrice,currency,fee,amount,"
            "fxRate,subtype"
        ),
    ],
    "CoinLedger": [
        (
            "Timestamp (UTC),Type,Internal Id,Platform,Account Name,Platform Id,Blockchain Id,"
            "Record Type,Asset,Amount,Description"
        ),
    ],
    "bitcoin.tax": [
        (
            "Date,Action,Symbol,Account,Volume,Price,Currency,Fee,FeeCurrency,Total,Cost/Proceeds,"
            "ExchangeId,Category,Subaccount,Memo,SymbolBalance,CurrencyBalance,FeeBalance"
        ),
        (
            "Date,Action,Symbol,Account,Volume,Price,Currency,Fee,FeeCurrency,Total,Ref,Memo,"
            "Margin,MarginId,TxHash,Sender,Recipient"
        ),
    ],
}


@pytest.mark.parametrize(
    ("source", "header"), [(source, header) for source in HEADERS for header in HEADERS[source]]
)
def test_each_known_header_finds_its_importer_alone(source: str, header: str) -> None:
    columns = column_names(header.split(","))
    assert [one.name for one in IMPORTERS if one.matches(columns)] == [source]


def test_every_importer_has_a_header_here() -> None:
    assert {importer.name for importer in IMPORTERS} == {"Assay CSV", *HEADERS}


def test_names_are_unique() -> None:
    names = [importer.name for importer in IMPORTERS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "header",
    [
        # It does not say whether its rows are deposits or withdrawals.
        "Date(UTC),Coin,Network,Amount,TransactionFee,Address,TXID,SourceAddress,PaymentID,Status",
        # Its times are in Zurich's local time.
        (
            "Transaction,Type,Input Currency,Input Amount,Output Currency,Output Amount,"
            "USD Equivalent,Details,Date / Time"
        ),
    ],
)
def test_headers_that_are_not_read(header: str) -> None:
    columns = column_names(header.split(","))
    assert not any(one.matches(columns) for one in IMPORTERS)
