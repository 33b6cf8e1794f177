"""Single changes of transactions, and taking them back one by one."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.core.records import Transaction
from engine.store.database import Database
from engine.store.edits import SOURCE, EditRepo
from engine.store.transactions import TransactionRepo
from tests.engine.store.conftest import NOW

Buy = Callable[..., Transaction]


@pytest.fixture
def repo(db: Database) -> TransactionRepo:
    return TransactionRepo(db)


@pytest.fixture
def edits(db: Database) -> EditRepo:
    return EditRepo(db)


def test_what_is_added_is_one_import_called_manual(
    repo: TransactionRepo, edits: EditRepo, buy: Buy
) -> None:
    first, second = edits.add(buy(1, note="one")), edits.add(buy(1, note="one"))
    assert [t.id for t in repo.all()] == [first, second]
    (batch,) = repo.batches()
    assert (batch.source, batch.rows, batch.simulated) == (SOURCE, 2, False)
    # Equal as they are, each has a hash of its own.
    assert len({t.row_hash for t in repo.all()}) == 2
    assert all(len(t.row_hash) == 64 for t in repo.all())
    edits.undo()
    edits.undo()
    assert (repo.all(), repo.batches(), edits.history()) == ([], [], [])
    with pytest.raises(KnownError, match="no change to take back"):
        edits.undo()


def test_only_the_change_that_is_meant_is_taken_back(
    repo: TransactionRepo, edits: EditRepo, buy: Buy
) -> None:
    edits.add(buy(1))
    edits.add(buy(2))
    newest, oldest = (change.id for change in edits.history())
    with pytest.raises(KnownError, match="Other changes have come after this one"):
        edits.undo(oldest)
    assert edits.undo(newest).id == newest
    with pytest.raises(KnownError, match="has been taken back already"):
        edits.undo(newest)
    assert len(repo.all()) == 1
    edits.undo(oldest)
    with pytest.raises(KnownError, match="has been taken back already"):
        edits.undo(oldest)


def test_an_edit_keeps_the_import_and_the_hash(
    repo: TransactionRepo, edits: EditRepo, buy: Buy
) -> None:
    batch = repo.add_batch("kraken", "f", "h", [buy(1), buy(2)], simulated=False)
    before = repo.all()[0]
    wanted = replace(buy(9, note="new", amount="3"), tag="mine", income_kind="", row_hash="other")
    edits.edit(before.id or 0, wanted)
    after = next(t for t in repo.all() if t.id == before.id)
    assert after == replace(wanted, id=before.id, batch_id=batch, row_hash="hash-1")
    (change,) = edits.history()
    assert (change.action, change.before, change.after) == ("edit", before, after)
    assert edits.undo() == change
    assert repo.all()[0] == before


def test_an_edit_that_changes_nothing_is_none(
    repo: TransactionRepo, edits: EditRepo, buy: Buy
) -> None:
    row_id = edits.add(buy(1))
    edits.edit(row_id, repo.all()[0])
    assert [change.action for change in edits.history()] == ["add"]


def test_a_deleted_row_is_gone_and_still_known(
    repo: TransactionRepo, edits: EditRepo, buy: Buy
) -> None:
    repo.add_batch("kraken", "f", "h", [buy(1), buy(2)], simulated=False)
    first = repo.all()[0]
    edits.delete(first.id or 0)
    assert [t.row_hash for t in repo.all()] == ["hash-2"]
    # Importing the file again finds it.
    assert repo.existing_hashes({"hash-1", "hash-2"}) == {"hash-1", "hash-2"}
    for change in (edits.delete, lambda row_id: edits.edit(row_id, buy(3))):
        with pytest.raises(KnownError, match="transaction is not there any more"):
            change(first.id or 0)
    assert edits.undo().before == first
    assert repo.all()[0] == first


def test_a_number_no_row_can_have(edits: EditRepo) -> None:
    with pytest.raises(KnownError, match="not there any more"):
        edits.delete(2**70)


def test_taking_an_import_back_takes_its_changes_along(
    repo: TransactionRepo, edits: EditRepo, buy: Buy
) -> None:
    batch = repo.add_batch("kraken", "f", "h", [buy(1), buy(2)], simulated=False)
    one, two = repo.all()
    edits.edit(one.id or 0, buy(5))
    kept = edits.add(buy(7))
    edits.delete(two.id or 0)
    repo.undo(batch)
    assert [t.id for t in repo.all()] == [kept]
    assert [change.action for change in edits.history()] == ["add"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["add", "edit", "delete"]), st.integers(0, 9)), max_size=8)
)
def test_taking_everything_back_restores_everything(
    db: Database, steps: list[tuple[str, int]]
) -> None:
    repo, edits = TransactionRepo(db), EditRepo(db)
    rows = [_row(n) for n in range(3)]
    batch = repo.add_batch("kraken", "f", "h", rows, simulated=False)
    start, seen = repo.all(), []
    for action, number in steps:
        now = repo.all()
        seen.append(now)
        row_id = now[number % len(now)].id or 0 if now else 0
        if action == "add" or not now:
            edits.add(_row(number + 10))
        elif action == "edit":
            edits.edit(row_id, replace(_row(number), note=f"edit {len(seen)}"))
        else:
            edits.delete(row_id)
    for before in reversed(seen):
        edits.undo()
        assert repo.all() == before
    assert repo.all() == start
    repo.undo(batch)
    assert repo.batches() == []


def _row(number: int) -> Transaction:
    nothing = Decimal(0)
    return Transaction(
        NOW, "deposit", "Kraken", "BTC", Decimal(number + 1), None, nothing, None, nothing, None,
        None, "", f"row {number}",
    )  # fmt: skip
