"""Two halves of a transfer are found by exact amount and time, and by nothing weaker."""

from decimal import Decimal

import pytest

from engine.core.records import Transaction
from engine.ledger.lots import fifo
from engine.ledger.transfers import link_transfers
from tests.engine.ledger.ledger_samples import make

SENT = make("2024-01-02T10:00:00", "withdrawal", None, ("BTC", "0.5"), ("BTC", "0.0002"))


def arrival(when: str, amount: str = "0.5", asset: str = "BTC", **more: object) -> Transaction:
    return make(when, "deposit", (asset, amount), account="Ledger", **more)  # type: ignore[arg-type]


def test_a_withdrawal_and_its_deposit_become_a_transfer() -> None:
    (transfer,) = link_transfers([arrival("2024-01-02T11:30:00"), SENT])
    assert (transfer.kind, transfer.account, transfer.to_account) == (
        "transfer",
        "Kraken",
        "Ledger",
    )
    assert (transfer.amount_in, transfer.amount_out) == (Decimal("0.5"), Decimal("0.5"))
    assert transfer.fee_amount == Decimal("0.0002")
    assert transfer.time == SENT.time
    assert link_transfers([transfer]) == [transfer]


@pytest.mark.parametrize(
    "deposit",
    [
        arrival("2024-01-02T11:30:00", "0.4998"),
        arrival("2024-01-02T11:30:00", asset="ETH"),
        arrival("2024-01-05T10:00:01"),
        arrival("2024-01-02T08:59:59"),
        arrival("2024-01-02T11:30:00", value=("USD", "9000")),
    ],
)
def test_what_only_looks_alike_is_left_alone(deposit: Transaction) -> None:
    assert sorted(t.kind for t in link_transfers([SENT, deposit])) == ["deposit", "withdrawal"]


def test_fiat_is_never_linked() -> None:
    rows = [
        make("2024-01-02", "withdrawal", None, ("USD", "1000")),
        make("2024-01-03", "deposit", ("USD", "1000"), account="Coinbase"),
    ]
    assert [t.kind for t in link_transfers(rows)] == ["withdrawal", "deposit"]


def test_each_deposit_takes_one_withdrawal() -> None:
    rows = [SENT, SENT, arrival("2024-01-02T11:00:00")]
    assert sorted(t.kind for t in link_transfers(rows)) == ["transfer", "withdrawal"]


def test_lots_follow_a_linked_transfer() -> None:
    book = fifo(
        [
            make("2024-01-01", "buy", ("BTC", "1"), ("USD", "40000")),
            SENT,
            arrival("2024-01-02T11:30:00"),
        ],
        lambda asset, day: None,
        "USD",
    )
    assert not book.missing
    assert {lot.account: (lot.amount, lot.unit_cost) for lot in book.open} == {
        "Kraken": (Decimal("0.4998"), 40000),
        "Ledger": (Decimal("0.5"), 40000),
    }
