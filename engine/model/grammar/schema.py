"""Turns a JSON schema into a grammar that lets a model write nothing else.

Stricter than the schema where that helps: objects with properties are closed unless
"additionalProperties" opens them, properties come in their written order, all of "prefixItems" are
there unless "minItems" says fewer and nothing after them unless "items" says what, numbers have at
most 18 digits. "oneOf" is read as "anyOf". What cannot be enforced is an error, never left open.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from engine.model.grammar.gbnf import GrammarError, Rules, char_class, json_text, literal
from engine.model.grammar.merge import (
    ALL_TYPES,
    ANNOTATIONS,
    Schema,
    as_schema,
    followed,
    merged,
    same,
    types_of,
)
from engine.model.grammar.pattern import pattern_body
from engine.model.grammar.values import FORMATS, any_numbers, count, json_types, whole_numbers

MAX_DEPTH = 40
MAX_VISITS = 5000  # of a schema or part of one, through references again

_KEYS: dict[str, frozenset[str]] = {
    "object": frozenset(("properties", "required", "additionalProperties")),
    "array": frozenset(("items", "prefixItems", "additionalItems", "minItems", "maxItems")),
    "string": frozenset(("minLength", "maxLength", "pattern", "format")),
    "integer": frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")),
    "number": frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")),
    "boolean": frozenset(),
    "null": frozenset(),
}
_COMBINING = ("$ref", "allOf", "anyOf", "oneOf")
_SUPPORTED = frozenset().union(*_KEYS.values(), ANNOTATIONS, _COMBINING) | {
    "type",
    "nullable",
    "enum",
    "const",
}


def schema_grammar(schema: object) -> str:
    """A grammar in GBNF for JSON that satisfies the schema; {} allows any object.

    Raises GrammarError (a ValueError) naming what is not supported.
    """
    rules = Rules()
    try:
        return rules.text(SchemaRules(rules, answer_schema(schema)).value())
    except RecursionError:
        raise GrammarError("the schema is nested too deep") from None


def answer_schema(schema: object) -> Schema:
    """A schema for a whole answer: one that says nothing asks for an object."""
    if isinstance(schema, Mapping) and not schema.keys() - ANNOTATIONS:
        return {"type": "object", **schema}
    return as_schema(schema)


class SchemaRules:
    """Adds the rules for one schema document to a grammar."""

    def __init__(self, rules: Rules, root: Schema) -> None:
        self._rules = rules
        self._root = root
        self._named: dict[str, str] = {}  # by reference
        self._visits = 0

    def value(self) -> str:
        """An expression for the whole document's value."""
        return self._value(self._root, 0, ())

    def properties(self) -> list[tuple[str, Schema, bool]]:
        """The properties of an object schema without others: name, schema, required."""
        schema = self._resolved(self._root, ())
        if schema.get("additionalProperties", False) is not False:
            raise GrammarError('"additionalProperties" is not supported here')
        return [(n, s, r) for n, s, r in self._listed(schema)]

    def raw_string(self, schema: Schema, character: str) -> str | None:
        """The inside of a string without quotes, written in `character`s; None for other types.

        Raises GrammarError for limits that have no meaning without quotes.
        """
        schema = self._resolved(schema, ())
        if "enum" in schema or "const" in schema:
            values = self._constants(schema)
            if not all(isinstance(one, str) for one in values):
                return None
            return f"({' | '.join(literal(str(one)) for one in values)})"
        if types_of(schema) != ["string"]:
            return None
        return self._text(schema, character)

    def is_any_text(self, schema: Schema) -> bool:
        """Whether a schema allows every text and nothing else."""
        schema = self._resolved(schema, ())
        return schema.get("type") == "string" and not schema.keys() - ANNOTATIONS - {"type"}

    def typed(self, schema: Schema) -> str:
        """An expression for a value of a schema within the document."""
        return self._value(schema, 0, ())

    def _value(self, schema: Schema, depth: int, path: tuple[str, ...]) -> str:
        """An expression for the schema's values; path: references followed without a step in."""
        if depth > MAX_DEPTH:
            raise GrammarError(f"the schema is nested more than {MAX_DEPTH} deep")
        own = schema.keys() - ANNOTATIONS
        parts = schema.get("allOf")
        if own == {"allOf"} and isinstance(parts, list) and len(parts) == 1:
            return self._value(as_schema(parts[0]), depth + 1, path)
        if own == {"$ref"}:
            return self._reference(str(schema["$ref"]), depth, path)
        if own == {"$ref", "nullable"} and schema["nullable"] is True:
            return f'({self._reference(str(schema["$ref"]), depth, path)} | "null")'
        schema = self._resolved(schema, path)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return self._any_of(schema, key, depth, path)
        if "enum" in schema or "const" in schema:
            values = self._constants(schema)
            return f"({' | '.join(literal(json_text(one)) for one in values)})"
        types = types_of(schema)
        if "type" not in schema:
            types = [one for one in ALL_TYPES if _KEYS[one] & schema.keys()]
            if not types:
                return self._anything()
        if "number" in types and "integer" in types:
            types.remove("integer")
        ways = [self._of_type(one, schema, depth) for one in types]
        return ways[0] if len(ways) == 1 else f"({' | '.join(ways)})"

    def _reference(self, reference: str, depth: int, path: tuple[str, ...]) -> str:
        if reference in path:
            raise GrammarError(f'"$ref" {reference!r} leads to itself')
        name = self._named.get(reference)
        if name is None:
            name = self._named[reference] = self._rules.reserve()
            target = followed(reference, self._root)
            self._rules.add(self._value(target, depth + 1, (*path, reference)), name)
        elif path:
            # A loop that takes no step into an object or list would never end.
            self._resolve_loops(reference, path)
        return name

    def _resolve_loops(self, reference: str, path: tuple[str, ...]) -> None:
        seen: set[str] = set()
        queue = [reference]
        while queue:
            one = queue.pop()
            if one in path:
                raise GrammarError(f'"$ref" {one!r} leads to itself')
            if one not in seen:
                seen.add(one)
                queue += _direct_references(followed(one, self._root))

    def _resolved(self, schema: Schema, path: tuple[str, ...]) -> Schema:
        """The schema without "$ref" and "allOf"."""
        self._visits += 1
        if self._visits > MAX_VISITS:
            raise GrammarError("the schema is too large")
        for key in schema.keys() - _SUPPORTED:
            raise GrammarError(f'"{key}" is not supported')
        schema = _newer(schema)
        if "$ref" in schema:
            reference = str(schema["$ref"])
            if reference in path:
                raise GrammarError(f'"$ref" {reference!r} leads to itself')
            rest = {k: v for k, v in schema.items() if k != "$ref"}
            path = (*path, reference)
            schema = merged(rest, self._resolved(followed(reference, self._root), path))
        if "allOf" in schema:
            parts = schema["allOf"]
            if not isinstance(parts, Sequence) or not parts:
                raise GrammarError('"allOf" is no list')
            rest = {k: v for k, v in schema.items() if k != "allOf"}
            for part in parts:
                rest = dict(merged(rest, self._resolved(as_schema(part), path)))
            schema = self._resolved(rest, path)
        return schema

    def _any_of(self, schema: Schema, key: str, depth: int, path: tuple[str, ...]) -> str:
        choices = schema[key]
        if not isinstance(choices, Sequence) or isinstance(choices, str) or not choices:
            raise GrammarError(f'"{key}" is no list')
        rest = {k: v for k, v in schema.items() if k != key and k not in ANNOTATIONS}
        ways = []
        for choice in choices:
            one = as_schema(choice)
            both = merged(rest, self._resolved(one, path)) if rest else one
            ways.append(self._value(both, depth + 1, path))
        return f"({' | '.join(ways)})"

    def _constants(self, schema: Schema) -> list[object]:
        """The values "enum" and "const" leave, of the types the schema names."""
        others = schema.keys() - ANNOTATIONS - {"enum", "const", "type", "nullable"}
        for key in others:
            raise GrammarError(f'"{key}" beside "enum" or "const" is not supported')
        values = schema.get("enum", [schema.get("const")])
        if not isinstance(values, list | tuple):
            raise GrammarError('"enum" is no list')
        if "const" in schema:
            values = [one for one in values if same(one, schema["const"])]
        values = [one for one in values if json_types(one) & {*types_of(schema)}]
        if not values:
            raise GrammarError('"enum" or "const" leaves no value')
        return values

    def _of_type(self, kind: str, schema: Schema, depth: int) -> str:
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "string":
                return f'"\\"" {self._text(schema, self._rules.character())} "\\""'
            case "integer":
                return whole_numbers(schema)
            case "number":
                return any_numbers(schema)
            case "boolean":
                return '("true" | "false")'
            case _:
                return '"null"'

    def _text(self, schema: Schema, character: str) -> str:
        """The inside of a string."""
        least, most = count(schema, "minLength", 0), count(schema, "maxLength", None)
        limited = bool(least) or most is not None
        if [limited, "pattern" in schema, "format" in schema].count(True) > 1:
            raise GrammarError('two of "pattern", "format" and lengths together are not supported')
        if "pattern" in schema:
            return pattern_body(str(schema["pattern"]), self._rules, character)
        if "format" in schema:
            name = schema["format"]
            if not isinstance(name, str) or name not in FORMATS:
                raise GrammarError(f'"format" {name!r} is not supported')
            return self._rules.shared(f"format-{name}", FORMATS[name])
        return self._rules.repeated(character, least or 0, most)

    def _array(self, schema: Schema, depth: int) -> str:
        first = schema.get("prefixItems", ())
        if not isinstance(first, list | tuple):
            raise GrammarError('"prefixItems" is no list')
        least = count(schema, "minItems", len(first)) or 0
        most = count(schema, "maxItems", None)
        others = schema.get("items", not first or least > len(first))
        if others is False:
            most = len(first) if most is None else min(most, len(first))
        if most is not None and most < least:
            raise GrammarError(f'"minItems" {least} is above the {most} items there may be')
        space = self._rules.space()
        names = [self._item(one, depth) for one in first[:most]]
        rest = ""
        if others is not False and (most is None or most > len(names)):
            item = self._item(others, depth)
            names = names or [item]
            more = self._rules.add(f'"," {space} {item}')
            after = None if most is None else most - len(names)
            rest = self._rules.repeated(more, max(least - len(names), 0), after)
        for index in reversed(range(1, len(names))):
            rest = f'"," {space} {names[index]} {rest}'
            rest = rest if index < least else f"({rest})?"
        if not names:
            return f'"[" {space} "]"'
        full = f"{names[0]} {rest} {space}"
        return f'"[" {space} {full} "]"' if least else f'"[" {space} ({full})? "]"'

    def _item(self, schema: object, depth: int) -> str:
        return self._rules.add(self._value(as_schema(schema), depth + 1, ()))

    def _object(self, schema: Schema, depth: int) -> str:
        space = self._rules.space()
        listed = self._listed(schema)
        extra = schema.get("additionalProperties", "properties" not in schema and not listed)
        pairs = [
            (self._pair(literal(json_text(name)), one, depth), required)
            for name, one, required in listed
        ]
        tail = ""
        if extra is not False:
            key = self._other_key([name for name, _, _ in listed])
            tail = self._pair(key, as_schema(extra), depth)
        body = self._members(pairs, tail, space)
        return f'"{{" {space} {body} {space} "}}"'

    def _listed(self, schema: Schema) -> list[tuple[str, Schema, bool]]:
        """Name, schema and whether it is required, of each property that may be there."""
        fields = schema.get("properties", {})
        required = schema.get("required", [])
        if not isinstance(fields, Mapping) or not isinstance(required, list | tuple):
            raise GrammarError('"properties" is no object or "required" no list')
        if not all(isinstance(name, str) for name in required):
            raise GrammarError('"required" holds what is no name')
        others = schema.get("additionalProperties", True)
        listed = []
        for name, one in {**fields, **{n: others for n in required if n not in fields}}.items():
            if one is not False:
                listed.append((str(name), as_schema(one), name in required))
            elif name in required:
                raise GrammarError(f'"required" {name!r} is not among "properties"')
        return listed

    def _pair(self, key: str, schema: Schema, depth: int) -> str:
        value = self._value(schema, depth + 1, ())
        return self._rules.add(f'{key} ":" {self._rules.space()} {value}')

    def _members(self, pairs: list[tuple[str, bool]], tail: str, space: str) -> str:
        """The members of an object in order; two rules for each: as the first, and after others."""
        comma = f'"," {space} '
        more = self._rules.add(f"({comma}{tail})*") if tail else ""
        after, first = more or '""', f"({tail} {more})?" if tail else '""'
        for pair, required in reversed(pairs):
            here_after, here_first = f"{comma}{pair} {after}", f"{pair} {after}"
            if not required:
                here_after, here_first = f"{here_after} | {after}", f"{here_first} | {first}"
            after, first = self._rules.add(here_after), self._rules.add(here_first)
        return first

    def _other_key(self, names: Sequence[str]) -> str:
        """A rule for a key that is none of these. It has no escapes, so that none can hide."""
        plain = partial(char_class, negated=True)
        unwritable = [("\x00", "\x1f"), ('"', '"'), ("\\", "\\"), ("\x7f", "\x7f")]
        names = [name for name in names if not any(one < " " or one in '"\\\x7f' for one in name)]
        any_rest = self._rules.shared("key-rest", f"{plain(unwritable)}*")

        def node(rest: list[str]) -> str:
            letters = sorted({name[0] for name in rest if name})
            other = plain([*unwritable, *((one, one) for one in letters)])
            ways = [f"{other} {any_rest}"]
            ways += [
                f"{literal(one)} {node([name[1:] for name in rest if name[:1] == one])}"
                for one in letters
            ]
            if "" not in rest:
                ways.append('""')
            return self._rules.add(" | ".join(ways))

        return f'"\\"" {node(list(names))} "\\""'

    def _anything(self) -> str:
        """Any JSON value."""
        if "any" not in self._named:
            name = self._named["any"] = self._rules.reserve()
            kinds = ({"type": one} for one in ALL_TYPES if one != "integer")
            ways = [self._of_type(str(one["type"]), one, 0) for one in kinds]
            self._rules.add(" | ".join(ways), name)
        return self._named["any"]


def _newer(schema: Schema) -> Schema:
    """A schema with the items of older drafts, a list and "additionalItems", by their new names."""
    if not isinstance(schema.get("items"), list | tuple):
        return {key: value for key, value in schema.items() if key != "additionalItems"}
    if "prefixItems" in schema:
        raise GrammarError('"items" is a list beside "prefixItems"')
    names = {"items": "prefixItems", "additionalItems": "items"}
    return {names.get(key, key): value for key, value in schema.items()}


def _direct_references(schema: Schema) -> list[str]:
    """The references a schema leads to without a step into an object or list."""
    found = [str(schema["$ref"])] if "$ref" in schema else []
    for key in ("anyOf", "oneOf", "allOf"):
        parts = schema.get(key)
        if isinstance(parts, Sequence) and not isinstance(parts, str):
            for part in parts:
                found += _direct_references(part) if isinstance(part, Mapping) else []
    return found
