"""Importing, undoing and the demo, through the service and a real encrypted database."""

import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.core.cards import TableCard
from engine.core.errors import Cancelled, KnownError
from engine.core.events import DataChanged, Event, JobProgress
from engine.core.jobs import Job
from engine.service import Service
from tests.engine.service.conftest import HEADER, take, take_prices


def test_a_preview_stores_nothing(service: Service, purchases: Path) -> None:
    preview = service.portfolio.preview(purchases).future.result()

    assert len(preview.rows) == 2
    assert not service.portfolio.has_data()
    assert service.portfolio.batches() == []


@pytest.mark.parametrize("kind", ["transactions", "prices"])
def test_reading_a_long_file_can_be_stopped(service: Service, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "long.csv"
    if kind == "prices":
        path.write_text("date,symbol,currency,close\n" + "2026-11-21,BTC,USD,90000\n" * 400_000)
        job: Job[Any] = service.market.preview_prices(path)
    else:
        path.write_text(HEADER + "2026-01-05,buy,Kraken,BTC,0.5,USD,30000,,,,,,\n" * 400_000)
        job = service.portfolio.preview(path)
    while not job.future.running():
        time.sleep(0.001)
    time.sleep(0.2)

    job.cancel()

    with pytest.raises(Cancelled):
        job.future.result(1)


def test_storing_can_be_stopped_and_then_nothing_is_stored(
    service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "long.csv"
    path.write_text(HEADER + "2026-01-05,buy,Kraken,BTC,0.5,USD,30000,,,,,,\n" * 100_000)
    preview = service.portfolio.preview(path).future.result()
    storing: list[Job[int]] = []

    def stop(event: Event) -> None:
        if isinstance(event, JobProgress) and event.title.startswith("Storing") and storing:
            storing[0].cancel()

    service.bus.subscribe(stop)
    storing.append(service.portfolio.confirm(preview))
    with pytest.raises(Cancelled):
        storing[0].future.result()

    assert service.portfolio.batches() == []
    assert not service.portfolio.has_data()


def test_reading_and_storing_tell_how_far_they_are(
    service: Service, events: list[Event], purchases: Path, prices: Path
) -> None:
    take(service, purchases)
    take_prices(service, prices)

    told = [(e.title, e.text) for e in events if isinstance(e, JobProgress) and not e.done]
    assert ("Reading purchases.csv", "0 rows read") in told
    assert ("Storing purchases.csv", "0 of 2 rows stored") in told
    assert ("Reading prices.csv", "0 rows read") in told
    assert ("Storing prices.csv", "0 of 2 rows stored") in told


def test_confirmed_rows_are_valued_with_imported_prices(
    service: Service, events: list[Event], purchases: Path, prices: Path
) -> None:
    take(service, purchases)
    take_prices(service, prices)

    valuation = service.portfolio.valuation()

    # 2 BTC at the last close of 100,000, bought for 150,000.
    assert valuation.total == Decimal(200_000)
    assert [(row.asset, row.unrealised) for row in valuation.rows] == [("BTC", Decimal(50_000))]
    assert DataChanged(frozenset({"prices"})) in events
    assert any("transactions" in e.kinds for e in events if isinstance(e, DataChanged))


def test_the_same_file_again_is_all_duplicates(service: Service, purchases: Path) -> None:
    take(service, purchases)

    again = service.portfolio.preview(purchases).future.result()

    assert (len(again.rows), len(again.duplicates)) == (0, 2)
    with pytest.raises(KnownError, match="no new rows"):
        service.portfolio.confirm(again).future.result()


def test_the_same_file_under_another_account_is_warned_of(
    service: Service, purchases: Path
) -> None:
    purchases.write_text(purchases.read_text().replace("Kraken", ""))
    first = service.portfolio.preview(purchases, "One").future.result()
    assert first.warnings == ()
    number = service.portfolio.confirm(first).future.result()

    again = service.portfolio.preview(purchases, "Two").future.result()

    assert len(again.rows) == 2
    assert f"stored as import {number}" in again.warnings[0]
    service.undo(number)
    assert service.portfolio.preview(purchases, "Two").future.result().warnings == ()


def test_undo_takes_an_import_back(service: Service, purchases: Path, prices: Path) -> None:
    transactions = take(service, purchases)
    closes = take_prices(service, prices)

    service.undo(closes)
    assert service.portfolio.valuation().total == 0
    service.undo(transactions)

    assert not service.portfolio.has_data()
    with pytest.raises(KnownError, match="not there any more"):
        service.undo(transactions)


def test_the_history_begins_with_the_first_transaction(
    service: Service, purchases: Path, prices: Path
) -> None:
    take(service, purchases)
    take_prices(service, prices)

    history = service.portfolio.history()

    assert (str(history.days[0]), str(history.days[-1])) == ("2026-01-05", "2026-11-22")
    assert list(history.values[-2:]) == [180_000.0, 200_000.0]


def test_the_report_shows_holdings_and_gains(
    service: Service, purchases: Path, prices: Path
) -> None:
    take(service, purchases)
    take_prices(service, prices)

    tables = [card for card in service.portfolio.report() if isinstance(card, TableCard)]

    assert "$200,000.00" in str(tables[0].total)
    assert not tables[0].simulated


def test_the_demo_is_simulated_and_ends_now(service: Service) -> None:
    service.portfolio.load_demo()

    valuation = service.portfolio.valuation()

    assert service.portfolio.is_simulated()
    assert valuation.total > 0
    assert all(row.value is not None for row in valuation.rows)
    assert all(batch.simulated for batch in service.portfolio.batches())
    report = service.portfolio.report()
    assert all(card.simulated for card in report if isinstance(card, TableCard))


def test_loading_the_demo_twice_changes_nothing(service: Service) -> None:
    service.portfolio.load_demo()
    total = service.portfolio.valuation().total
    service.portfolio.load_demo()

    assert service.portfolio.valuation().total == total
    assert len(service.portfolio.batches()) == 1


def test_a_real_import_replaces_the_demo(service: Service, purchases: Path) -> None:
    service.portfolio.load_demo()
    preview = service.portfolio.preview(purchases).future.result()
    assert "demo portfolio is removed" in preview.warnings[-1]
    service.portfolio.confirm(preview).future.result()

    assert not service.portfolio.is_simulated()
    assert len(service.portfolio.batches()) == 1
    assert service.market.batches() == []
    with pytest.raises(KnownError, match="Your own"):
        service.portfolio.load_demo()


def test_an_import_that_fails_leaves_the_demo(service: Service, purchases: Path) -> None:
    service.portfolio.load_demo()
    worth = service.portfolio.valuation().total
    preview = service.portfolio.preview(purchases).future.result()

    with pytest.raises(KnownError, match="already stored"):
        service.portfolio.confirm(replace(preview, rows=preview.rows * 2)).future.result()

    assert service.portfolio.is_simulated()
    assert service.portfolio.valuation().total == worth


def test_a_file_name_that_is_no_text(service: Service, purchases: Path, prices: Path) -> None:
    """Names of files are bytes on Linux; these are not UTF-8."""
    odd = [path.rename(path.with_name(f"\udcff{path.name}")) for path in (purchases, prices)]

    take(service, odd[0])
    take_prices(service, odd[1])

    assert service.portfolio.batches()[0].file_name == "purchases.csv"
    assert service.market.batches()[0].file_name == "prices.csv"


@pytest.mark.parametrize("way", ["remove", "undo"])
def test_the_demo_goes_wholly(service: Service, way: str) -> None:
    service.portfolio.load_demo()
    if way == "remove":
        service.portfolio.remove_demo()
    else:
        service.undo(service.portfolio.batches()[0].id)

    assert not service.portfolio.has_data()
    assert service.market.batches() == []


def test_another_currency_is_used_at_once(
    service: Service, purchases: Path, tmp_path: Path
) -> None:
    take(service, purchases)
    euros = tmp_path / "euros.csv"
    euros.write_text("date,symbol,currency,close\n2026-11-22,BTC,EUR,80000\n")
    take_prices(service, euros)
    assert service.portfolio.valuation().total == 0

    service.settings.set("currency", "EUR")

    assert service.portfolio.valuation().total == Decimal(160_000)
