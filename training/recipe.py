"""Recipes: TOML files whose keys are the fields of a method's Config, nested tables included.

A file may serve several methods: then each has a table of its name, and keys outside any such
table are shared by those methods that know them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Config = TypeVar("Config")
_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


class Word(str):
    """A value from the command line: text where a field wants text, else TOML."""

    __slots__ = ()


def read(
    kind: type[Config], method: str, path: Path | None, overrides: Mapping[str, str | list[str]]
) -> Config:
    """The configuration of a method from a recipe, if any, and from key=value overrides.

    overrides: dotted keys such as "loop.rows"; a value is text where the field wants text, else
    TOML, else text.
    Raises ValueError that names a key or value it cannot use.
    """
    table: dict[str, Any] = {}
    if path is not None:
        table = _of_method(_load(path), method, {f.name for f in fields(kind)})  # type: ignore[arg-type]  # Config is a dataclass
    for key, value in overrides.items():
        *parents, last = key.split(".")
        place = table
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = Word(value) if isinstance(value, str) else list(map(Word, value))
    made: Config = build(kind, table, path.name if path is not None else method)
    return made


def build(kind: Any, value: Any, where: str, default: Any = None) -> Any:
    """Turn a TOML value into the type a field asks for; ValueError that names what is wrong.

    default: the field's own; what a table leaves out is as there.
    """
    if isinstance(value, Word) and kind is not str:
        parsed = _value(value)
        value = [value] if get_origin(kind) is tuple and not isinstance(parsed, list) else parsed
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        if not isinstance(value, dict):
            raise ValueError(f"{where} must be a table.")
        unknown = set(value) - {f.name for f in fields(kind)}
        if unknown:
            raise ValueError(f"{where}: unknown key {', '.join(sorted(unknown))}.")
        own = {
            f.name: f.default_factory() for f in fields(kind) if f.default_factory is not MISSING
        }
        parts = {
            key: build(hints[key], part, f"{where}.{key}", own.get(key))
            for key, part in value.items()
        }
        needed = [f.name for f in fields(kind) if f.default is f.default_factory is MISSING]
        missing = [key for key in needed if key not in parts]
        if missing and default is None:
            raise ValueError(f"{where}: {missing[0]} is missing.")
        try:
            return kind(**parts) if default is None else replace(default, **parts)  # type: ignore[operator]  # a dataclass is a class here
        except (TypeError, ValueError) as error:
            raise ValueError(f"{where}: {error}") from error
    if get_origin(kind) is tuple:
        items = value if isinstance(value, list) else [value]
        return tuple(build(get_args(kind)[0], part, where) for part in items)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is str and isinstance(value, int | float | Word):
        return str(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{where}: {value!r} is not {_KINDS[kind]}.")
    return value


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"There is no recipe {path}.") from None
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def _of_method(document: dict[str, Any], method: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(document.get(method), dict):
        return document
    shared = {key: value for key, value in document.items() if key in known}
    table: dict[str, Any] = shared | document[method]
    return table


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
