"""The Alerts page: the list, the history with its evidence, what is unseen, how one is told."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from desktop.alerts.keys import KEYS
from desktop.settings.page import ELSEWHERE
from desktop.widgets.data_table import DataTable
from desktop.widgets.switch import Switch
from tests.desktop.alerts_window import ABOVE, FAR, AlertsWindow
from tests.desktop.opened_window import cells, press, words
from tests.desktop.test_looks import nameless


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path) -> Iterator[AlertsWindow]:
    with AlertsWindow.opened(qtbot, tmp_path / "home", demo=True) as found:
        yield found


def badge(it: AlertsWindow) -> str:
    """What stands beside "Alerts" in the sidebar."""
    button = it.window.sidebar._pages["alerts"]
    return button.accessibleName()


def evidence(it: AlertsWindow) -> list[list[str]]:
    """The rows shown under the history."""
    tables = [one for one in it.page.history.findChildren(DataTable) if one.isVisible()]
    return cells(tables[-1])


def test_without_alerts_three_examples_fill_the_form(it: AlertsWindow) -> None:
    it.wait(lambda: "No alerts yet" in words(it.page))
    examples = it.service.alerts.offers().examples
    assert len(examples) == 3
    name, text = examples[2]
    press(it.page, name)
    it.wait(lambda: it.page.builder is not None)
    assert it.page.builder is not None
    stored = it.service.alerts.read(it.page.builder.text())
    assert stored.condition == it.service.alerts.read(text).condition
    assert "No alerts yet" not in words(it.page)
    it.page.builder.closed.emit()
    it.wait(lambda: "No alerts yet" in words(it.page))


def test_nothing_is_needed_to_begin(qtbot: QtBot, tmp_path: Path) -> None:
    with AlertsWindow.opened(qtbot, tmp_path / "home") as it:
        it.wait(lambda: "No alerts yet" in words(it.page))
        builder = it.build(it.service.alerts.offers().examples[0][1])
        it.wait(lambda: "There is no data of price BTC/USD" in builder.preview.text())
        press(builder, "Save alert")
        it.wait(
            lambda: [one.title for one in it.service.alerts.list()] == ["BTC above $100,000.00"]
        )


def test_the_list_says_what_each_alert_does(it: AlertsWindow) -> None:
    it.add(FAR)
    it.add(ABOVE, name="Up")
    it.add({**ABOVE, "asset": "ETH"}, cooldown_days=9)
    it.add(ABOVE, once=True, name="Over")
    paused = it.add({**FAR, "asset": "SOL"})
    it.service.alerts.pause(paused.id)
    it.service.alerts.check_now()
    card = it.page.alerts
    it.wait(lambda: "Ended · 1" in words(card))
    shown = words(card)
    for text in (
        "Watching · 3", "Paused · 1", "Armed", "Fired", "Waiting",
        "Every time anew. Has not fired yet.",
        "When BTC above $1,000.00, every time anew. Last fired ",
        "Every time anew, at most once per 9 days. Last fired ",
    ):  # fmt: skip
        assert text in shown
    press(card, "Resume: SOL above $90,000,000.00")
    it.wait(lambda: "Watching · 4" in words(card))
    press(card, "Pause: SOL above $90,000,000.00")
    it.wait(lambda: "Paused · 1" in words(card))


def test_a_deleted_alert_can_be_had_back(it: AlertsWindow) -> None:
    alert = it.add(ABOVE, name="Up")
    it.service.alerts.check_now()
    it.wait(lambda: "Last fired" in words(it.page.alerts))
    before = it.service.alerts.list()
    press(it.page, "Delete: Up")
    it.wait(lambda: it.window.toasts.texts() == ["Deleted: Up"])
    assert it.service.alerts.list() == []
    press(it.window, "Undo")
    it.wait(lambda: it.service.alerts.list() == before)
    assert [one.alert_id for one in it.service.alerts.history()] == [alert.id]
    assert it.service.alerts.check_now() == []


def test_a_long_list_comes_in_pieces(it: AlertsWindow) -> None:
    for number in range(60):
        it.add(FAR, name=f"No {number}.")
    it.wait(lambda: "Watching · 60" in words(it.page.alerts))
    assert "No 49." in words(it.page.alerts)
    assert "No 50." not in words(it.page.alerts)
    press(it.page.alerts, "Show more (10)")
    it.wait(lambda: "No 59." in words(it.page.alerts))


def test_the_history_says_which_row_fired_what(it: AlertsWindow) -> None:
    it.wait(lambda: "No alerts yet" in words(it.page))
    assert not it.page.history.isVisible()
    up = it.add(ABOVE, name="Up")
    it.add({"kind": "weight", "asset": "BTC", "target": "1", "points": "5"}, name="Drift")
    it.service.alerts.check_now()
    it.wait(lambda: len(cells(it.page.history.table)) == 2)
    first, second = cells(it.page.history.table)
    assert (first[2], second[2]) == ("Drift", "Up")
    newest = it.service.alerts.history()[0]
    assert first[3] == newest.text
    it.wait(lambda: len(evidence(it)) == 1)
    ((series, day, *figures),) = evidence(it)
    assert (series, day) == ("Weight of BTC", f"{newest.day.day} {newest.day:%b %Y}")
    assert all(one.endswith(" %") for one in figures)
    it.page.history.filter.choose(str(up.id))
    it.page.history.filter.picked.emit(str(up.id))
    assert [line[2] for line in cells(it.page.history.table)] == ["Up"]
    it.wait(lambda: evidence(it)[0][0] == "Price of BTC in USD")
    assert evidence(it)[0][4].startswith("$")
    assert "Simulated" in words(it.page.history)


def test_what_was_not_seen_is_counted_and_marked_once(it: AlertsWindow) -> None:
    it.window.show_page("chat")
    it.add(ABOVE)
    it.add({**ABOVE, "asset": "ETH"})
    it.service.alerts.check_now()
    it.wait(lambda: badge(it) == "Alerts, 2 new")
    it.window.show_page("alerts")
    it.wait(lambda: badge(it) == "Alerts")
    assert [line[0] for line in cells(it.page.history.table)] == ["New", "New"]
    it.window.show_page("chat")
    it.add({**ABOVE, "asset": "SOL", "level": "1"})
    it.service.alerts.check_now()
    it.wait(lambda: badge(it) == "Alerts, 1 new")
    it.window.show_page("alerts")
    it.wait(lambda: [line[0] for line in cells(it.page.history.table)] == ["New", "", ""])


def test_quiet_hours_are_checked_and_stored(it: AlertsWindow) -> None:
    delivery, settings = it.page.delivery, it.service.settings
    it.wait(delivery.isVisible)
    start, end = (delivery.controls[key] for key in KEYS[:2])
    assert isinstance(start, QLineEdit)
    assert isinstance(end, QLineEdit)
    start.setText("25:00")
    start.editingFinished.emit()
    it.wait(lambda: "must be a time of day such as 22:00" in words(delivery))
    assert (start.text(), settings.text("quiet_hours_start")) == ("25:00", "")
    start.setText("7:30")
    start.editingFinished.emit()
    it.wait(lambda: "Quiet hours need a beginning and an end." in words(delivery))
    end.setText("08:00")
    end.editingFinished.emit()
    it.wait(lambda: settings.text("quiet_hours_end") == "08:00")
    it.wait(lambda: "Quiet hours need" not in words(delivery))
    assert (start.text(), settings.text("quiet_hours_start")) == ("07:30", "07:30")


def test_the_settings_of_alerts_are_shown_here_only(it: AlertsWindow) -> None:
    it.wait(it.page.delivery.isVisible)
    assert set(KEYS) <= ELSEWHERE
    sound = it.page.delivery.controls["alert_sound"]
    assert isinstance(sound, Switch)
    it.wait(sound.isChecked)
    it.qtbot.mouseClick(sound, Qt.MouseButton.LeftButton)
    it.wait(lambda: it.service.settings.get("alert_sound") is False)
    it.service.settings.set("alert_interval_seconds", 90)
    number = it.page.delivery.controls["alert_interval_seconds"]
    it.wait(lambda: number.property("value") == 90)


@pytest.mark.logs("The program for alerts")
def test_the_program_is_tried(it: AlertsWindow, tmp_path: Path) -> None:
    delivery = it.page.delivery
    it.wait(delivery.isVisible)
    press(delivery, "Try the program for alerts")
    it.wait(lambda: "No program is chosen." in words(delivery))
    shown = tmp_path / "shown"
    program = tmp_path / "tell"
    program.write_text(f"#!/bin/sh\nprintf '%s|%s' \"$@\" > {shown}\n")
    program.chmod(0o755)
    field = delivery.controls["alert_command"]
    assert isinstance(field, QLineEdit)
    field.setText(str(program))
    press(delivery, "Try the program for alerts")
    it.wait(lambda: "tell ran to its end." in words(delivery))
    assert shown.read_text() == "A trial|So an alert of Assay arrives."
    assert it.service.settings.text("alert_command") == str(program)
    program.write_text("#!/bin/sh\nexit 3\n")
    press(delivery, "Try the program for alerts")
    it.wait(lambda: "ended with status 3" in words(delivery))


def test_everything_on_the_page_has_a_name(it: AlertsWindow) -> None:
    it.add(ABOVE)
    it.service.alerts.check_now()
    builder = it.build()
    press(builder, "More")
    it.wait(it.page.history.isVisible)
    assert nameless(it.window) == []


def test_no_tray_is_said_and_a_pause_is_for_a_while(it: AlertsWindow) -> None:
    it.wait(it.page.delivery.isVisible)
    assert "Not available: this desktop has no tray." in words(it.page.delivery)
    assert not it.page.delivery.controls["keep_in_tray"].isEnabled()
    now = it.service.alerts.telling
    assert now.paused_until() is None
    it.session.tray.hour_wanted.emit()
    it.wait(lambda: now.paused_until() is not None)
    until = it.service.alerts.quiet_until()
    assert until is not None
    assert timedelta(0) < until - until.now(until.tzinfo) <= timedelta(hours=1)
    it.wait(it.page.paused.isVisible)
    assert "Alerts are paused until " in words(it.page.paused)
    press(it.page.paused, "Resume")
    it.wait(lambda: not it.page.paused.isVisible())
    assert now.paused_until() is None


def test_what_has_no_data_is_not_said_to_be_armed(it: AlertsWindow) -> None:
    it.add({"kind": "price", "asset": "ZZZ", "direction": "above", "level": "1"})
    it.wait(lambda: "No data yet" in words(it.page.alerts))
    assert "Armed" not in words(it.page.alerts)
