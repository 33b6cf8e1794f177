"""Real encrypted databases in a temporary folder, and records to put into them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.clock import FixedClock
from engine.core.paths import Paths
from engine.core.records import Transaction
from engine.store.database import Database

KEY = bytes(range(32))
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may touch the keyring of whoever runs it."""
    keyring = pytest.importorskip("keyring")
    fail = pytest.importorskip("keyring.backends.fail")
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path / "home")
    paths.ensure()
    return paths


@pytest.fixture
def open_database(paths: Paths, clock: FixedClock) -> Iterator[Callable[..., Database]]:
    """Opens the database of the temporary folder; all are closed at the end."""
    opened: list[Database] = []

    def open_(path: Path = paths.database, key: bytes = KEY) -> Database:
        opened.append(Database.open(path, key, clock))
        return opened[-1]

    yield open_
    for database in opened:
        database.close()


@pytest.fixture
def db(open_database: Callable[..., Database]) -> Database:
    return open_database()


@pytest.fixture
def buy() -> Callable[..., Transaction]:
    """Makes a purchase of one coin; number tells its hash and its day."""

    def make(number: int = 0, note: str = "", amount: str = "0.1") -> Transaction:
        return Transaction(
            time=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number),
            kind="buy",
            account="Kraken",
            asset_in="BTC",
            amount_in=Decimal(amount),
            asset_out="USD",
            amount_out=Decimal("4200.50"),
            fee_asset="USD",
            fee_amount=Decimal("1.25"),
            value=None,
            value_currency=None,
            note=note,
            row_hash=f"hash-{number}",
        )

    return make
