"""When and how the user is told of what fired, and what of it the user has seen."""

from datetime import UTC, datetime
from pathlib import Path

from engine.alerts.hook import Hook
from engine.alerts.schedule import Silence, quiet_hours
from engine.core.clock import Clock
from engine.core.errors import KnownError
from engine.core.events import AlertCommandFailed, AlertFired, DataChanged, EventBus
from engine.service.alert_calls import AlertCalls
from engine.service.settings import Settings
from engine.store.documents import DocumentRepo
from engine.store.rules import StoredFiring


class AlertTelling:
    """Obeys the settings, and remembers a pause and the last firing seen."""

    def __init__(
        self, settings: Settings, documents: DocumentRepo, bus: EventBus, clock: Clock
    ) -> None:
        self._settings = settings
        self._documents = documents
        self._bus = bus
        self._clock = clock
        self._hook = Hook()
        self._calls = AlertCalls(documents, self._hook, self._program, self._failed)

    def silence(self) -> Silence:
        """The quiet hours of the settings and the pause, as they are now."""
        start = self._settings.text("quiet_hours_start")
        end = self._settings.text("quiet_hours_end")
        # The computer's time zone as it is now, so that summer time needs no thought.
        zone = self._clock.now().astimezone().tzinfo
        return Silence(quiet_hours(start, end, zone) if zone else None, self.paused_until())

    def paused_until(self) -> datetime | None:
        """The end (UTC) of the pause if there is one."""
        until = (self._documents.get("alerts", "pause") or {}).get("until")
        end = datetime.fromisoformat(until) if until else None
        return end if end and end > self._clock.now() else None

    def pause(self, until: datetime | None) -> None:
        """Tell only of urgent alerts until a moment (aware), or of all again if it is None."""
        end = until.astimezone(UTC).isoformat() if until else None
        self._documents.put("alerts", "pause", {"until": end})
        self._changed()

    def seen(self) -> int:
        """The id of the newest firing that the user has seen, 0 if none."""
        return int((self._documents.get("alerts", "seen") or {}).get("firing", 0))

    def mark_seen(self, firing_id: int) -> None:
        """Note that the user has seen a firing and all before it."""
        if firing_id > self.seen():
            self._documents.put("alerts", "seen", {"firing": firing_id})
            self._changed()

    def tell(self, firing: StoredFiring, sound: bool) -> None:
        """Publish a firing and have the user's program called, for which nobody waits."""
        if self._program():
            self._calls.add(firing.id, firing.title, firing.text)
        sound = sound and bool(self._settings.get("alert_sound"))
        self._bus.publish(
            AlertFired(firing.rule_id or 0, firing.title, firing.text, firing.priority, sound)
        )

    def resume(self) -> None:
        """Make the calls of the program that were left when Assay ended."""
        self._calls.resume()

    def finish(self) -> None:
        """Wait until the program has been called for all that was told."""
        self._calls.finish()

    def try_program(self) -> str:
        """Run the user's program as for an alert; its name. KnownError if it does not work."""
        program = self._program()
        if not program:
            raise KnownError("No program is chosen.", "Enter the path of one.")
        notice = self._hook.run(program, "A trial", "So an alert of Assay arrives.")
        if notice:
            raise KnownError(notice)
        return Path(program).name

    def close(self) -> None:
        """End the program that runs."""
        self._calls.close()

    def _program(self) -> str:
        return self._settings.text("alert_command")

    def _failed(self, notice: str) -> None:
        self._bus.publish(AlertCommandFailed(notice))

    def _changed(self) -> None:
        self._bus.publish(DataChanged(frozenset({"alerts"})))
