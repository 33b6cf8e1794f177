"""The alerts as a card: what is watched, and a button to delete each."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from desktop.widgets.card import CardFrame
from desktop.widgets.listing import Line, Listing
from engine.core.cards import Draft
from engine.core.money import exact_money, exact_percent

if TYPE_CHECKING:
    from engine.service import Alert

_translate = QCoreApplication.translate

_OF_AN_ALERT = {"asset", "condition", "value", "currency"}


def alert_words(asset: str, condition: str, value: Decimal, currency: str) -> str:
    """An alert in words: "BTC above $100,000.00"."""
    words = {
        "above": _translate("alerts", "{asset} above {money}"),
        "below": _translate("alerts", "{asset} below {money}"),
        "up_percent": _translate("alerts", "{asset} up {percent} within 24 hours"),
        "down_percent": _translate("alerts", "{asset} down {percent} within 24 hours"),
    }
    money, percent = exact_money(value, currency), exact_percent(value)
    return words[condition].format(asset=asset, money=money, percent=percent)


def draft_facts(draft: Draft) -> tuple[tuple[str, str], ...]:
    """What a draft would store, in words."""
    found = dict(draft.facts)
    if not found.keys() >= _OF_AN_ALERT:
        return draft.facts
    value = Decimal(found["value"])
    words = alert_words(found["asset"], found["condition"], value, found["currency"])
    return ((_translate("alerts", "Notify when"), words),)


class AlertsCard(CardFrame):
    """All alerts; new ones are made by asking in the chat."""

    def __init__(self, on_delete: Callable[[int, str], object]) -> None:
        super().__init__(self.tr("Alerts"))
        self._on_delete = on_delete
        self._listing = Listing(
            self.tr("Alerts"),
            self.tr("No alerts. Ask in the chat: “Tell me when BTC goes above 100,000”."),
        )
        self.body.addWidget(self._listing)

    def show_alerts(self, alerts: Sequence["Alert"]) -> None:
        """Show these alerts."""
        self._listing.show_lines([self._line(alert) for alert in alerts])

    def _line(self, alert: "Alert") -> Line:
        title = alert_words(alert.asset, alert.condition, alert.value, alert.currency)
        if alert.last_fired is not None:
            fired = f"{alert.last_fired:%Y-%m-%d %H:%M} UTC"
            text = self.tr("Last fired {}").format(fired)
        else:
            text = self.tr("Has not fired yet")
        delete = (
            "trash",
            self.tr("Delete alert"),
            lambda: self._on_delete(alert.id, title),
        )
        tag = "" if alert.armed else self.tr("Fired")
        return Line("bell", title, text, tag, actions=(delete,))
