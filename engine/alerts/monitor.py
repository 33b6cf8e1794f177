"""The thread that checks the alerts, at an interval and whenever the data they watch change."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol, cast

from engine.alerts.evidence import evidence_to_json
from engine.alerts.feed import Feed, Watch
from engine.alerts.firing import Firing, Recorded
from engine.alerts.listing import read_rule
from engine.alerts.panel import Topic
from engine.alerts.rule import Priority
from engine.alerts.schedule import Quiet, telling
from engine.core.clock import Clock
from engine.core.events import DataChanged, Event, EventBus
from engine.store.rules import Keys, NewFiring, StoredFiring, StoredRule

_log = logging.getLogger(__name__)

_TOPICS: dict[str, frozenset[Topic]] = {
    "prices": frozenset({"price", "weight", "yield", "health"}),
    "transactions": frozenset({"weight"}),
    "settings": frozenset({"weight"}),
    "measurements": frozenset({"yield", "health"}),
    "documents": frozenset({"flags"}),
}
"""Which series may differ when data of a kind have changed; any import of market data is published
as "prices"."""


# Inside the class the name `list` is the method.
Found = list[StoredFiring]


class RuleStore(Protocol):
    """Where rules and firings are kept; `engine.store.rules.RuleRepo` is one."""

    def list(self) -> list[StoredRule]:
        """All rules."""
        ...

    def recorded(self) -> Keys:
        """Rule, day and key of every firing of these rules."""
        ...

    def record(self, found: Sequence[NewFiring]) -> Found:
        """Record firings at once; returns those that were not recorded before."""
        ...

    def untold(self) -> Found:
        """The firings that the user has not been told of."""
        ...

    def mark_told(self, firing_ids: Sequence[int]) -> None:
        """Note that the user has been told."""
        ...


Tell = Callable[[StoredFiring, bool], None]
"""Tells the user of a firing, with or without a sound; it raises only if it has not told."""


class Monitor:
    """Watches until stopped: records what fires, then tells of it, in quiet hours later.

    Every firing is recorded once. It is told once as well; only a program killed between telling
    and noting that it has told does so again. Publishes DataChanged "alerts" after either, and
    when the rules that hold are others. holding: those whose condition held at the last check.
    """

    def __init__(
        self,
        store: RuleStore,
        feed: Feed,
        bus: EventBus,
        clock: Clock,
        tell: Tell,
        quiet: Callable[[], Quiet | None] = lambda: None,
        interval: float = 60.0,
    ) -> None:
        """interval: seconds between two checks."""
        self._store = store
        self._feed = feed
        self._bus = bus
        self._clock = clock
        self._tell = tell
        self._quiet = quiet
        self._interval = interval
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._checking = threading.Lock()
        self._noting = threading.Lock()
        self._changed = set(_TOPICS) | {"alerts"}
        self._rules: tuple[StoredRule, ...] = ()
        self._recorded = Recorded()
        self._watch: Watch | None = None
        self.holding: frozenset[int] = frozenset()
        self._told: set[int] = set()
        self._thread: threading.Thread | None = None
        self._unsubscribe = bus.subscribe(self._on_event)

    def start(self) -> None:
        """Begin to watch; the first check is at once. RuntimeError if already started."""
        if self._thread is not None:
            raise RuntimeError("the monitor is already running")
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the watch and wait for a check that is under way."""
        self._unsubscribe()
        self._stopping.set()
        self._wake.set()
        # Ctrl-C may have come between making and starting it: it sees that it is to stop.
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()

    def check_now(self) -> list[StoredFiring]:
        """Check all alerts on the calling thread; returns what fired now, each at most once ever.

        Tells of it, and of what waited to be told. Raises what the store and the feed raise; what
        waits is told all the same.
        """
        fired: list[StoredFiring] = []
        told = False
        before = self.holding
        try:
            with self._checking:
                try:
                    fired = self._find()
                finally:
                    told = self._tell_waiting()
        finally:
            if fired or told or self.holding != before:
                self._bus.publish(DataChanged(frozenset({"alerts"})))
        return fired

    def _find(self) -> Found:
        """Work the rules out over what has changed, and record what fired."""
        with self._noting:
            changed, self._changed = self._changed, set()
        try:
            today = self._clock.today()
            if "alerts" in changed:
                self._recorded = Recorded.of(self._store.recorded())
                self._take_rules()
            self._bring_up_to(today, changed)
            found = self._watch.tick(self._recorded) if self._watch else []
            self.holding = self._watch.holding() if self._watch else frozenset()
            return self._record(found) if found else []
        except BaseException:
            # What was not taken over is still to be.
            with self._noting:
                self._changed |= changed
            raise

    def _take_rules(self) -> None:
        rules = tuple(replace(one, last_fired=None) for one in self._store.list() if not one.paused)
        if rules != self._rules:
            self._rules, self._watch = rules, None

    def _bring_up_to(self, today: date, changed: set[str]) -> None:
        if self._watch is None or today < self._watch.today:
            now = self._clock.now()
            read = [rule for one in self._rules if (rule := read_rule(one))]
            # A rule made while the clock was ahead is watched from now on.
            rules = [replace(rule, created=min(rule.created, now)) for rule in read]
            self._watch = Watch(rules, self._feed, today) if rules else None
            return
        topics = {topic for kind in changed for topic in _TOPICS.get(kind, ())}
        if today > self._watch.today:
            topics.add("weight")
        self._watch.refresh(topics, today)

    def _record(self, found: Sequence[Firing]) -> Found:
        said = {one.id: one.rule for one in self._rules}
        stored = self._store.record(
            [
                NewFiring(
                    one.rule_id,
                    said[one.rule_id],
                    one.day,
                    one.key,
                    one.title,
                    one.text,
                    one.priority,
                    evidence_to_json(one.rows),
                    one.simulated,
                )
                for one in found
            ]
        )
        for one in found:
            self._recorded.add(one.rule_id, one.day, one.key)
        if len(stored) < len(found):
            # Somebody else has recorded it, or changed the rule meanwhile.
            self._note("alerts")
        return stored

    def _tell_waiting(self) -> bool:
        """Tell of what is not told and may be now; whether there was anything."""
        now, quiet, any_told = self._clock.now(), self._quiet(), False
        for one in self._store.untold():
            how = telling(cast(Priority, one.priority), now, quiet)
            if how.at > now or self._stopping.is_set():
                continue
            # Told already if only noting it has failed.
            if one.id not in self._told:
                self._tell(one, how.sound)
                self._told.add(one.id)
            self._store.mark_told([one.id])
            self._told.discard(one.id)
            any_told = True
        return any_told

    def _note(self, kind: str) -> None:
        with self._noting:
            self._changed.add(kind)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged):
            concern = event.kinds & (_TOPICS.keys() | {"alerts"})
            for kind in concern:
                self._note(kind)
            if concern:
                self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.check_now()
            except Exception:  # noqa: BLE001  (the watch goes on; the failure is in the log)
                _log.exception("the alerts could not be checked")
            self._wake.wait(self._interval)
            # Before looking whether to stop, so that the call to do so is never wiped out.
            self._wake.clear()
