"""The real window on a real service with the demo, opened at the Alerts page."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytestqt.qtbot import QtBot

from desktop.alerts.builder import Builder
from desktop.alerts.page import AlertsPage
from desktop.opening import Start
from desktop.session import Session
from desktop.window import MainWindow
from engine.core.paths import Paths
from engine.service import Alert, Service

ABOVE = {"kind": "price", "asset": "BTC", "direction": "above", "level": "1000"}
"""True of the demo at once."""
FAR = {"kind": "price", "asset": "BTC", "direction": "above", "level": "90000000"}


def rule(when: object, **more: object) -> str:
    """A rule as JSON."""
    return json.dumps({"when": when, **more})


class AlertsWindow:
    """A window, its service and its Alerts page."""

    def __init__(self, qtbot: QtBot, service: Service) -> None:
        self.qtbot = qtbot
        self.service = service
        self.window = MainWindow()
        qtbot.addWidget(self.window)
        self.session = Session(self.window, Start.read(service))
        self.window.show()
        self.window.show_page("alerts")
        page = self.session.pages.page("alerts")
        assert isinstance(page, AlertsPage)
        self.page = page
        self.wait = qtbot.waitUntil

    def build(self, text: str = "", alert: Alert | None = None) -> Builder:
        """The form, open on a rule or an alert."""
        before = self.page.builder
        self.page.build(text, alert)
        self.wait(lambda: self.page.builder is not None and self.page.builder is not before)
        builder = self.page.builder
        assert builder is not None
        self.wait(builder.isVisible)
        return builder

    def add(self, when: object, **more: object) -> Alert:
        """Store an alert."""
        number = self.service.alerts.add_rule(rule(when, **more))
        return next(one for one in self.service.alerts.list() if one.id == number)


@contextmanager
def alerts_window(qtbot: QtBot, root: Path, demo: bool = True) -> Iterator[AlertsWindow]:
    """Open a service on an empty folder and the window on it."""
    service = Service.open(Paths(root), background=False)
    try:
        if demo:
            service.portfolio.load_demo()
        found = AlertsWindow(qtbot, service)
        yield found
        found.window.will_quit()
        found.window.close()
    finally:
        service.close()
