"""Tool calls as JSON: the exact text a model writes, and back."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.assistant.tools.base import Param, Tool
from engine.core.fields import (
    LARGEST_AMOUNT,
    SMALLEST_AMOUNT,
    FieldError,
    in_range,
    read_symbol,
)
from engine.core.money import to_text


def value_json(value: str | Decimal) -> str:
    """One argument value as JSON; numbers in plain notation."""
    return to_text(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def call_json(name: str, arguments: Mapping[str, str | Decimal]) -> str:
    """The call as the text between Qwen3's `<tool_call>` tags."""
    inner = ", ".join(f"{json.dumps(key)}: {value_json(v)}" for key, v in arguments.items())
    return f'{{"name": {json.dumps(name)}, "arguments": {{{inner}}}}}'


def parse_call(text: str, tools: Mapping[str, Tool]) -> tuple[Tool, dict[str, str | Decimal]]:
    """Reads and checks a call.

    Raises ValueError when it is not JSON, or names an unknown tool or argument, lacks a
    required one, or has a value of the wrong type.
    """
    try:
        data: Any = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (json.JSONDecodeError, InvalidOperation, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("arguments"), dict):
        raise ValueError("not a tool call")
    return call_tool(str(data.get("name")), data["arguments"], tools)


def call_tool(
    name: str, arguments: Mapping[str, Any], tools: Mapping[str, Tool]
) -> tuple[Tool, dict[str, str | Decimal]]:
    """The tool of a name and its checked arguments; ValueError as parse_call."""
    tool = tools.get(name)
    if tool is None:
        raise ValueError(f"unknown tool {name!r}")
    return tool, check_arguments(tool, arguments)


def check_arguments(tool: Tool, given: Mapping[str, Any]) -> dict[str, str | Decimal]:
    """The arguments in schema order, or ValueError for one that is missing or out of bounds."""
    known = {param.name for param in tool.parameters}
    if unknown := set(given) - known:
        raise ValueError(f"{tool.name} has no argument {sorted(unknown)[0]!r}")
    checked: dict[str, str | Decimal] = {}
    for param in tool.parameters:
        value, said = given.get(param.name), param.name.replace("_", " ")
        if value is None:
            if param.required:
                raise ValueError(f"{tool.name} needs {param.name}")
            continue
        if param.schema()["type"] == "number":
            if isinstance(value, bool) or not isinstance(value, Decimal | int | float):
                raise ValueError(f"{param.name} is not a number")
            number = Decimal(str(value))
            if not number.is_finite():
                raise ValueError(f"{param.name} is not a finite number")
            if not in_range(number):
                raise ValueError(
                    f"{param.name} is out of range: an amount is below {LARGEST_AMOUNT:e}, and "
                    f"not less than {SMALLEST_AMOUNT:e} unless it is 0"
                )
            if param.least is not None and number < param.least:
                raise ValueError(f"{said} is at least {to_text(param.least)}")
            if param.most is not None and number > param.most:
                raise ValueError(f"{said} is at most {to_text(param.most)}")
            checked[param.name] = number
        elif not isinstance(value, str):
            raise ValueError(f"{param.name} cannot be {value!r}")
        else:
            checked[param.name] = _text(param, value)
    return checked


def _text(param: Param, value: str) -> str:
    """A choice or a symbol as it is written here, whatever its capitals; ValueError."""
    if param.choices:
        found = [one for one in param.choices if one.casefold() == value.strip().casefold()]
        if not found:
            known = ", ".join(param.choices)
            raise ValueError(f"{param.name} cannot be {value!r}; it is one of: {known}")
        return found[0]
    if param.kind == "asset":
        try:
            return read_symbol(value)
        except FieldError:
            return value  # something of its own, such as a mix of coins
    return value
