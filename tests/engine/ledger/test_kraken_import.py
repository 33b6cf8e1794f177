"""Kraken ledgers: the rows of one refid belong together, and the balances must agree."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from engine.core.fields import FieldError
from engine.ledger.importers import ImportPreview
from engine.ledger.importers.kraken_ledgers import symbol
from engine.ledger.legs import holdings

Preview = Callable[..., ImportPreview]

HEADER = '"txid","refid","time","type","subtype","aclass","asset","amount","fee","balance"\n'
VARIANTS = [
    "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance",
    "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance,",
    "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance,amountusd",
    "txid,refid,time,type,subtype,aclass,asset,wallet,amount,fee,balance",
    "txid,refid,time,type,subtype,aclass,asset,wallet,amount,fee,balance,amountusd",
    "txid,refid,time,type,subtype,aclass,subclass,asset,wallet,amount,fee,balance",
    "txid,refid,time,type,subtype,aclass,subclass,asset,wallet,amount,fee,balance,amountusd",
]
# Deposit 1,000; buy 0.02 XBT for 600 with a fee of 1.56; withdraw 0.01 with a fee of 0.0002.
STORY = [
    ("L1", "D1", "2023-05-01 09:00:00", "deposit", "", "currency", "ZUSD", "1000", "0", "1000"),
    ("L2", "T1", "2023-05-02 09:00:00", "trade", "", "currency", "ZUSD", "-600", "1.56", "398.44"),
    ("L3", "T1", "2023-05-02 09:00:00", "trade", "", "currency", "XXBT", "0.02", "0", "0.02"),
    (
        "L4",
        "W1",
        "2023-05-03 09:00:00",
        "withdrawal",
        "",
        "currency",
        "XXBT",
        "-0.01",
        "0.0002",
        "0.0098",
    ),
]
EXTRA = {"subclass": "crypto", "wallet": "spot / main", "amountusd": "1.0", "": ""}


def lines(rows: list[tuple[str, ...]], columns: str = VARIANTS[0]) -> str:
    names = VARIANTS[0].split(",")
    text = columns + "\n"
    for row in rows:
        fields = dict(zip(names, row, strict=True)) | EXTRA
        text += ",".join(fields[column] for column in columns.split(",")) + "\n"
    return text


@pytest.mark.parametrize("columns", VARIANTS)
def test_all_variants_of_the_header(preview: Preview, columns: str) -> None:
    result = preview(lines(STORY, columns))
    assert result.source == "Kraken ledgers"
    assert not result.refused
    assert not result.warnings
    deposit, buy, withdrawal = result.rows
    assert (deposit.kind, deposit.asset_in, deposit.amount_in) == ("deposit", "USD", Decimal(1000))
    assert (buy.kind, buy.asset_in, buy.amount_in) == ("buy", "BTC", Decimal("0.02"))
    assert (buy.asset_out, buy.amount_out) == ("USD", Decimal(600))
    assert (buy.fee_asset, buy.fee_amount) == ("USD", Decimal("1.56"))
    assert (withdrawal.asset_out, withdrawal.amount_out) == ("BTC", Decimal("0.01"))
    # What is held is what Kraken's balance column says.
    assert holdings(result.rows) == {"BTC": Decimal("0.0098"), "USD": Decimal("398.44")}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("XXBT", "BTC"),
        ("XBT", "BTC"),
        ("XBT.M", "BTC"),
        ("XETH", "ETH"),
        ("ETH2.S", "ETH"),
        ("ETH.F", "ETH"),
        ("XXDG", "DOGE"),
        ("ZUSD", "USD"),
        ("USD.HOLD", "USD"),
        ("ZEUR", "EUR"),
        ("DOT.S", "DOT"),
        ("DOT28.S", "DOT"),
        ("SOL03.S", "SOL"),
        ("XTZ", "XTZ"),
        ("ZRX", "ZRX"),
        ("XCN", "XCN"),
        ("ZORA", "ZORA"),
        ("LUNA2", "LUNA2"),
        ("1INCH", "1INCH"),
    ],
)
def test_names_of_assets(name: str, expected: str) -> None:
    assert symbol(name) == expected


def test_a_name_that_is_none() -> None:
    with pytest.raises(FieldError):
        symbol("=1+1")


def row(number: int, refid: str, kind: str, asset: str, amount: str, *more: str) -> tuple[str, ...]:
    """A ledger row; more = the fee and the subtype."""
    fee, subtype = (*more, "0", "")[0], (*more[1:], "")[0]
    day = f"2023-06-{number:02d} 12:00:00"
    return (f"L{number}", refid, day, kind, subtype, "currency", asset, amount, fee, "")


@pytest.mark.parametrize(
    ("entry", "kind", "amount"),
    [
        (row(1, "S", "staking", "DOT.S", "1.5"), "income", "1.5"),
        (row(1, "S", "earn", "DOT.F", "1.5", "0.3", "reward"), "income", "1.5"),
        (row(1, "S", "dividend", "TRX", "2"), "income", "2"),
        (row(1, "S", "transfer", "ETHW", "2"), "income", "2"),
        (row(1, "S", "transfer", "LUNA", "-2"), "withdrawal", "2"),
        (row(1, "S", "deposit", "XXBT", "-2"), "withdrawal", "2"),
        (row(1, "S", "withdrawal", "XXBT", "2", "-0.1"), "deposit", "2.1"),
        (row(1, "S", "margin", "ZUSD", "-5"), "fee", "5"),
        (row(1, "S", "rollover", "ZUSD", "0", "0.25"), "fee", "0.25"),
        (row(1, "S", "transfer", "XXBT", "-2", "0", "spottofutures"), "transfer", "2"),
    ],
)
def test_single_rows(preview: Preview, entry: tuple[str, ...], kind: str, amount: str) -> None:
    result = preview(lines([entry]))
    (found,) = result.rows
    assert found.kind == kind
    assert max(found.amount_in, found.amount_out) == Decimal(amount)


@pytest.mark.parametrize(
    ("kind", "subtype", "expected"),
    [
        ("staking", "", "staking"),
        ("earn", "reward", "staking"),
        ("airdrop", "", "airdrop"),
        ("dividend", "", "other"),
        ("deposit", "", ""),
    ],
)
def test_kinds_of_income(preview: Preview, kind: str, subtype: str, expected: str) -> None:
    (found,) = preview(lines([row(1, "S", kind, "DOT", "1", "0", subtype)])).rows
    assert found.income_kind == expected


def test_a_card_purchase_is_a_trade(preview: Preview) -> None:
    result = preview(
        lines([row(1, "B", "spend", "ZEUR", "-100", "1.5"), row(1, "B", "receive", "XETH", "0.05")])
    )
    (buy,) = result.rows
    assert (buy.kind, buy.asset_in, buy.amount_out) == ("buy", "ETH", Decimal(100))
    assert (buy.fee_asset, buy.fee_amount) == ("EUR", Decimal("1.5"))


def test_fees_on_both_sides_are_all_booked(preview: Preview) -> None:
    result = preview(
        lines(
            [
                row(1, "B", "trade", "ZEUR", "-100", "1"),
                row(1, "B", "trade", "XETH", "0.05", "0.001"),
            ]
        )
    )
    trade, fee = result.rows
    assert (trade.fee_asset, trade.fee_amount) == ("EUR", Decimal(1))
    assert (fee.kind, fee.asset_out, fee.amount_out) == ("fee", "ETH", Decimal("0.001"))
    assert holdings(result.rows)["ETH"] == Decimal("0.049")


def test_moves_between_wallets_change_nothing(preview: Preview) -> None:
    result = preview(
        lines(
            [
                row(1, "A", "earn", "DOT", "-5", "0", "allocation"),
                row(1, "A", "earn", "DOT.F", "5", "0", "allocation"),
                row(2, "B", "transfer", "ADA", "-5", "0", "spottostaking"),
                row(3, "C", "transfer", "ADA.S", "5", "0", "stakingfromspot"),
                row(4, "E", "earn", "DOT", "-5"),
                row(4, "E", "earn", "DOT.B", "5"),
                row(5, "F", "deposit", "KFEE", "500"),
                ("", "G", "2023-06-05 12:00:00", "deposit", "", "currency", "ZUSD", "1", "0", ""),
            ]
        )
    )
    assert not result.rows
    assert not result.refused
    assert set(result.warnings) == {
        "Left out 6: moves within Kraken.",
        "Left out 1: Kraken fee credits.",
        "Left out 1: pending rows without a transaction number.",
    }


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([row(1, "T", "trade", "XXBT", "1")], "the other half of this trade is not in the file"),
        ([row(1, "T", "teleport", "XXBT", "1")], '"teleport" is not known'),
        ([row(1, "T", "earn", "XXBT", "1")], "whether this is a reward or a move"),
        ([row(1, "T", "deposit", "XXBT", "lots")], 'the amount "lots" is not a number'),
        ([row(1, "T", "deposit", "@@", "1")], 'the asset "@@" is not a symbol'),
        (
            [
                row(1, "T", "spend", "ADA", "-1"),
                row(1, "T", "spend", "DOT", "-1"),
                row(1, "T", "receive", "ZUSD", "6"),
            ],
            "several coins were exchanged at once",
        ),
    ],
)
def test_rows_that_are_refused(
    preview: Preview, entries: list[tuple[str, ...]], reason: str
) -> None:
    result = preview(lines(entries))
    assert not result.rows
    assert len(result.refused) == len(entries)
    assert all(reason in refused.reason for refused in result.refused)


def test_balances_that_the_rows_do_not_explain_are_named(preview: Preview) -> None:
    missing_row = [STORY[0], *STORY[2:]]
    opened_late = [STORY[3]]
    result = preview(lines(missing_row))
    assert [refused.line for refused in result.refused] == [3]
    assert not result.warnings
    result = preview(lines(opened_late))
    assert result.warnings == (
        "XXBT starts with a balance of 0.02: rows from before this file are missing.",
    )
    gap = [STORY[0], ("L9", "W9", "2023-05-09 09:00:00", *STORY[0][3:9], "2400")]
    assert preview(lines(gap)).warnings == (
        "The rows of ZUSD add up to 2,000, but Kraken's balance is 2,400: some rows are missing.",
    )


def test_the_newest_row_may_come_first(preview: Preview) -> None:
    result = preview(lines(STORY[::-1]))
    assert not result.warnings
    assert len(result.rows) == 3
