"""What looks like one transfer is proposed; only what the user confirmed is joined."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import Transaction
from engine.ledger.gaps import about
from engine.ledger.legs import holdings
from engine.ledger.lots import fifo
from engine.ledger.transfers import (
    decisions,
    link_transfers,
    no_longer_fitting,
    propose_pairs,
    unconfirmed,
)
from tests.engine.ledger.ledger_samples import make

SENT = make(
    "2024-01-02T10:00:00", "withdrawal", None, ("BTC", "0.5"), ("BTC", "0.0002"), row_hash="sent"
)


def arrival(when: str, amount: str = "0.5", asset: str = "BTC", **more: object) -> Transaction:
    more = {"account": "Ledger", "row_hash": "came"} | more
    return make(when, "deposit", (asset, amount), **more)  # type: ignore[arg-type]


CAME = arrival("2024-01-02T11:30:00")


@pytest.mark.parametrize(
    ("deposit", "why"),
    [
        (CAME, "the same amount, 1 h 30 min later"),
        (arrival("2024-01-02T10:00:00"), "the same amount, at the same time"),
        (arrival("2024-01-02T09:15:00"), "the same amount, 45 min earlier"),
        (arrival("2024-01-05T10:00:00"), "the same amount, 72 h later"),
        (
            arrival("2024-01-02T11:00:00", "0.4998"),
            "0.0002 BTC less (the stated fee), 1 h later",
        ),
        (arrival("2024-01-02T11:00:00", "0.49"), "0.01 BTC less (2.00 %), 1 h later"),
    ],
)
def test_what_looks_like_a_transfer_is_proposed(deposit: Transaction, why: str) -> None:
    (candidate,) = propose_pairs([deposit, SENT], ())
    assert (candidate.withdrawal, candidate.deposit) == (SENT, deposit)
    assert candidate.pair == ("sent", "came")
    assert candidate.why == why
    assert propose_pairs([deposit, SENT], {("sent", "came")}) == []


@pytest.mark.parametrize(
    "deposit",
    [
        arrival("2024-01-02T11:30:00", "0.5000001"),
        arrival("2024-01-02T11:30:00", "0.4899"),
        arrival("2024-01-02T11:30:00", asset="ETH"),
        arrival("2024-01-05T10:00:01"),
        arrival("2024-01-02T08:59:59"),
        arrival("2024-01-02T11:30:00", value=("USD", "9000")),
        replace(CAME, fee_asset="BTC", fee_amount=Decimal("0.1")),
    ],
)
def test_what_is_less_alike_is_not(deposit: Transaction) -> None:
    assert propose_pairs([SENT, deposit], ()) == []


def test_a_stated_fee_may_be_larger_than_a_network_fee() -> None:
    sent = replace(SENT, fee_amount=Decimal("0.1"))
    (candidate,) = propose_pairs([sent, arrival("2024-01-02T11:00:00", "0.4")], ())
    assert candidate.likeness == "stated fee"
    # A fee in another coin says nothing about the amount.
    other = replace(sent, fee_asset="ETH")
    assert propose_pairs([other, arrival("2024-01-02T11:00:00", "0.4")], ()) == []


def test_fiat_is_never_proposed() -> None:
    rows = [
        make("2024-01-02", "withdrawal", None, ("USD", "1000")),
        make("2024-01-03", "deposit", ("USD", "1000"), account="Coinbase"),
    ]
    assert propose_pairs(rows, ()) == []


def test_each_row_is_in_one_pair_and_the_surest_goes_first() -> None:
    later = replace(SENT, time=SENT.time + timedelta(hours=1), row_hash="later")
    smaller = arrival("2024-01-02T10:10:00", "0.495", row_hash="smaller")
    pairs = propose_pairs([SENT, later, smaller, CAME], ())
    # The exact amount goes to the nearer withdrawal, the smaller one to the other.
    assert [one.pair for one in pairs] == [("sent", "smaller"), ("later", "came")]
    assert [one.pair for one in propose_pairs([SENT, later, CAME], ())] == [("later", "came")]
    assert [one.pair for one in propose_pairs([SENT, later, CAME], {("later", "came")})] == [
        ("sent", "came")
    ]


def test_a_confirmed_pair_becomes_a_transfer() -> None:
    assert [t.kind for t in link_transfers([CAME, SENT], ())] == ["withdrawal", "deposit"]
    (transfer,) = link_transfers([CAME, SENT], {("sent", "came")})
    assert (transfer.kind, transfer.account, transfer.to_account) == (
        "transfer",
        "Kraken",
        "Ledger",
    )
    assert (transfer.amount_in, transfer.amount_out) == (Decimal("0.5"), Decimal("0.5"))
    assert transfer.fee_amount == Decimal("0.0002")
    assert transfer.time == SENT.time
    assert link_transfers([transfer], {("sent", "came")}) == [transfer]
    assert propose_pairs([transfer], ()) == []


def test_what_did_not_arrive_becomes_the_fee() -> None:
    came = arrival("2024-01-02T11:00:00", "0.495")
    (transfer,) = link_transfers([SENT, came], {("sent", "came")})
    assert (transfer.amount_in, transfer.amount_out) == (Decimal("0.495"), Decimal("0.495"))
    assert (transfer.fee_asset, transfer.fee_amount) == ("BTC", Decimal("0.0052"))
    # Beside a fee in another coin the amounts tell it.
    sent = replace(SENT, fee_asset="ETH")
    (transfer,) = link_transfers([sent, came], {("sent", "came")})
    assert (transfer.amount_in, transfer.amount_out) == (Decimal("0.495"), Decimal("0.5"))
    book = fifo(
        [make("2024-01-01", "buy", ("BTC", "0.5"), ("USD", "20000")), transfer],
        lambda asset, day: None,
        "USD",
    )
    assert [(one.amount, one.gain) for one in book.disposals] == [(Decimal("0.005"), -200)]


@pytest.mark.parametrize(
    "deposit",
    [
        replace(CAME, asset_in="ETH"),
        replace(CAME, amount_in=Decimal(1)),
        replace(CAME, kind="income"),
        replace(CAME, row_hash="gone"),
        replace(CAME, fee_asset="BTC", fee_amount=Decimal("0.1")),
    ],
)
def test_a_pair_that_no_longer_fits_is_passed_over(deposit: Transaction) -> None:
    assert link_transfers([SENT, deposit], {("sent", "came")}) == [SENT, deposit]


def test_a_confirmed_pair_that_no_longer_fits_is_told_of() -> None:
    pairs = {("sent", "came"): "confirmed"}
    (one,) = decisions([SENT, CAME], pairs)  # type: ignore[arg-type]
    assert (one.fits, one.said) == (True, "confirmed")
    assert no_longer_fitting([one]) == ()
    edited = arrival("2024-01-02T11:30:00", "0.7")  # more than was sent
    (one,) = decisions([SENT, edited], pairs)  # type: ignore[arg-type]
    assert (one.fits, one.said) == (False, "confirmed, but no longer fits: not used")
    (gap,) = no_longer_fitting([one])
    assert gap == (
        "The confirmed transfer of 0.5 BTC from Kraken to Ledger on 2024-01-02 no longer fits "
        "since it was edited, and counts as a withdrawal and a deposit."
    )
    assert about([gap], "BTC")
    assert [t.kind for t in link_transfers([SENT, edited], pairs)] == ["withdrawal", "deposit"]
    (one,) = decisions([SENT, edited], {("sent", "came"): "rejected"})
    assert one.said == "rejected"
    assert no_longer_fitting([one]) == ()


def test_lots_follow_a_confirmed_transfer() -> None:
    bought = make("2024-01-01", "buy", ("BTC", "1"), ("USD", "40000"))
    linked = link_transfers([bought, SENT, CAME], {("sent", "came")})
    book = fifo(linked, lambda asset, day: None, "USD")
    assert not book.missing
    assert {lot.account: (lot.amount, lot.unit_cost) for lot in book.open} == {
        "Kraken": (Decimal("0.4998"), 40000),
        "Ledger": (Decimal("0.5"), 40000),
    }


def test_candidates_are_said_to_wait() -> None:
    assert unconfirmed([]) == ()
    (one,) = propose_pairs([SENT, CAME], ())
    (gap,) = unconfirmed([one])
    assert gap == (
        "A withdrawal and a deposit look like a transfer between your own accounts; "
        "confirm it under Portfolio → Accounts."
    )
    (gap,) = unconfirmed([one, one])
    assert gap.startswith("2 withdrawals and deposits look like transfers")
    assert about([gap], "BTC") == (gap,)


START = datetime(2024, 1, 1, tzinfo=UTC)
moves = st.builds(
    lambda number, is_sent, hours, amount, fee, coin: make(
        (START + timedelta(hours=hours)).replace(tzinfo=None).isoformat(),
        "withdrawal" if is_sent else "deposit",
        None if is_sent else ("BTC", amount),
        ("BTC", amount) if is_sent else None,
        (coin, fee) if is_sent and coin else None,
        account="Kraken" if is_sent else "Ledger",
        row_hash=str(number),
    ),
    st.integers(),
    st.booleans(),
    st.integers(0, 100),
    st.sampled_from(["1", "0.999", "0.99", "2"]),
    st.sampled_from(["0.001", "0.01"]),
    st.sampled_from([None, "BTC", "ETH"]),
)


@given(st.lists(moves, max_size=12, unique_by=lambda t: t.row_hash))
def test_joining_changes_no_balance(rows: list[Transaction]) -> None:
    candidates = propose_pairs(rows, ())
    linked = link_transfers(rows, {one.pair for one in candidates})
    assert len(linked) == len(rows) - len(candidates)
    assert propose_pairs(linked, ()) == []
    for account in ("Kraken", "Ledger"):
        assert holdings(linked, account=account) == holdings(rows, account=account)


def test_a_crowd_of_equal_rows_takes_no_endless_time() -> None:
    rows = [replace(SENT, row_hash=f"w{n:05}") for n in range(3_000)]
    rows += [replace(CAME, row_hash=f"d{n:05}") for n in range(3_000)]
    pairs = propose_pairs(rows, ())
    # Nine million comparisons are not made, so that not all find each other at once.
    assert 0 < len(pairs) <= 3_000
