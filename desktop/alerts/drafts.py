"""A drafted alert in words, as the chat shows it before it is confirmed."""

from decimal import Decimal

from PySide6.QtCore import QCoreApplication

from engine.core.cards import Draft
from engine.core.money import exact_money, exact_percent

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
