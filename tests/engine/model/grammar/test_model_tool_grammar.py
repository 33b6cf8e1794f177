"""Grammars for calls, asked of llama.cpp itself; what they let through is what the parsers read."""

from decimal import Decimal
from pathlib import Path

import pytest
from grammar_check import GrammarChecker

from engine.model.grammar.tools import Wanted, steer
from engine.model.parsing import CallPart, StreamParser, TextPart
from engine.model.templates import (
    CHATML,
    GLM45,
    LLAMA31,
    MISTRAL_V3,
    MISTRAL_V13,
    QWEN3,
    QWEN3_THINKING,
    ToolSpec,
    Traits,
    traits_by_text,
    traits_of,
)

WHAT_IF = ToolSpec(
    "what_if",
    "",
    {
        "type": "object",
        "properties": {
            "asset": {"type": "string"},
            "kind": {"enum": ["rise", "fall"]},
            "change": {"type": "number"},
        },
        "required": ["asset", "change"],
    },
)
ALERTS = ToolSpec("list_alerts", "", {"type": "object", "properties": {}})
XML = traits_by_text("<tool_call><function=")
ARGUMENTS = '{"asset": "BTC", "kind": "fall", "change": -30.5}'
CALLS: dict[str, tuple[Traits, str, str]] = {
    "hermes": (
        traits_of(QWEN3),
        f'<tool_call>\n{{"name": "what_if", "arguments": {ARGUMENTS}}}\n</tool_call>',
        '<tool_call>\n{"name": "list_alerts", "arguments": {}}\n</tool_call>',
    ),
    "generic": (
        traits_of(CHATML),
        f'<tool_call>\n{{"name": "what_if", "arguments": {ARGUMENTS}}}\n</tool_call>',
        '<tool_call>\n{"name": "list_alerts", "arguments": {}}\n</tool_call>',
    ),
    "llama": (
        traits_of(LLAMA31),
        f'{{"name": "what_if", "parameters": {ARGUMENTS}}}',
        '{"name": "list_alerts", "parameters": {}}',
    ),
    "mistral list": (
        traits_of(MISTRAL_V3),
        f'[TOOL_CALLS][{{"name": "what_if", "arguments": {ARGUMENTS}, "id": "abcdefghi"}}]',
        '[TOOL_CALLS] [{"name": "list_alerts", "arguments": {}}]',
    ),
    "mistral arguments": (
        traits_of(MISTRAL_V13),
        f"[TOOL_CALLS]what_if[ARGS]{ARGUMENTS}",
        "[TOOL_CALLS]list_alerts[CALL_ID]abcdefghi[ARGS]{}",
    ),
    "glm": (
        traits_of(GLM45),
        (
            "<tool_call>what_if\n<arg_key>asset</arg_key>\n<arg_value>BTC</arg_value>\n"
            "<arg_key>kind</arg_key>\n<arg_value>fall</arg_value>\n"
            "<arg_key>change</arg_key>\n<arg_value>-30.5</arg_value>\n</tool_call>"
        ),
        "<tool_call>list_alerts\n</tool_call>",
    ),
    "xml": (
        XML,
        (
            "<tool_call>\n<function=what_if>\n<parameter=asset>\nBTC\n</parameter>\n"
            "<parameter=kind>\nfall\n</parameter>\n<parameter=change>\n-30.5\n</parameter>\n"
            "</function>\n</tool_call>"
        ),
        "<tool_call>\n<function=list_alerts>\n</function>\n</tool_call>",
    ),
}


@pytest.fixture(scope="module")
def checker(tiny_model: Path) -> GrammarChecker:
    return GrammarChecker(tiny_model)


@pytest.mark.parametrize("name", CALLS)
def test_calls_of_each_format(name: str, checker: GrammarChecker) -> None:
    traits, call, other = CALLS[name]
    tools = [WHAT_IF, ALERTS]
    steering = steer(Wanted(traits, tools, must_call=True))
    assert steering.grammar is not None
    assert steering.triggers == ()
    for text in (call, other):
        assert checker.accepts(steering.grammar, text), text
    for text in (
        "",
        "Hello",
        call.replace("what_if", "sell_all"),
        call.replace("fall", "stay"),
        call.replace("-30.5", "low"),
        call[:-1],
        call + "!",
    ):
        assert not checker.accepts(steering.grammar, text), text
    parser = StreamParser(traits, False, tools)
    parts = parser.feed(call) + parser.finish()
    assert [(p.name, p.arguments) for p in parts if isinstance(p, CallPart)] == [
        ("what_if", {"asset": "BTC", "kind": "fall", "change": Decimal("-30.5")})
    ]
    assert len(parts) == 1


@pytest.mark.parametrize("name", CALLS)
def test_several_calls_only_where_they_are_allowed(name: str, checker: GrammarChecker) -> None:
    traits, call, _ = CALLS[name]
    joined = {"llama": "; ", "mistral arguments": ""}.get(name, "\n")
    twice = call + joined + call
    if name == "mistral list":
        inner = call.removeprefix("[TOOL_CALLS][").removesuffix("]")
        twice = f"[TOOL_CALLS][{inner}, {inner}]"
    for parallel in (True, False):
        steering = steer(Wanted(traits, [WHAT_IF], must_call=True, parallel=parallel))
        assert steering.grammar is not None
        assert checker.accepts(steering.grammar, call)
        assert checker.accepts(steering.grammar, twice) == parallel
    parser = StreamParser(traits, False, [WHAT_IF])
    assert [type(p) for p in parser.feed(twice) + parser.finish()] == [CallPart, CallPart]


@pytest.mark.parametrize("name", CALLS)
def test_calls_by_choice_wait_for_their_trigger(name: str, checker: GrammarChecker) -> None:
    traits, call, _ = CALLS[name]
    steering = steer(Wanted(traits, [WHAT_IF, ALERTS]))
    assert steering.grammar is not None
    assert any(call.startswith(trigger) for trigger in steering.triggers)
    assert checker.accepts(steering.grammar, call)


def test_a_thought_comes_before_what_is_enforced(checker: GrammarChecker) -> None:
    call = CALLS["hermes"][1]
    thinking = traits_of(QWEN3_THINKING)
    required = steer(Wanted(thinking, [WHAT_IF], must_call=True, in_thought=True)).grammar
    assert required is not None
    assert checker.accepts(required, f"I could <tool_call>, or </thin not\n</think>\n\n{call}")
    assert not checker.accepts(required, f"Hm.\n{call}")
    assert not checker.accepts(required, "Hm.\n</think>\n\nNo.")
    optional = steer(Wanted(traits_of(QWEN3), schema={"type": "integer"}, may_think=True)).grammar
    assert optional is not None
    assert checker.accepts(optional, "<think>\nHm.\n</think>\n\n5")
    assert checker.accepts(optional, "5")
    assert not checker.accepts(optional, "<think>5")
    by_choice = steer(Wanted(thinking, [WHAT_IF], in_thought=True))
    assert by_choice.grammar is not None
    assert by_choice.triggers == ()
    for text in (
        f"<tool_call> or so</think>\n{call}",
        f"a</think>b\n{call}",
        "a</think>just <tool",
    ):
        assert checker.accepts(by_choice.grammar, text), text
    for text in ("a</think><tool_call>b", f"a</think>{call}b", "a"):
        assert not checker.accepts(by_choice.grammar, text), text


def test_a_schema_beside_tools(checker: GrammarChecker) -> None:
    call = CALLS["hermes"][1]
    both = steer(Wanted(traits_of(QWEN3), [WHAT_IF], schema={})).grammar
    assert both is not None
    assert checker.accepts(both, call)
    assert checker.accepts(both, '{"a": 1}')
    assert not checker.accepts(both, "Hello")
    only = steer(Wanted(traits_of(QWEN3), [WHAT_IF], must_call=True, schema={})).grammar
    assert only is not None
    assert not checker.accepts(only, '{"a": 1}')


def test_a_grammar_of_ones_own(checker: GrammarChecker) -> None:
    own = 'root ::= "root" [^root"\\]]* other # root "x\nother ::= "!" | "(" root ")"\n'
    assert steer(Wanted(traits_of(QWEN3), grammar=own)).grammar == own
    grammar = steer(Wanted(traits_of(QWEN3), grammar=own, in_thought=True)).grammar
    assert grammar is not None
    assert checker.accepts(grammar, "Hm</think>\n\nroot(rootx!)")
    assert not checker.accepts(grammar, "root!")


def test_nothing_to_enforce() -> None:
    assert steer(Wanted(traits_of(QWEN3))).grammar is None
    assert steer(Wanted(traits_of(QWEN3), may_think=True)).grammar is None


def test_a_name_that_is_none() -> None:
    with pytest.raises(ValueError, match="no name for a tool"):
        steer(Wanted(traits_of(QWEN3), [ToolSpec('a", "b', "", {})]))


def test_texts_of_glm_may_hold_anything(checker: GrammarChecker) -> None:
    grammar = steer(Wanted(traits_of(GLM45), [WHAT_IF], must_call=True)).grammar
    assert grammar is not None
    call = CALLS["glm"][1].replace("BTC", 'a "b"\n< </arg_valu é')
    assert checker.accepts(grammar, call)
    parser = StreamParser(GLM45, False, [WHAT_IF])
    (part,) = parser.feed(call) + parser.finish()
    assert isinstance(part, CallPart)
    assert part.arguments["asset"] == 'a "b"\n< </arg_valu é'
    open_ended = ToolSpec("f", "", {"type": "object", "additionalProperties": True})
    with pytest.raises(ValueError, match="additionalProperties"):
        steer(Wanted(traits_of(GLM45), [open_ended]))


def test_without_tools_a_call_is_text() -> None:
    parser = StreamParser(traits_of(QWEN3), False, [])
    text = CALLS["hermes"][1]
    assert parser.feed(text) + parser.finish() == [TextPart(text)]
