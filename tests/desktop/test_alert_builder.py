"""The form of an alert: sentences, their gaps, the preview, and what is stored."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.alerts.builder import Builder
from desktop.alerts.controls import Choice, Figure, Named
from desktop.alerts.marked_plot import MarkedPlot
from desktop.alerts.sentences import NOTHING, SENTENCES, TITLES, pieces
from engine.service import ALERT_KINDS
from tests.desktop.alerts_window import ABOVE, FAR, AlertsWindow, rule
from tests.desktop.opened_window import press, words

FALLS = {"kind": "move", "asset": "BTC", "direction": "down", "percent": "5", "days": "1"}
WITHOUT_DATA = {"pool", "position", "token"}


@pytest.fixture
def it(qtbot: QtBot, tmp_path: Path) -> Iterator[AlertsWindow]:
    with AlertsWindow.opened(qtbot, tmp_path / "home", demo=True) as found:
        yield found


def type_into(builder: Builder, name: str, text: str, line: int = 0) -> None:
    """Enter a text as a user does."""
    gap = builder.lines[line].gaps[name]
    if isinstance(gap, Choice):
        gap.choose(text)
        gap.picked.emit(text)
        return
    gap.show_value(text)
    edit = gap if isinstance(gap, Figure) else gap.lineEdit()
    assert edit is not None
    edit.textEdited.emit(text)


def choose_kind(builder: Builder, kind: str, line: int = 0) -> None:
    """Choose another kind of condition."""
    picker = builder.lines[line].kind
    picker.choose(kind)
    picker.picked.emit(kind)


@pytest.mark.parametrize("kind", list(ALERT_KINDS))
def test_the_sentence_of_a_kind_has_a_gap_for_each_of_its_fields(kind: str) -> None:
    fields = {one.name for one in ALERT_KINDS[kind].fields}
    gaps = [name for _, name in pieces(kind) if name]
    assert sorted(gaps) == sorted(fields)
    assert SENTENCES.keys() == TITLES.keys() == ALERT_KINDS.keys()


def test_every_kind_can_be_built_from_what_the_demo_holds(it: AlertsWindow) -> None:
    builder = it.build()
    for kind, one in ALERT_KINDS.items():
        choose_kind(builder, kind)
        if kind == "range":
            type_into(builder, "lower", "60,000")
            type_into(builder, "upper", "70,000")
        missing = builder.lines[0].missing()
        field = next((f.name for f in one.fields if f.name in WITHOUT_DATA), "")
        assert missing == NOTHING.get(field, ""), kind
        if not missing:
            assert it.service.alerts.read(builder.text()).title()


def test_a_rule_is_tried_out_against_the_last_year(it: AlertsWindow) -> None:
    builder = it.build(rule(FALLS))
    it.wait(lambda: "in the last year" in builder.preview.text())
    found = it.service.alerts.preview(rule(FALLS))
    count = len(found.firings)
    assert count > 1
    assert builder.preview.text() == f"It would have fired {count} times in the last year."
    shown = words(builder.preview)
    day = found.firings[-1].day
    assert f"{day.day} {day:%b %Y}" in shown
    assert "Simulated" in shown
    (plot,) = builder.preview.findChildren(MarkedPlot)
    assert plot.accessibleName() == "BTC in USD"

    type_into(builder, "percent", "90")
    it.wait(lambda: builder.preview.text() == "It would not have fired in the last year.")


def test_what_is_wrong_is_said_as_a_sentence(it: AlertsWindow) -> None:
    builder = it.build(rule(FALLS))
    type_into(builder, "percent", "150")
    it.wait(lambda: "A price cannot fall by more than 100 %." in builder.preview.text())
    press(builder, "Save alert")
    assert not builder.save.isEnabled()
    it.wait(builder.save.isEnabled)
    assert words(builder).count("A price cannot fall by more than 100 %.") == 1
    type_into(builder, "percent", "a lot")
    it.wait(lambda: "must be a number" in builder.preview.text())
    type_into(builder, "percent", "")
    it.wait(lambda: builder.preview.text() == "Still to be filled in: percentage.")
    choose_kind(builder, "yield")
    it.wait(lambda: "No yields are stored yet." in builder.preview.text())
    assert it.service.alerts.list() == []


def test_the_level_follows_the_coin_until_one_is_entered(it: AlertsWindow) -> None:
    builder = it.build()
    levels = it.service.alerts.offers().levels
    level, asset = builder.lines[0].gaps["level"], builder.lines[0].gaps["asset"]
    assert isinstance(asset, Named)
    assert level.value() == f"{levels[asset.value()]:,f}"
    type_into(builder, "asset", "eth")
    assert asset.value() == "ETH"
    assert level.value() == f"{levels['ETH']:,f}"
    type_into(builder, "level", "5000")
    type_into(builder, "asset", "SOL")
    assert level.value() == "5,000"


def test_what_goes_stale_is_named_by_its_kind_of_data(it: AlertsWindow) -> None:
    builder = it.build(rule({"kind": "stale", "topic": "weight", "name": "SOL", "days": "3"}))
    name = builder.lines[0].gaps["name"]
    assert name.value() == "SOL"
    type_into(builder, "topic", "price")
    assert name.value().endswith("/USD")


def test_conditions_are_joined_by_and_or_or(it: AlertsWindow) -> None:
    builder = it.build(rule(FALLS))
    press(builder, "Add a condition")
    press(builder, "Add a condition")
    type_into(builder, "percent", "7", line=1)
    joint = builder.lines[1].joint
    assert [line.joint.isHidden() for line in builder.lines] == [True, False, True]
    joint.choose("any")
    joint.picked.emit("any")
    parts = json.loads(builder.text())["when"]["any"]
    assert [one["kind"] for one in parts] == ["move"] * 3
    it.wait(lambda: "or" in words(builder.lines[2]).split())
    builder.lines[2].remove.click()
    builder.lines[0].remove.click()
    assert json.loads(builder.text())["when"]["percent"] == "7"
    assert not builder.lines[0].remove.isVisible()


def test_a_new_alert_with_options_is_stored(it: AlertsWindow) -> None:
    builder = it.build(rule(FAR))
    assert not builder.options.isVisible()
    press(builder, "More")
    builder.options.name.setText("Moon")
    builder.options.once.choose("once")
    builder.options.priority.choose("high")
    builder.options.cooldown.show_value("7")
    builder.options.expires.setText("2999-12-31")
    press(builder, "Save alert")
    it.wait(lambda: len(it.service.alerts.list()) == 1)
    (alert,) = it.service.alerts.list()
    assert alert.rule.describe() == (
        "When BTC above $90,000,000.00, once, until 2999-12-31, in quiet hours too."
    )
    assert (alert.title, alert.rule.cooldown_days) == ("Moon", 7)
    it.wait(lambda: it.page.builder is None)
    assert it.window.toasts.texts() == ["The alert is saved."]


@pytest.mark.parametrize(
    "when",
    [
        {**FAR, "hysteresis": "3.5"},
        {"any": [FAR, FALLS, {"kind": "stale", "name": "ETH/USD", "days": "9"}]},
        {"all": [FAR, {"any": [FALLS, {"kind": "depeg", "asset": "USDC", "percent": "1"}]}]},
    ],
)
def test_an_alert_is_changed_in_the_same_form(it: AlertsWindow, when: object) -> None:
    alert = it.add(when, cooldown_days=3)
    builder = it.build(alert=alert)
    assert builder.options.isVisible()
    assert it.service.alerts.read(builder.text()).condition == alert.condition
    builder.options.name.setText("Renamed")
    press(builder, "Save alert")
    it.wait(lambda: [one.title for one in it.service.alerts.list()] == ["Renamed"])
    (after,) = it.service.alerts.list()
    assert (after.id, after.condition, after.rule.cooldown_days) == (alert.id, alert.condition, 3)


def test_conditions_within_conditions_are_told_as_an_outline_and_changed_as_text(
    it: AlertsWindow,
) -> None:
    inner = {"any": [FALLS, {"kind": "depeg", "asset": "USDC", "percent": "1"}]}
    alert = it.add({"all": [FAR, inner]})
    builder = it.build(alert=alert)
    nested = builder.nested
    assert nested is not None
    it.wait(lambda: "All of these:" in words(nested))
    for said in ("BTC above $90,000,000.00", "At least one of these:", "USDC 1 % off its peg"):
        assert said in words(nested)
    it.wait(lambda: "would not have fired" in builder.preview.text())
    nested.edit.setPlainText('{"all": [')
    it.wait(lambda: builder.preview.text() == "The text cannot be read from line 1, column 10 on.")
    press(builder, "Save alert")
    nested.edit.setPlainText('{"all": [{"kind": "moon"}]}')
    it.wait(lambda: "kind of alert is not known" in builder.preview.text())
    nested.edit.setPlainText(json.dumps({"any": [ABOVE, {"all": [FAR, FALLS]}]}))
    it.wait(lambda: "BTC above $1,000.00" in words(nested))
    assert it.service.alerts.list() == [alert]
    press(builder, "Save alert")
    it.wait(lambda: it.page.builder is None)
    (after,) = it.service.alerts.list()
    assert after.rule.describe().startswith(
        "When BTC above $1,000.00 or (BTC above $90,000,000.00 and "
    )


def test_a_level_typed_without_quotes_keeps_all_its_digits(it: AlertsWindow) -> None:
    builder = it.build(alert=it.add({"all": [FAR, {"any": [FALLS, FAR]}]}))
    assert builder.nested is not None
    text = json.dumps({"all": [FAR, {"any": [FALLS, FAR]}]})
    exact = text.replace('"90000000"', "0.123456789012345678")
    assert exact != text
    builder.nested.edit.setPlainText(exact)
    press(builder, "Save alert")
    it.wait(lambda: it.page.builder is None)
    (after,) = it.service.alerts.list()
    assert '"level": "0.123456789012345678"' in after.text


def test_cancel_stores_nothing(it: AlertsWindow) -> None:
    builder = it.build(rule(FAR))
    press(builder, "Cancel")
    assert it.page.builder is None
    assert it.page.new.isVisible()
    assert it.service.alerts.list() == []
