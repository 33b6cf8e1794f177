"""How the user is told: a pause, what has been seen, the program, and a deleted alert restored."""

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.core.events import AlertFired, DataChanged, Event
from engine.core.paths import Paths
from engine.service import Alert, AlertPhase, Service
from tests.engine.service.conftest import NOW, take_prices

CHANGED = DataChanged(frozenset({"alerts"}))


def above(level: str, **more: object) -> str:
    when = {"kind": "price", "asset": "BTC", "direction": "above", "level": level}
    return json.dumps({"when": when, **more})


def phases(service: Service) -> list[AlertPhase]:
    found: list[tuple[Alert, AlertPhase]] = service.alerts.phases()
    return [phase for _, phase in found]


def test_a_pause_holds_back_all_but_urgent_alerts(
    service: Service, prices: Path, events: list[Event]
) -> None:
    take_prices(service, prices)
    service.alerts.telling.pause(NOW + timedelta(hours=1))
    service.alerts.add_rule(above("95000"))
    service.alerts.add_rule(above("96000", priority="high"))
    assert len(service.alerts.check_now()) == 2
    assert [one.priority for one in events if isinstance(one, AlertFired)] == ["high"]
    assert service.alerts.quiet_until() == NOW + timedelta(hours=1)
    assert phases(service) == ["waiting", "fired"]
    service.alerts.telling.pause(None)
    assert (service.alerts.telling.paused_until(), service.alerts.quiet_until()) == (None, None)
    service.alerts.check_now()
    assert [one.priority for one in events if isinstance(one, AlertFired)] == ["high", "normal"]


def test_a_pause_outlives_a_restart_and_ends_by_itself(paths: Paths) -> None:
    service = Service.open(paths, FixedClock(NOW), background=False)
    service.alerts.telling.pause((NOW + timedelta(hours=1)).astimezone())
    service.close()
    for minutes, paused in ((59, True), (60, False)):
        clock = FixedClock(NOW + timedelta(minutes=minutes))
        service = Service.open(paths, clock, background=False)
        assert (service.alerts.telling.paused_until() is not None) == paused
        service.close()


def test_quiet_hours_that_a_pause_reaches_into_go_on(service: Service) -> None:
    local = NOW.astimezone()
    service.settings.set("quiet_hours_start", f"{local + timedelta(minutes=30):%H:%M}")
    service.settings.set("quiet_hours_end", f"{local + timedelta(hours=3):%H:%M}")
    service.alerts.telling.pause(NOW + timedelta(minutes=10))
    assert service.alerts.quiet_until() == NOW + timedelta(minutes=10)
    service.alerts.telling.pause(NOW + timedelta(hours=1))
    assert service.alerts.quiet_until() == NOW + timedelta(hours=3)


def test_what_has_been_seen_is_remembered(
    open_service: Callable[..., Service], prices: Path
) -> None:
    service = open_service()
    events: list[Event] = []
    service.bus.subscribe(events.append)
    take_prices(service, prices)
    for level in ("95000", "96000"):
        service.alerts.add_rule(above(level))
    service.alerts.check_now()
    newest, oldest = service.alerts.history()
    assert (service.alerts.unseen(), service.alerts.telling.seen()) == (2, 0)
    events.clear()
    service.alerts.telling.mark_seen(newest.id)
    assert (service.alerts.unseen(), events) == (0, [CHANGED])
    service.alerts.telling.mark_seen(oldest.id)
    assert (service.alerts.unseen(), events) == (0, [CHANGED])


def test_an_alert_is_armed_until_it_fires_and_again_when_that_is_over(
    service: Service, prices: Path, tmp_path: Path, events: list[Event]
) -> None:
    take_prices(service, prices)
    service.alerts.add_rule(above("95000"))
    service.alerts.add_rule(above("95000", cooldown_days=2))
    service.alerts.add_rule(above("95000", once=True))
    paused = service.alerts.add_rule(above("1"))
    service.alerts.pause(paused)
    service.alerts.add_rule(above("200000"))
    assert phases(service) == ["armed", "armed", "armed", "paused", "armed"]
    service.alerts.check_now()
    assert phases(service) == ["fired", "waiting", "ended", "paused", "armed"]
    lower = tmp_path / "lower.csv"
    lower.write_text("date,symbol,currency,close\n2026-11-22,BTC,USD,90000\n")
    take_prices(service, lower)
    events.clear()
    assert service.alerts.check_now() == []
    assert phases(service)[0] == "armed"
    assert events == [CHANGED]


def test_a_deleted_alert_comes_back_with_what_it_fired(service: Service, prices: Path) -> None:
    take_prices(service, prices)
    service.alerts.add_rule(above("95000", name="Up"))
    service.alerts.check_now()
    alerts, history = service.alerts.list(), service.alerts.history()
    deleted = service.alerts.delete(alerts[0].id)
    assert service.alerts.list() == []
    for _ in range(2):
        service.alerts.restore(deleted)
        assert (service.alerts.list(), service.alerts.history()) == (alerts, history)
    assert service.alerts.check_now() == []


@pytest.mark.logs("The program for alerts")
def test_a_program_must_be_chosen_before_it_is_tried(service: Service) -> None:
    with pytest.raises(KnownError, match="No program is chosen"):
        service.alerts.telling.try_program()
    service.settings.set("alert_command", "/no/such/program")
    with pytest.raises(KnownError, match="is not there"):
        service.alerts.telling.try_program()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX scripts")
def test_the_program_is_tried_with_two_arguments(service: Service, tmp_path: Path) -> None:
    out, program = tmp_path / "out", tmp_path / "ring"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > "{out}"\n')
    program.chmod(0o755)
    service.settings.set("alert_command", str(program))
    assert service.alerts.telling.try_program() == "ring"
    assert out.read_text() == "A trial|So an alert of Assay arrives.|"
