"""Reads the members of a JSON object strictly: a wrong type is a sentence that names the member.

A member that is null counts as missing, as OpenAI's own clients send it.
"""

import json
import math
from collections.abc import Mapping
from typing import overload

from engine.server.errors import ApiError, invalid

_DEPTH = 100  # of a schema or of a call's arguments


def read_object(data: bytes) -> "Fields":
    """The JSON object in a request's body. Raises ApiError."""
    try:
        value = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise invalid("The body is not valid JSON.") from error
    if not isinstance(value, dict):
        raise invalid("The body must be a JSON object.")
    return Fields(value)


class Fields:
    """The members of an object; path: where it stands in the request, for the messages."""

    def __init__(self, values: Mapping[str, object], path: str = "") -> None:
        self.values = values
        self._path = path

    def path(self, name: str) -> str:
        """What a member is called in a message."""
        return f"{self._path}.{name}" if self._path else name

    def wrong(self, name: str, must: str) -> ApiError:
        """The refusal of a member; must: what it has to be."""
        return invalid(f"'{self.path(name)}' must be {must}.", self.path(name))

    def get(self, name: str) -> object:
        """A member as it is, None if missing."""
        return self.values.get(name)

    def given(self, *names: str) -> bool:
        """Whether one of these is there."""
        return any(self.values.get(name) is not None for name in names)

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    @overload
    def text(self, name: str, default: str) -> str: ...
    @overload
    def text(self, name: str, default: None = None) -> str | None: ...
    def text(self, name: str, default: str | None = None) -> str | None:
        """A text that can be encoded."""
        value = self.values.get(name)
        if value is None:
            return default
        return check_text(value, self.path(name))

    @overload
    def whole(self, name: str, default: int, low: int, high: int) -> int: ...
    @overload
    def whole(self, name: str, default: None, low: int, high: int) -> int | None: ...
    def whole(self, name: str, default: int | None, low: int, high: int) -> int | None:
        """A whole number within bounds, both included."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(name, f"a whole number between {low} and {high}")
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number within bounds, both included."""
        value = self.values.get(name)
        if value is None:
            return default
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
            or not math.isfinite(value)
        ):
            raise self.wrong(name, f"a number between {low:g} and {high:g}")
        return float(value)

    def inner(self, name: str) -> "Fields | None":
        """An object."""
        value = self.values.get(name)
        if value is None:
            return None
        return check_object(value, self.path(name))

    def schema(self, name: str) -> dict[str, object] | None:
        """An object that is handed on as it is: see check_json."""
        found = self.inner(name)
        if found is None:
            return None
        check_json(found.values, self.path(name))
        return dict(found.values)

    def sequence(self, name: str) -> list[object] | None:
        """An array."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, list):
            raise self.wrong(name, "an array")
        return value

    def objects(self, name: str) -> "list[Fields]":
        """An array of objects; empty if missing."""
        return [
            check_object(value, f"{self.path(name)}[{index}]")
            for index, value in enumerate(self.sequence(name) or ())
        ]


def check_text(value: object, path: str) -> str:
    """A text that UTF-8 can hold (JSON may spell half a character). Raises ApiError."""
    if not isinstance(value, str):
        raise invalid(f"'{path}' must be a text.", path)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise invalid(f"'{path}' holds half of a character.", path) from error
    return value


def check_object(value: object, path: str) -> Fields:
    """An object. Raises ApiError."""
    if not isinstance(value, dict):
        raise invalid(f"'{path}' must be an object.", path)
    return Fields(value, path)


def check_json(value: object, path: str) -> None:
    """Any JSON that is handed on: not nested too deep, and every text in it as check_text has it.

    Raises ApiError.
    """
    level: list[object] = [value]
    for _ in range(_DEPTH):
        inner: list[object] = []
        for one in level:
            if isinstance(one, str):
                check_text(one, path)
            elif isinstance(one, Mapping):
                inner += [*one.keys(), *one.values()]
            elif isinstance(one, list):
                inner += one
        level = inner
        if not level:
            return
    raise invalid(f"'{path}' is nested more than {_DEPTH} deep.", path)


def check_tokens(value: object, path: str) -> list[int]:
    """An array of token numbers. Raises ApiError."""
    if isinstance(value, list) and all(
        isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 1 << 31 for one in value
    ):
        return value
    raise invalid(f"'{path}' must be an array of token numbers.", path)


def _refuse(text: str) -> object:
    raise ValueError(f"{text} is not JSON")
