"""Assay's own format: every kind of row, and every reason to refuse one."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.ledger.importers import ImportPreview

Preview = Callable[..., ImportPreview]

HEADER = (
    "date,kind,account,asset_in,amount_in,asset_out,amount_out,fee_asset,fee_amount,"
    "to_account,value,value_currency,note\n"
)


def test_every_kind_of_row(preview: Preview) -> None:
    result = preview(
        HEADER
        + "2024-01-02 10:00:00,buy,Kraken,BTC,0.5,USD,20000,USD,10,,,,first\n"
        + "2024-01-03,sell,Kraken,USD,4500,BTC,0.1,,,,,,\n"
        + "2024-01-04,trade,Kraken,ETH,2,BTC,0.1,BNB,0.01,,4400,USD,\n"
        + "2024-01-05,deposit,Kraken,SOL,10,,,,,,,,\n"
        + "2024-01-06,withdrawal,Kraken,,,SOL,1,SOL,0.01,,,,\n"
        + "2024-01-07,transfer,Kraken,,,ETH,1,ETH,0.001,Ledger,,,\n"
        + "2024-01-08,income,Ledger,ETH,0.000000000000000001,,,,,,,,\n"
        + "2024-01-09,fee,Ledger,,,ETH,0.002,,,,,,\n"
        + "2024-01-10,buy,Kraken,BTC,1,USDC,42000,,,,,,paid in a stablecoin\n"
    )
    assert not result.refused
    assert not result.duplicates
    assert result.source == "Assay CSV"
    kinds = [row.kind for row in result.rows]
    assert kinds == [
        "buy",
        "sell",
        "trade",
        "deposit",
        "withdrawal",
        "transfer",
        "income",
        "fee",
        "trade",
    ]
    buy, _, trade, _, withdrawal, transfer, income, *_ = result.rows
    assert buy.time == datetime(2024, 1, 2, 10, tzinfo=UTC)
    assert (buy.asset_in, buy.amount_in, buy.asset_out, buy.amount_out) == (
        "BTC",
        Decimal("0.5"),
        "USD",
        Decimal(20000),
    )
    assert (buy.fee_asset, buy.fee_amount, buy.note) == ("USD", Decimal(10), "first")
    assert (trade.value, trade.value_currency) == (Decimal(4400), "USD")
    assert withdrawal.fee_amount == Decimal("0.01")
    assert (transfer.account, transfer.to_account) == ("Kraken", "Ledger")
    assert (transfer.asset_in, transfer.amount_in) == ("ETH", Decimal(1))
    assert income.amount_in == Decimal("1e-18")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2027-01-01,buy,K,BTC,1,USD,1,,,,,,", "the date 2027-01-01 is in the future"),
        ("1999-01-01,buy,K,BTC,1,USD,1,,,,,,", "is before the first crypto asset existed"),
        (",buy,K,BTC,1,USD,1,,,,,,", "no date"),
        ("2024-01-01,,K,BTC,1,USD,1,,,,,,", "no kind"),
        ("2024-01-01,convert,K,BTC,1,USD,1,,,,,,", "docs/import-format.md lists the kinds"),
        ("2024-01-01,byu,K,BTC,1,USD,1,,,,,,", 'the kind "byu" is not known; perhaps "buy" is'),
        ("0001-01-01,buy,K,BTC,1,USD,1,,,,,,", "0001-01-01 is before the first crypto asset"),
        ("2024-01-01,gift,K,BTC,1,USD,1,,,,,,", "a gift needs what came in or what went out, not"),
        ("2024-01-01,correction,K,,,,,,,,,,", "a correction needs what came in or what went out"),
        ("2024-01-01,spend,K,BTC,1,,,,,,,,", "spend needs what went out, and nothing"),
        ("2024-01-01,loss,K,BTC,1,BTC,1,,,,,,", "loss needs what went out, and nothing"),
        ("2024-01-01,lp_add,K,LP,1,,,,,,,,", "a lp_add needs what came in and what went out"),
        ("2024-01-01,nft_buy,K,PUNKS,1,ETH,1,,,,,,", "an NFT is its collection and its number"),
        ("2024-01-01,buy,K,BTC,-1,USD,1,,,,,,", "the amount in is negative"),
        ("2024-01-01,buy,K,BTC,0,USD,1,,,,,,", "the amount in is zero"),
        ("2024-01-01,buy,K,BTC,one,USD,1,,,,,,", 'the amount in "one" is not a number'),
        ("2024-01-01,buy,K,,1,USD,1,,,,,,", "no asset in"),
        ("2024-01-01,buy,K,BTC,,USD,1,,,,,,", "no amount in"),
        ("2024-01-01,buy,K,=HYPERLINK(),1,USD,1,,,,,,", "is not a symbol"),
        ("2024-01-01,buy,K,BTC,1,,,,,,,,", "a buy needs what came in and what went out"),
        ("2024-01-01,trade,K,BTC,1,BTC,1,,,,,,", "it exchanges BTC for itself"),
        ("2024-01-01,deposit,K,BTC,1,USD,1,,,,,,", "deposit needs what came in, and nothing"),
        ("2024-01-01,fee,K,BTC,1,,,,,,,,", "fee needs what went out, and nothing"),
        ("2024-01-01,transfer,K,,,BTC,1,,,,,,", "names the account it goes to"),
        ("2024-01-01,deposit,K,BTC,1,,,,,L,,,", "names the account it goes to"),
        ("2024-01-01,transfer,K,,,BTC,1,,,K,,,", "a transfer goes to another account"),
        ("2024-01-01,transfer,K,BTC,0.9,BTC,1,,,L,,,", "use the fee"),
        ("2024-01-01,buy,K,BTC,1,USD,1,USD,-1,,,,", "the fee amount is negative"),
        ("2024-01-01,income,K,BTC,1,,,,,,5,BTC,", "the value currency BTC is not a currency"),
        ("2024-01-01,income,K,BTC,1,,,,,,5,,", "no value currency"),
        ("2024-01-01,income,K,BTC,1,,,,,,-5,USD,", "the value is negative"),
    ],
)
def test_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    result = preview(HEADER + "2024-01-01,deposit,K,BTC,1,,,,,,,,\n" + row + "\n")
    assert len(result.rows) == 1
    (refused,) = result.refused
    assert refused.line == 3
    assert reason in refused.reason


def test_importing_the_same_file_again_finds_only_duplicates(preview: Preview) -> None:
    content = HEADER + "2024-01-01,income,K,ETH,0.1,,,,,,,,\n" * 3
    first = preview(content)
    hashes = frozenset(row.row_hash for row in first.rows)
    # Three equal rows of one file are three different rewards.
    assert len(first.rows) == len(hashes) == 3
    again = preview(content, hashes)
    assert not again.rows
    assert [row.line for row in again.duplicates] == [2, 3, 4]
    longer = preview(content + "2024-01-01,income,K,ETH,0.1,,,,,,,,\n", hashes)
    assert len(longer.rows) == 1


def test_the_hash_is_of_what_a_row_says_not_of_how_it_is_written(preview: Preview) -> None:
    (one,) = preview(HEADER + "2024-01-01 00:00:00,buy,K,btc,1.50,USD,1000,,,,,,\n").rows
    (two,) = preview(HEADER + "2024-01-01,Buy,K,BTC,1.5,USD,1e3,,,,,,other words\n").rows
    assert two.row_hash == one.row_hash
    (elsewhere,) = preview(HEADER + "2024-01-01,Buy,L,BTC,1.5,USD,1000,,,,,,\n").rows
    assert elsewhere.row_hash != one.row_hash


def test_a_fee_of_zero_is_none(preview: Preview) -> None:
    (row,) = preview(HEADER + "2024-01-01,buy,K,BTC,1,USD,5,USD,0.00,,,,\n").rows
    assert (row.fee_asset, row.fee_amount) == (None, 0)


def test_rows_without_an_account_get_the_one_the_user_names(preview: Preview) -> None:
    row = "2024-01-01,deposit,,BTC,1,,,,,,,,\n"
    assert preview(HEADER + row).rows[0].account == "Main"
    assert preview(HEADER + row, account="Cold wallet").rows[0].account == "Cold wallet"


def test_hostile_text_is_kept_as_plain_text(preview: Preview) -> None:
    note = "<img src=x onerror=alert(1)>\u202e\x1b" + "x" * 500
    with pytest.raises(KnownError, match="not a text file"):
        preview(HEADER + f"2024-01-01,deposit,K,BTC,1,,,,,,,,{note}\n")
    note = note.replace("\x1b", "")
    (row,) = preview(HEADER + f"2024-01-01,deposit,K,BTC,1,,,,,,,,{note}\n").rows
    assert row.note.startswith("<img src=x onerror=alert(1)> xxx")
    assert len(row.note) == 200


def test_an_unknown_header_names_what_was_found_and_what_is_known(preview: Preview) -> None:
    with pytest.raises(KnownError) as error:
        preview("Datum,Betrag,Waehrung\n2024-01-01,1,BTC\n")
    assert error.value.sentence == (
        "export.csv has the columns datum, betrag, waehrung: no known format has these."
    )
    for name in ("Assay CSV", "Coinbase", "Kraken ledgers", "Binance statement"):
        assert name in error.value.hint


def test_a_header_without_rows(preview: Preview) -> None:
    with pytest.raises(KnownError, match="holds no rows below its header"):
        preview(HEADER)


def test_a_last_line_that_is_cut_off_is_refused(preview: Preview) -> None:
    result = preview(HEADER + "2024-01-01,deposit,K,BTC,1,,,,,,,,\n2024-01-02,deposit,K,BTC,12")
    assert len(result.rows) == 1
    assert result.refused[0].line == 3
    assert result.refused[0].reason == "the line is cut off: it has 5 of 13 columns"


def test_the_other_kinds_of_rows(preview: Preview) -> None:
    result = preview(
        HEADER
        + "2024-01-01,spend,K,,,BTC,0.1,,,,,,\n"
        + "2024-01-02,gift,K,,,BTC,0.1,,,,,,\n"
        + "2024-01-03,Gift,K,BTC,0.1,,,,,,0,USD,\n"
        + "2024-01-04,loss,K,,,BTC,0.1,,,,,,\n"
        + "2024-01-05,nft_buy,K,punks#7804,1,ETH,2,,,,,,\n"
        + "2024-01-06,trade,K,ETH,3,PUNKS#7804,1,,,,,,\n"
        + "2024-01-07,nft_sell,K,APES#1,1,PUNKS#2,1,,,,,,\n"
        + "2024-01-08,lp_add,K,UNI-V2,1,ETH,2,,,,,,\n"
        + "2024-01-09,lp_remove,K,ETH,2,UNI-V2,1,,,,,,\n"
        + "2024-01-10,correction,K,BTC,1,,,,,,,,\n"
    )
    assert not result.refused
    assert [row.kind for row in result.rows] == [
        "spend",
        "gift",
        "gift",
        "loss",
        "nft_buy",
        "nft_sell",
        "nft_sell",
        "lp_add",
        "lp_remove",
        "correction",
    ]
    assert result.rows[2].value == 0
    assert result.rows[4].asset_in == "PUNKS#7804"


def test_kinds_of_income_and_tags(preview: Preview) -> None:
    header = "date,kind,asset_in,amount_in,asset_out,amount_out,income_kind,tag\n"
    result = preview(
        header
        + "2024-01-01,income,ETH,1,,,Staking, long term \n"
        + "2024-01-01,income,ETH,2,,,,\n"
        + "2024-01-01,income,ETH,3,,,lottery,\n"
        + "2024-01-01,deposit,ETH,4,,,staking,\n"
    )
    assert [(row.income_kind, row.tag) for row in result.rows] == [
        ("staking", "long term"),
        ("", ""),
    ]
    assert [row.reason for row in result.refused] == [
        'the income kind "lottery" is none of staking, airdrop, interest, mining, lp_reward, other',
        "only an income has an income kind",
    ]


ID = "0123456789abcdef" * 4


def test_a_row_keeps_the_id_that_assay_gave_it(preview: Preview) -> None:
    header = HEADER.strip() + ",id\n"
    row = "2024-01-01,income,K,ETH,0.1,,,,,,,,,"
    one, other, third = preview(header + f"{row}{ID}\n{row}\n{row}17\n").rows
    assert one.row_hash == ID
    # Numbers of other programs are no ids.
    assert len({one.row_hash, other.row_hash, third.row_hash}) == 3
    assert preview(header + f"{row}{ID}\n", frozenset({ID})).duplicates[0].line == 2
    twice = preview(header + f"{row}{ID}\n{row}{ID}\n")
    assert [(row.line, row.reason) for row in twice.refused] == [
        (3, "its id is there twice; leave the id empty in a row that is new")
    ]


def test_a_row_without_an_id_is_not_taken_for_one_that_has_it(preview: Preview) -> None:
    row = "2024-01-01,income,K,ETH,0.1,,,,,,,,"
    (plain,) = preview(HEADER + row + "\n").rows
    header = HEADER.strip() + ",id\n"
    copied = preview(header + f"{row},\n{row},{plain.row_hash}\n")
    assert len({row.row_hash for row in copied.rows}) == 2


def test_the_example_in_the_documentation_can_be_imported(preview: Preview) -> None:
    page = Path(__file__).parents[3] / "docs" / "import-format.md"
    example = page.read_text(encoding="utf-8").split("```")[1].lstrip()
    result = preview(example)
    assert not result.refused
    assert len(result.rows) == example.count("\n") - 1
