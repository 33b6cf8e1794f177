"""Alerts, settings and registered models."""

import json
import logging
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.core.errors import KnownError
from engine.core.settings import SETTINGS
from engine.store.alerts import Alert, AlertRepo
from engine.store.database import Database
from engine.store.models import ModelRepo, StoredModel
from engine.store.settings import SettingRepo


def test_an_alert_fires_once_until_it_is_armed_again(db: Database) -> None:
    repo = AlertRepo(db)
    now = db.clock.now()
    alert = repo.add("BTC", "above", Decimal("100000.10"), "USD")
    assert repo.list() == [
        Alert(alert, "BTC", "above", Decimal("100000.1"), "USD", now, True, None)
    ]
    later = now + timedelta(minutes=5)
    assert repo.mark_fired(alert, later, "BTC is above $100,000.10")
    assert not repo.mark_fired(alert, later + timedelta(minutes=1), "again")
    (fired,) = repo.list()
    assert (fired.armed, fired.last_fired) == (False, later)
    repo.rearm(alert)
    assert repo.mark_fired(alert, later + timedelta(days=1), "second time")
    assert [(e.alert_id, e.fired, e.text) for e in repo.history()] == [
        (alert, later + timedelta(days=1), "second time"),
        (alert, later, "BTC is above $100,000.10"),
    ]


def test_a_deleted_alert_leaves_its_history(db: Database) -> None:
    repo = AlertRepo(db)
    alert = repo.add("ETH", "down_percent", Decimal(5), "USD")
    repo.mark_fired(alert, db.clock.now(), "ETH fell")
    repo.delete(alert)
    assert repo.list() == []
    assert [(event.alert_id, event.text) for event in repo.history()] == [(None, "ETH fell")]
    assert not repo.mark_fired(alert, db.clock.now(), "ghost")
    repo.rearm(alert)
    for number in (alert, -1, 10**30):
        with pytest.raises(KnownError, match="alert is not there"):
            repo.delete(number)
    assert repo.add("ETH", "below", Decimal(5), "USD") > alert


def test_settings_have_defaults_and_keep_their_type(db: Database) -> None:
    repo = SettingRepo(db)
    assert repo.all() == {row.key: row.default for row in SETTINGS}
    assert repo.set("alert_interval_seconds", "90") == 90
    repo.set("notifications", "off")
    repo.set("currency", "EUR")
    repo.set("currency", "CHF")
    assert repo.get("alert_interval_seconds") == 90
    assert repo.get("notifications") is False
    assert repo.get("currency") == "CHF"
    with pytest.raises(KnownError):
        repo.set("theme", "pink")
    for use in (repo.get, lambda key: repo.set(key, 1)):
        with pytest.raises(KnownError, match="no setting called"):
            use("colour")
    assert repo.get("theme") == "system"


def test_a_stored_value_another_version_allowed_becomes_the_default(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    repo = SettingRepo(db)
    rows = [{"key": "theme", "value": json.dumps("neon")}, {"key": "gone", "value": "1"}]
    db.run(lambda d: d.table("settings").insert_all(rows))
    with caplog.at_level(logging.WARNING):
        assert repo.all() == {row.key: row.default for row in SETTINGS}
    assert "theme" in caplog.text


def test_models_are_registered_once_per_content(db: Database) -> None:
    repo = ModelRepo(db)
    now = db.clock.now()
    first = repo.add("Qwen3 4B", "aa", "models/aa.gguf", 2_500_000_000, "qwen3", "{}")
    second = repo.add("Another", "bb", "models/bb.gguf", 5, "qwen3", "{}")
    assert repo.add("Qwen3-4B", "aa", "models/aa.gguf", 2_500_000_000, "qwen3", '{"n": 1}') == first
    assert repo.list() == [
        StoredModel(second, "Another", "bb", "models/bb.gguf", 5, "qwen3", "{}", now),
        StoredModel(
            first, "Qwen3-4B", "aa", "models/aa.gguf", 2_500_000_000, "qwen3", '{"n": 1}', now
        ),
    ]
    repo.remove(first)
    with pytest.raises(KnownError, match="model is not there"):
        repo.remove(first)
    assert [model.id for model in repo.list()] == [second]
