"""The thread that checks the alerts, at an interval and whenever prices or alerts change."""

import logging
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Protocol

from engine.alerts.rules import Fired, evaluate
from engine.core.clock import Clock
from engine.core.events import AlertFired, DataChanged, Event, EventBus
from engine.core.records import PricePoint
from engine.store.alerts import Alert

_log = logging.getLogger(__name__)


class AlertStore(Protocol):
    """Where alerts are kept; `engine.store.alerts.AlertRepo` is one."""

    def list(self) -> list[Alert]:
        """All alerts."""
        ...

    def mark_fired(self, alert_id: int, when: datetime, text: str) -> bool:
        """Record a firing; False if the alert was not armed."""
        ...

    def rearm(self, alert_id: int) -> None:
        """Let an alert fire again; harmless if it is gone."""
        ...


class PointAccess(Protocol):
    """Where prices come from; `engine.market.series.PriceBook` is one."""

    def points_since(self, asset: str, currency: str, day: date) -> Sequence[PricePoint]:
        """The points on and after a day, and the two before it."""
        ...


class Monitor:
    """Watches until stopped. Publishes AlertFired, and DataChanged "alerts" when any changed."""

    def __init__(
        self,
        alerts: AlertStore,
        prices: PointAccess,
        bus: EventBus,
        clock: Clock,
        interval: float = 60.0,
    ) -> None:
        """interval: seconds between two checks."""
        self._alerts = alerts
        self._prices = prices
        self._bus = bus
        self._clock = clock
        self._interval = interval
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._checking = threading.Lock()
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

    def check_now(self) -> list[Fired]:
        """Check all alerts on the calling thread; returns what fired, each at most once ever.

        Raises what the store raises; what was recorded as fired before that is published all the
        same, as it never fires again.
        """
        fired: list[Fired] = []
        changed = False
        try:
            with self._checking:
                for alert in self._alerts.list():
                    points = self._prices.points_since(
                        alert.asset, alert.currency, alert.created.date()
                    )
                    outcome = evaluate(alert, points)
                    if not alert.armed and (outcome.fired or outcome.armed):
                        self._alerts.rearm(alert.id)
                        changed = True
                    if outcome.fired and self._record(outcome.fired):
                        fired.append(outcome.fired)
                        if outcome.armed:
                            self._alerts.rearm(alert.id)
        finally:
            for one in fired:
                self._bus.publish(AlertFired(one.alert_id, one.title, one.text))
            if fired or changed:
                self._bus.publish(DataChanged(frozenset({"alerts"})))
        return fired

    def _record(self, fired: Fired) -> bool:
        """The moment recorded lies on the day of the price, which marks that price as used."""
        end_of_day = datetime.combine(fired.day, time(23, 59, 59), UTC)
        return self._alerts.mark_fired(
            fired.alert_id, min(end_of_day, max(self._clock.now(), _start(fired.day))), fired.text
        )

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged) and event.kinds & {"prices", "alerts"}:
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


def _start(day: date) -> datetime:
    return datetime.combine(day, time(0), UTC)
