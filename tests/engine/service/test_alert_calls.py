"""A slow program for alerts holds nobody up, loses no firing and leaves no process behind."""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.events import AlertCommandFailed, AlertFired, Event
from engine.service import Service
from tests.engine.service.conftest import take_prices
from tests.engine.service.test_alert_telling import above

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX scripts")


def script(folder: Path, body: str) -> str:
    """A program that notes its title in the file `began` first."""
    path = folder / "ring"
    path.write_text(f'#!/bin/sh\necho "$1" >> "{folder / "began"}"\n{body}\n')
    path.chmod(0o755)
    return str(path)


def began(folder: Path) -> list[str]:
    path = folder / "began"
    return path.read_text().splitlines() if path.exists() else []


def wait(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.alone
def test_checks_and_notifications_do_not_wait_for_it(
    service: Service, events: list[Event], prices: Path, tmp_path: Path
) -> None:
    service.settings.set("alert_command", script(tmp_path, "sleep 0.5"))
    take_prices(service, prices)
    begun = time.monotonic()
    for level in ("95000", "96000", "97000"):
        service.alerts.add_rule(above(level))
        assert len(service.alerts.check_now()) == 1
    assert time.monotonic() - begun < 0.5
    assert len([event for event in events if isinstance(event, AlertFired)]) == 3
    service.alerts.telling.finish()
    # One after the other, in the order of the firings.
    assert time.monotonic() - begun > 1.5
    assert [title.split("$")[1] for title in began(tmp_path)] == [
        "95,000.00",
        "96,000.00",
        "97,000.00",
    ]
    assert not any(isinstance(event, AlertCommandFailed) for event in events)


@pytest.mark.alone
def test_the_end_kills_the_one_that_runs_and_the_next_start_makes_the_calls_that_are_left(
    open_service: Callable[..., Service], prices: Path, tmp_path: Path
) -> None:
    service = open_service()
    pid = tmp_path / "pid"
    service.settings.set("alert_command", script(tmp_path, f'echo $$ > "{pid}"\nsleep 30'))
    take_prices(service, prices)
    for level in ("95000", "96000"):
        service.alerts.add_rule(above(level))
    service.alerts.check_now()
    wait(lambda: pid.exists() and pid.read_text().strip())
    begun = time.monotonic()
    service.close()
    assert time.monotonic() - begun < 3
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    assert len(began(tmp_path)) == 1

    script(tmp_path, "")
    (tmp_path / "began").unlink()
    again = open_service()
    assert again.alerts.check_now() == []
    again.alerts.start()
    wait(lambda: len(began(tmp_path)) == 2)
    again.alerts.telling.finish()
    assert began(tmp_path) == ["BTC above $95,000.00", "BTC above $96,000.00"]
    again.close()
    last = open_service()
    last.alerts.telling.finish()
    assert len(began(tmp_path)) == 2


def test_without_a_program_what_is_left_is_forgotten(
    service: Service, prices: Path, tmp_path: Path
) -> None:
    service.settings.set("alert_command", script(tmp_path, "sleep 0.2"))
    take_prices(service, prices)
    for level in ("95000", "96000"):
        service.alerts.add_rule(above(level))
    service.alerts.check_now()
    wait(lambda: began(tmp_path))
    service.settings.set("alert_command", "")
    service.alerts.telling.finish()
    service.settings.set("alert_command", script(tmp_path, ""))
    service.alerts.telling.finish()
    assert len(began(tmp_path)) == 1


@pytest.mark.logs("a call of the program for alerts could not be made and is dropped")
def test_a_kept_call_that_cannot_be_read_is_not_in_the_way_of_those_after_it(
    service: Service, prices: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service.settings.set("alert_command", script(tmp_path, ""))
    kept = service.alerts.telling._documents
    kept.put("alerts", "call-000000000000", {"text": "of another version"})
    take_prices(service, prices)
    service.alerts.add_rule(above("95000"))
    service.alerts.check_now()
    service.alerts.telling.finish()
    assert began(tmp_path) == ["BTC above $95,000.00"]
    assert not [name for name in kept.all("alerts") if name.startswith("call-")]
    assert caplog.text.count("could not be made and is dropped") == 1


def test_ctrl_c_while_its_thread_is_made_keeps_nothing_from_closing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(thread: threading.Thread) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            service.alerts.telling.resume()

    service.close()
