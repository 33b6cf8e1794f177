"""Nonsense for JSON files: odd values anywhere in them, and texts that are hardly JSON."""

import json
import random
from collections.abc import Callable
from typing import Any

HUGE = (1 << 31, 1 << 48, (1 << 63) - 1, 1 << 64, 10**40, -(1 << 63))
TEXTS = (
    "",
    "\0",
    "\ud800",
    "\x1b[2J\nno",
    "../../etc/passwd",
    "/etc/passwd",
    "a" * 70_000,
    "(a+)+$",
    "{{ 'a' * 10**9 }}",
    "▁",
    "\u202e",
    "NaN",
)


def odd(dice: random.Random) -> Any:
    """A value that hardly belongs where it is put."""
    return dice.choice(
        (
            None,
            True,
            False,
            0,
            -1,
            1,
            2,
            0.5,
            -0.0,
            1e308,
            1e-320,
            dice.choice(HUGE),
            dice.choice(TEXTS),
            [],
            {},
            [[]],
            [{}],
            [None] * 3,
            [dice.choice(HUGE)] * 9,
            {"": None},
            {"content": []},
            {"type": "Sequence"},
            {"Regex": "(a+)+$"},
            dice.getrandbits(16),
        )
    )


def spoil(value: Any, dice: random.Random, times: int = 1) -> Any:
    """Change a value in place, deep within it as often as at its top; returns it."""
    for _ in range(times):
        if not isinstance(value, (dict, list)) or not value:
            return odd(dice)
        _spoil_within(value, dice)
    return value


def _spoil_within(place: Any, dice: random.Random) -> None:
    while True:
        # Of long lists, such as a vocabulary's, the first and the last entries only.
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = dice.choice(keys if len(keys) < 64 or dice.random() < 0.3 else keys[:8] + keys[-8:])
        inner = place[key]
        if not isinstance(inner, (dict, list)) or not inner or dice.random() < 0.3:
            break
        place = inner
    match dice.randrange(6):
        case 0:
            del place[key]
        case 1 if isinstance(place, dict):
            place[dice.choice(TEXTS)] = place.pop(key)
        case 2 if isinstance(place, list):
            place.append(inner)
        case 3 if type(inner) is int:
            place[key] = inner + dice.choice((-1, 1))
        case _:
            place[key] = odd(dice)


def encode(value: Any) -> bytes:
    """The value as JSON, lone surrogates escaped."""
    return json.dumps(value).encode()


def hardly_json(good: bytes, dice: random.Random) -> bytes:
    """Texts that a reader of JSON trips over."""
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: b"",
        lambda: good[: dice.randrange(len(good))],
        lambda: good + b"}",
        lambda: b"\xef\xbb\xbf" + good,
        lambda: good.decode().encode("utf-16"),
        lambda: good[:-1] + b"\xff}",
        lambda: b"[" * dice.choice((900, 100_000)),
        lambda: b'{"a":' * 5000 + b"1" + b"}" * 5000,
        lambda: b"[" * 400 + b"]" * 400,
        lambda: b'{"a": 1' + b"0" * dice.choice((300, 5000)) + b"}",
        lambda: b'{"a": 1e999}',
        lambda: b'{"a": NaN, "b": -Infinity}',
        lambda: b'{"a": 1, "a": 2}',
        lambda: b'{"a": "\\ud800"}',
        lambda: b'{"a": [' + b"{}," * dice.choice((1000, 1_200_000)) + b"{}]}",
        lambda: bytes(dice.choices(range(256), k=300)),
    )
    return dice.choice(ways)()
