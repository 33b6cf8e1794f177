"""Tool calls as JSON, there and back, and nothing else."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.assistant.calls import call_json, check_arguments, parse_call
from engine.assistant.tools import TOOLS
from engine.assistant.tools.base import Param, Tool

NUMBERS = st.decimals(-(10**15), 10**15, places=8)
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def value_of(param: Param) -> st.SearchStrategy[str | Decimal]:
    if param.kind in ("percent", "amount", "years"):
        return NUMBERS
    if param.kind == "asset":
        return st.from_regex("[A-Z0-9]{1,6}", fullmatch=True)
    return st.sampled_from(param.choices) if param.choices else TEXTS


@st.composite
def calls(draw: st.DrawFn) -> tuple[Tool, dict[str, str | Decimal]]:
    tool = draw(st.sampled_from(list(TOOLS.values())))
    arguments = {}
    for param in tool.parameters:
        if param.required or draw(st.booleans()):
            arguments[param.name] = draw(value_of(param))
    return tool, arguments


@given(calls())
def test_there_and_back(call: tuple[Tool, dict[str, str | Decimal]]) -> None:
    tool, arguments = call
    text = call_json(tool.name, arguments)
    assert parse_call(text, TOOLS) == (tool, arguments)
    assert parse_call(json.dumps(json.loads(text)), TOOLS)[0] is tool


def test_the_exact_text() -> None:
    arguments: dict[str, Any] = {"asset": "BTC", "change_percent": Decimal("-30.50")}
    assert call_json("what_if", arguments) == (
        '{"name": "what_if", "arguments": {"asset": "BTC", "change_percent": -30.5}}'
    )
    assert call_json("list_alerts", {}) == '{"name": "list_alerts", "arguments": {}}'
    assert "1000000000" in call_json("compound_growth", {"amount": Decimal("1E+9")})
    assert call_json("explain_term", {"term": 'a "b"\n€'}).endswith(r'{"term": "a \"b\"\n€"}}')


def test_arguments_come_back_in_order() -> None:
    text = (
        '{"name": "correlation", "arguments": {"period": "1y", "asset_b": "ETH", "asset_a": "BTC"}}'
    )
    assert list(parse_call(text, TOOLS)[1]) == ["asset_a", "asset_b", "period"]


def test_numbers_are_exact() -> None:
    text = '{"name": "what_if", "arguments": {"asset": "ALL", "change_percent": 0.1}}'
    assert parse_call(text, TOOLS)[1]["change_percent"] == Decimal("0.1")


def test_null_is_left_out() -> None:
    text = '{"name": "price", "arguments": {"asset": "BTC", "date": null}}'
    assert parse_call(text, TOOLS)[1] == {"asset": "BTC"}


WHAT_IF = '{"name": "what_if", "arguments": {"asset": "BTC", "change_percent": %s}}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"price"',
        "{}",
        '{"name": "price"}',
        '{"arguments": {"asset": "BTC"}}',
        '{"name": "price", "arguments": []}',
        '{"name": "price", "arguments": "BTC"}',
        '{"name": "price", "arguments": {"asset": "BTC"}',
        '{"name": "price", "arguments": {"asset": "BTC"}} and',
        '{"name": "transfer_all", "arguments": {}}',
        '{"name": ["price"], "arguments": {"asset": "BTC"}}',
        '{"name": null, "arguments": {}}',
        '{"name": "price", "arguments": {}}',
        '{"name": "price", "arguments": {"asset": null}}',
        '{"name": "price", "arguments": {"asset": 5}}',
        '{"name": "price", "arguments": {"asset": ["BTC"]}}',
        '{"name": "price", "arguments": {"asset": "BTC", "to": "0xdead"}}',
        '{"name": "list_alerts", "arguments": {"asset": "BTC"}}',
        '{"name": "profit_loss", "arguments": {"kind": "stolen"}}',
        '{"name": "profit_loss", "arguments": {"kind": true}}',
        WHAT_IF % '"-30"',
        WHAT_IF % '"a lot"',
        WHAT_IF % "true",
        WHAT_IF % "[30]",
        WHAT_IF % "NaN",
        WHAT_IF % "-Infinity",
        WHAT_IF % "1e99999999999999999999",
        WHAT_IF % "030",
        "[" * 100_000,
        '{"name": "price", "arguments": ' * 5_000,
    ],
)  # fmt: skip
def test_malformed_calls_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_call(text, TOOLS)


@given(st.text())
def test_any_text_is_refused_with_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_call(text, TOOLS)


@given(JSON, st.sampled_from([*TOOLS, "other"]))
def test_any_json_gives_a_checked_call_or_value_error(arguments: Any, name: str) -> None:
    text = json.dumps({"name": name, "arguments": arguments})
    try:
        tool, checked = parse_call(text, TOOLS)
    except ValueError:
        return
    params = {p.name: p for p in tool.parameters}
    assert set(checked) <= set(params)
    for key, value in checked.items():
        number = params[key].kind in ("percent", "amount", "years")
        assert isinstance(value, Decimal if number else str)
        assert not isinstance(value, Decimal) or value.is_finite()


def test_numbers_of_a_stored_call_may_be_int_or_float() -> None:
    tool = TOOLS["what_if"]
    assert check_arguments(tool, {"asset": "BTC", "change_percent": -30}) == {
        "asset": "BTC",
        "change_percent": Decimal(-30),
    }
    found = check_arguments(tool, {"asset": "BTC", "change_percent": 0.1})
    assert found["change_percent"] == Decimal("0.1")
