"""Typed, checked access to a model's config.json."""

from pathlib import Path

from engine.core.errors import KnownError
from quantize.jsonfile import read_object

MAX_CONFIG = 4 << 20


class Config:
    """The values of a config.json or its like, or of an object within it.

    name: the file's. Every getter raises KnownError for a value that is missing, mistyped or out
    of range.
    """

    def __init__(self, values: dict[str, object], name: str = "config.json") -> None:
        self._values = values
        self._name = name

    def has(self, key: str) -> bool:
        """Whether there is a value other than null."""
        return self._values.get(key) is not None

    def is_set(self, key: str) -> bool:
        """Whether there is a value other than null, false, 0 or an empty one."""
        return bool(self._values.get(key))

    def integer(self, key: str, low: int, high: int) -> int:
        """A whole number of low…high."""
        value = self._values.get(key)
        if type(value) is not int or not low <= value <= high:
            raise self._unusable(key)
        return value

    def number(self, key: str, low: float, high: float) -> float:
        """A number of low…high."""
        value = self._values.get(key)
        if type(value) not in (int, float) or not low <= value <= high:  # type: ignore[operator]
            raise self._unusable(key)
        return float(value)  # type: ignore[arg-type]

    def flag(self, key: str, default: bool) -> bool:
        """Yes or no; null counts as missing."""
        value = default if self._values.get(key) is None else self._values[key]
        if not isinstance(value, bool):
            raise self._unusable(key)
        return value

    def text(self, key: str, default: str) -> str:
        """A text; null counts as missing."""
        value = self._values.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._unusable(key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when missing."""
        value = self._values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._unusable(key)
        return tuple(value)

    def token_ids(self, key: str, size: int) -> tuple[int, ...]:
        """The ids of tokens below `size`, given as one or a list; empty when missing."""
        value = self._values.get(key)
        if value is None:
            return ()
        values = value if isinstance(value, list) else [value]
        return tuple(Config({key: one}, self._name).integer(key, 0, size - 1) for one in values)

    def token(self, key: str) -> str:
        """A token's text, given as such or as an object with its content; "" when missing."""
        value = self._values.get(key)
        if isinstance(value, dict):
            return Config(value, self._name).text("content", "")
        return self.text(key, "")

    def template(self) -> str:
        """The chat_template: a text, or of a list of named ones the default; "" when missing."""
        value = self._values.get("chat_template")
        if isinstance(value, list):
            named = [one for one in value if isinstance(one, dict) and one.get("name") == "default"]
            return Config(named[-1] if named else {}, self._name).text("template", "")
        return self.text("chat_template", "")

    def within(self, key: str) -> "Config":
        """An object within; empty when missing or null."""
        value = self._values.get(key)
        if value is None:
            return Config({}, self._name)
        if not isinstance(value, dict):
            raise self._unusable(key)
        return Config(value, self._name)

    def narrowed(self, key: str, inner: str) -> "Config":
        """This config with an object within the object at `key` in the latter's place."""
        found = self.within(key).within(inner)._values
        return Config({**self._values, key: found}, self._name)

    def _unusable(self, key: str) -> KnownError:
        return KnownError(
            f"The model's {self._name} has no usable {key}.",
            "Get the model's folder again, complete.",
        )


def read_config(folder: Path) -> Config:
    """The config.json of a model's folder. Raises KnownError."""
    return Config(read_object(folder / "config.json", MAX_CONFIG))
