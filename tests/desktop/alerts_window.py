"""The real window on a real service, opened at the Alerts page."""

import json
from typing import ClassVar

from pytestqt.qtbot import QtBot

from desktop.alerts.builder import Builder
from desktop.alerts.page import AlertsPage
from engine.service import Alert, Service
from tests.desktop.opened_window import OpenedWindow

ABOVE = {"kind": "price", "asset": "BTC", "direction": "above", "level": "1000"}
"""True of the demo at once."""
FAR = {"kind": "price", "asset": "BTC", "direction": "above", "level": "90000000"}


def rule(when: object, **more: object) -> str:
    """A rule as JSON."""
    return json.dumps({"when": when, **more})


class AlertsWindow(OpenedWindow):
    """A window, its service and its Alerts page."""

    KEY: ClassVar[str] = "alerts"

    def __init__(self, qtbot: QtBot, service: Service) -> None:
        super().__init__(qtbot, service)
        self.page = self.shown(AlertsPage)

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
