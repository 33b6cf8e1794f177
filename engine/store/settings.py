"""The settings the user changed; everything else has the default of core's table."""

import json
import logging

from engine.core.errors import KnownError
from engine.core.settings import SETTINGS, SettingValue, setting, validate
from engine.store.database import Database

_log = logging.getLogger(__name__)


class SettingRepo:
    """Reads and stores settings, always in the type of the table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, key: str) -> SettingValue:
        """The value of a setting; KnownError if there is no such setting."""
        setting(key)
        return self.all()[key]

    def set(self, key: str, value: object) -> SettingValue:
        """Check and store a value; returns it in its type. KnownError if it does not fit."""
        checked = validate(key, value)
        row = {"key": key, "value": json.dumps(checked)}
        self._db.run(lambda db: db.table("settings").insert(row, replace=True).last_pk)
        return checked

    def all(self) -> dict[str, SettingValue]:
        """Every setting of the table with its value."""
        stored = self._db.run(
            lambda db: {row["key"]: row["value"] for row in db.query("SELECT * FROM settings")}
        )
        return {
            row.key: _read(row.key, stored[row.key], row.default)
            if row.key in stored
            else row.default
            for row in SETTINGS
        }


def _read(key: str, text: str, default: SettingValue) -> SettingValue:
    """A stored value, or the default if another version allowed what this one does not."""
    try:
        return validate(key, json.loads(text))
    except KnownError as error:
        _log.warning("stored setting %s is not valid here: %s", key, type(error).__name__)
        return default
