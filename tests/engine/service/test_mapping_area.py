"""Files of unknown formats through the service, and what an account really holds."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.service import Service
from tests.engine.service.conftest import HEADER, take

UNKNOWN = "Datum;Vorgang;Coin;Menge\n05.01.2026;Einzahlung;BTC;1,5\n06.02.2026;Auszahlung;BTC;0,5\n"


@pytest.fixture
def unknown(tmp_path: Path) -> Path:
    path = tmp_path / "unknown.csv"
    path.write_text(UNKNOWN)
    return path


def test_a_file_is_mapped_once_and_known_from_then_on(
    service: Service, unknown: Path, events: list[Event]
) -> None:
    portfolio = service.portfolio
    with pytest.raises(KnownError, match="is read once you say what its columns mean"):
        portfolio.preview(unknown).future.result()
    mapping = portfolio.suggest_mapping(portfolio.peek(unknown))
    first = portfolio.preview_mapped(unknown, mapping, "My wallet").future.result()
    assert (first.source, len(first.rows), first.refused) == ("mapped file", 2, ())
    portfolio.confirm(first).future.result()
    assert service.ledger.transactions()[0].account == "My wallet"

    events.clear()
    portfolio.save_mapping("My format", mapping)
    assert events == [DataChanged(frozenset({"documents"}))]
    assert portfolio.mappings() == {"My format": mapping}
    again = portfolio.preview(unknown, "My wallet").future.result()
    assert (again.source, len(again.rows), len(again.duplicates)) == ("My format", 0, 2)
    assert portfolio.preview_mapped(unknown, mapping).future.result().source == "My format"

    portfolio.delete_mapping("My format")
    assert portfolio.mappings() == {}
    with pytest.raises(KnownError):
        portfolio.delete_mapping("My format")


def test_an_incomplete_mapping_or_another_file_is_refused_at_once(
    service: Service, unknown: Path, purchases: Path
) -> None:
    portfolio = service.portfolio
    mapping = portfolio.suggest_mapping(portfolio.peek(unknown))
    incomplete = replace(mapping, roles={"date": "datum"})
    with pytest.raises(KnownError, match="No column is chosen for the amount"):
        portfolio.preview_mapped(unknown, incomplete).future.result()
    with pytest.raises(KnownError, match="No column is chosen for the amount"):
        portfolio.save_mapping("mine", incomplete)
    with pytest.raises(KnownError, match="has no name"):
        portfolio.save_mapping(" \n", mapping)
    with pytest.raises(KnownError, match='has no column "coin"'):
        portfolio.preview_mapped(purchases, mapping).future.result()


def test_an_account_is_reconciled_across_imports(service: Service, tmp_path: Path) -> None:
    for name, row in (
        ("one", "2026-01-05,buy,Kraken,BTC,1,USD,60000,,,,,,"),
        ("two", "2026-02-05,withdrawal,Kraken,,,BTC,0.25,,,,,,"),
    ):
        path = tmp_path / f"{name}.csv"
        path.write_text(f"{HEADER}{row}\n")
        take(service, path)
    [now] = service.ledger.reconcile("Kraken", {"BTC": Decimal("0.75")})
    assert now.agrees
    [then] = service.ledger.reconcile("Kraken", {"BTC": Decimal("0.75")}, date(2026, 1, 31))
    assert then.difference == Decimal("0.25")
    with pytest.raises(KnownError, match=r"There is no account Krakn\. Accounts: Kraken\."):
        service.ledger.reconcile("Krakn", {"BTC": Decimal(1)})
