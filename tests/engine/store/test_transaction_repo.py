"""Imports of transactions: exact, all or nothing, undone as one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlcipher3 import dbapi2

from engine.core.errors import Cancelled, KnownError
from engine.core.money import to_text
from engine.core.records import PricePoint, Transaction, TransactionKind
from engine.store.batches import Batch
from engine.store.database import Database
from engine.store.prices import PriceRepo
from engine.store.transactions import TransactionRepo

Buy = Callable[..., Transaction]
amounts = st.decimals(min_value=0, max_value=10**20, places=18, allow_nan=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.fixture
def repo(db: Database) -> TransactionRepo:
    return TransactionRepo(db)


def stored(transaction: Transaction) -> Transaction:
    return replace(transaction, id=None, batch_id=None)


def test_a_batch_comes_back_by_time(repo: TransactionRepo, buy: Buy, db: Database) -> None:
    rows = [buy(3), buy(1), buy(2)]
    batch = repo.add_batch("kraken", "ledgers.csv", "abc", rows, simulated=False)
    listed = repo.all()
    assert [stored(transaction) for transaction in listed] == [buy(1), buy(2), buy(3)]
    assert {transaction.batch_id for transaction in listed} == {batch}
    assert len({transaction.id for transaction in listed}) == 3
    now = db.clock.now()
    assert repo.batches() == [Batch(batch, "kraken", "ledgers.csv", now, 3, False)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.builds(
        Transaction,
        time=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
        kind=st.sampled_from(get_args(TransactionKind)),
        account=texts,
        asset_in=st.none() | texts,
        amount_in=amounts,
        asset_out=st.none() | texts,
        amount_out=amounts,
        fee_asset=st.none() | texts,
        fee_amount=amounts,
        value=st.none() | amounts,
        value_currency=st.none() | texts,
        note=texts,
        row_hash=st.just("one"),
        to_account=st.none() | texts,
        income_kind=texts,
        tag=texts,
    )
)
def test_every_transaction_comes_back_exactly(
    repo: TransactionRepo, transaction: Transaction
) -> None:
    batch = repo.add_batch("generic", "f", "h", [transaction], simulated=False)
    (found,) = repo.all()
    repo.undo(batch)
    assert stored(found) == transaction
    assert to_text(found.amount_in) == to_text(transaction.amount_in)


def test_amounts_are_stored_as_text(repo: TransactionRepo, buy: Buy, db: Database) -> None:
    tiny = buy(amount="0.000000000000000001")
    repo.add_batch("generic", "f", "h", [tiny], simulated=False)
    sql = "SELECT amount_in, typeof(amount_in), typeof(amount_out) FROM transactions"
    assert db.run(lambda d: d.execute(sql).fetchall()) == [("0.000000000000000001", "text", "text")]
    assert repo.all()[0].amount_in == Decimal("1e-18")


def test_a_row_stored_before_refuses_the_whole_import(repo: TransactionRepo, buy: Buy) -> None:
    repo.add_batch("generic", "f", "h", [buy(1)], simulated=False)
    for rows in ([buy(2), buy(1)], [buy(3), buy(3)]):
        with pytest.raises(KnownError, match="already stored, so nothing was added"):
            repo.add_batch("generic", "g", "h", rows, simulated=False)
    assert len(repo.all()) == 1
    assert len(repo.batches()) == 1
    assert repo.existing_hashes(["hash-1", "hash-2", "hash-3"]) == {"hash-1"}
    assert repo.existing_hashes([]) == set()


def test_an_error_in_a_late_row_stores_nothing(repo: TransactionRepo, buy: Buy) -> None:
    rows = [*(buy(number) for number in range(250)), replace(buy(999), amount_in=Decimal("NaN"))]
    with pytest.raises(ValueError, match="finite"):
        repo.add_batch("generic", "f", "h", rows, simulated=False)
    assert repo.all() == []
    assert repo.batches() == []


def test_storing_tells_how_far_it_is_and_keeps_no_memory(
    repo: TransactionRepo, buy: Buy, db: Database
) -> None:
    cache = db.run(lambda one: one.execute("PRAGMA cache_size").fetchone())
    steps: list[tuple[float, str]] = []
    rows = [buy(number) for number in range(2_500)]

    repo.add_batch("g", "f", "h", rows, simulated=False, step=lambda *step: steps.append(step))

    assert steps == [
        (0, "0 of 2,500 rows stored"),
        (0.4, "1,000 of 2,500 rows stored"),
        (0.8, "2,000 of 2,500 rows stored"),
    ]
    assert len(repo.all()) == 2_500
    assert db.run(lambda one: one.execute("PRAGMA cache_size").fetchone()) == cache


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_storing_that_is_stopped_leaves_nothing(
    repo: TransactionRepo, buy: Buy, steps: int
) -> None:
    left = iter(range(steps))

    def step(fraction: float, text: str) -> None:
        if next(left) == steps - 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        repo.add_batch("g", "f", "h", [buy(n) for n in range(2_500)], simulated=False, step=step)
    assert repo.all() == []
    assert repo.batches() == []


def test_another_broken_rule_is_a_bug_not_a_sentence(repo: TransactionRepo, buy: Buy) -> None:
    with pytest.raises(dbapi2.IntegrityError, match="CHECK"):
        repo.add_batch("generic", "f", "h", [replace(buy(), kind="theft")], simulated=False)
    assert repo.batches() == []


def test_an_import_without_rows_is_refused(repo: TransactionRepo) -> None:
    with pytest.raises(KnownError, match="no new rows"):
        repo.add_batch("generic", "f", "h", [], simulated=False)


def test_undo_takes_one_import_and_only_once(repo: TransactionRepo, buy: Buy) -> None:
    first = repo.add_batch("generic", "a", "h", [buy(1), buy(2)], simulated=False)
    second = repo.add_batch("generic", "b", "h", [buy(3)], simulated=False)
    repo.undo(first)
    assert [transaction.batch_id for transaction in repo.all()] == [second]
    assert [batch.id for batch in repo.batches()] == [second]
    with pytest.raises(KnownError, match="import is not there any more"):
        repo.undo(first)
    third = repo.add_batch("generic", "a", "h", [buy(1), buy(2)], simulated=False)
    assert third > second


def test_undo_does_not_touch_prices(repo: TransactionRepo, db: Database) -> None:
    point = PricePoint("BTC", "USD", datetime(2026, 1, 1).date(), Decimal(1))
    batch = PriceRepo(db).add_batch("csv", "p.csv", [point])
    with pytest.raises(KnownError):
        repo.undo(batch)
    assert repo.batches() == []
    assert PriceRepo(db).assets() == {"BTC"}


def test_simulated_data_are_told_apart_and_removed_as_one(
    repo: TransactionRepo, buy: Buy, db: Database
) -> None:
    prices = PriceRepo(db)
    day = datetime(2026, 1, 1).date()
    repo.add_batch("generic", "real", "h", [buy(1)], simulated=False)
    repo.add_batch("demo", "demo", "h", [buy(2), buy(3)], simulated=True)
    prices.add_batch("demo", "demo", [PricePoint("ETH", "USD", day, Decimal(2))], simulated=True)
    assert [len(repo.all(simulated)) for simulated in (None, True, False)] == [3, 2, 1]
    assert [batch.simulated for batch in repo.batches()] == [True, False]
    repo.delete_simulated()
    assert [stored(transaction) for transaction in repo.all()] == [buy(1)]
    assert prices.assets() == set()
    repo.delete_simulated()
