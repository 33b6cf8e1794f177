"""Random schemas: what their grammar lets through is valid, and what is valid it lets through."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from grammar_check import GrammarChecker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.model.grammar.gbnf import GrammarError
from engine.model.grammar.merge import ALL_TYPES
from engine.model.grammar.schema import _SUPPORTED, schema_grammar

Schema = dict[str, Any]


@pytest.fixture(scope="module")
def checker(tiny_model: Path) -> GrammarChecker:
    return GrammarChecker(tiny_model)


def is_valid(value: object, schema: Schema) -> bool:
    """Whether a value satisfies a schema of the kinds below."""
    if "enum" in schema:
        return any(value == one and type(value) is type(one) for one in schema["enum"])
    if "anyOf" in schema:
        return any(is_valid(value, one) for one in schema["anyOf"])
    match schema["type"]:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            return is_whole and schema["minimum"] <= value <= schema["maximum"]  # type: ignore[operator]
        case "string":
            return (
                isinstance(value, str)
                and schema["minLength"] <= len(value) <= (schema["maxLength"])
            )
        case "array" if "prefixItems" in schema:
            first = schema["prefixItems"]
            return (
                isinstance(value, list)
                and schema["minItems"] <= len(value) <= len(first)
                and all(map(is_valid, value, first))
            )
        case "array":
            return (
                isinstance(value, list)
                and schema["minItems"] <= len(value) <= schema["maxItems"]
                and all(is_valid(one, schema["items"]) for one in value)
            )
        case _:
            fields = schema["properties"]
            return (
                isinstance(value, dict)
                and value.keys() <= fields.keys()
                and set(schema["required"]) <= value.keys()
                and all(is_valid(one, fields[name]) for name, one in value.items())
            )


def spans(low: str, high: str, first: int, last: int) -> st.SearchStrategy[Schema]:
    """Limits of a schema."""
    return st.tuples(st.integers(first, last), st.integers(first, last)).map(
        lambda pair: {low: min(pair), high: max(pair)}
    )


def typed(name: str, limits: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    return limits.map(lambda one: {"type": name, **one})


def objects(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    names = st.sampled_from(["a", "b", "ab", "é", 'x"y'])
    fields = st.dictionaries(names, st.tuples(inner, st.booleans()), max_size=4)
    return fields.map(
        lambda made: {
            "type": "object",
            "properties": {name: one for name, (one, _) in made.items()},
            "required": [name for name, (_, needed) in made.items() if needed],
            "additionalProperties": False,
        }
    )


leaves = (
    st.sampled_from([{"type": "null"}, {"type": "boolean"}])
    | typed("integer", spans("minimum", "maximum", -150, 1200))
    | typed("string", spans("minLength", "maxLength", 0, 4))
    | st.lists(st.sampled_from(["a", "b", 1, None]), min_size=1, unique=True).map(
        lambda values: {"enum": values}
    )
)
schemas = st.recursive(
    leaves,
    lambda inner: (
        objects(inner)
        | st.tuples(inner, spans("minItems", "maxItems", 0, 3)).map(
            lambda made: {"type": "array", "items": made[0], **made[1]}
        )
        | st.tuples(st.lists(inner, min_size=1, max_size=3), st.integers(0, 1)).map(
            lambda made: {"type": "array", "prefixItems": made[0], "minItems": made[1]}
        )
        | st.lists(inner, min_size=1, max_size=3).map(lambda made: {"anyOf": made})
    ),
    max_leaves=6,
)


def instances(schema: Schema) -> st.SearchStrategy[object]:
    """Values of a schema, their members in its order."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([instances(one) for one in schema["anyOf"]])
    match schema["type"]:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "string":
            letters = st.characters(exclude_categories=["Cs"])
            return st.text(letters, min_size=schema["minLength"], max_size=schema["maxLength"])
        case "array" if "prefixItems" in schema:
            first = [instances(one) for one in schema["prefixItems"]]
            lengths = range(schema["minItems"], len(first) + 1)
            return st.one_of([st.tuples(*first[:n]).map(list) for n in lengths])
        case "array":
            return st.lists(
                instances(schema["items"]),
                min_size=schema["minItems"],
                max_size=schema["maxItems"],
            )
        case _:
            fields = schema["properties"]
            return st.fixed_dictionaries(
                {name: instances(fields[name]) for name in schema["required"]},
                optional={n: instances(one) for n, one in fields.items()
                          if n not in schema["required"]},
            ).map(lambda made: {name: made[name] for name in fields if name in made})  # fmt: skip


relaxed = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(schema=schemas, data=st.data(), indent=st.sampled_from([None, 2]))
def test_what_is_valid_is_let_through(
    checker: GrammarChecker, schema: Schema, data: st.DataObject, indent: int | None
) -> None:
    value = data.draw(instances(schema))
    assert is_valid(value, schema)
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if "\x7f" not in text and "\\u" not in text:
        assert checker.accepts(schema_grammar(schema), text)


@relaxed
@given(schema=schemas, seed=st.integers(0, 1000))
def test_what_is_let_through_is_valid(checker: GrammarChecker, schema: Schema, seed: int) -> None:
    text = checker.sample(schema_grammar(schema), seed)
    if text is not None:
        assert is_valid(json.loads(text), schema)


@relaxed
@given(schema=schemas, other=schemas, data=st.data())
def test_nothing_else_is_let_through(
    checker: GrammarChecker, schema: Schema, other: Schema, data: st.DataObject
) -> None:
    value = data.draw(instances(other))
    if not is_valid(value, schema):
        text = json.dumps(value, ensure_ascii=False)
        assert not checker.accepts(schema_grammar(schema), text)


@pytest.mark.parametrize("key", sorted(_SUPPORTED))
def test_whatever_a_keyword_holds_is_taken_or_named(key: str) -> None:
    """No other error than the one that clients are told of."""
    one: list[Any] = [None, True, -1, 1.5, 10**400, "x", "\ud800", "#", [], {}]
    nested: list[Any] = [*one, *([value] for value in one), *({"a": value} for value in one)]
    for value in nested:
        schemas = [{key: value}, {"allOf": [{key: value}, {key: [{}]}]}]
        schemas += [{"type": kind, key: value} for kind in ALL_TYPES]
        for schema in schemas:
            with suppress(GrammarError):
                schema_grammar(schema)
