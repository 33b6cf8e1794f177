"""Etherscan's files: whose they are, gas, failed transactions, tokens that pose as others."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from import_samples import ANNE, BILL, CLARA, FAKE, USDC, all_said, reasons

from engine.ledger.importers import ImportPreview

Preview = Callable[..., ImportPreview]

NATIVE = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","ContractAddress",'
    '"Value_IN(ETH)","Value_OUT(ETH)","CurrentValue @ $3000/Eth","TxnFee(ETH)","TxnFee(USD)",'
    '"Historical $Price/Eth","Status","ErrCode","Method"\n'
)
INTERNAL = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","ParentTxFrom","ParentTxTo",'
    '"ParentTxETH_Value","From","TxTo","ContractAddress","Value_IN(ETH)","Value_OUT(ETH)",'
    '"CurrentValue @ $3000/Eth","Historical $Price/Eth","Status","ErrCode","Type"\n'
)
TOKENS = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","TokenValue",'
    '"USDValueDayOfTx","ContractAddress","TokenName","TokenSymbol"\n'
)
NFTS = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","ContractAddress",'
    '"TokenName","TokenSymbol","Token ID","Type","Quantity"\n'
)
NOBODY = "0x" + "0" * 40


def quoted(*fields: object) -> str:
    return ",".join(f'"{field}"' for field in fields) + "\n"


def sent(
    sender: str, receiver: str, came: str, went: str, gas: str, status: str = "", method: str = ""
) -> str:
    """A row of 2024-01-02 10:00 UTC."""
    return quoted(
        "0xh", 1, 1704189600, "d", sender, receiver, "", came, went, 0, gas, 0, 0, status, "",
        method,
    )  # fmt: skip


def token(
    sender: str, receiver: str, amount: str, worth: str, contract: str, name: str, symbol: str
) -> str:
    return quoted(
        "0xh", 1, 1704189600, "d", sender, receiver, amount, worth, contract, name, symbol
    )


def test_only_what_the_owner_signed_costs_gas(preview: Preview) -> None:
    found = preview(
        NATIVE
        + sent(ANNE.upper().replace("X", "x"), BILL, "0", "1.5", "0.001", method="Transfer")
        + sent(CLARA, ANNE, "2", "0", "0.007")
        + sent(ANNE, CLARA, "0", "0", "0.003", method="Approve")
        + sent(ANNE, BILL, "0", "9", "0.004", status="Error(0)", method="Swap")
        + sent(ANNE, ANNE, "0", "5", "0.0001")
        + sent(ANNE, "", "0", "0", "0.02", method="0x60806040")
    )
    assert all_said(found) == [
        ("withdrawal", "", "1.5 ETH", "0.001 ETH"),
        ("deposit", "2 ETH", "", ""),
        ("fee", "", "0.003 ETH", ""),
        ("fee", "", "0.004 ETH", ""),
        ("fee", "", "0.0001 ETH", ""),
        ("fee", "", "0.02 ETH", ""),
    ]
    assert found.rows[0].time == datetime(2024, 1, 2, 10, tzinfo=UTC)
    assert [row.note for row in found.rows[:4]] == [
        "Transfer 0xh",
        "0xh",
        "Approve 0xh",
        "failed: Swap 0xh",
    ]


def test_a_value_shows_the_owner_even_of_a_single_row(preview: Preview) -> None:
    assert all_said(preview(NATIVE + sent(ANNE, BILL, "0", "1", "0.1"))) == [
        ("withdrawal", "", "1 ETH", "0.1 ETH")
    ]
    # Somebody sent nothing, and the failed payment of another never arrived.
    found = preview(
        NATIVE
        + sent(CLARA, ANNE, "3", "0", "0.1")
        + sent(BILL, ANNE, "0", "0", "0.1")
        + sent(BILL, ANNE, "4", "0", "0.1", status="Error(1)")
    )
    assert all_said(found) == [("deposit", "3 ETH", "", "")]
    assert found.warnings == (
        "Left out 2: transactions that failed or moved nothing, and cost the address nothing.",
    )


@pytest.mark.parametrize(
    "rows",
    [
        sent(ANNE, BILL, "0", "0", "0.1"),
        sent(ANNE, BILL, "0", "1", "0.1") + sent(BILL, CLARA, "0", "1", "0.1"),
        sent("", "", "0", "1", "0.1"),
    ],
)
def test_a_file_that_does_not_show_its_owner_is_refused(preview: Preview, rows: str) -> None:
    found = reasons(preview(NATIVE + rows))
    assert {reason.split(":")[0] for reason in found} == {
        "the file does not show which address is yours"
    }


def test_internal_transactions_have_no_gas_of_their_own(preview: Preview) -> None:
    def row(sender: str, receiver: str, came: str, went: str, status: str) -> str:
        return quoted(
            "0xh", 1, 1704189600, "d", BILL, CLARA, 0, sender, receiver, "", came, went, 0, 0,
            status, "", "call",
        )  # fmt: skip

    found = preview(
        INTERNAL
        + row(CLARA, ANNE, "0.75", "0", "0")
        + row(ANNE, BILL, "0", "0.5", "0")
        + row(CLARA, ANNE, "3", "0", "1")
    )
    assert all_said(found) == [
        ("deposit", "0.75 ETH", "", ""),
        ("withdrawal", "", "0.5 ETH", ""),
    ]
    assert found.warnings[0].startswith("Left out 1: transactions that failed")


def test_other_chains_name_their_coin(preview: Preview) -> None:
    header = NATIVE.replace("ETH", "BNB").replace("Eth", "BNB")
    assert all_said(preview(header + sent(ANNE, BILL, "0", "1", "0.1"))) == [
        ("withdrawal", "", "1 BNB", "0.1 BNB")
    ]


def test_tokens_are_named_by_symbol_or_contract(preview: Preview) -> None:
    first, second, third = (f"0x{digit * 40}" for digit in "123")
    found = preview(
        TOKENS
        + token(ANNE, BILL, "1,000.5", "$1,000.50", USDC, "USD Coin", "USDC")
        # A token that poses as USDC, and one that is priced where its chain has its own USDT.
        + token(CLARA, ANNE, "900", "", FAKE, "USD Coin", "USDC")
        + token(CLARA, ANNE, "8", "$8", first, "Tether", "USDT")
        # What is no symbol, money or another's name in Cyrillic letters.
        + token(CLARA, ANNE, "7", "", second, "x", "! visit site.com")
        + token(CLARA, ANNE, "6", "", third, "x", "USD")
        + token(CLARA, ANNE, "5", "", BILL, "x", "\u0415\u0422\u041d")
        + token(CLARA, ANNE, "4", "N/A", NOBODY, "Shiny", "SHINY")
        + token(CLARA, ANNE, "0", "", NOBODY, "Shiny", "SHINY")
    )
    assert all_said(found) == [
        ("withdrawal", "", "1000.5 USDC", ""),
        ("deposit", "900 0XFACECECECECECECECE", "", ""),
        ("deposit", "8 USDT", "", ""),
        ("deposit", "7 0X222222222222222222", "", ""),
        ("deposit", "6 0X333333333333333333", "", ""),
        ("deposit", "5 0XB2B2B2B2B2B2B2B2B2", "", ""),
        ("deposit", "4 SHINY", "", ""),
    ]
    assert all(row.value is None for row in found.rows)
    assert found.warnings[0].startswith("5 tokens have no known price (0X222222222222222222, 0X")
    assert found.warnings[1] == "Left out 1: transfers of nothing, which are made to mislead."


def test_two_tokens_of_one_symbol_are_told_apart(preview: Preview) -> None:
    found = preview(
        TOKENS
        + token(CLARA, ANNE, "1", "", FAKE, "Gold", "GLD")
        + token(BILL, ANNE, "2", "", USDC[:-1] + "f", "Gold", "GLD")
        + token(BILL, ANNE, "3", "$3", "0x" + "4" * 40, "Gold", "GLD")
    )
    assert [row.asset_in for row in found.rows] == [
        "0XFACECECECECECECECE",
        "0XA0B86991C6218B36C1",
        "GLD",
    ]


def test_tokens_of_an_old_file_keep_their_symbols(preview: Preview) -> None:
    header = "Txhash,UnixTimestamp,DateTime,From,To,Value,ContractAddress,TokenName,TokenSymbol\n"
    rows = f"h,1704189600,d,{CLARA},{ANNE},2,{FAKE},Pepe,PEPE\n"
    rows += f"h,1704189600,d,{ANNE},{BILL},1,{FAKE},Pepe,PEPE\n"
    found = preview(header + rows)
    assert all_said(found) == [("deposit", "2 PEPE", "", ""), ("withdrawal", "", "1 PEPE", "")]
    assert found.warnings == ()


def test_nfts_are_collection_and_number(preview: Preview) -> None:
    def row(sender: str, receiver: str, *nft: object) -> str:
        return quoted("0xh", 1, 1704189600, "d", sender, receiver, FAKE, *nft)

    found = preview(
        NFTS
        + row(NOBODY, ANNE, "CryptoPunks", "PUNK", 7804, 721, 1)
        + row(ANNE, BILL, "Bored Ape Yacht Club", "", 12, 721, "")
        + row(CLARA, ANNE, "\u2728", "", 3, 1155, 25)
    )
    assert all_said(found) == [
        ("deposit", "1 PUNK#7804", "", ""),
        ("withdrawal", "", "1 BOREDAPEYACHTCLUB#12", ""),
        ("deposit", "25 0XFACECECECECECECECE#3", "", ""),
    ]
    bad = preview(
        NFTS + row(NOBODY, ANNE, "P", "P", "x", 721, 1) + row(BILL, ANNE, "P", "P", 1, 1, 0)
    )
    assert reasons(bad) == ["the NFT has no number", "the quantity is zero"]
