"""Ledger Live and Trezor Suite: fees included in what was sent, or beside it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from import_samples import all_said, reasons

from engine.core.clock import FixedClock
from engine.ledger.importers import ImportPreview, preview_import

Preview = Callable[..., ImportPreview]

LEDGER = (
    "Operation Date,Status,Currency Ticker,Operation Type,Operation Amount,Operation Fees,"
    "Operation Hash,Account Name,Account xpub,Countervalue Ticker,Countervalue at Operation Date,"
    "Countervalue at CSV Export\r\n"
)
TREZOR = (
    "Timestamp;Date;Time;Type;Transaction ID;Fee;Fee unit;Address;Label;Amount;Amount unit;"
    "Fiat (EUR);Other\n"
)
OLD_TREZOR = "Date & Time;Type;Transaction ID;Addresses;Fee;Total\n"


def ledger(*rows: str) -> str:
    return LEDGER + "\r\n".join(f"2024-01-02T10:00:00.000Z,{row},xpub,USD,1,1" for row in rows)


def test_ledger_live_fees_are_part_of_what_was_sent(preview: Preview) -> None:
    found = preview(
        ledger(
            "Confirmed,BTC,IN,0.5,0.0001,h1,Bitcoin 1",
            "Confirmed,ETH,OUT,1.002,0.002,h2,Ethereum 1",
            "Confirmed,ETH,FEES,0.003,0.003,h3,Ethereum 1",
            "Confirmed,USDC,OUT,250,,h3,Ethereum 1",
            "Confirmed,ATOM,REWARD,0.25,0.001,h4,Cosmos 1",
            "Confirmed,ATOM,DELEGATE,10,0.005,h5,Cosmos 1",
            "Failed,ETH,OUT,1,0.001,h6,Ethereum 1",
            "Confirmed,DOT,SLASH,2,0,h7,Polkadot 1",
        )
    )
    assert all_said(found) == [
        ("deposit", "0.5 BTC", "", ""),
        ("withdrawal", "", "1 ETH", "0.002 ETH"),
        ("fee", "", "0.003 ETH", ""),
        ("withdrawal", "", "250 USDC", ""),
        ("income staking", "0.25 ATOM", "", ""),
        ("fee", "", "0.005 ATOM", ""),
        ("fee", "", "0.001 ETH", ""),
        ("loss", "", "2 DOT", ""),
    ]
    assert [row.account for row in found.rows[:3]] == ["Bitcoin 1", "Ethereum 1", "Ethereum 1"]
    assert found.rows[0].time == datetime(2024, 1, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Confirmed,ETH,NFT_IN,1,0,h,E", "it does not say which NFT moved"),
        ("Confirmed,ETH,TELEPORT,1,0,h,E", 'the operation type "TELEPORT" is not known'),
        ("Pending,ETH,OUT,1,0,h,E", 'the status "Pending" is not known'),
        ("Confirmed,ETH,OUT,0.1,0.2,h,E", "the fee is more than the amount"),
    ],
)
def test_ledger_live_rows_that_are_refused(preview: Preview, row: str, reason: str) -> None:
    assert reasons(preview(ledger(row))) == [reason]


def test_ledger_live_operations_without_a_cost_are_left_out(preview: Preview) -> None:
    found = preview(ledger("Confirmed,ATOM,VOTE,0,0,h,C", "Failed,ETH,IN,1,0.1,h,E"))
    assert (found.rows, found.refused) == ((), ())
    assert found.warnings == ("Left out 2: operations that failed or changed no balance.",)


def test_trezor_suite(preview: Preview) -> None:
    # 1704189600 is 2024-01-02 10:00 UTC.
    found = preview(
        TREZOR + "1704189600;1/2/2024;10:00;RECV;h1;;;bc1;;0.5;BTC;20,000;\n"
        '1704189600;1/2/2024;10:00;SENT;h2;0.0001;BTC;bc1;"a;label";0.25;BTC;10,000;\n'
        "1704189600;1/2/2024;10:00;SENT;h2;;;bc1;;0.125;BTC;5,000;\n"
        "1704189600;1/2/2024;10:00;SENT;h3;0.002;ETH;;;;;;OP_RETURN\n"
        "1704189600;1/2/2024;10:00;SELF;h4;0.0003;BTC;bc1;;1;BTC;;\n"
        "1704189600;1/2/2024;10:00;FAILED;h5;0.004;ETH;0x1;;1;ETH;;\n"
        f"1704189600;1/2/2024;10:00;RECV;h6;;;0x1;;5;0x{'Ab' * 20};;\n"
    )
    assert all_said(found) == [
        ("deposit", "0.5 BTC", "", ""),
        ("withdrawal", "", "0.25 BTC", "0.0001 BTC"),
        ("withdrawal", "", "0.125 BTC", ""),
        ("fee", "", "0.002 ETH", ""),
        ("fee", "", "0.0003 BTC", ""),
        ("fee", "", "0.004 ETH", ""),
        ("deposit", "5 0XABABABABABABABABAB", "", ""),
    ]
    assert {row.time for row in found.rows} == {datetime(2024, 1, 2, 10, tzinfo=UTC)}


def test_trezor_suite_of_old_takes_the_coin_from_the_files_name(tmp_path: Path) -> None:
    path = tmp_path / "export-ltc-1612345678.csv"
    path.write_text(
        OLD_TREZOR + "1/13/2021, 3:04:05 PM;RECV;h1;addr;0.01;2\n"
        "1/2/2021, 12:30:00 AM;SENT;h2;addr;0.001;1.5\n"
    )
    clock = FixedClock(datetime(2026, 11, 22, 9, tzinfo=UTC))
    found = preview_import(path, lambda hashes: set(), clock)
    assert all_said(found) == [
        ("deposit", "2 LTC", "", ""),
        ("withdrawal", "", "1.5 LTC", "0.001 LTC"),
    ]
    assert [row.time for row in found.rows] == [
        datetime(2021, 1, 13, 15, 4, 5, tzinfo=UTC),
        datetime(2021, 1, 2, 0, 30, tzinfo=UTC),
    ]
    assert found.warnings == (
        "Times are read as UTC; this file does not say in which zone they are.",
    )


def test_trezor_suite_of_old_under_another_name(preview: Preview) -> None:
    found = preview(OLD_TREZOR + "13/1/2021 10:00:00;RECV;h1;addr;0.01;2\n")
    assert "says which coin" in reasons(found)[0]
