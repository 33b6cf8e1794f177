"""The alerts: their rules, what they fired, and the thread that watches them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from engine.alerts.conditions import assets_of, series_of
from engine.alerts.feed import LONGEST_SILENCE, Feed, load_panel, reach_of
from engine.alerts.hints import missing_hint
from engine.alerts.kinds import KINDS
from engine.alerts.kinds.base import Field
from engine.alerts.listing import Alert, FiredAlert, Phase, phase_of, read_alerts, read_firing
from engine.alerts.monitor import Monitor
from engine.alerts.panel import SeriesId
from engine.alerts.preview import Preview, preview
from engine.alerts.rule import Rule
from engine.alerts.rulejson import rule_from_json, rule_to_json
from engine.alerts.simple import SimpleCondition, simple_check
from engine.assistant.tools.context import ToolContext
from engine.core.clock import Clock
from engine.core.errors import KnownError
from engine.core.events import DataChanged, EventBus
from engine.service.alert_offers import AlertOffers, alert_offers
from engine.service.alert_telling import AlertTelling
from engine.service.settings import Settings
from engine.store.documents import DocumentRepo
from engine.store.rules import DeletedRule, RuleRepo

# Inside the class the name `list` is the method.
History = list[FiredAlert]
Phases = list[tuple[Alert, Phase]]
PREVIEW_DAYS = 365


@dataclass(frozen=True, slots=True)
class AlertKind:
    """A kind of condition and the fields of its form; hysteresis: the default, in per cent."""

    name: str
    title: str
    fields: tuple[Field, ...]
    hysteresis: Decimal


class AlertArea:
    """Stores alerts; after start() it also watches them.

    A rule travels as JSON: {"when": {"kind": …, field: value …}, "name", "once", "cooldown_days",
    "expires", "priority"}; "when" may also be {"all": […]} or {"any": […]}.
    telling: the pause, the program, and what the user has seen.
    """

    def __init__(
        self,
        repo: RuleRepo,
        documents: DocumentRepo,
        feed: Feed,
        settings: Settings,
        bus: EventBus,
        clock: Clock,
        context: Callable[[], ToolContext],
    ) -> None:
        self._repo = repo
        self._feed = feed
        self._settings = settings
        self._bus = bus
        self._clock = clock
        self._context = context
        self.telling = AlertTelling(settings, documents, bus, clock)
        self._lock = threading.Lock()
        self._watching = False
        self._monitor = self._new_monitor()
        settings.on_change(self._on_setting)

    def kinds(self) -> tuple[AlertKind, ...]:
        """All kinds of conditions; the default of a currency is that of the settings."""
        currency = self._settings.text("currency")
        return tuple(
            AlertKind(
                kind.name,
                kind.title,
                tuple(
                    replace(one, default=currency) if one.name == "currency" else one
                    for one in kind.fields
                ),
                kind.hysteresis,
            )
            for kind in KINDS.values()
        )

    def offers(self) -> AlertOffers:
        """What of the user's data conditions can be about."""
        return alert_offers(self._context())

    def list(self) -> list[Alert]:
        """All alerts, oldest first."""
        return read_alerts(self._repo.list(), self._clock.today())

    def phases(self) -> Phases:
        """All alerts, oldest first, with what each does now as of the last check."""
        holding, today = self._monitor.holding, self._clock.today()
        untold = {one.rule_id for one in self._repo.untold()}
        return [
            (one, phase_of(one, one.id in holding, one.id in untold, today)) for one in self.list()
        ]

    def without_data(self) -> frozenset[int]:
        """The alerts that watch something of which nothing is stored yet."""
        alerts = self.list()
        if not alerts:
            return frozenset()
        known = self._known([one.rule for one in alerts])
        return frozenset(one.id for one in alerts if not series_of(one.condition) <= known)

    def hint(self, text: str) -> str:
        """What is not stored yet of what a rule watches and how to bring it, or ""."""
        rule = self.read(text)
        return missing_hint(series_of(rule.condition) - self._known([rule]))

    def _known(self, rules: Sequence[Rule]) -> frozenset[SeriesId]:
        """The series of some rules of which there is a row that is not too old."""
        today = self._clock.today()
        start = today - timedelta(LONGEST_SILENCE)
        series = {one for rule in rules for one in series_of(rule.condition)}
        panel = load_panel(self._feed, series, start, today)
        return frozenset(one for one in series if panel.present[:, panel.columns[one]].any())

    def read(self, text: str) -> Rule:
        """The rule that a JSON text says, not stored; KnownError names what is wrong with it."""
        return rule_from_json(text, 0, self._clock.now())

    def preview(self, text: str, days: int = PREVIEW_DAYS) -> Preview:
        """What a rule would have fired in the last days; KnownError if there is no data of them."""
        rule, today = self.read(text), self._clock.today()
        begun = today - timedelta(days)
        start = begun - timedelta(reach_of(rule))
        panel = load_panel(self._feed, series_of(rule.condition), start, today)
        return preview(rule, panel, begun, today)

    def add_rule(self, text: str) -> int:
        """Store a new alert; returns its id. KnownError if the text makes no sense."""
        return self._add(self.read(text))

    def add(self, asset: str, condition: SimpleCondition, value: Decimal, currency: str) -> int:
        """Store an alert on a price, or on a move in per cent within 24 hours; returns its id."""
        check = simple_check(asset, condition, value, currency)
        return self._add(Rule(0, self._clock.now(), check))

    def edit(self, alert_id: int, text: str) -> None:
        """Change an alert; with another condition it is watched as if made now. KnownError."""
        rule = self.read(text)
        before = next((one for one in self.list() if one.id == alert_id), None)
        if before is None:
            raise KnownError("This alert is not there any more.")
        anew = before.condition != rule.condition
        self._repo.replace(alert_id, rule_to_json(rule), assets_of(rule.condition), anew)
        self._changed()

    def delete(self, alert_id: int) -> DeletedRule:
        """Delete an alert; gives what restore() needs. KnownError if it is gone."""
        deleted = self._repo.delete(alert_id)
        self._changed()
        return deleted

    def restore(self, deleted: DeletedRule) -> None:
        """Bring a deleted alert back, with what it had fired."""
        self._repo.restore(deleted)
        self._changed()

    def pause(self, alert_id: int) -> None:
        """Watch an alert no more until it is resumed; KnownError if it is gone."""
        self._repo.pause(alert_id)
        self._changed()

    def resume(self, alert_id: int) -> None:
        """Watch a paused alert again, from now on; KnownError if it is gone."""
        self._repo.resume(alert_id)
        self._changed()

    def history(self, limit: int = 1000) -> History:
        """What the alerts fired, newest first."""
        return [read_firing(one) for one in self._repo.history(limit)]

    def waiting(self) -> int:
        """How many firings wait for the end of the quiet hours, or for a check."""
        return len(self._repo.untold())

    def priced(self) -> frozenset[tuple[str, str]]:
        """The assets, each with a currency, whose prices the alerts watch that may still fire."""
        series = {
            one
            for alert in self.list()
            if alert.state == "watching"
            for one in series_of(alert.condition)
            if one.topic == "price"
        }
        parted = (one.name.partition("/") for one in series)
        return frozenset((asset, currency) for asset, _, currency in parted)

    def unseen(self) -> int:
        """How many firings the user has not seen."""
        return self._repo.newer(self.telling.seen())

    def quiet_until(self) -> datetime | None:
        """The end (UTC) of the quiet hours, or of a pause, if it is within them now."""
        return self.telling.silence().until(self._clock.now())

    def check_now(self) -> History:
        """Check every alert against the stored data; returns what fired.

        AlertFired is published for each that may be told now.
        """
        return [read_firing(one) for one in self._monitor.check_now()]

    def start(self) -> None:
        """Watch in the background until close()."""
        with self._lock:
            self._watching = True
            self._monitor.start()
        self.telling.resume()

    def close(self) -> None:
        """End the watch."""
        with self._lock:
            self._watching = False
            self.telling.close()
            self._monitor.stop()

    def _add(self, rule: Rule) -> int:
        alert_id = self._repo.add(rule_to_json(rule), assets_of(rule.condition))
        self._changed()
        return alert_id

    def _new_monitor(self) -> Monitor:
        interval = float(self._settings.get("alert_interval_seconds"))
        tell, silence = self.telling.tell, self.telling.silence
        return Monitor(self._repo, self._feed, self._bus, self._clock, tell, silence, interval)

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
