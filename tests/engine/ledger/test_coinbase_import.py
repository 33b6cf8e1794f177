"""Coinbase: four header generations say the same rows, so they give the same transactions."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from engine.core.records import Transaction
from engine.ledger.importers import ImportPreview
from engine.ledger.importers import coinbase_kinds as kinds
from engine.ledger.legs import holdings
from engine.ledger.lots import fifo

Preview = Callable[..., ImportPreview]

PREAMBLE = "\nTransactions\nUser,someone@example.com,0123abcd\n"
NEWEST = (
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,"
    "Subtotal,Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
)
SPREAD = (
    "Timestamp,Transaction Type,Asset,Quantity Transacted,Spot Price Currency,"
    "Spot Price at Transaction,Subtotal,Total (inclusive of fees and/or spread),"
    "Fees and/or Spread,Notes\n"
)
FEES = (
    "Timestamp,Transaction Type,Asset,Quantity Transacted,Spot Price Currency,"
    "Spot Price at Transaction,Subtotal,Total (inclusive of fees),Fees,Notes\n"
)
OLDEST = (
    "Timestamp,Transaction Type,Asset,Quantity Transacted,USD Spot Price at Transaction,"
    "USD Subtotal,USD Total (inclusive of fees),USD Fees,Notes\n"
)
GENERATIONS = {
    "newest": NEWEST
    + "65ab,2023-05-02 09:00:00 UTC,Sell,BTC,-0.1,USD,$30000,$3000.00,$2970.00,$30.00,"
    "Sold 0.1 BTC for 2970 USD\n"
    + "65aa,2023-05-01 09:00:00 UTC,Buy,BTC,0.5,USD,$28000,$14000.00,$14140.00,$140.00,"
    "Bought 0.5 BTC for 14140 USD\n",
    "spread": SPREAD + "2023-05-02T09:00:00Z,Sell,BTC,0.1,USD,30000,3000.00,2970.00,30.00,"
    "Sold 0.1 BTC for $2970.00 USD\n"
    + "2023-05-01T09:00:00Z,Buy,BTC,0.5,USD,28000,14000.00,14140.00,140.00,"
    '"Bought 0.5 BTC for $14,140.00 USD"\n',
    "fees": FEES
    + "2023-05-02T09:00:00Z,Sell,BTC,0.1,USD,30000,3000.00,2970.00,30.00,Sold 0.1 BTC\n"
    + "2023-05-01T09:00:00Z,Buy,BTC,0.5,USD,28000,14000.00,14140.00,140.00,Bought 0.5 BTC\n",
    "oldest": OLDEST
    + "2023-05-02T09:00:00Z,Sell,BTC,0.1,30000,3000.00,2970.00,30.00,Sold 0.1 BTC\n"
    + "2023-05-01T09:00:00Z,Buy,BTC,0.5,28000,14000.00,14140.00,140.00,Bought 0.5 BTC\n",
}


def test_all_generations_read_alike_and_are_duplicates_of_each_other(preview: Preview) -> None:
    results = {name: preview(PREAMBLE + text) for name, text in GENERATIONS.items()}
    for name, result in results.items():
        assert not result.refused, name
        assert result.source == "Coinbase"
        sell, buy = result.rows
        assert (buy.kind, buy.asset_in, buy.amount_in) == ("buy", "BTC", Decimal("0.5"))
        assert (buy.asset_out, buy.amount_out) == ("USD", Decimal(14000))
        assert (buy.fee_asset, buy.fee_amount) == ("USD", Decimal(140))
        assert (sell.kind, sell.asset_out, sell.amount_out) == ("sell", "BTC", Decimal("0.1"))
        assert (sell.asset_in, sell.amount_in, sell.fee_amount) == (
            "USD",
            Decimal(3000),
            Decimal(30),
        )
        assert sell.account == "Coinbase"
    hashes = {name: [row.row_hash for row in r.rows] for name, r in results.items()}
    assert len({tuple(rows) for rows in hashes.values()}) == 1


def one(preview: Preview, row: str) -> Transaction:
    result = preview(PREAMBLE + NEWEST + row)
    assert not result.refused, result.refused
    (transaction,) = result.rows
    return transaction


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("1,2023-05-01 09:00:00 UTC,Receive,BTC,0.5,USD,1,1,1,0,From an address", "deposit"),
        ("1,2023-05-01 09:00:00 UTC,Receive,GRT,2,USD,1,1,1,0,From Coinbase Earn", "income"),
        ("1,2023-05-01 09:00:00 UTC,Staking Income,ETH,0.01,USD,2000,20,20,0,", "income"),
        ("1,2023-05-01 09:00:00 UTC,Reward Income,USDC,0.3,USD,1,0.3,0.3,0,", "income"),
        ("1,2023-05-01 09:00:00 UTC,Learning Reward,GRT,4,USD,1,4,4,0,", "income"),
        ("1,2023-05-01 09:00:00 UTC,Send,BTC,-0.5,USD,1,-1,-1,0,To an address", "withdrawal"),
        ("1,2023-05-01 09:00:00 UTC,Deposit,USD,500,USD,1,500,500,0,", "deposit"),
        ("1,2023-05-01 09:00:00 UTC,Withdrawal,USD,-500,USD,1,-500,-500,0,", "withdrawal"),
        ("1,2023-05-01 09:00:00 UTC,Pro Deposit,BTC,-1,USD,1,1,1,0,", "transfer"),
        ("1,2023-05-01 09:00:00 UTC,Coinbase Earn,GRT,4,USD,1,4,4,0,", "income"),
        ("1,2023-05-01 09:00:00 UTC,Inflation Reward,ATOM,4,USD,1,4,4,0,", "income"),
        ("1,2023-05-01 09:00:00 UTC,Incentives Rewards Payout,BTC,0.1,USD,1,4,4,0,", "income"),
        ("1,2023-05-01 09:00:00 UTC,Credit Card Reward,BTC,0.1,USD,1,4,4,0,", "income"),
        ("1,2023-05-01 09:00:00 UTC,Earn Payout,GRT,4,USD,1,4,4,0,", "income"),
        ("1,2023-05-01 09:00:00 UTC,Airdrop,FLR,4,USD,1,4,4,0,", "income"),
        ("1,2023-05-01 09:00:00 UTC,Clawback,BTC,-0.1,USD,1,-4,-4,0,", "withdrawal"),
        ("1,2023-05-01 09:00:00 UTC,Fiat Deposit,USD,500,USD,1,500,500,0,", "deposit"),
        ("1,2023-05-01 09:00:00 UTC,Prime Withdrawal,BTC,1,USD,1,1,1,0,", "transfer"),
        ("1,2023-05-01 09:00:00 UTC,Card Spend,USD,-20,USD,1,-20,-20,0,", "withdrawal"),
        ("1,2023-05-01 09:00:00 UTC,Subscription,USD,-29.99,USD,1,-29.99,-29.99,0,", "fee"),
    ],
)
def test_kinds_of_rows(preview: Preview, row: str, kind: str) -> None:
    assert one(preview, row + "\n").kind == kind


@pytest.mark.parametrize(
    "row",
    [
        "1,2023-05-01 09:00:00 UTC,Card Spend,BTC,-0.001,EUR,€30000,-€30,-€30,€0,Coffee\n",
        "1,2023-05-01 09:00:00 UTC,CardSpend,BTC,0.001,EUR,30000,,,,Coffee\n",
    ],
)
def test_coins_spent_with_the_card_are_sold_and_the_money_goes(preview: Preview, row: str) -> None:
    # 0.001 BTC at 30,000 EUR are 30 EUR; two purchases of 0.001 BTC for 25 EUR came before.
    bought = "0,2023-04-01 09:00:00 UTC,Buy,BTC,0.002,EUR,€25000,€50,€50,€0,\n"
    result = preview(NEWEST + row + bought)
    assert not result.refused
    sell, spent, _ = result.rows
    assert (sell.kind, sell.asset_out, sell.amount_out) == ("sell", "BTC", Decimal("0.001"))
    assert (sell.asset_in, sell.amount_in) == ("EUR", Decimal(30))
    assert (spent.kind, spent.asset_out, spent.amount_out) == ("withdrawal", "EUR", Decimal(30))
    book = fifo(result.rows, lambda asset, day: None, "EUR")
    assert [disposal.gain for disposal in book.disposals] == [Decimal(5)]
    assert holdings(result.rows)["BTC"] == Decimal("0.001")


def test_a_subscription_paid_in_coins_is_a_sale_and_a_fee(preview: Preview) -> None:
    row = "1,2023-05-01 09:00:00 UTC,Subscription,ETH,-0.01,USD,$3000,-$30,-$30,$0,\n"
    sell, fee = preview(NEWEST + row).rows
    assert (sell.kind, sell.amount_out, sell.amount_in) == ("sell", Decimal("0.01"), Decimal(30))
    assert (fee.kind, fee.asset_out, fee.amount_out) == ("fee", "USD", Decimal(30))


@pytest.mark.parametrize("kind", sorted(kinds.UNCERTAIN))
def test_known_types_of_uncertain_meaning_are_refused_with_the_reason(
    preview: Preview, kind: str
) -> None:
    row = f"1,2023-05-01 09:00:00 UTC,{kind.title()},BTC,1,USD,1,1,1,0,\n"
    result = preview(NEWEST + row)
    assert result.rows == ()
    (refused,) = result.refused
    assert (refused.line, refused.reason) == (2, f'"{kind.title()}": {kinds.UNCERTAIN[kind]}')


def test_no_type_means_two_things() -> None:
    groups = [
        *(kinds.BUYS, kinds.SELLS, kinds.INCOME, kinds.RECEIVED, kinds.SENT, kinds.CARD),
        *({kinds.SUBSCRIPTION}, kinds.INTERNAL, kinds.UNCERTAIN.keys()),
        *(kinds.DEPOSITS.keys(), kinds.WITHDRAWALS.keys()),
    ]
    names = [name for group in groups for name in group]
    assert len(names) == len(set(names))
    assert names == [name.lower() for name in names]


def test_what_a_staking_reward_was_worth(preview: Preview) -> None:
    row = one(preview, "1,2023-05-01 09:00:00 UTC,Staking Income,ETH,0.01,USD,2000,$20,$20,$0,\n")
    assert (row.value, row.value_currency) == (Decimal(20), "USD")
    assert row.income_kind == "staking"


def test_coins_received_have_no_known_cost(preview: Preview) -> None:
    row = one(preview, "1,2023-05-01 09:00:00 UTC,Receive,BTC,0.5,USD,1,14000,14000,0,\n")
    assert row.value is None


def test_moves_to_coinbase_pro_are_transfers(preview: Preview) -> None:
    there = one(preview, "1,2023-05-01 09:00:00 UTC,Pro Deposit,BTC,-1,USD,1,1,1,0,\n")
    back = one(preview, "1,2023-05-01 09:00:00 UTC,Pro Withdrawal,BTC,1,USD,1,1,1,0,\n")
    assert (there.account, there.to_account) == ("Coinbase", "Coinbase Pro")
    assert (back.account, back.to_account) == ("Coinbase Pro", "Coinbase")


def test_an_advanced_trade_is_paid_in_the_asset_its_notes_name(preview: Preview) -> None:
    # 0.5 ETH at 1,800 USDC are 900 USDC; 903.6 were paid, so the fee is 3.6 USDC.
    row = one(
        preview,
        "1,2023-05-01 09:00:00 UTC,Advanced Trade Buy,ETH,0.5,USD,$1800,$900,$903.6,$3.6,"
        "Bought 0.5 ETH for 903.6 USDC on ETH-USDC at 1800 USDC/ETH\n",
    )
    assert row.kind == "trade"
    assert (row.asset_out, row.amount_out) == ("USDC", Decimal(900))
    assert (row.fee_asset, row.fee_amount) == ("USDC", Decimal("3.6"))
    assert (row.value, row.value_currency) == (Decimal(900), "USD")


def test_a_conversion_is_read_from_its_notes_once(preview: Preview) -> None:
    notes = '"Converted 1,000 USDC to 0.5 ETH"'
    text = (
        f"1,2023-05-01 09:00:00 UTC,Convert,USDC,-1000,USD,$1,$995,$1000,$5,{notes}\n"
        f"2,2023-05-01 09:00:00 UTC,Convert,ETH,0.5,USD,$1990,$995,$1000,$5,{notes}\n"
    )
    for lines in (text, "".join(reversed(text.splitlines(keepends=True)))):
        result = preview(NEWEST + lines)
        (row,) = result.rows
        assert (row.kind, row.asset_out, row.amount_out) == ("trade", "USDC", Decimal(1000))
        assert (row.asset_in, row.amount_in, row.value) == ("ETH", Decimal("0.5"), Decimal(995))
        assert result.warnings == ("Left out 1: second rows of a conversion.",)
    assert len(preview(NEWEST + text.splitlines(keepends=True)[0] * 2).rows) == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,2023-05-01 09:00:00 UTC,Airlift,BTC,1,USD,1,1,1,0,", '"Airlift" is not known'),
        ("1,2023-05-01 09:00:00 UTC,Receive,BTC,-1,USD,1,1,1,0,", "received is negative"),
        ("1,2023-05-01 09:00:00 UTC,Staking Income,BTC,-1,USD,1,1,1,0,", "income is negative"),
        ("1,2023-05-01 09:00:00 UTC,Convert,BTC,-1,USD,1,1,1,0,no words", "converted to"),
        ("1,2023-05-01 09:00:00 UTC,Buy,BTC,0,USD,1,1,1,0,", "the quantity is zero"),
        ("1,2023-05-01 09:00:00 UTC,Buy,BTC,1,USD,,,,,", "no price"),
        ("1,2023-05-01 09:00:00 UTC,Buy,BTC,x,USD,1,1,1,0,", 'quantity "x" is not a number'),
        ("1,2030-05-01 09:00:00 UTC,Buy,BTC,1,USD,1,1,1,0,", "in the future"),
    ],
)
def test_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    (refused,) = preview(NEWEST + row + "\n").refused
    assert reason in refused.reason
    assert refused.line == 2


def test_staking_moves_inside_coinbase_change_nothing(preview: Preview) -> None:
    result = preview(
        NEWEST
        + "1,2023-05-01 09:00:00 UTC,Retail Staking Transfer,ETH,-1,USD,1,1,1,0,\n"
        + "2,2023-05-01 09:00:00 UTC,Buy,ETH,1,USD,1,1,1,0,\n"
        + "3,2023-05-01 09:00:00 UTC,Savings To Cash,USD,1,USD,1,1,1,0,\n"
    )
    assert len(result.rows) == 1
    assert result.warnings == ("Left out 2: moves within Coinbase.",)
