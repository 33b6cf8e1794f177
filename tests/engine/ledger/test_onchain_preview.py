"""Transactions from movements on a chain: kinds, fees, tokens that count, stable hashes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.core.records import Transaction
from engine.ledger.importers import ImportPreview
from engine.ledger.onchain import ChainBook, preview_transfers, safe_symbol
from engine.market.onchain.erc20 import Token
from engine.market.onchain.logs import Blocks
from engine.market.onchain.transfers import ChainTransaction, Movement, Transfers

ME = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
ALSO_ME = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
POOL = "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"
ABC = Token("0x27b1fdb04752bbc536007a920d24acb045561c26", "Abc", "abc", 6, 10**12)
XYZ = Token("0xde709f2102306220921060314715629080e2fb77", "Xyz", "XYZ", 18, 10**24)
FAKE = Token("0x8617E340B3D01FA5F11F306F4090FD50E238070D", "USD Coin", "USDC", 6, 10**12)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FEE = Decimal("0.002")
BOOK = ChainBook(1, "ETH", {ME: "Ethereum me", ALSO_ME: "Ethereum also"}, {})


def _moved(
    token: Token | None, units: int, sender: str = POOL, recipient: str = ME, place: str = "log 1"
) -> Movement:
    return Movement("value" if token is None else place, token, sender, recipient, units)


def _one(
    *movements: Movement, number: int = 1, signer: str = ME, fee: Decimal | None = FEE
) -> ChainTransaction:
    return ChainTransaction(f"0x{number:064x}", 40 + number, TIME, signer, fee, movements)


def _preview(
    *found: ChainTransaction, book: ChainBook = BOOK, stored: Iterable[str] = (), whole: bool = True
) -> ImportPreview:
    transfers = Transfers(Blocks(41, 50), found, whole, {})
    return preview_transfers(transfers, book, lambda hashes: hashes & set(stored), NOW, "home")


def _said(row: Transaction) -> tuple[object, ...]:
    return row.kind, row.asset_in, row.amount_in, row.asset_out, row.amount_out, row.fee_amount


def test_what_others_pay_is_a_deposit() -> None:
    preview = _preview(_one(_moved(None, 3 * 10**18), signer=POOL, fee=None))
    [row] = preview.rows
    assert _said(row) == ("deposit", "ETH", 3, None, 0, 0)
    assert (row.account, row.time) == ("Ethereum me", TIME)
    assert preview.file_name == "home, blocks 41 to 50"


def test_what_is_paid_is_a_withdrawal_with_its_fee() -> None:
    [row] = _preview(_one(_moved(ABC, 1_500_000, ME, POOL))).rows
    assert _said(row) == ("withdrawal", None, 0, "ABC", Decimal("1.5"), FEE)
    assert row.fee_asset == "ETH"
    assert row.note == f"0x{1:064x} in block 41"


def test_between_own_addresses_it_is_a_transfer() -> None:
    [row] = _preview(_one(_moved(None, 10**18, ME, ALSO_ME))).rows
    assert _said(row) == ("transfer", "ETH", 1, "ETH", 1, FEE)
    assert (row.account, row.to_account) == ("Ethereum me", "Ethereum also")


def test_one_coin_for_another_is_a_trade() -> None:
    out, into = _moved(None, 10**18, ME, POOL), _moved(ABC, 2_000_000_000)
    [row] = _preview(_one(out, into)).rows
    assert _said(row) == ("trade", "ABC", 2_000, "ETH", 1, FEE)


@pytest.mark.parametrize(
    "movements",
    [
        # Two coins put into a pool for its shares are no exchange of one for one.
        (_moved(ABC, 1, ME, POOL), _moved(None, 1, ME, POOL), _moved(XYZ, 1, place="log 2")),
        # What comes back is the same coin.
        (_moved(ABC, 5, ME, POOL), _moved(ABC, 3, place="log 2")),
    ],
)
def test_anything_else_is_listed_as_it_moved(movements: tuple[Movement, ...]) -> None:
    rows = _preview(_one(*movements)).rows
    assert {row.kind for row in rows} == {"withdrawal", "deposit"}
    assert len(rows) == len(movements)
    assert [row.fee_amount for row in rows] == [FEE] + [0] * (len(rows) - 1), "once"


def test_a_fee_alone_is_a_row_of_its_own() -> None:
    [row] = _preview(_one()).rows
    assert _said(row) == ("fee", None, 0, "ETH", FEE, 0)
    claimed, fee = _preview(_one(_moved(ABC, 7))).rows
    assert (claimed.kind, claimed.fee_amount, fee.kind) == ("deposit", 0, "fee")


def test_tokens_nobody_asked_for_are_left_out_and_named() -> None:
    gift = _one(_moved(XYZ, 10**18), signer=POOL, fee=None)
    preview = _preview(gift)
    assert preview.rows == ()
    [warning] = preview.warnings
    assert warning.startswith("Left out 1: transfers of tokens you neither watch")
    assert XYZ.address in warning
    watching = replace(BOOK, watched={XYZ.address: "XYZ"})
    assert [row.asset_in for row in _preview(gift, book=watching).rows] == ["XYZ"]
    # Once it is moved by the user it counts, what came before included.
    used = _one(_moved(XYZ, 1, ME, POOL), number=2)
    assert {row.kind for row in _preview(gift, used).rows} == {"deposit", "withdrawal"}


def test_tokens_that_pose_as_others_are_left_out() -> None:
    assert _preview(_one(_moved(FAKE, 5, ME, POOL), fee=None)).rows == ()
    twin = replace(XYZ, address=POOL)
    both = _one(_moved(XYZ, 1, ME, POOL), _moved(twin, 1, ME, POOL, "log 2"), fee=None)
    assert _preview(both).rows == (), "two of one name cannot be told apart"
    named = replace(BOOK, watched={XYZ.address: "XYZ"})
    assert [row.asset_out for row in _preview(both, book=named).rows] == ["XYZ"]
    posing = replace(XYZ, symbol="ETH")
    assert _preview(_one(_moved(posing, 1, ME, POOL), fee=None)).rows == ()


@pytest.mark.parametrize(
    ("symbol", "safe"),
    [("abc", "ABC"), ("USD", None), ("", None), ("A B", None), ("PUNK#1", None), ("x" * 21, None)],
)
def test_symbols_that_can_be_used(symbol: str, safe: str | None) -> None:
    assert safe_symbol(replace(XYZ, symbol=symbol), 1) == safe


def test_hashes_are_those_of_the_chain() -> None:
    found = _one(_moved(ABC, 1, ME, POOL))
    [row] = _preview(found).rows
    [elsewhere] = _preview(found, book=replace(BOOK, chain_id=10)).rows
    [renamed] = _preview(found, book=replace(BOOK, accounts={ME: "x"})).rows
    assert row.row_hash == renamed.row_hash != elsewhere.row_hash
    again = _preview(found, stored=[row.row_hash])
    assert again.rows == ()
    assert [one.text for one in again.duplicates] == [row.note]


def test_a_fee_is_never_counted_twice() -> None:
    """A token that is watched later adds rows to transactions that are stored already."""
    gift = _one(_moved(XYZ, 10**18))
    [fee_row] = _preview(replace(gift, movements=())).rows
    watching = replace(BOOK, watched={XYZ.address: "XYZ"})
    rows = _preview(gift, book=watching, stored=[fee_row.row_hash]).rows
    assert [(row.kind, row.fee_amount) for row in rows] == [("deposit", 0)]
    sent = _one(_moved(XYZ, 1, ME, POOL))
    rows = _preview(sent, book=watching, stored=[fee_row.row_hash]).rows
    assert [(row.kind, row.fee_amount) for row in rows] == [("withdrawal", 0)]


def test_what_cannot_be_is_refused() -> None:
    late = replace(_one(_moved(ABC, 1)), time=datetime(2030, 1, 1, tzinfo=UTC))
    huge = _one(_moved(replace(XYZ, decimals=0), 2**255, ME, POOL), number=2)
    refused = _preview(late, huge).refused
    assert [row.line for row in refused] == [41, 42]
    assert "in the future" in refused[0].reason
    assert "amount" in refused[1].reason


def test_what_the_node_cannot_show_is_said() -> None:
    found = Transfers(Blocks(0, 9), (), False, {ME: Decimal("0.5"), ALSO_ME: Decimal(0)})
    preview = preview_transfers(found, BOOK, lambda hashes: set(), NOW, "home")
    assert len(preview.warnings) == 2
    assert "were not looked for" in preview.warnings[0]
    assert "changed by 0.5 beyond what these rows explain" in preview.warnings[1]
