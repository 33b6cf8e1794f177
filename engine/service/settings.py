"""The settings, with a word to those who depend on one."""

from collections.abc import Callable

from engine.core.events import DataChanged, Event
from engine.core.settings import SettingValue
from engine.store.settings import SettingRepo


class Settings:
    """Reads and changes settings."""

    def __init__(self, repo: SettingRepo, publish: Callable[[Event], None]) -> None:
        self._repo = repo
        self._publish = publish
        self._listeners: list[Callable[[str], None]] = []
        self._checks: dict[str, Callable[[str], object]] = {}

    def get(self, key: str) -> SettingValue:
        """The value of a setting, or its default. KnownError for an unknown key."""
        return self._repo.get(key)

    def text(self, key: str) -> str:
        """The value of a setting that is a text or a choice."""
        return str(self.get(key))

    def all(self) -> dict[str, SettingValue]:
        """Every setting with its value."""
        return self._repo.all()

    def set(self, key: str, value: object) -> SettingValue:
        """Check and store a value, given as itself or as text. Raises KnownError."""
        before = self._repo.get(key)
        check = self._checks.get(key)
        if check is not None and value:
            check(str(value))
        stored = self._repo.set(key, value)
        if stored != before:
            for listener in self._listeners:
                listener(key)
            self._publish(DataChanged(frozenset({"settings"})))
        return stored

    def check(self, key: str, check: Callable[[str], object]) -> None:
        """Have each new value of a setting looked at, but for an empty one.

        check: raises KnownError for what is no value, which is then not stored.
        """
        self._checks[key] = check

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call listener with the key of every setting that changes from now on."""
        self._listeners.append(listener)
