"""The ledger against what an account really holds."""

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import Transaction, TransactionKind
from engine.ledger.importers.base import Amount, build
from engine.ledger.legs import holdings
from engine.ledger.reconcile import reconcile

DAY = date(2024, 1, 31)


def row(
    day: int,
    kind: TransactionKind,
    received: Amount | None = None,
    sent: Amount | None = None,
    fee: Amount | None = None,
    account: str = "K",
    to_account: str | None = None,
) -> Transaction:
    time = datetime(2024, 1, day, 12, tzinfo=UTC)
    return build(time, kind, account, received=received, sent=sent, fee=fee, to_account=to_account)


def btc(amount: str) -> Amount:
    return "BTC", Decimal(amount)


LEDGER = [
    row(1, "deposit", btc("1")),
    row(2, "buy", btc("0.5"), ("USD", Decimal(100)), btc("0.01")),
    row(3, "withdrawal", None, btc("0.2"), btc("0.001")),
    row(4, "transfer", btc("0.1"), btc("0.1"), btc("0.002"), to_account="L"),
    row(5, "deposit", btc("7"), account="L"),
    row(20, "withdrawal", None, btc("0.3")),
]
"""By hand: 1 + 0.5 - 0.01 - 0.2 - 0.001 - 0.1 - 0.002 = 1.187 on the 19th, 0.887 after."""


def test_a_balance_that_agrees() -> None:
    [balance] = reconcile(LEDGER, "K", {"BTC": Decimal("0.887")}, DAY)
    assert (balance.ledger, balance.difference, balance.agrees) == (Decimal("0.887"), 0, True)
    assert balance.sentence() == "K has 0.887 BTC in the ledger, as stated."
    [rounded] = reconcile(LEDGER, "K", {"BTC": Decimal("0.887000004")}, DAY)
    assert rounded.agrees


def test_the_day_counts_to_its_end() -> None:
    balances = [
        reconcile(LEDGER, "K", {"BTC": Decimal("1.187")}, date(2024, 1, day))[0] for day in (19, 20)
    ]
    assert [balance.difference for balance in balances] == [0, Decimal("-0.3")]


def test_too_much_in_the_ledger_points_at_a_row_of_that_size() -> None:
    [balance] = reconcile(LEDGER, "K", {"BTC": Decimal("-0.113")}, DAY)
    assert balance.difference == 1
    assert balance.suspects == (LEDGER[0],)
    assert balance.sentence() == (
        "K has 0.887 BTC in the ledger and -0.113 as stated on 2024-01-31, which is 1 BTC too much:"
        " a withdrawal, a sale or a fee is missing, or a row is twice. Exactly this amount is in 1"
        " of its transactions: look at the one of 2024-01-01 (deposit)."
    )


def test_too_little_in_the_ledger() -> None:
    [balance] = reconcile(LEDGER, "K", {"BTC": Decimal("1")}, DAY)
    assert balance.sentence() == (
        "K has 0.887 BTC in the ledger and 1 as stated on 2024-01-31, which is 0.113 BTC too "
        "little: a deposit, a purchase or an income is missing."
    )
    # A withdrawal that is there twice.
    [twice] = reconcile([*LEDGER, LEDGER[-1]], "K", {"BTC": Decimal("0.887")}, DAY)
    assert (twice.difference, len(twice.suspects)) == (Decimal("-0.3"), 2)


def test_assets_that_the_ledger_does_not_know_hold_nothing() -> None:
    balances = reconcile(LEDGER, "K", {"ETH": Decimal(2), "USD": Decimal(-100)}, DAY)
    assert [(one.asset, one.ledger, one.agrees) for one in balances] == [
        ("ETH", 0, False),
        ("USD", -100, True),
    ]


@given(st.lists(st.sampled_from(LEDGER)), st.sampled_from(["K", "L"]), st.dates(DAY, DAY))
def test_what_the_holdings_say_always_agrees(
    rows: list[Transaction], account: str, day: date
) -> None:
    held = holdings(rows, day, account)
    assert all(balance.agrees for balance in reconcile(rows, account, held, day))
