"""What a whole call's text means, in each of the formats models write them."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from engine.model.parsing.parts import BadCallPart, CallPart
from engine.model.templates.conversation import ToolSpec

_GLM_PAIR = re.compile(r"\s*<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>", re.S)
_XML_CALL = re.compile(r"\s*<function=([^<>\n]+)>(.*?)(?:</function>\s*|\s*)\Z", re.S)
_XML_PAIR = re.compile(r"\s*<parameter=([^<>\n]+)>\n?(.*?)\n?</parameter>", re.S)
_BUILT_IN = re.compile(r"\s*(\w+)\.call\((\w+)=\"(.*)\"\)\s*", re.S)


def parse_call(raw: str) -> CallPart | BadCallPart:
    """The call in `{"name": …, "arguments": {…}}`; anything else is a BadCallPart."""
    return _call_in(_json(raw), raw, {"arguments"}, set())


def parse_llama_call(raw: str) -> CallPart | BadCallPart:
    """The call in Llama's `{"name": …, "parameters": {…}}`, or `tool.call(name="…")`."""
    built_in = _BUILT_IN.fullmatch(raw)
    if built_in:
        return CallPart(built_in[1], {built_in[2]: built_in[3]}, raw.strip())
    return _call_in(_json(raw), raw, {"arguments", "parameters"}, {"type"})


def parse_call_list(raw: str) -> list[CallPart | BadCallPart]:
    """The calls in Mistral's `[{"name": …, "arguments": {…}, "id": …}, …]`."""
    values = _json(raw)
    if not isinstance(values, list) or not values:
        return [BadCallPart(raw)]
    calls = [_call_in(value, _written(value), {"arguments"}, {"id"}) for value in values]
    return [BadCallPart(raw)] if any(isinstance(one, BadCallPart) for one in calls) else list(calls)


def parse_named_call(name: str, arguments: str, raw: str) -> CallPart | BadCallPart:
    """A call whose name stands before its arguments."""
    value = _json(arguments)
    if not name or not isinstance(value, dict):
        return BadCallPart(raw)
    return CallPart(name, value, raw.strip())


def parse_glm_call(raw: str, tools: Sequence[ToolSpec]) -> CallPart | BadCallPart:
    """The call in GLM's name, `<arg_key>`, `<arg_value>`; tools tell which values are texts."""
    name, mark, rest = raw.partition("<arg_key>")
    pairs, end = _pairs(_GLM_PAIR, mark + rest)
    name = name.strip()
    if not name or "\n" in name or "<" in name or (mark + rest)[end:].strip():
        return BadCallPart(raw)
    return CallPart(name, _typed(name, pairs, tools), raw.strip())


def parse_xml_call(raw: str, tools: Sequence[ToolSpec]) -> CallPart | BadCallPart:
    """The call in Qwen3-Coder's `<function=…>`, `<parameter=…>`."""
    found = _XML_CALL.match(raw)
    if found is None:
        return BadCallPart(raw)
    pairs, end = _pairs(_XML_PAIR, found[2])
    if found[2][end:].strip():
        return BadCallPart(raw)
    return CallPart(found[1].strip(), _typed(found[1].strip(), pairs, tools), raw.strip())


def _pairs(pattern: re.Pattern[str], text: str) -> tuple[list[tuple[str, str]], int]:
    """The pairs a text begins with, and where they end."""
    pairs = []
    end = 0
    while found := pattern.match(text, end):
        pairs.append((found[1].strip(), found[2]))
        end = found.end()
    return pairs, end


def _typed(
    name: str, pairs: Iterable[tuple[str, str]], tools: Sequence[ToolSpec]
) -> dict[str, object]:
    """Written values as what the tool's schema says they are; JSON where it does not say."""
    schema = next((tool.parameters for tool in tools if tool.name == name), {})
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    values: dict[str, object] = {}
    for key, text in pairs:
        field = known.get(key)
        is_text = isinstance(field, Mapping) and field.get("type") == "string"
        value = text if is_text else _json(text)
        values[key] = text if value is _NO_JSON else value
    return values


class _NoJson:
    """What is not JSON, told apart from null."""


_NO_JSON = _NoJson()


def _json(text: str) -> object:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return _NO_JSON


def _refuse_constant(text: str) -> object:
    raise ValueError(f"{text} is not JSON")


def _call_in(
    value: object, raw: str, argument_keys: set[str], also: set[str]
) -> CallPart | BadCallPart:
    """The call an object describes; argument_keys, of which at most one: hold the arguments."""
    if not isinstance(value, dict) or value.keys() - argument_keys - also != {"name"}:
        return BadCallPart(raw)
    given = argument_keys & value.keys()
    arguments = value[given.pop()] if given else {}
    if given or not isinstance(value["name"], str) or not isinstance(arguments, dict):
        return BadCallPart(raw)
    return CallPart(value["name"], arguments, raw.strip())


def _written(value: object) -> str:
    """One item of a list as JSON again."""
    return json.dumps(value, ensure_ascii=False, default=str)
