"""JSON schemas taken together: what satisfies both of two, and where a reference leads."""

from collections.abc import Mapping
from decimal import Decimal

from engine.model.grammar.gbnf import GrammarError

Schema = Mapping[str, object]

# Said about a value, not asked of it.
ANNOTATIONS = frozenset(
    "$schema $id $anchor $comment $defs definitions title description default examples deprecated "
    "readOnly writeOnly strict discriminator".split()
)
_LOWEST = ("minLength", "minItems", "minimum", "exclusiveMinimum")
_HIGHEST = ("maxLength", "maxItems", "maximum", "exclusiveMaximum")
ALL_TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")


def as_schema(value: object) -> Schema:
    """A schema as a mapping; true is the empty one. Raises GrammarError."""
    if value is True:
        return {}
    if value is False:
        raise GrammarError("a schema allows nothing (false)")
    if not isinstance(value, Mapping):
        raise GrammarError("a schema is neither an object nor true")
    return value


def types_of(schema: Schema) -> list[str]:
    """The types a schema names, all where it names none; "nullable" adds null."""
    named = schema.get("type")
    if named is None:
        return list(ALL_TYPES)
    types = [named] if isinstance(named, str) else named
    if not isinstance(types, list | tuple) or not types or any(t not in ALL_TYPES for t in types):
        raise GrammarError(f'"type" {named!r} is not supported')
    return [*types, *(["null"] if schema.get("nullable") is True and "null" not in types else [])]


def followed(reference: object, root: Schema) -> Schema:
    """The schema a reference inside the document leads to."""
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise GrammarError(f'"$ref" {reference!r} leads outside the schema')
    value: object = root
    for step in reference.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise GrammarError(f'"$ref" {reference!r} leads nowhere')
    return as_schema(value)


def merged(first: Schema, second: Schema) -> Schema:
    """A schema for what satisfies both; GrammarError where that cannot be said."""
    for one, other in ((first, second), (second, first)):
        if "prefixItems" in one and "items" in other and "prefixItems" not in other:
            raise GrammarError('"prefixItems" and "items" stand in two schemas that must both hold')
    out: dict[str, object] = {**first}
    for key, value in second.items():
        if key in ANNOTATIONS or key not in out or same(out[key], value):
            out.setdefault(key, value)
        elif key == "required":
            out[key] = [
                *_list(out[key]),
                *(one for one in _list(value) if one not in _list(out[key])),
            ]
        elif key == "enum":
            out[key] = [
                one for one in _list(out[key]) if any(same(one, other) for other in _list(value))
            ]
        elif key in _LOWEST:
            out[key] = max(_number(out[key]), _number(value))
        elif key in _HIGHEST:
            out[key] = min(_number(out[key]), _number(value))
        elif key in ("items", "additionalProperties"):
            out[key] = _both(out[key], value)
        elif key not in ("properties", "type", "nullable"):
            raise GrammarError(f'"{key}" stands in two schemas that must both hold')
    if "type" in first and "type" in second:
        out["type"] = _common_types(first, second)
        out.pop("nullable", None)
    if "properties" in first or "properties" in second:
        out["properties"] = _properties(first, second)
    return out


def same(first: object, second: object) -> bool:
    """Whether two values are the same JSON: 1 is 1.0, but not true."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return first == second


def _common_types(first: Schema, second: Schema) -> list[str]:
    ours, theirs = types_of(first), types_of(second)
    common = [one for one in ours if one in theirs]
    pairs = (ours, theirs), (theirs, ours)
    if "number" not in common and any("integer" in a and "number" in b for a, b in pairs):
        common = [*(one for one in common if one != "integer"), "integer"]
    if not common:
        raise GrammarError('"type" is different in two schemas that must both hold')
    return common


def _both(first: object, second: object) -> object:
    if first is False or second is False:
        return False
    return {"allOf": [as_schema(first), as_schema(second)]}


def _properties(first: Schema, second: Schema) -> dict[str, object]:
    """Each one's properties, as far as the other allows them."""
    out: dict[str, object] = {}
    ours, theirs = _mapping(first.get("properties", {})), _mapping(second.get("properties", {}))
    for name in {**ours, **theirs}:
        here = ours.get(name, first.get("additionalProperties", True))
        there = theirs.get(name, second.get("additionalProperties", True))
        if here is not False and there is not False:
            out[name] = (
                here if there in (True, here) else there if here is True else _both(here, there)
            )
    return out


def _list(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise GrammarError('"required" or "enum" is no list')
    return list(value)


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise GrammarError('"properties" is no object')
    return value


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise GrammarError(f"a limit is no number: {value!r}")
    number = Decimal(str(value))
    if not number.is_finite():
        raise GrammarError(f"a limit is no number: {value!r}")
    return number
