"""The monitor over a real store: it records once, tells once, survives failures, stops at once."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.alerts import providers
from engine.alerts.conditions import AnyOf, Condition, assets_of
from engine.alerts.feed import Feed
from engine.alerts.monitor import Monitor
from engine.alerts.panel import Rows, SeriesId, value_rows
from engine.alerts.rule import Rule
from engine.alerts.rulejson import rule_to_json
from engine.alerts.schedule import QuietHours
from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event, EventBus
from engine.core.records import SIMULATED, PricePoint
from engine.market.series import PriceBook
from engine.store.database import Database
from engine.store.prices import PriceRepo
from engine.store.rules import RuleRepo, StoredFiring
from tests.engine.alerts.alert_data import above, below, check

NOW = datetime(2024, 1, 10, 12, tzinfo=UTC)
QUIET = QuietHours(time(22), time(7), UTC)


class MovingClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def today(self) -> date:
        return self.moment.date()


class World:
    """A store with prices and rules, a bus, and a monitor that can be started anew."""

    def __init__(self, path: Path) -> None:
        self.clock = MovingClock()
        self.path = path
        self.bus = EventBus()
        self.events: list[Event] = []
        self.told: list[tuple[str, bool]] = []
        self.happened = threading.Event()
        self.asked: list[str] = []
        self.quiet: QuietHours | None = None
        self.yields: dict[date, float] = {}
        self.bus.subscribe(self.events.append)
        self.open()

    def open(self) -> None:
        """As after a start of the program."""
        self.db = Database.open(self.path, bytes(32), self.clock)
        self.rules = RuleRepo(self.db)
        self.prices = PriceRepo(self.db)
        self.book = PriceBook(self.prices)
        stored = providers.prices(self.book, self.prices)

        def prices(names: Sequence[str], start: date) -> Iterator[Rows]:
            self.asked.append("price")
            yield from stored(names, start)

        def yields(names: Sequence[str], start: date) -> Iterator[Rows]:
            self.asked.append("yield")
            for name in names:
                days, values = list(self.yields), list(self.yields.values())
                yield value_rows(SeriesId("yield", name), days, values)

        feed: Feed = {"price": prices, "yield": yields}
        self.monitor = Monitor(
            self.rules, feed, self.bus, self.clock, self._tell, lambda: self.quiet, interval=3600
        )

    def close(self) -> None:
        self.monitor.stop()
        self.db.close()

    def restart(self) -> None:
        self.close()
        self.open()

    def _tell(self, firing: StoredFiring, sound: bool) -> None:
        self.told.append((firing.text, sound))
        self.happened.set()

    def rule(self, condition: Condition, **more: Any) -> int:
        text = rule_to_json(Rule(0, self.clock.now(), condition, **more))
        rule_id = self.rules.add(text, assets_of(condition))
        self.changed("alerts")
        return rule_id

    def price(self, day: int, close: str, source: str = "test") -> int:
        point = PricePoint("BTC", "USD", date(2024, 1, day), Decimal(close), source=source)
        return self.prices.add_batch("test", "t.csv", [point])

    def go(self, day: int, close: str | None = None, hour: int = 12) -> list[int]:
        """Another moment, with or without a price; the days that fired."""
        self.clock.moment = datetime(2024, 1, day, hour, tzinfo=UTC)
        if close is not None:
            self.price(day, close)
            self.changed("prices")
        return [one.day.day for one in self.monitor.check_now()]

    def changed(self, *kinds: str) -> None:
        self.book.forget()
        self.bus.publish(DataChanged(frozenset(kinds)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "assay.db")
    yield made
    made.close()


def test_a_price_that_reaches_the_level_is_recorded_and_told_once(world: World) -> None:
    rule = world.rule(above("100"))
    assert world.go(10, "90") == []
    assert world.told == []
    assert world.go(11, "101") == [11]
    assert world.go(11) == []
    assert world.told == [("BTC was at $101.00 on 2024-01-11.", True)]
    (firing,) = world.rules.history(9)
    assert (firing.rule_id, firing.day, firing.told) == (rule, date(2024, 1, 11), world.clock.now())
    assert '"series": ["price", "BTC/USD"], "day": "2024-01-11", "close": 101.0' in firing.evidence
    assert world.events.count(DataChanged(frozenset({"alerts"}))) == 2


def test_it_fires_again_after_the_condition_was_over(world: World) -> None:
    world.rule(above("100"))
    story = [
        (10, "105", [10]),
        (11, "99.5", []),
        (12, "105", []),
        (13, "98", []),
        (14, "100", [14]),
    ]
    for day, close, fired in story:
        assert world.go(day, close) == fired


def test_restarts_sleep_and_a_clock_that_jumps_repeat_and_lose_nothing(world: World) -> None:
    stale = check("stale", name="BTC/USD", days="3")
    world.rule(AnyOf((above("100"), stale)))
    assert world.go(10, "90") == []
    world.restart()
    assert world.go(11, "101") == [11]
    world.restart()
    assert world.go(11) == []
    # The computer sleeps while prices come in on the other side.
    world.price(12, "90")
    world.price(13, "105")
    assert world.go(14, "90") == [13]
    # The clock jumps a month ahead: now the data look stale, and are told to be once.
    world.clock.moment = datetime(2024, 2, 14, tzinfo=UTC)
    assert [one.day for one in world.monitor.check_now()] == [date(2024, 1, 17)]
    assert world.go(15, "95") == []
    world.restart()
    assert world.go(16, "101") == [16]
    assert world.go(16) == []
    keys = world.rules.recorded()
    assert len(keys) == len(set(keys)) == 4
    assert len(world.told) == 4


def test_a_rule_made_while_the_clock_was_ahead_is_watched_at_once(world: World) -> None:
    world.clock.moment = NOW + timedelta(365)
    world.rule(above("100"))
    world.clock.moment = NOW
    world.restart()
    assert world.go(10, "101") == [10]


def test_what_fired_but_was_not_told_is_told_at_the_next_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.rule(above("100"))
    world.price(10, "101")
    monkeypatch.setattr(world.monitor, "_tell_waiting", lambda: False)
    assert len(world.monitor.check_now()) == 1
    world.restart()
    assert world.monitor.check_now() == []
    assert len(world.told) == 1
    world.restart()
    world.monitor.check_now()
    assert len(world.told) == 1


def test_quiet_hours_hold_back_all_but_the_urgent(world: World) -> None:
    world.quiet = QUIET
    world.rule(above("100"))
    world.rule(above("200"), priority="low")
    world.rule(above("50"), priority="high")
    assert world.go(10, "201", hour=23) == [10, 10, 10]
    assert world.told == [("BTC was at $201.00 on 2024-01-10.", True)]
    assert len(world.rules.untold()) == 2
    world.restart()
    world.go(11, hour=6)
    assert len(world.told) == 1
    world.go(11, hour=7)
    # That of low priority without a sound.
    assert [sound for _, sound in world.told] == [True, True, False]
    world.go(11, hour=8)
    assert len(world.told) == 3


def test_what_cannot_be_recorded_is_not_told_and_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.rule(above("100"))
    with monkeypatch.context() as full:
        full.setattr(world.rules, "record", raising(KnownError("The disk is full.")))
        with pytest.raises(KnownError, match="full"):
            world.go(10, "101")
    assert world.told == []
    assert world.go(10) == [10]
    assert len(world.told) == 1


def test_what_is_told_is_not_told_again_because_noting_it_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.rule(above("100"))
    with monkeypatch.context() as full:
        full.setattr(world.rules, "mark_told", raising(KnownError("The disk is full.")))
        for _ in range(2):
            with pytest.raises(KnownError, match="full"):
                world.go(10, "101")
    world.go(10)
    assert len(world.told) == 1
    assert world.rules.untold() == []


def test_what_waits_is_told_although_the_data_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.rule(above("100"))
    world.quiet = QUIET
    world.go(10, "101", hour=23)
    world.quiet = None
    with monkeypatch.context() as broken:
        broken.setattr(world.prices, "bars", raising(KnownError("The disk is gone.")))
        world.changed("prices")
        with pytest.raises(KnownError, match="gone"):
            world.monitor.check_now()
    assert len(world.told) == 1
    # What had changed then is read when it can be.
    world.asked.clear()
    world.monitor.check_now()
    assert world.asked == ["price"]


def test_only_what_has_changed_is_read_again(world: World) -> None:
    world.rule(above("100"))
    world.rule(check("yield", pool="lp", percent="50", days="2"))
    world.yields = {date(2024, 1, 8): 0.1, date(2024, 1, 9): 0.1}
    assert world.go(10, "90") == []
    for kinds, asked in (
        ((), []),
        (("alerts", "chats", "transactions"), []),
        (("prices",), ["price", "yield"]),
        (("measurements",), ["yield"]),
        (("alerts",), []),
    ):
        world.asked.clear()
        world.changed(*kinds)
        world.monitor.check_now()
        assert world.asked == asked
    world.yields[date(2024, 1, 10)] = 0.04
    world.changed("measurements")
    assert [one.text for one in world.monitor.check_now()] == [
        "The yield of lp was 60.00 % below its average of 2 days on 2024-01-10."
    ]


def test_an_import_taken_back_takes_its_rows_along(world: World) -> None:
    world.go(10, "90")
    batch = world.price(11, "101")
    world.changed("prices")
    world.prices.undo(batch)
    world.rule(below("50"))
    world.changed("prices")
    world.go(11)
    world.rule(above("100"))
    world.changed("prices")
    assert world.go(12) == []


def test_rules_come_and_go_while_it_watches(world: World) -> None:
    assert world.go(10, "101") == []
    first = world.rule(above("100"))
    assert world.go(10) == [10]
    second = world.rule(above("90"))
    world.rules.pause(second)
    world.changed("alerts")
    assert world.go(10) == []
    world.rules.resume(second)
    world.rules.delete(first)
    world.changed("alerts")
    assert world.go(10) == [10]
    world.rules.delete(second)
    world.changed("alerts")
    assert world.go(11, "300") == []


@pytest.mark.logs("cannot be read")
def test_a_rule_that_cannot_be_read_does_not_stop_the_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.rules.add('{"when": {"kind": "weather"}}', ())
    world.rule(above("100"))
    assert world.go(10, "101") == [10]
    assert "alert 1 cannot be read: The kind of alert is not known." in caplog.text


def test_a_firing_on_the_demo_says_so(world: World) -> None:
    world.rule(above("100"))
    world.price(10, "90", SIMULATED)
    assert world.go(11, "101") == [11]
    world.rule(check("move", asset="BTC", direction="up", percent="10"))
    assert world.go(11) == [11]
    world.rule(check("drawdown", asset="BTC", percent="50"))
    world.price(12, "20")
    world.changed("prices")
    assert world.go(12) == [12]
    # That of the price is on a real row; the others compare it with one of the demo.
    found = [(one.simulated, one.text) for one in world.rules.history(9)[::-1]]
    assert found == [
        (False, "BTC was at $101.00 on 2024-01-11."),
        (True, "BTC had moved +12.22 % in 24 h on 2024-01-11 (simulated)."),
        (True, "BTC was 80.20 % below its high of 365 days on 2024-01-12 (simulated)."),
    ]


def test_a_second_monitor_does_not_fire_the_same_row(world: World) -> None:
    world.rule(below("100"))
    other = Monitor(
        world.rules,
        {"price": providers.prices(world.book, world.prices)},
        world.bus,
        world.clock,
        lambda firing, sound: world.told.append((firing.text, sound)),
    )
    world.price(10, "90")
    assert len(world.monitor.check_now()) == 1
    assert other.check_now() == []
    assert len(world.told) == 1
    other.stop()


@pytest.mark.logs("the alerts could not be checked")
def test_the_thread_wakes_when_prices_change_and_outlives_a_failure(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.rule(above("100"))
    world.price(10, "90")
    failing = threading.Event()
    listed = world.rules.list

    def fail_once() -> Any:
        if not failing.is_set():
            failing.set()
            raise RuntimeError("the disk is gone")
        return listed()

    monkeypatch.setattr(world.rules, "list", fail_once)
    world.monitor.start()
    assert failing.wait(60)
    world.clock.moment = NOW + timedelta(1)
    world.price(11, "101")
    world.changed("prices")
    assert world.happened.wait(60)
    assert "the alerts could not be checked" in caplog.text
    with pytest.raises(RuntimeError, match="already running"):
        world.monitor.start()


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
    world.monitor._thread.join(60)
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


def test_a_fixed_clock_will_do(tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    db = Database.open(tmp_path / "assay.db", bytes(32), clock)
    monitor = Monitor(RuleRepo(db), {}, EventBus(), clock, lambda *_: None)
    RuleRepo(db).add(rule_to_json(Rule(0, NOW, above("1"))), ("BTC",))
    assert monitor.check_now() == []
    monitor.stop()
    db.close()


def raising(error: Exception) -> Any:
    def fail(*_: object) -> None:
        raise error

    return fail
