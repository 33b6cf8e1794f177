"""Binance statement: rows of one second and family become trades, or are refused, never guessed."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.ledger.importers import ImportPreview
from engine.ledger.legs import holdings

Preview = Callable[..., ImportPreview]

NEWER_HEADER = '"User ID","Time","Account","Operation","Coin","Change","Remark"\n'
HEADER = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
SECOND = "2023-09-29 09:56:26"


def lines(*rows: tuple[str, str, str], time: str = SECOND, account: str = "Spot") -> str:
    return "".join(f"1,{time},{account},{op},{coin},{change},\n" for op, coin, change in rows)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [("Transaction Buy", "ETH", "0.017"), ("Transaction Fee", "BNB", "-0.0001"),
             ("Transaction Spend", "USDT", "-28.46")],
            ("trade", ("ETH", "0.017"), ("USDT", "28.46"), ("BNB", "0.0001")),
        ),
        (
            [("Transaction Revenue", "USDT", "26.8249"), ("Transaction Sold", "SOL", "-1.07")],
            ("trade", ("USDT", "26.8249"), ("SOL", "1.07"), (None, "0")),
        ),
        (
            [("Fee", "ETH", "-3.605E-05"), ("Buy", "EUR", "-134.47"), ("Buy", "ETH", "0.03605")],
            ("buy", ("ETH", "0.03605"), ("EUR", "134.47"), ("ETH", "0.00003605")),
        ),
        (
            [("Sell", "EUR", "100"), ("Sell", "BTC", "-0.004"), ("Fee", "EUR", "-0.1")],
            ("sell", ("EUR", "100"), ("BTC", "0.004"), ("EUR", "0.1")),
        ),
        (
            [("Transaction Related", "BNB", "0.5"), ("Transaction Related", "EUR", "-245.25")],
            ("buy", ("BNB", "0.5"), ("EUR", "245.25"), (None, "0")),
        ),
        (
            [("Binance Convert", "BUSD", "-125.5"), ("Binance Convert", "MATIC", "140.25")],
            ("trade", ("MATIC", "140.25"), ("BUSD", "125.5"), (None, "0")),
        ),
        (
            # Three fills of one order: 1.5 + 2 + 0.5 ETH for 3000 + 4000 + 1000 USDT.
            [("Transaction Buy", "ETH", "1.5"), ("Transaction Spend", "USDT", "-4000"),
             ("Transaction Fee", "BNB", "-0.01"), ("Transaction Buy", "ETH", "2"),
             ("Transaction Spend", "USDT", "-3000"), ("Transaction Buy", "ETH", "0.5"),
             ("Transaction Fee", "BNB", "-0.02"), ("Transaction Spend", "USDT", "-1000")],
            ("trade", ("ETH", "4"), ("USDT", "8000"), ("BNB", "0.03")),
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("with_user", [True, False])
def test_trades(
    preview: Preview,
    rows: list[tuple[str, str, str]],
    expected: tuple[str, tuple[str, str], tuple[str, str], tuple[str | None, str]],
    with_user: bool,
) -> None:
    kind, received, sent, fee = expected
    text = HEADER + lines(*rows)
    if not with_user:
        text = "\n".join(line.partition(",")[2] for line in text.splitlines()) + "\n"
    result = preview(text)
    assert not result.refused
    (trade,) = result.rows
    assert trade.kind == kind
    assert (trade.asset_in, trade.amount_in) == (received[0], Decimal(received[1]))
    assert (trade.asset_out, trade.amount_out) == (sent[0], Decimal(sent[1]))
    assert (trade.fee_asset, trade.fee_amount) == (fee[0], Decimal(fee[1]))


@pytest.mark.parametrize(
    ("operation", "change", "kind"),
    [
        ("Deposit", "1", "deposit"),
        ("Fiat Deposit", "1", "deposit"),
        ("Withdraw", "-1", "withdrawal"),
        ("Withdraw", "1", "deposit"),
        ("Buy Crypto", "1", "deposit"),
        ("Staking Rewards", "1", "income"),
        ("Simple Earn Flexible Interest", "1", "income"),
        ("Simple Earn Locked Rewards", "1", "income"),
        ("HODLer Airdrops Distribution", "1", "income"),
        ("Referral Kickback", "1", "income"),
        ("Realized Profit and Loss", "-1", "fee"),
        ("Funding Fee", "1", "income"),
    ],
)
def test_single_rows(preview: Preview, operation: str, change: str, kind: str) -> None:
    (row,) = preview(HEADER + lines((operation, "USDT", change))).rows
    assert row.kind == kind
    assert row.account == "Binance"


@pytest.mark.parametrize(
    ("operation", "change", "expected"),
    [
        ("Staking Rewards", "1", "staking"),
        ("ETH 2.0 Staking Rewards", "1", "staking"),
        ("Simple Earn Flexible Interest", "1", "interest"),
        ("HODLer Airdrops Distribution", "1", "airdrop"),
        ("Referral Kickback", "1", "other"),
        ("Deposit", "1", ""),
        ("Withdraw", "-1", ""),
    ],
)
def test_kinds_of_income(preview: Preview, operation: str, change: str, expected: str) -> None:
    (row,) = preview(HEADER + lines((operation, "USDT", change))).rows
    assert row.income_kind == expected


def test_moves_between_wallets_change_nothing(preview: Preview) -> None:
    result = preview(
        HEADER
        + lines(
            ("transfer_out", "USDT", "-5"),
            ("Transfer Between Main and Funding Wallet", "USDT", "5"),
            ("Simple Earn Flexible Subscription", "BUSD", "-5"),
            ("Simple Earn Flexible Redemption", "BUSD", "5"),
            ("Staking Purchase", "BNB", "-1"),
        )
    )
    assert not result.rows
    assert not result.refused
    assert result.warnings == ("Left out 5: moves within Binance.",)


def test_a_trade_may_run_into_the_next_second(preview: Preview) -> None:
    result = preview(
        HEADER
        + lines(("Buy", "ETH", "1"), time="2023-09-29 09:56:26")
        + lines(("Buy", "USDT", "-1600"), time="2023-09-29 09:56:27")
        + lines(("Buy", "BTC", "1"), ("Buy", "USDT", "-27000"), time="2023-09-29 09:56:28")
    )
    assert not result.refused
    assert [row.asset_in for row in result.rows] == ["ETH", "BTC"]


def test_dust_is_paired_in_the_order_of_the_file(preview: Preview) -> None:
    operation = "Small Assets Exchange BNB"
    result = preview(
        HEADER
        + lines(
            (operation, "SOL", "-0.002"),
            (operation, "BNB", "0.0002"),
            (operation, "BTC", "-0.00001"),
            (operation, "BNB", "0.001"),
        )
    )
    assert [(row.asset_out, row.amount_in) for row in result.rows] == [
        ("SOL", Decimal("0.0002")),
        ("BTC", Decimal("0.001")),
    ]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("Buy", "ETH", "1")], "the other half of this trade is not in the file"),
        ([("Fee", "BNB", "-1")], "the other half of this trade is not in the file"),
        (
            [
                ("Buy", "ETH", "1"),
                ("Buy", "USDT", "-9"),
                ("Buy", "BTC", "1"),
                ("Buy", "USDT", "-9"),
            ],
            "in the same second cannot be told apart",
        ),
        ([("Buy", "ETH", "1"), ("Buy", "EUR", "-9"), ("Fee", "BNB", "1")], "the fee is positive"),
        ([("Teleport", "ETH", "1")], 'the operation "Teleport" is not known'),
        ([("Margin Loan", "ETH", "1")], 'the operation "Margin Loan" is not known'),
        ([("Staking Rewards", "ETH", "-1")], "the change of an income is negative"),
        ([("Deposit", "ETH", "0")], "the amount is zero"),
        ([("Buy Crypto", "ETH", "0")], "the amount is zero"),
        ([("Deposit", "", "1")], "no coin"),
        ([("Deposit", "ETH", "")], "no change"),
    ],
)
def test_rows_that_are_refused(
    preview: Preview, rows: list[tuple[str, str, str]], reason: str
) -> None:
    result = preview(HEADER + lines(*rows))
    assert not result.rows
    assert len(result.refused) == len(rows)
    assert all(reason in refused.reason for refused in result.refused)


def test_every_row_that_is_not_refused_reaches_the_balance(preview: Preview) -> None:
    # 1000 EUR in; 0.5 ETH bought for 800; 0.1 ETH sold for 170 less 0.17; 0.001 ETH earned.
    result = preview(
        HEADER
        + lines(("Fiat Deposit", "EUR", "1000"), time="2023-01-01 00:00:01")
        + lines(("Buy", "ETH", "0.5"), ("Buy", "EUR", "-800"), time="2023-01-02 00:00:01")
        + lines(
            ("Sell", "ETH", "-0.1"), ("Sell", "EUR", "170"), ("Fee", "EUR", "-0.17"),
            time="2023-01-03 00:00:01",
        )
        + lines(("ETH 2.0 Staking Rewards", "ETH", "0.001"), time="2023-01-04 00:00:01")
    )  # fmt: skip
    assert holdings(result.rows) == {"ETH": Decimal("0.401"), "EUR": Decimal("369.83")}


def test_the_newer_header_with_short_years(preview: Preview) -> None:
    text = (
        NEWER_HEADER
        + '"1","24-09-02 10:00:00","Spot","Transaction Buy","BTC","0.01",""\n'
        + '"1","24-09-02 10:00:00","Spot","Transaction Spend","USDT","-580",""\n'
    )
    (row,) = preview(text).rows
    assert row.time == datetime(2024, 9, 2, 10, tzinfo=UTC)
    assert (row.asset_in, row.amount_in) == ("BTC", Decimal("0.01"))
    assert (row.asset_out, row.amount_out) == ("USDT", Decimal(580))
