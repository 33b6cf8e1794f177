"""Transactions in the books: listing, changing, pairing, exporting, and how cost is worked out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.core.records import Transaction
from engine.service import CostBasis, Service
from tests.engine.service.conftest import HEADER, take

OWN = Transaction(
    datetime(2026, 3, 1, tzinfo=UTC), "gift", "Ledger", "ETH", Decimal(2), None, Decimal(0), None,
    Decimal(0), Decimal(5000), "USD", "from Ann", "",
)  # fmt: skip


@pytest.fixture
def moves(tmp_path: Path) -> Path:
    """A purchase, and a withdrawal that arrives as a deposit."""
    path = tmp_path / "moves.csv"
    path.write_text(
        HEADER
        + "2026-01-05 10:00:00,buy,Kraken,BTC,1,USD,60000,,,,,,\n"
        + "2026-02-05 10:00:00,withdrawal,Kraken,,,BTC,0.5,,,,,,\n"
        + "2026-02-05 11:00:00,deposit,Ledger,BTC,0.499,,,,,,,,\n"
    )
    return path


def costs(service: Service) -> dict[str, Decimal | None]:
    return {row.asset: row.cost for row in service.portfolio.valuation().rows}


def test_the_list_is_newest_first_and_filtered(service: Service, purchases: Path) -> None:
    take(service, purchases)
    rows = service.ledger.transactions()
    assert [row.time.month for row in rows] == [2, 1]
    assert service.ledger.transactions(period="2026-01") == rows[1:]
    assert service.ledger.transactions("kraken", kind="buy", asset="BTC", account="Kraken") == rows
    assert service.ledger.transactions(kind="sell") == []
    with pytest.raises(KnownError):
        service.ledger.transactions(period="sometime")


def test_adding_editing_deleting_and_taking_back(
    service: Service, purchases: Path, events: list[Event]
) -> None:
    take(service, purchases)
    events.clear()
    number = service.ledger.add(OWN)
    assert events == [DataChanged(frozenset({"transactions"}))]
    added = service.ledger.transactions(asset="ETH")[0]
    assert (added.id, added.note, added.value) == (number, "from Ann", 5000)
    assert costs(service)["ETH"] == 5000

    service.ledger.edit(number, replace(added, value=Decimal(6000)))
    assert costs(service)["ETH"] == 6000
    bought = service.ledger.transactions(asset="BTC")[-1]
    service.ledger.delete(bought.id or 0)
    assert costs(service)["BTC"] == 120000
    # What was deleted does not come back with its file.
    again = service.portfolio.preview(purchases).future.result()
    assert (len(again.rows), len(again.duplicates)) == (0, 2)

    assert [change.action for change in service.ledger.changes()] == ["delete", "edit", "add"]
    assert [service.ledger.undo().action for _ in range(3)] == ["delete", "edit", "add"]
    assert costs(service) == {"BTC": 150000}
    with pytest.raises(KnownError, match="no change"):
        service.ledger.undo()


def test_what_cannot_be_is_not_stored(service: Service) -> None:
    with pytest.raises(KnownError, match="cannot be stored: the amount in is negative"):
        service.ledger.add(replace(OWN, amount_in=Decimal(-1)))
    with pytest.raises(KnownError, match="not there any more"):
        service.ledger.edit(7, OWN)
    assert not service.portfolio.has_data()


def test_nothing_is_added_beside_the_demo(service: Service) -> None:
    service.portfolio.load_demo()
    with pytest.raises(KnownError, match="must not mix"):
        service.ledger.add(OWN)


def test_a_transfer_waits_for_the_word_of_the_user(service: Service, moves: Path) -> None:
    take(service, moves)
    (candidate,) = service.ledger.proposed()
    assert candidate.why == "0.001 BTC less (0.20 %), 1 h later"
    missing = service.portfolio.valuation().missing
    assert any("confirm it under Portfolio → Accounts" in gap for gap in missing)

    service.ledger.confirm(candidate.pair)
    assert service.ledger.proposed() == ()
    held = service.portfolio.valuation()
    assert not [gap for gap in held.missing if "transfer" in gap or "unknown cost" in gap]
    assert held.rows[0].amount == Decimal("0.999")
    (decision,) = service.ledger.decided()
    assert (decision.pair, decision.state) == (candidate.pair, "confirmed")
    assert decision.deposit == candidate.deposit
    # The decision is about the rows: it outlives an import that is taken back and made again.
    service.undo(1)
    assert service.ledger.decided() == []
    take(service, moves)
    assert service.ledger.proposed() == ()

    service.ledger.forget(candidate.pair)
    assert len(service.ledger.proposed()) == 1
    service.ledger.reject(candidate.pair)
    assert service.ledger.proposed() == ()
    assert any("unknown cost" in gap for gap in service.portfolio.valuation().missing)


def test_transfers_are_confirmed_many_at_once(service: Service, moves: Path) -> None:
    take(service, moves)
    pairs = [one.pair for one in service.ledger.proposed()]
    service.ledger.confirm_all(pairs)
    assert [one.pair for one in service.ledger.decided()] == pairs
    # One that cannot be does not take back those before it.
    service.ledger.forget(pairs[0])
    with pytest.raises(KnownError, match="already belongs"):
        service.ledger.confirm_all([pairs[0], (pairs[0][0], "another")])
    assert [one.state for one in service.ledger.decided()] == ["confirmed"]


def test_a_row_typed_anew_can_take_the_place_of_one_in_a_transfer(
    service: Service, moves: Path
) -> None:
    take(service, moves)
    service.ledger.confirm(service.ledger.proposed()[0].pair)
    (deposit,) = service.ledger.transactions(kind="deposit")
    service.ledger.delete(deposit.id or 0)
    service.ledger.add(replace(deposit, note="as the wallet shows it"))
    (candidate,) = service.ledger.proposed()
    service.ledger.confirm(candidate.pair)
    assert [one.pair for one in service.ledger.decided()] == [candidate.pair]
    assert not any("unknown cost" in gap for gap in service.portfolio.valuation().missing)


def test_the_demo_never_stands_beside_rows_that_can_come_back(
    service: Service, purchases: Path
) -> None:
    take(service, purchases)
    for row in service.ledger.transactions():
        service.ledger.delete(row.id or 0)
    with pytest.raises(KnownError, match="Your own"):
        service.portfolio.load_demo()


def test_an_export_is_all_duplicates_here_and_the_same_elsewhere(
    service: Service, moves: Path, tmp_path: Path
) -> None:
    take(service, moves)
    service.ledger.add(OWN)
    path = tmp_path / "out.csv"
    assert service.ledger.export(path).future.result() == 4
    here = service.portfolio.preview(path).future.result()
    assert (len(here.rows), len(here.duplicates)) == (0, 4)
    rows = [replace(t, id=None, batch_id=None) for t in service.ledger.transactions()]
    for batch in service.portfolio.batches():
        service.undo(batch.id)
    take(service, path)
    assert [replace(t, id=None, batch_id=None) for t in service.ledger.transactions()] == rows
    with pytest.raises(KnownError, match="there is a file of that name"):
        service.ledger.export(path).future.result()


def test_the_order_of_imports_does_not_matter(
    service: Service, purchases: Path, moves: Path
) -> None:
    books = []
    for files in ((purchases, moves), (moves, purchases)):
        numbers = [take(service, path) for path in files]
        held = service.portfolio.valuation()
        books.append((held.rows, held.missing, service.portfolio.report()))
        for number in numbers:
            service.undo(number)
    assert books[0] == books[1]


def test_switching_the_method_twice_restores(
    open_service: Callable[..., Service], purchases: Path, tmp_path: Path
) -> None:
    service = open_service()
    take(service, purchases)
    sale = tmp_path / "sale.csv"
    sale.write_text(HEADER + "2026-03-05,sell,Kraken,USD,50000,BTC,0.5,,,,,,\n")
    take(service, sale)
    assert service.ledger.basis() == CostBasis()
    before = costs(service)
    assert before == {"BTC": 120000}
    lifo = CostBasis("lifo", switches=((2027, "fifo"),), year_start=(4, 6), long_days=366)
    service.ledger.set_basis(lifo)
    assert service.ledger.basis() == lifo
    assert costs(service) == {"BTC": 110000}
    service.ledger.set_basis(CostBasis())
    assert costs(service) == before

    service.ledger.set_basis(lifo)
    service.close()
    assert open_service().ledger.basis() == lifo
