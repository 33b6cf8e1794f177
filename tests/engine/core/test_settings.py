"""The table of settings and its checks."""

import re
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.core.settings import SETTINGS, setting, validate
from engine.market.sources.registry import SOURCES


def test_every_default_passes_its_own_check() -> None:
    for row in SETTINGS:
        assert validate(row.key, row.default) == row.default
        assert row.label
        assert row.help.endswith(".")
    assert len({row.key for row in SETTINGS}) == len(SETTINGS)


def test_every_setting_is_read_by_something() -> None:
    root = Path(__file__).parents[3]
    table = root / "engine" / "core" / "settings.py"
    files = {file for part in ("engine", "desktop") for file in (root / part).rglob("*.py")}
    code = "".join(file.read_text(encoding="utf-8") for file in files - {table})
    asked = set(re.findall(r"[sS]ettings?(?:_repo)?\.(?:get|text)\(\s*\"(\w+)\"", code))
    switches = {source.setting for source in SOURCES.values()}
    assert {row.key for row in SETTINGS} <= asked | switches


@pytest.mark.parametrize(
    ("key", "given", "value"),
    [
        ("notifications", "off", False),
        ("notifications", "TRUE", True),
        ("notifications", False, False),
        ("alert_interval_seconds", " 90 ", 90),
        ("alert_interval_seconds", 5, 5),
        ("currency", "CHF", "CHF"),
        ("model", "", ""),
        ("quiet_hours_start", " 7:05 ", "07:05"),
        ("quiet_hours_end", "", ""),
    ],
)
def test_values_are_taken_in_their_type(key: str, given: object, value: object) -> None:
    checked = validate(key, given)
    assert (checked, type(checked)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("colour", "red"),
        ("theme", "pink"),
        ("theme", None),
        ("model", 3),
        ("quiet_hours_start", "24:00"),
        ("quiet_hours_start", "10 pm"),
        ("quiet_hours_start", "٢2:00"),
        ("quiet_hours_end", 7),
        ("notifications", 1),
        ("notifications", "perhaps"),
        ("alert_interval_seconds", "soon"),
        ("alert_interval_seconds", "٣٠"),
        ("alert_interval_seconds", 1.5),
        ("alert_interval_seconds", True),
        ("alert_interval_seconds", 0),
        ("alert_interval_seconds", 10**9),
        ("alert_interval_seconds", "9" * 5000),
    ],
)
def test_everything_else_is_refused_in_one_sentence(key: str, given: object) -> None:
    with pytest.raises(KnownError) as caught:
        validate(key, given)
    assert caught.value.sentence.endswith(".")


def test_an_unknown_key_is_answered_with_the_known_ones() -> None:
    with pytest.raises(KnownError, match="theme"):
        setting("thme")
