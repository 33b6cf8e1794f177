"""Assay without its window: what the tray's menu does, and what closing the window means."""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.alerts.moments import moment_text
from desktop.bridge import Bridge
from desktop.tray import Tray
from desktop.window import MainWindow
from engine.core.events import DataChanged, Event

if TYPE_CHECKING:
    from engine.service import Service

_HOUR = timedelta(hours=1)
_MORNING = time(8)


class Background(QObject):
    """Keeps the tray in step with the pause of the alerts and with the setting `keep_in_tray`, and
    the number of unseen firings beside the page of the alerts."""

    def __init__(self, service: "Service", bridge: Bridge, window: MainWindow, tray: Tray) -> None:
        super().__init__(bridge)
        self._service = service
        self._bridge = bridge
        self._window = window
        self._tray = tray
        self._keeps = False
        self._said = False
        tray.open_wanted.connect(window.come_to_front)
        tray.quit_wanted.connect(window.quit)
        tray.hour_wanted.connect(lambda: self._pause(datetime.now().astimezone() + _HOUR))
        tray.tomorrow_wanted.connect(lambda: self._pause(tomorrow(datetime.now().astimezone())))
        tray.resume_wanted.connect(lambda: self._pause(None))
        # Built anew each time, as the end of a pause comes without a word.
        tray.menu.aboutToShow.connect(self._read_pause)
        window.closing.connect(tray.hide)
        window.stays = lambda: self._keeps and tray.available()
        window.left_behind.connect(self._say_where)
        bridge.received.connect(self._on_event)
        tray.show()
        self._read_setting()
        self._read_pause()
        self._count()

    def _say_where(self) -> None:
        """Say the first time where Assay has gone."""
        if not self._said:
            self._said = True
            self._tray.message(
                self.tr("Assay goes on watching"),
                self.tr("Open or quit it by its icon in the tray."),
            )

    def _pause(self, until: datetime | None) -> None:
        telling = self._service.alerts.telling
        self._bridge.run(lambda: telling.pause(until), owner=self)

    def _read_pause(self) -> None:
        telling = self._service.alerts.telling
        self._bridge.run(telling.paused_until, self._show_pause, owner=self)

    def _show_pause(self, until: datetime | None) -> None:
        self._tray.show_pause(moment_text(until) if until else "", f"{_MORNING:%H:%M}")

    def _read_setting(self) -> None:
        def read(on: object) -> None:
            self._keeps = bool(on)

        self._bridge.run(lambda: self._service.settings.get("keep_in_tray"), read, owner=self)

    def _count(self) -> None:
        sidebar = self._window.sidebar
        self._bridge.run(
            self._service.alerts.unseen,
            lambda count: sidebar.show_count("alerts", count),
            owner=self,
        )

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged):
            if "alerts" in event.kinds:
                self._count()
                self._read_pause()
            if "settings" in event.kinds:
                self._read_setting()


def tomorrow(now: datetime) -> datetime:
    """The next day's morning."""
    return datetime.combine(now.date() + timedelta(days=1), _MORNING, now.tzinfo)
