"""The monitor over a real store: it fires once, survives failures, and stops at once."""

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.alerts.monitor import Monitor
from engine.core.clock import FixedClock
from engine.core.errors import KnownError
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


def test_an_alert_deleted_while_it_is_checked_does_not_hide_another_that_fired(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.alerts.add("BTC", "above", Decimal(100), "USD")
    cleared = world.alerts.add("BTC", "above", Decimal(200), "USD")
    world.price(10, "250")
    world.monitor.check_now()
    world.price(11, "95")
    world.price(12, "150")
    found = world.alerts.list()
    world.alerts.delete(cleared)
    monkeypatch.setattr(world.alerts, "list", lambda: found)
    world.events.clear()
    assert [one.day for one in world.monitor.check_now()] == [date(2024, 1, 12)]
    assert [type(event) for event in world.events] == [AlertFired, DataChanged]


def test_what_fired_is_told_although_the_store_fails_afterwards(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for level in (100, 200):
        world.alerts.add("BTC", "above", Decimal(level), "USD")
    world.price(10, "250")
    record, count = world.alerts.mark_fired, itertools.count()

    def fail_second(alert_id: int, when: datetime, text: str) -> bool:
        if next(count):
            raise KnownError("The disk is full.")
        return record(alert_id, when, text)

    monkeypatch.setattr(world.alerts, "mark_fired", fail_second)
    with pytest.raises(KnownError, match="full"):
        world.monitor.check_now()
    assert [type(event) for event in world.events] == [AlertFired, DataChanged]


def test_a_stop_is_heeded_whenever_it_comes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch is told to stop right after it looked whether to, before its first check."""
    flag = world.monitor._stopping
    looked = flag.is_set

    def look() -> bool:
        answer = looked()
        if not answer:
            flag.set()
            world.monitor._wake.set()
        return answer

    monkeypatch.setattr(flag, "is_set", look)
    world.monitor.start()
    assert world.monitor._thread is not None
    world.monitor._thread.join(5)
    assert not world.monitor._thread.is_alive()


def test_a_start_cut_short_by_ctrl_c_can_be_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: threading.Thread) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        world.monitor.start()
    world.monitor.stop()
