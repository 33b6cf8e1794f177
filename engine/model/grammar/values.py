"""What single values of a schema may be: their limits, formats and types."""

import math
from collections.abc import Mapping
from decimal import Decimal

from engine.model.grammar.gbnf import GrammarError
from engine.model.grammar.merge import Schema
from engine.model.grammar.numbers import integers, numbers

MAX_COUNT = 20_000  # of characters or items

_DAY = (
    '(("0" [13578] | "1" [02]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])'
    ' | ("0" [469] | "11") "-" ("0" [1-9] | [12] [0-9] | "30")'
    ' | "02-" ("0" [1-9] | [12] [0-9]))'
)
_DATE = f'[0-9]{{4}} "-" {_DAY}'
_CLOCK = '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9]'
_TIME = f'{_CLOCK} ":" [0-5] [0-9] ("." [0-9]{{1,9}})? ("Z" | [-+] {_CLOCK})'
_HEX = "[0-9a-f]"
FORMATS = {
    "date": _DATE,
    "date-time": f'{_DATE} "T" {_TIME}',
    "time": _TIME,
    "uuid": f'{_HEX}{{8}} "-" {_HEX}{{4}} "-" {_HEX}{{4}} "-" {_HEX}{{4}} "-" {_HEX}{{12}}',
}


def json_types(value: object) -> set[str]:
    """The JSON types a value counts as."""
    if value is None:
        return {"null"}
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int):
        return {"integer", "number"}
    if isinstance(value, float | Decimal):
        return {"number"}
    return (
        {"string"}
        if isinstance(value, str)
        else {"object" if isinstance(value, Mapping) else "array"}
    )


def count(schema: Schema, key: str, default: int | None) -> int | None:
    """A length a schema names, or the default; GrammarError for what is none."""
    value = schema.get(key, default)
    if value is None:
        return None
    number = _number(key, value)
    if not 0 <= number <= MAX_COUNT or number != number.to_integral_value():
        raise GrammarError(f'"{key}" {value!r} is not a count up to {MAX_COUNT}')
    return int(number)


def _limit(schema: Schema, key: str) -> Decimal | None:
    value = schema.get(key)
    return None if value is None else _number(key, value)


def _number(key: str, value: object) -> Decimal:
    if not isinstance(value, bool) and isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
        if number.is_finite():
            return number
    raise GrammarError(f'"{key}" {value!r} is no number')


def whole_numbers(schema: Schema) -> str:
    """An expression for the whole numbers a schema allows."""
    lows = [_limit(schema, "minimum"), _limit(schema, "exclusiveMinimum")]
    highs = [_limit(schema, "maximum"), _limit(schema, "exclusiveMaximum")]
    least = [math.ceil(lows[0])] if lows[0] is not None else []
    least += [math.floor(lows[1]) + 1] if lows[1] is not None else []
    most = [math.floor(highs[0])] if highs[0] is not None else []
    most += [math.ceil(highs[1]) - 1] if highs[1] is not None else []
    return integers(max(least, default=None), min(most, default=None))


def any_numbers(schema: Schema) -> str:
    """An expression for the numbers a schema allows."""
    low, above = _limit(schema, "minimum"), _limit(schema, "exclusiveMinimum")
    high, below = _limit(schema, "maximum"), _limit(schema, "exclusiveMaximum")
    is_above = above is not None and (low is None or above >= low)
    is_below = below is not None and (high is None or below <= high)
    return numbers(above if is_above else low, below if is_below else high, is_above, is_below)
