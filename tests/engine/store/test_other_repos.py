"""Settings and registered models."""

import json
import logging

import pytest

from engine.core.errors import KnownError
from engine.core.settings import SETTINGS
from engine.store.database import Database
from engine.store.models import ModelRepo, StoredModel
from engine.store.settings import SettingRepo


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


@pytest.mark.logs("stored setting theme is not valid here: KnownError")
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
