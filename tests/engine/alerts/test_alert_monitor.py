"""The monitor over a real store: it fires once, survives failures, and stops at once."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.alerts.monitor import Monitor
from engine.core.clock import FixedClock
from engine.core.events import AlertFired, DataChanged, Event, EventBus
from engine.core.records import PricePoint
from engine.market.series import PriceBook
from engine.store.alerts import AlertRepo
from engine.store.database import Database
from engine.store.prices import PriceRepo

CLOCK = FixedClock(datetime(2024, 1, 10, 12, tzinfo=UTC))


class World:
    """A store with prices and alerts, a bus that is listened to, and the monitor."""

    def __init__(self, db: Database) -> None:
        self.alerts = AlertRepo(db)
        self.prices = PriceRepo(db)
        self.book = PriceBook(self.prices)
        self.bus = EventBus()
        self.events: list[Event] = []
        self.happened = threading.Event()
        self.bus.subscribe(self._listen)
        self.monitor = Monitor(self.alerts, self.book, self.bus, CLOCK, interval=3600)

    def _listen(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, AlertFired):
            self.happened.set()

    def price(self, day: int, close: str) -> None:
        point = PricePoint("BTC", "USD", date(2024, 1, day), Decimal(close))
        self.prices.add_batch("test", "t.csv", [point])
        self.book.forget()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    db = Database.open(tmp_path / "assay.db", bytes(32), CLOCK)
    made = World(db)
    yield made
    made.monitor.stop()
    db.close()


def test_a_price_that_reaches_the_level_fires_once(world: World) -> None:
    alert_id = world.alerts.add("BTC", "above", Decimal(100), "USD")
    world.price(10, "90")
    assert world.monitor.check_now() == []
    world.price(11, "101")
    (fired,) = world.monitor.check_now()
    assert fired.alert_id == alert_id
    assert world.monitor.check_now() == []
    assert [type(event) for event in world.events] == [AlertFired, DataChanged]
    (stored,) = world.alerts.list()
    assert not stored.armed
    assert stored.last_fired is not None
    assert stored.last_fired.date() == date(2024, 1, 11)
    assert [entry.text for entry in world.alerts.history()] == [fired.text]


def test_it_is_armed_again_and_fires_again(world: World) -> None:
    world.alerts.add("BTC", "above", Decimal(100), "USD")
    story = [
        (10, "105", 1, False),
        (11, "95", 0, True),
        (12, "99", 0, True),
        (13, "100", 1, False),
        (14, "100", 0, False),
    ]
    for day, close, count, armed in story:
        world.price(day, close)
        assert len(world.monitor.check_now()) == count
        assert world.alerts.list()[0].armed is armed
    assert len(world.alerts.history()) == 2


def test_a_second_monitor_does_not_fire_the_same_row(world: World) -> None:
    world.alerts.add("BTC", "below", Decimal(100), "USD")
    world.price(10, "90")
    assert len(world.monitor.check_now()) == 1
    again = Monitor(world.alerts, world.book, world.bus, CLOCK)
    assert again.check_now() == []
    again.stop()


def test_the_thread_wakes_when_prices_change_and_outlives_a_failure(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.alerts.add("BTC", "above", Decimal(100), "USD")
    world.price(10, "90")
    failing = threading.Event()
    list_alerts = world.alerts.list

    def fail_once() -> list:  # type: ignore[type-arg]
        if not failing.is_set():
            failing.set()
            raise RuntimeError("the disk is gone")
        return list_alerts()

    world.alerts.list = fail_once  # type: ignore[method-assign]
    world.monitor.start()
    assert failing.wait(5)
    world.price(11, "101")
    world.bus.publish(DataChanged(frozenset({"prices"})))
    assert world.happened.wait(5)
    assert "the alerts could not be checked" in caplog.text
    with pytest.raises(RuntimeError, match="already running"):
        world.monitor.start()
