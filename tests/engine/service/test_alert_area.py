"""Alerts through the service: stored, watched, fired."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.core.events import AlertFired, DataChanged, DraftOffered, Event, TurnFinished
from engine.core.paths import Paths
from engine.service import Service
from tests.engine.service.conftest import NOW, take, take_prices
from tests.engine.service.scripted import Listener


def load(service: Service, prices: Path) -> None:
    take_prices(service, prices)


def test_an_alert_fires_once(service: Service, events: list[Event], prices: Path) -> None:
    load(service, prices)
    service.alerts.add("BTC", "above", Decimal(95_000), "USD")

    assert len(service.alerts.check_now()) == 1
    assert service.alerts.check_now() == []

    fired = [event for event in events if isinstance(event, AlertFired)]
    assert [(event.title, event.text) for event in fired] == [
        ("BTC above $95,000.00", "BTC was at $100,000.00 on 2026-11-22.")
    ]
    assert [row.text for row in service.alerts.history()] == [fired[0].text]


def test_alerts_are_listed_and_deleted(service: Service, events: list[Event]) -> None:
    alert_id = service.alerts.add("BTC", "below", Decimal(50_000), "USD")
    assert [alert.id for alert in service.alerts.list()] == [alert_id]

    service.alerts.delete(alert_id)

    assert service.alerts.list() == []
    assert events.count(DataChanged(frozenset({"alerts"}))) == 2


def test_an_alert_that_can_never_fire_is_refused(service: Service) -> None:
    with pytest.raises(KnownError, match="above zero"):
        service.alerts.add("BTC", "above", Decimal(0), "USD")

    assert service.alerts.list() == []


def test_the_watch_sees_new_prices_at_once(
    open_service: Callable[..., Service], prices: Path
) -> None:
    service = open_service()
    listener = Listener()
    service.bus.subscribe(listener)
    service.alerts.start()
    service.alerts.add("BTC", "above", Decimal(95_000), "USD")

    load(service, prices)

    listener.wait_for(lambda event: isinstance(event, AlertFired))


def test_another_interval_is_taken_over_while_watching(service: Service) -> None:
    service.alerts.start()

    service.settings.set("alert_interval_seconds", 5)
    service.settings.set("alert_interval_seconds", "600")

    assert service.settings.get("alert_interval_seconds") == 600


def test_a_drafted_alert_is_stored_exactly_when_confirmed(service: Service, prices: Path) -> None:
    load(service, prices)
    listener = Listener()
    service.bus.subscribe(listener)
    _, message_id = service.chat.ask(None, "alert me when BTC is above 120k")
    draft = listener.wait(DraftOffered, message_id).draft
    listener.wait(TurnFinished, message_id)
    assert service.alerts.list() == []

    service.chat.confirm(draft.draft_id)

    (alert,) = service.alerts.list()
    assert alert.title == "BTC above $120,000.00"


def test_what_the_demo_rang_is_simulated_and_goes_with_it(
    service: Service, events: list[Event]
) -> None:
    service.portfolio.load_demo()
    service.alerts.add("BTC", "above", Decimal(1), "USD")
    (fired,) = service.alerts.check_now()
    assert fired.text.endswith(" (simulated).")
    assert [row.text for row in service.alerts.history()] == [fired.text]
    events.clear()

    service.portfolio.remove_demo()

    assert service.alerts.list() == []
    assert service.alerts.history() == []
    assert any(isinstance(event, DataChanged) and "alerts" in event.kinds for event in events)


def test_real_transactions_end_the_alerts_of_the_demo(service: Service, purchases: Path) -> None:
    service.portfolio.load_demo()
    service.alerts.add("BTC", "above", Decimal(1), "USD")

    take(service, purchases)

    assert service.alerts.list() == []


def test_an_alert_on_real_prices_outlives_the_demo(service: Service, prices: Path) -> None:
    service.portfolio.load_demo()
    load(service, prices)
    kept = service.alerts.add("BTC", "above", Decimal(95_000), "USD")
    service.alerts.add("ETH", "above", Decimal(1), "USD")
    service.alerts.check_now()

    service.portfolio.remove_demo()

    assert [alert.id for alert in service.alerts.list()] == [kept]
    assert [row.text for row in service.alerts.history()] == [
        "BTC was at $100,000.00 on 2026-11-22."
    ]
    assert service.alerts.check_now() == []


def test_an_older_alert_is_after_the_demo_as_it_was_before(
    open_service: Callable[..., Service], paths: Paths, prices: Path
) -> None:
    before = Service.open(paths, FixedClock(NOW - timedelta(seconds=1)), background=False)
    alert_id = before.alerts.add("BTC", "above", Decimal(1), "USD")
    before.close()
    service = open_service()
    service.portfolio.load_demo()
    assert len(service.alerts.check_now()) == 1

    service.portfolio.remove_demo()

    (alert,) = service.alerts.list()
    assert (alert.id, alert.state, alert.last_fired) == (alert_id, "watching", None)
    assert service.alerts.history() == []
    load(service, prices)
    assert [one.text for one in service.alerts.check_now()] == [
        "BTC was at $100,000.00 on 2026-11-22."
    ]
