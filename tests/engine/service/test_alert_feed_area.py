"""What alerts watch beside prices comes from the store."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.core.clock import FixedClock
from engine.market.series import PriceBook
from engine.service.alert_feed import alert_feed
from engine.store.database import Database
from engine.store.documents import DocumentRepo
from engine.store.measurements import Measurement, MeasurementRepo
from engine.store.prices import PriceRepo

DAY = date(2026, 11, 22)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(
        tmp_path / "assay.db", bytes(32), FixedClock(datetime(2026, 11, 22, tzinfo=UTC))
    )
    yield opened
    opened.close()


def no_portfolio() -> Any:
    pytest.fail("no weight is asked for")


def test_measurements_and_scorecards_are_read(db: Database) -> None:
    measurements, documents = MeasurementRepo(db), DocumentRepo(db)
    stored = [
        Measurement("yield", "lp", "apy", DAY, Decimal("4.5")),
        Measurement("yield", "lp", "tvl", DAY, Decimal(1000)),
        Measurement("health", "Loan", "factor", DAY, Decimal("1.2")),
    ]
    measurements.add_batch("m", "m.csv", stored)
    history = [{"day": "2026-11-21", "flags": ["mint"]}, {"day": "2026-11-22", "flags": []}]
    documents.put("scorecard", "TKN", {"history": history})
    prices = PriceRepo(db)
    feed = alert_feed(PriceBook(prices), prices, no_portfolio, measurements, documents)

    def closes(topic: str, name: str) -> list[float]:
        (rows,) = feed[topic]([name], DAY)  # type: ignore[index]
        return rows.close.tolist()

    assert closes("yield", "lp") == [4.5]
    assert closes("health", "Loan") == [1.2]
    assert closes("yield", "gone") == []
    assert closes("flags", "TKN") == [1, 0]
    assert closes("flags", "OTHER") == []
    assert closes("price", "BTC/USD") == []
