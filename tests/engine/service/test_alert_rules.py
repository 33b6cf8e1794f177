"""Alerts of every kind through the service: made, changed, tried out and told."""

import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.core.events import AlertCommandFailed, AlertFired, DataChanged, Event
from engine.core.paths import Paths
from engine.service import Service
from tests.engine.service.conftest import NOW, take, take_prices


def text(kind: str, **more: object) -> str:
    rule = {name: more.pop(name) for name in ("name", "once", "priority") if name in more}
    return json.dumps({"when": {"kind": kind, **more}, **rule})


ABOVE = text("price", asset="BTC", direction="above", level="95000")
BELOW = text("price", asset="BTC", direction="below", level="95000")


def fired(events: list[Event]) -> list[AlertFired]:
    return [event for event in events if isinstance(event, AlertFired)]


def test_the_kinds_are_a_form(service: Service) -> None:
    service.settings.set("currency", "CHF")
    kinds = {one.name: one for one in service.alerts.kinds()}
    assert len(kinds) == 12
    price = kinds["price"]
    assert (price.title, str(price.hysteresis)) == ("Price above or below", "1")
    assert [(one.name, one.kind, one.label, one.default, one.choices) for one in price.fields] == [
        ("asset", "symbol", "asset", None, ()),
        ("currency", "symbol", "currency", "CHF", ()),
        ("direction", "choice", "direction", None, ("above", "below")),
        ("level", "number", "price", None, ()),
    ]


def test_a_rule_is_read_before_it_is_stored(service: Service) -> None:
    rule = service.alerts.read(ABOVE)
    assert rule.describe() == "When BTC above $95,000.00, every time anew."
    with pytest.raises(KnownError, match="price is missing"):
        service.alerts.add_rule(text("price", asset="BTC", direction="above"))
    assert service.alerts.list() == []


def test_a_changed_condition_is_watched_anew_and_a_name_is_not(
    service: Service, prices: Path
) -> None:
    take_prices(service, prices)
    alert = service.alerts.add_rule(ABOVE)
    assert len(service.alerts.check_now()) == 1
    named = text("price", asset="BTC", direction="above", level="95000", name="Moon")
    service.alerts.edit(alert, named)
    assert service.alerts.check_now() == []
    (kept,) = service.alerts.list()
    assert (kept.title, kept.last_fired) == ("Moon", NOW)
    service.alerts.edit(alert, BELOW)
    assert service.alerts.check_now() == []
    service.alerts.edit(alert, ABOVE)
    (again,) = service.alerts.check_now()
    assert again.alert_id == alert
    assert [one.alert_id for one in service.alerts.history()] == [alert, None]
    with pytest.raises(KnownError, match="not there"):
        service.alerts.edit(alert + 1, ABOVE)


def test_a_paused_alert_rests(service: Service, prices: Path, events: list[Event]) -> None:
    alert = service.alerts.add_rule(ABOVE)
    service.alerts.pause(alert)
    take_prices(service, prices)
    assert service.alerts.check_now() == []
    assert service.alerts.list()[0].state == "paused"
    service.alerts.resume(alert)
    assert len(service.alerts.check_now()) == 1
    assert events.count(DataChanged(frozenset({"alerts"}))) == 4


def test_a_preview_says_how_often_it_would_have_fired(service: Service, prices: Path) -> None:
    take_prices(service, prices)
    found = service.alerts.preview(ABOVE)
    assert found.text == (
        "It would have fired 1 time from 2025-11-22 to 2026-11-22, with data of 2 of 366 days."
    )
    assert [one.text for one in found.firings] == ["BTC was at $100,000.00 on 2026-11-22."]
    with pytest.raises(KnownError, match="no data of price BTC/USD"):
        service.alerts.preview(text("move", asset="BTC", direction="up", percent="5"), days=-1)
    assert service.alerts.list() == service.alerts.history() == []


def test_every_firing_says_which_rows_made_it(service: Service, prices: Path) -> None:
    take_prices(service, prices)
    service.alerts.add_rule(ABOVE)
    service.alerts.check_now()
    (entry,) = service.alerts.history()
    (row,) = entry.rows
    assert (str(row.series), row.day, row.close) == ("price BTC/USD", date(2026, 11, 22), 100_000)
    assert (entry.told, entry.simulated) == (NOW, False)


def test_the_weights_of_the_portfolio_are_watched(
    service: Service, purchases: Path, prices: Path
) -> None:
    service.alerts.add_rule(text("weight", asset="BTC", target="50", points="10"))
    service.alerts.add_rule(text("weight", asset="ETH", target="20", points="15"))
    take_prices(service, prices)
    assert service.alerts.check_now() == []
    take(service, purchases)
    assert [one.text for one in service.alerts.check_now()] == [
        "The weight of BTC was 50.00 points off its target of 50 % on 2026-11-22.",
        "The weight of ETH was 20.00 points off its target of 20 % on 2026-11-22.",
    ]


def test_in_quiet_hours_alerts_wait(service: Service, events: list[Event], prices: Path) -> None:
    take_prices(service, prices)
    local = NOW.astimezone()
    service.settings.set("quiet_hours_start", f"{local - timedelta(hours=1):%H:%M}")
    service.settings.set("quiet_hours_end", f"{local + timedelta(hours=1):%H:%M}")
    service.alerts.add_rule(ABOVE)
    service.alerts.add_rule(
        text("price", asset="BTC", direction="above", level="99999", priority="high")
    )
    assert len(service.alerts.check_now()) == 2
    assert [(one.title, one.priority, one.sound) for one in fired(events)] == [
        ("BTC above $99,999.00", "high", True)
    ]
    assert service.alerts.waiting() == 1
    assert service.alerts.quiet_until() == NOW + timedelta(hours=1)
    service.settings.set("quiet_hours_end", "")
    service.settings.set("alert_sound", False)
    assert service.alerts.quiet_until() is None
    service.alerts.check_now()
    assert [(one.priority, one.sound) for one in fired(events)[1:]] == [("normal", False)]
    assert service.alerts.waiting() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX scripts")
@pytest.mark.logs("The program for alerts")
def test_the_users_program_is_run_and_its_failure_is_said(
    service: Service, prices: Path, events: list[Event], tmp_path: Path
) -> None:
    out, program = tmp_path / "out", tmp_path / "ring"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > "{out}"\nexit 4\n')
    program.chmod(0o755)
    service.settings.set("alert_command", str(program))
    take_prices(service, prices)
    service.alerts.add_rule(ABOVE)
    assert len(service.alerts.check_now()) == 1
    service.alerts.telling.finish()
    assert out.read_text() == "BTC above $95,000.00|BTC was at $100,000.00 on 2026-11-22.|"
    notices = [event.notice for event in events if isinstance(event, AlertCommandFailed)]
    assert notices == ["The program for alerts, ring, ended with status 4."]
    assert service.alerts.waiting() == 0


def test_what_was_not_told_is_told_after_the_next_start(paths: Paths, prices: Path) -> None:
    night = FixedClock(datetime(2026, 11, 22, 23, tzinfo=UTC))
    service = Service.open(paths, night, background=False)
    start = night.moment.astimezone()
    service.settings.set("quiet_hours_start", f"{start - timedelta(hours=1):%H:%M}")
    service.settings.set("quiet_hours_end", f"{start + timedelta(hours=1):%H:%M}")
    take_prices(service, prices)
    service.alerts.add_rule(ABOVE)
    service.alerts.check_now()
    service.close()
    for told in (1, 0):
        service = Service.open(paths, FixedClock(NOW + timedelta(1)), background=False)
        events: list[Event] = []
        service.bus.subscribe(events.append)
        assert service.alerts.check_now() == []
        assert len(fired(events)) == told
        service.close()
