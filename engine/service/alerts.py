"""Price alerts and the thread that watches them."""

import threading
from decimal import Decimal

from engine.alerts.monitor import Monitor
from engine.alerts.rules import Fired, check_rule
from engine.core.clock import Clock
from engine.core.events import DataChanged, EventBus
from engine.market.series import PriceBook
from engine.service.settings import Settings
from engine.store.alerts import Alert, AlertCondition, AlertEvent, AlertRepo

# Inside the class the name `list` is the method.
History = list[AlertEvent]
AllFired = list[Fired]


class AlertArea:
    """Stores alerts; after start() it also watches them."""

    def __init__(
        self,
        repo: AlertRepo,
        prices: PriceBook,
        settings: Settings,
        bus: EventBus,
        clock: Clock,
    ) -> None:
        self._repo = repo
        self._prices = prices
        self._settings = settings
        self._bus = bus
        self._clock = clock
        self._lock = threading.Lock()
        self._watching = False
        self._monitor = self._new_monitor()
        settings.on_change(self._on_setting)

    def list(self) -> list[Alert]:
        """All alerts, oldest first."""
        return self._repo.list()

    def add(self, asset: str, condition: AlertCondition, value: Decimal, currency: str) -> int:
        """Store a new alert; returns its id. KnownError for one that could never fire."""
        check_rule(condition, value)
        alert_id = self._repo.add(asset, condition, value, currency)
        self._changed()
        return alert_id

    def delete(self, alert_id: int) -> None:
        """Delete an alert; KnownError if it is gone."""
        self._repo.delete(alert_id)
        self._changed()

    def history(self) -> History:
        """When alerts fired, newest first."""
        return self._repo.history()

    def check_now(self) -> AllFired:
        """Compare every alert with the stored prices; AlertFired is published for each firing."""
        return self._monitor.check_now()

    def start(self) -> None:
        """Watch in the background until close()."""
        with self._lock:
            self._watching = True
            self._monitor.start()

    def close(self) -> None:
        """End the watch."""
        with self._lock:
            self._watching = False
            self._monitor.stop()

    def _new_monitor(self) -> Monitor:
        interval = self._settings.get("alert_interval_seconds")
        return Monitor(self._repo, self._prices, self._bus, self._clock, float(interval))

    def _on_setting(self, key: str) -> None:
        if key != "alert_interval_seconds":
            return
        with self._lock:
            self._monitor.stop()
            self._monitor = self._new_monitor()
            if self._watching:
                self._monitor.start()

    def _changed(self) -> None:
        self._bus.publish(DataChanged(frozenset({"alerts"})))
