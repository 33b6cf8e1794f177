"""The --json form of what the commands answer."""

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from engine.cli import terminal
from engine.core.cards import Card, card_to_json
from engine.core.money import to_text


def write_json(value: object) -> None:
    """Write one JSON document to standard output."""
    # ASCII only, so that no terminal's encoding can break the document.
    terminal.write(json.dumps(_plain(value), indent=2, allow_nan=False) + "\n")


def _plain(value: object) -> Any:
    """Lists, objects, texts and numbers only; decimals become exact texts."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return to_text(value)
        case datetime() | date():
            return value.isoformat()
        case Path():
            return str(value)
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted(_plain(item) for item in value)
    if isinstance(value, get_args(Card)):
        return json.loads(card_to_json(value))
    if is_dataclass(value):
        return {row.name: _plain(getattr(value, row.name)) for row in fields(value)}
    raise TypeError(f"no JSON form for {type(value).__name__}")
