"""What the user types is held to the rules of imported rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.core.errors import KnownError
from engine.core.records import Transaction
from engine.ledger.entry import checked
from tests.engine.ledger.ledger_samples import make

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
BUY = make("2024-01-01", "buy", ("BTC", "0.5"), ("USD", "20000"), ("USD", "10"))


def test_a_sound_transaction_stays_as_it_is() -> None:
    stored = replace(BUY, id=7, batch_id=3, row_hash="kept", note="=1+1", tag="mine")
    assert checked(stored, NOW) == stored


def test_it_is_tidied_as_a_file_would_be() -> None:
    untidy = replace(
        BUY,
        time=BUY.time + timedelta(microseconds=5),
        account=" ",
        asset_in="btc",
        asset_out="usdc",
        note="two\nlines",
    )
    tidy = checked(untidy, NOW)
    assert (tidy.time, tidy.account, tidy.asset_in) == (BUY.time, "Main", "BTC")
    assert (tidy.kind, tidy.note) == ("trade", "two lines")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (replace(BUY, time=NOW + timedelta(days=2)), "is in the future"),
        (replace(BUY, amount_in=Decimal(0)), "the amount in is zero"),
        (replace(BUY, amount_in=Decimal("NaN")), "an amount is not a number"),
        (replace(BUY, asset_out=None), "a buy needs what came in and what went out"),
        (replace(BUY, asset_in="no coin"), "is not a symbol"),
        (replace(BUY, income_kind="staking"), "only an income has an income kind"),
        (replace(BUY, kind="transfer", to_account="Kraken"), "same asset and amount"),
    ],
)
def test_what_cannot_be_is_refused(wrong: Transaction, reason: str) -> None:
    with pytest.raises(KnownError, match=f"This transaction cannot be stored: .*{reason}"):
        checked(wrong, NOW)
