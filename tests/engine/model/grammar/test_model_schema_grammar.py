"""JSON schemas as grammars, asked of llama.cpp itself."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from grammar_check import GrammarChecker
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.grammar.schema import schema_grammar


@pytest.fixture(scope="module")
def checker(tiny_model: Path) -> GrammarChecker:
    return GrammarChecker(tiny_model)


PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 5},
        "age": {"type": "integer", "minimum": 0, "maximum": 130},
        "mail": {"type": ["string", "null"]},
    },
    "required": ["name", "mail"],
    "additionalProperties": False,
}
TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["value"],
        }
    },
    "$ref": "#/$defs/node",
}
# Schema, texts it accepts, texts it does not.
CASES: dict[str, tuple[object, list[str], list[str]]] = {
    "any object": ({}, ["{}", '{"a": [1, {"b": null}], "c": "é\\n"}'], ["[]", "5", '{"a"}', "{,}"]),
    "true": (True, ["{}", "[]", '"a"', "-0.5e3", "null"], ["", "nul", "01", "'a'"]),
    "object": (
        PERSON,
        [
            '{"name": "Ann", "age": 7, "mail": null}',
            '{"name":"A","mail":"x"}',
            '{\n  "name": "é", "mail": ""}',
        ],
        [
            '{"name": "Ann"}',
            '{"name": "", "mail": null}',
            '{"name": "Sixsix", "mail": null}',
            '{"age": 7, "name": "A", "mail": null}',
            '{"name": "A", "age": 131, "mail": null}',
            '{"name": "A", "mail": null, "x": 1}',
            '{"name": "A", "mail": null,}',
        ],
    ),
    "optional properties": (
        {"properties": {"a": {"type": "null"}, "b": {"type": "null"}, "c": {"type": "null"}}},
        [
            "{}",
            '{"a": null}',
            '{"b": null}',
            '{"a": null, "c": null}',
            '{"a":null,"b":null,"c":null}',
        ],
        ['{"b": null, "a": null}', '{"d": null}', '{,"a": null}', '{"a": null "b": null}', "null"],
    ),
    "further properties": (
        {
            "properties": {"ab": {"type": "integer"}},
            "required": ["ab"],
            "additionalProperties": {"type": "boolean"},
        },
        ['{"ab": 1}', '{"ab": 1, "a": true, "abc": false, "": true}'],
        [
            '{"ab": 1, "ab": true}',
            '{"ab": 1, "x": 2}',
            '{"x": true}',
            '{"ab": 1, "\\u0061b": true}',
        ],
    ),
    "map": (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        ["{}", '{"a": 1, "b": 2}'],
        ['{"a": "1"}'],
    ),
    "required but not listed": (
        {"type": "object", "properties": {"a": {"type": "null"}}, "required": ["b"]},
        ['{"b": 5}', '{"a": null, "b": []}'],
        ["{}", '{"a": null}'],
    ),
    "array": (
        {"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 3},
        ["[true]", "[true, false,true]", "[ true ]"],
        ["[]", "[true,false,true,true]", "[1]", "[true,]"],
    ),
    "array up to one": ({"type": "array", "maxItems": 1}, ["[]", "[5]"], ["[5,5]"]),
    "a list of items": (
        {"prefixItems": [{"type": "integer"}, {"type": "boolean"}]},
        ["[1, true]", "[1,false]", "[\n  1,\n  true\n]"],
        ["[]", "[1]", "[true, 1]", "[1, true, null]", "[1 true]"],
    ),
    "a list of items, the last not needed": (
        {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "boolean"}], "minItems": 1},
        ["[1, true]", "[1]", "[ 1 ]"],
        ["[]", "[true]", "[1,]", "[1, true, null]"],
    ),
    "a list of items, none needed": (
        {"prefixItems": [{"type": "integer"}, {"type": "boolean"}], "minItems": 0, "maxItems": 1},
        ["[]", "[1]"],
        ["[1, true]", "[true]"],
    ),
    "a list of items and more": (
        {"prefixItems": [{"type": "integer"}], "items": {"type": "null"}, "maxItems": 3},
        ["[1]", "[1, null]", "[1, null, null]"],
        ["[]", "[null]", "[1, 1]", "[1, null, null, null]"],
    ),
    "a list of items and as many more as must be": (
        {"prefixItems": [{"type": "integer"}], "minItems": 2.0},
        ['[1, "a"]', "[1, 2, {}]"],
        ["[1]", '["a", 1]'],
    ),
    "a list of items, as older drafts have it": (
        {"type": "array", "items": [{"type": "integer"}], "additionalItems": {"type": "null"}},
        ["[1]", "[1, null, null]"],
        ["[]", "[null]", "[1, 1]"],
    ),
    "a closed list of items, as older drafts have it": (
        {"items": [{"type": "integer"}, {}], "additionalItems": False},
        ['[1, {"a": []}]'],
        ["[1]", "[1, 2, 3]"],
    ),
    "no items": ({"type": "array", "items": False}, ["[]"], ["[1]"]),
    "no properties": ({"type": "object", "properties": {}}, ["{}"], ['{"a": 1}']),
    "further properties beside one with quotes": (
        {
            "properties": {'x"é\\': {"type": "integer"}},
            "additionalProperties": {"type": "null"},
            "required": ['x"é\\'],
        },
        ['{"x\\"é\\\\": 1}', '{"x\\"é\\\\": 1, "x": null, "x\'": null}'],
        ['{"x": null}', '{"x\\"é\\\\": null}', '{"x\\"é\\\\": 1, "x\\"é\\\\": null}'],
    ),
    "required in another order": (
        {"properties": {"a": {}, "b": {}}, "required": ["b", "a"]},
        ['{"a": 1, "b": 2}'],
        ['{"b": 2, "a": 1}', '{"a": 1}'],
    ),
    "empty array": ({"type": "array", "maxItems": 0}, ["[]", "[ ]"], ["[1]"]),
    "long string": (
        {"type": "string", "minLength": 130, "maxLength": 200},
        ['"' + "a" * n + '"' for n in (130, 131, 191, 192, 193, 200)],
        ['"' + "a" * n + '"' for n in (0, 64, 129, 201, 256)],
    ),
    "string up to": (
        {"type": "string", "maxLength": 150},
        ['"' + "é" * n + '"' for n in (0, 1, 63, 64, 65, 127, 128, 129, 149, 150)],
        ['"' + "é" * 151 + '"'],
    ),
    "string": (
        {"type": "string"},
        ['""', '"\\"\\\\\\/\\b\\u00e9 €😀"'],
        ['"a', '"\n"', '"\\x"', '"\\ud83d"', "a"],
    ),
    "enum": (
        {"enum": ["a", 1, None, {"x": [1]}]},
        ['"a"', "1", "null", '{"x": [1]}'],
        ['"b"', "2"],
    ),
    "enum of a type": ({"type": "string", "enum": ['a"\n', 1]}, ['"a\\"\\n"'], ["1"]),
    "const": ({"const": "x"}, ['"x"'], ['"y"', "x"]),
    "const null": ({"const": None}, ["null"], ['"null"', "false", ""]),
    "enum beside const": ({"enum": [1, True, "1"], "const": 1}, ["1"], ["true", '"1"']),
    "two enums": (
        {"allOf": [{"enum": [True, 0, {"a": [1]}]}, {"enum": [1, False, {"a": [1]}]}]},
        ['{"a": [1]}'],
        ["true", "1", "0", "false"],
    ),
    "types in two": (
        {"allOf": [{"type": ["number", "null"]}, {"type": ["integer", "null", "string"]}]},
        ["1", "null"],
        ["1.5", '"a"'],
    ),
    "a choice told apart": (
        {
            "oneOf": [{"$ref": "#/$defs/a"}, {"type": "null"}],
            "discriminator": {"propertyName": "kind", "mapping": {"a": "#/$defs/a"}},
            "$defs": {"a": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]}},
        },
        ['{"kind": "a"}', "null"],
        ["{}"],
    ),
    "integer between fractions": (
        {"type": "integer", "exclusiveMinimum": -1.5, "maximum": 1.5},
        ["-1", "0", "1"],
        ["-2", "2"],
    ),
    "integer": ({"type": "integer"}, ["0", "-7", "123456789012345678"], ["01", "-", "1.0", "1e3"]),
    "number": (
        {"type": "number"},
        ["0", "-7.25", "1e9", "1.5E-3"],
        ["01", ".5", "1.", "+1", "NaN"],
    ),
    "number in a range": (
        {"type": "number", "minimum": 0, "exclusiveMaximum": 10},
        ["0", "0.0", "9.999", "5"],
        ["10", "10.0", "-1", "-0.1", "1e0"],
    ),
    "number above zero": (
        {"type": "number", "exclusiveMinimum": 0},
        ["0.001", "1", "10.0"],
        ["0", "0.0", "-1"],
    ),
    "number around zero": (
        {"type": "number", "minimum": -2, "maximum": 3},
        ["-2", "-2.00", "-1.9", "0", "2.99", "3", "3.0"],
        ["-2.01", "3.01", "-3", "4"],
    ),
    "anyOf": (
        {"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 1}]},
        ["5", '"a"'],
        ['"ab"', "true"],
    ),
    "oneOf beside properties": (
        {
            "type": "object",
            "properties": {"kind": {"type": "string"}, "x": {"type": "integer"}},
            "oneOf": [
                {"properties": {"kind": {"const": "a"}}, "required": ["kind"]},
                {"properties": {"kind": {"const": "b"}}, "required": ["kind", "x"]},
            ],
        },
        ['{"kind": "a"}', '{"kind": "a", "x": 1}', '{"kind": "b", "x": 1}'],
        ['{"kind": "b"}', '{"kind": "c"}', "{}"],
    ),
    "allOf": (
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "integer", "minimum": 3}}},
                {"properties": {"a": {"maximum": 5}, "b": {"type": "null"}}, "required": ["a"]},
            ]
        },
        ['{"a": 3}', '{"a": 5, "b": null}'],
        ['{"a": 2}', '{"a": 6}', "{}", '{"b": null}'],
    ),
    "recursion": (
        TREE,
        ['{"value": 1}', '{"value": 1, "children": [{"value": 2, "children": []}]}'],
        ['{"children": []}', '{"value": 1, "children": [2]}'],
    ),
    "recursion with null": (
        {
            "type": "object",
            "properties": {"next": {"$ref": "#", "nullable": True}},
            "required": ["next"],
        },
        ['{"next": null}', '{"next": {"next": null}}'],
        ["{}", "null"],
    ),
    "the only one of allOf": (
        {"$defs": {"x": {"enum": [1, 2]}}, "allOf": [{"$ref": "#/$defs/x"}], "title": "t"},
        ["1", "2"],
        ["3"],
    ),
    "nullable": ({"type": "integer", "nullable": True}, ["null", "5"], ['"5"']),
    "date": (
        {"type": "string", "format": "date"},
        ['"2026-02-29"', '"2026-12-31"'],
        ['"2026-02-30"', '"2026-13-01"', '"2026-04-31"', '"26-01-01"'],
    ),
    "date-time": (
        {"type": "string", "format": "date-time"},
        ['"2026-11-22T22:18:00Z"', '"2026-11-22T22:18:00.5+01:00"'],
        ['"2026-11-22"', '"2026-11-22T25:00:00Z"', '"2026-11-22 22:18:00Z"'],
    ),
    "uuid": (
        {"type": "string", "format": "uuid"},
        ['"01234567-89ab-cdef-0123-456789abcdef"'],
        ['"x"'],
    ),
    "pattern": (
        {"type": "string", "pattern": r"^[A-Z]{2,4}(-\d+(?:\.\d+)?)?$"},
        ['"BTC"', '"ETH-5"', '"ETH-5.25"'],
        ['"B"', '"BTC-"', '"btc"', '"BTCUSD"', '"BTC "'],
    ),
    "pattern without ends": (
        {"type": "string", "pattern": "b+"},
        ['"b"', '"abbc"'],
        ['""', '"ac"'],
    ),
    "pattern that ends with a backslash": (
        {"type": "string", "pattern": r"^a\\$"},
        ['"a\\\\"'],
        ['"a"', '"a\\\\b"', '"a$"'],
    ),
    "pattern without space": (
        {"type": "string", "pattern": r"^\S[^\s]\s?$"},
        ['"aé"', '"ab "'],
        ['" a"', '"\u00a0a"', '"a\u2003"', '"a\u2028"', '"ab\u00a0"'],
    ),
    "pattern of specials": (
        {"type": "string", "pattern": '^["\\\\].[^a-c"]\\u00e9\\|$'},
        ['"\\"xdé|"', '"\\\\\\"\\\\é|"'],
        ['"axdé|"', '"\\"xaé|"', '"\\"x\\"é|"'],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_accepted(name: str, checker: GrammarChecker) -> None:
    schema, good, bad = CASES[name]
    grammar = schema_grammar(schema)
    for text in good:
        json.loads(text)
        assert checker.accepts(grammar, text), text
    for text in bad:
        assert not checker.accepts(grammar, text), text


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string", "format": "email"}, '"format"'),
        ({"type": "array", "uniqueItems": True}, '"uniqueItems"'),
        ({"type": "array", "prefixItems": {}}, '"prefixItems"'),
        ({"type": "array", "prefixItems": [{}], "items": [{}]}, '"prefixItems"'),
        ({"items": [{}], "additionalItems": False, "minItems": 2}, '"minItems"'),
        ({"allOf": [{"prefixItems": [{}]}, {"items": {"type": "null"}}]}, '"prefixItems"'),
        ({"enum": ["\ud83d"]}, "half a character"),
        ({"properties": {"\ud83d": {}}}, "half a character"),
        ({"const": float("inf")}, "JSON"),
        ({"type": "integer", "minimum": float("-inf")}, '"minimum"'),
        ({"allOf": [{"minimum": 1}, {"minimum": float("nan")}]}, "limit"),
        ({"type": "string", "maxLength": 1.5}, '"maxLength"'),
        ({"type": "object", "patternProperties": {}}, '"patternProperties"'),
        ({"type": "number", "multipleOf": 2}, '"multipleOf"'),
        ({"type": "number", "minimum": 0.5}, "whole"),
        ({"not": {}}, '"not"'),
        ({"properties": {"a": {"if": {}}}}, '"if"'),
        ({"type": "text"}, '"type"'),
        ({"type": "string", "pattern": "(?=a)"}, '"pattern"'),
        ({"type": "string", "pattern": r"(a)\1"}, '"pattern"'),
        ({"type": "string", "pattern": r"\bword"}, '"pattern"'),
        ({"type": "string", "pattern": "a*?"}, '"pattern"'),
        ({"type": "string", "pattern": "^a|b$"}, '"pattern"'),
        ({"type": "string", "pattern": "a)"}, '"pattern"'),
        ({"type": "string", "pattern": "[b-a]"}, '"pattern"'),
        ({"type": "string", "pattern": "a{1,2000}"}, '"pattern"'),
        ({"type": "string", "pattern": "a", "minLength": 1}, "together"),
        ({"type": "string", "maxLength": 10**6}, '"maxLength"'),
        ({"type": "string", "minLength": 5, "maxLength": 4}, "length"),
        ({"type": "integer", "minimum": 5, "maximum": 4}, '"minimum"'),
        ({"type": "integer", "minimum": "5"}, '"minimum"'),
        ({"type": "string", "enum": [1]}, "no value"),
        ({"$ref": "http://example.org/x"}, '"$ref"'),
        ({"$ref": "#/$defs/missing"}, '"$ref"'),
        ({"$ref": "#"}, "itself"),
        ({"anyOf": [{"$ref": "#"}, {"type": "null"}]}, "itself"),
        ({"anyOf": [{"$ref": "#", "minLength": 3}]}, "deep"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, '"type"'),
        ({"properties": {}, "additionalProperties": False, "required": ["a"]}, "'a'"),
        ({"type": "object", "required": [{}]}, '"required"'),
        ({"type": "object", "properties": {"a": {}}, "required": [["a"]]}, '"required"'),
        ({"type": "string", "format": ["date"]}, '"format"'),
        (False, "nothing"),
        ([], "neither"),
    ],
)
def test_what_cannot_be_enforced_is_named(schema: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        schema_grammar(schema)


def test_size_is_limited() -> None:
    deep: dict[str, object] = {"type": "null"}
    for _ in range(60):
        deep = {"type": "array", "items": deep}
    with pytest.raises(ValueError, match="deep"):
        schema_grammar(deep)
    doubling = {
        f"a{n}": {"anyOf": [{"$ref": f"#/$defs/a{n + 1}", "minLength": 0}] * 2} for n in range(30)
    }
    doubling["a30"] = {"type": "string"}
    with pytest.raises(ValueError, match="too large"):
        schema_grammar({"$defs": doubling, "$ref": "#/$defs/a0"})
    wide = {f"p{n}": {"type": "string", "maxLength": 2000} for n in range(500)}
    with pytest.raises(ValueError, match="too large"):
        schema_grammar({"properties": wide})


@given(low=st.integers(-3000, 3000), size=st.integers(0, 3000), data=st.data())
@settings(max_examples=60, deadline=None)
def test_ranges_of_whole_numbers(
    checker: GrammarChecker, low: int, size: int, data: st.DataObject
) -> None:
    high = low + size
    grammar = schema_grammar({"type": "integer", "minimum": low, "exclusiveMaximum": high + 1})
    near = st.sampled_from([low - 1, low, high, high + 1, -low, -high, 0, 9, 10, 99, 100])
    for value in data.draw(st.lists(near | st.integers(-4000, 4000), min_size=8, max_size=8)):
        assert checker.accepts(grammar, str(value)) == (low <= value <= high)


@pytest.mark.parametrize(
    "name",
    [
        "any object",
        "object",
        "optional properties",
        "further properties",
        "array",
        "recursion",
        "date",
        "pattern",
        "number in a range",
    ],
)
def test_whatever_a_model_writes_is_valid(name: str, checker: GrammarChecker) -> None:
    schema, _, _ = CASES[name]
    grammar = schema_grammar(schema)
    texts = [checker.sample(grammar, seed) for seed in range(12)]
    whole = [json.loads(text) for text in texts if text is not None]
    assert whole
    for value in whole:
        if name == "object":
            assert 1 <= len(value["name"]) <= 5
            assert 0 <= value.get("age", 0) <= 130
            assert value["mail"] is None or isinstance(value["mail"], str)
            assert value.keys() <= {"name", "age", "mail"}
        elif name == "further properties":
            assert isinstance(value.pop("ab"), int)
            assert all(isinstance(one, bool) for one in value.values())
        elif name == "array":
            assert 1 <= len(value) <= 3
        elif name == "recursion":
            assert isinstance(value["value"], int)
        elif name == "date" and value[:4] != "0000" and value[5:] != "02-29":
            date.fromisoformat(value)
        elif name == "pattern":
            assert re.fullmatch(r"[A-Z]{2,4}(-\d+(?:\.\d+)?)?", value)
        elif name == "number in a range":
            assert 0 <= value < 10
