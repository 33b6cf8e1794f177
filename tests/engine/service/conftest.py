"""A real service on a temporary data folder, and small files to import into it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends import fail

from engine.core.clock import FixedClock
from engine.core.events import Event
from engine.core.paths import Paths
from engine.service import Service
from tests.engine.service.tiny import make_gguf, write_tiny_model

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEADER = (
    "date,kind,account,asset_in,amount_in,asset_out,amount_out,fee_asset,fee_amount,to_account,"
    "value,value_currency,note\n"
)


def take(service: Service, path: Path) -> int:
    """Import a file of transactions as a user does; returns the number of the import."""
    preview = service.portfolio.preview(path).future.result()
    return service.portfolio.confirm(preview).future.result()


def take_prices(service: Service, path: Path) -> int:
    """The same for a file of prices."""
    preview = service.market.preview_prices(path).future.result()
    return service.market.confirm(preview).future.result()


def plain_text(service: Service) -> str:
    """Everything that is in the database, decrypted."""
    return service.online._requests._db.run(
        lambda db: "\n".join(repr(row) for name in db.table_names() for row in db[name].rows)
    )


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may touch the keyring of whoever runs it."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "home")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def open_service(paths: Paths, clock: FixedClock) -> Iterator[Callable[..., Service]]:
    """Opens services on the temporary folder; all are closed at the end."""
    opened: list[Service] = []

    def open_(model_path: Path | None = None, background: bool = False) -> Service:
        opened.append(Service.open(paths, clock, model_path, background))
        return opened[-1]

    yield open_
    for service in opened:
        service.close()


@pytest.fixture
def service(open_service: Callable[..., Service]) -> Service:
    return open_service()


@pytest.fixture
def events(service: Service) -> list[Event]:
    """Everything the service publishes from now on."""
    seen: list[Event] = []
    service.bus.subscribe(seen.append)
    return seen


@pytest.fixture
def purchases(tmp_path: Path) -> Path:
    """Two purchases of 0.5 and 1.5 BTC for 30,000 and 120,000 USD."""
    path = tmp_path / "purchases.csv"
    path.write_text(
        HEADER
        + "2026-01-05 10:00:00,buy,Kraken,BTC,0.5,USD,30000,,,,,,\n"
        + "2026-02-05 10:00:00,buy,Kraken,BTC,1.5,USD,120000,,,,,,\n"
    )
    return path


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """BTC at 90,000 and then 100,000 USD."""
    path = tmp_path / "prices.csv"
    path.write_text(
        "date,symbol,currency,close\n2026-11-21,BTC,USD,90000\n2026-11-22,BTC,USD,100000\n"
    )
    return path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 400 words and random weights that takes the starter's short prompt."""
    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture(scope="session")
def slow_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that takes longer over 600 tokens, random words, than a question to reach it."""
    maker: Any = make_gguf()
    plain = maker.metadata
    maker.metadata = lambda *args: plain(*args) | {"assay.template": "chatml"}
    path = tmp_path_factory.mktemp("slow") / "slow.gguf"
    maker.write_model(path, maker.Shape(400, 4, 256, 4, 2, 64, 1024, 4096, "Q4_0"), "Slow")
    return path
