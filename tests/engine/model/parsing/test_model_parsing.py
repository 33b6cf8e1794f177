"""The stream parser: every split point gives the same parts."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.parsing import (
    BadCallPart,
    CallPart,
    Part,
    StreamParser,
    TextPart,
    ThinkPart,
    parse_call,
)
from engine.model.templates import (
    GLM45,
    LLAMA31,
    MISTRAL_V3,
    MISTRAL_V13,
    QWEN3,
    TEMPLATE_IDS,
    ToolSpec,
    Traits,
    traits_by_text,
)

JSON = '{"name": "what_if", "arguments": {"asset": "BTC", "change_percent": -30.5}}'
CALL = f"<tool_call>\n{JSON}\n</tool_call>"
WHAT_IF = CallPart("what_if", {"asset": "BTC", "change_percent": Decimal("-30.5")}, JSON)


def parse(
    chunks: list[str],
    in_thought: bool = False,
    template: str | Traits = QWEN3,
    tools: list[ToolSpec] | None = None,
) -> list[Part]:
    parser = StreamParser(template, in_thought, tools)
    parts = [part for chunk in chunks for part in parser.feed(chunk)]
    return merged(parts + parser.finish())


def merged(parts: list[Part]) -> list[Part]:
    """Neighbouring texts joined."""
    out: list[Part] = []
    for part in parts:
        last = out[-1] if out else None
        if isinstance(part, TextPart) and isinstance(last, TextPart):
            out[-1] = TextPart(last.text + part.text)
        elif isinstance(part, ThinkPart) and isinstance(last, ThinkPart):
            out[-1] = ThinkPart(last.text + part.text)
        else:
            out.append(part)
    return out


CASES: dict[str, tuple[str, bool, list[Part]]] = {
    "plain": ("It is worth $5.\n\nYes.", False, [TextPart("It is worth $5.\n\nYes.")]),
    "thought": (
        "<think>\nHm, a<b.\n</think>\n\nYes.",
        False,
        [ThinkPart("Hm, a<b."), TextPart("Yes.")],
    ),
    "pre-filled thought": ("Hm.\n</think>\n\nYes.", True, [ThinkPart("Hm."), TextPart("Yes.")]),
    "empty thought": ("<think>\n\n</think>\n\nYes.", False, [TextPart("Yes.")]),
    "unfinished thought": ("<think>\nHm, so", False, [ThinkPart("Hm, so")]),
    "call": (CALL, False, [WHAT_IF]),
    "text and call": (f"Let me see.\n{CALL}\n", False, [TextPart("Let me see."), WHAT_IF]),
    "two calls": (f"{CALL}\n{CALL}", False, [WHAT_IF, WHAT_IF]),
    "thought, call": (f"Hm.\n</think>\n\n{CALL}", True, [ThinkPart("Hm."), WHAT_IF]),
    "call in a thought is thought": (
        f"<think>{CALL}</think>a",
        False,
        [ThinkPart(CALL), TextPart("a")],
    ),
    "unclosed call": (CALL.removesuffix("\n</tool_call>"), False, [WHAT_IF]),
    "cut-off call": ('<tool_call>\n{"name"', False, [BadCallPart('\n{"name"')]),
    "call that is none": (
        "<tool_call>sell all</tool_call>ok",
        False,
        [BadCallPart("sell all"), TextPart("ok")],
    ),
    "stray closing marks": ("a</think>b</tool_call>c", False, [TextPart("abc")]),
    "almost marks": ("1 < 2 <thin <tool_cal", False, [TextPart("1 < 2 <thin <tool_cal")]),
    "nothing": ("", False, []),
    "only space": (" \n ", False, []),
}


@pytest.mark.parametrize("name", CASES)
def test_every_split_point(name: str) -> None:
    text, in_thought, expected = CASES[name]
    assert parse([text], in_thought) == expected
    for cut in range(len(text) + 1):
        assert parse([text[:cut], text[cut:]], in_thought) == expected
    assert parse(list(text), in_thought) == expected


TOOL = ToolSpec(
    "what_if",
    "",
    {"properties": {"asset": {"type": "string"}, "change_percent": {"type": "number"}}},
)
XML = traits_by_text("<tool_call> <function= <think>")
LLAMA_CALL = '{"name": "what_if", "parameters": {"asset": "BTC", "change_percent": -30.5}}'
GLM_RAW = (
    "what_if\n<arg_key>asset</arg_key>\n<arg_value>BTC</arg_value>\n"
    "<arg_key>change_percent</arg_key>\n<arg_value>-30.5</arg_value>"
)
XML_RAW = (
    "<function=what_if>\n<parameter=asset>\nBTC\n</parameter>\n"
    "<parameter=change_percent>\n-30.5\n</parameter>\n</function>"
)
ARGS_RAW = 'what_if[ARGS]{"asset": "BTC", "change_percent": -30.5}'


def what_if(raw: str) -> CallPart:
    return CallPart("what_if", WHAT_IF.arguments, raw)


FORMATS: dict[str, tuple[str | Traits, str, list[Part]]] = {
    "llama": (LLAMA31, LLAMA_CALL, [what_if(LLAMA_CALL)]),
    "llama, tagged": (LLAMA31, f"<|python_tag|>{LLAMA_CALL}", [what_if(LLAMA_CALL)]),
    "llama, two": (
        LLAMA31,
        f"\n{LLAMA_CALL}; {LLAMA_CALL}",
        [what_if(LLAMA_CALL), what_if(LLAMA_CALL)],
    ),
    "llama, tagged after text": (
        LLAMA31,
        f"I look it up.\n<|python_tag|>{LLAMA_CALL};{LLAMA_CALL}",
        [TextPart("I look it up."), what_if(LLAMA_CALL), what_if(LLAMA_CALL)],
    ),
    "llama, built in": (
        LLAMA31,
        '<|python_tag|>brave_search.call(query="price of BTC")',
        [
            CallPart(
                "brave_search",
                {"query": "price of BTC"},
                'brave_search.call(query="price of BTC")',
            )
        ],
    ),
    "llama, a program": (LLAMA31, "<|python_tag|>print(1)", [BadCallPart("print(1)")]),
    "llama, an object that is no call": (
        LLAMA31,
        '{"total": {"name": 5}} and more',
        [TextPart('{"total": {"name": 5}} and more')],
    ),
    "llama, an object like a call": (
        LLAMA31,
        '{"name": "Bitcoin", "price": 5}',
        [TextPart('{"name": "Bitcoin", "price": 5}')],
    ),
    "llama, cut off": (LLAMA31, '{"name": "what', [TextPart('{"name": "what')]),
    "llama, text first": (LLAMA31, f"So: {LLAMA_CALL}", [TextPart(f"So: {LLAMA_CALL}")]),
    "mistral list": (
        MISTRAL_V3,
        f'Well. [TOOL_CALLS][{JSON[:-1]}, "id": "abcdefghi"}}, {{"name": "list_alerts"}}]',
        [
            TextPart("Well."),
            CallPart("what_if", WHAT_IF.arguments, ""),
            CallPart("list_alerts", {}, ""),
        ],
    ),
    "mistral list of nothing": (MISTRAL_V3, "[TOOL_CALLS] []", [BadCallPart("[]")]),
    "mistral list cut off": (MISTRAL_V3, "[TOOL_CALLS][{", [BadCallPart("[{")]),
    "mistral arguments": (
        MISTRAL_V13,
        f"[THINK]Hm.[/THINK][TOOL_CALLS]{ARGS_RAW}[TOOL_CALLS]f[CALL_ID]abcdefghi[ARGS]{{}}",
        [
            ThinkPart("Hm."),
            what_if(ARGS_RAW),
            CallPart("f", {}, "f[CALL_ID]abcdefghi[ARGS]{}"),
        ],
    ),
    "mistral without arguments": (MISTRAL_V13, "[TOOL_CALLS]f", [BadCallPart("f")]),
    "glm": (
        GLM45,
        f"<think>Hm.</think>\nWell.\n<tool_call>{GLM_RAW}\n</tool_call>\n<tool_call>f\n</tool_call>",
        [ThinkPart("Hm."), TextPart("Well."), what_if(GLM_RAW), CallPart("f", {}, "f")],
    ),
    "glm, half a pair": (
        GLM45,
        "<tool_call>f\n<arg_key>a</arg_key></tool_call>",
        [BadCallPart("f\n<arg_key>a</arg_key>")],
    ),
    "glm, unclosed": (GLM45, f"<tool_call>{GLM_RAW}", [what_if(GLM_RAW)]),
    "xml": (XML, f"<tool_call>\n{XML_RAW}\n</tool_call>", [what_if(XML_RAW)]),
    "xml, no call": (XML, "<tool_call>f()</tool_call>a", [BadCallPart("f()"), TextPart("a")]),
}


def without_raw(parts: list[Part]) -> list[Part]:
    return [CallPart(p.name, p.arguments, "") if isinstance(p, CallPart) else p for p in parts]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_at_every_split_point(name: str) -> None:
    template, text, expected = FORMATS[name]
    whole = parse([text], False, template)
    if "mistral list" in name:  # one list holds several calls, so each is written anew
        whole = without_raw(whole)
    assert whole == expected
    for cut in range(len(text) + 1):
        assert without_raw(parse([text[:cut], text[cut:]], False, template)) == without_raw(whole)
    assert without_raw(parse(list(text), False, template)) == without_raw(whole)


def test_the_tools_say_which_values_are_texts_and_what_may_be_called() -> None:
    call = "<tool_call>what_if\n<arg_key>asset</arg_key>\n<arg_value>5</arg_value>\n</tool_call>"
    assert parse([call], template=GLM45)[0].arguments == {"asset": 5}  # type: ignore[union-attr]
    (known,) = parse([call], template=GLM45, tools=[TOOL])
    assert isinstance(known, CallPart)
    assert known.arguments == {"asset": "5"}
    other = '{"name": "Bitcoin", "parameters": {}}'
    assert parse([other], template=LLAMA31, tools=[TOOL]) == [TextPart(other)]
    assert parse([LLAMA_CALL], template=LLAMA31, tools=[TOOL]) == [what_if(LLAMA_CALL)]
    for template in (QWEN3, LLAMA31, MISTRAL_V3):
        assert parse([f"{LLAMA_CALL} {CALL}"], template=template, tools=[]) == [
            TextPart(f"{LLAMA_CALL} {CALL}")
        ]


def test_an_object_that_is_no_call_is_given_as_soon_as_that_is_known() -> None:
    parser = StreamParser(LLAMA31)
    assert parser.feed('{"to') == [TextPart('{"to')]
    parser = StreamParser(LLAMA31)
    assert parser.feed('{"na') == []
    assert parser.feed("tion") == [TextPart('{"nation')]


@settings(deadline=None)
@given(
    template=st.sampled_from([*TEMPLATE_IDS, XML]),
    pieces=st.lists(
        st.sampled_from(
            [
                "<think>",
                "</think>",
                "[THINK]",
                "[/THINK]",
                CALL,
                LLAMA_CALL,
                "<|python_tag|>",
                "[TOOL_CALLS]",
                f"[{JSON}]",
                ARGS_RAW,
                f"<tool_call>{GLM_RAW}</tool_call>",
                f"<tool_call>{XML_RAW}</tool_call>",
                ";",
                " ",
                "{",
                "}",
                "[",
                "]",
                '"',
            ]
        )
        | st.text(alphabet='<>[]{};"/name ab\n\\|', max_size=6),
        max_size=7,
    ),
    cuts=st.lists(st.integers(0, 500), max_size=6),
    in_thought=st.booleans(),
    tools=st.sampled_from([None, [], [TOOL]]),
)
def test_the_chunks_do_not_matter_in_any_format(
    template: str | Traits,
    pieces: list[str],
    cuts: list[int],
    in_thought: bool,
    tools: list[ToolSpec] | None,
) -> None:
    text = "".join(pieces)
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    chunks = [text[start:end] for start, end in pairwise(places)]
    assert parse(chunks, in_thought, template, tools) == parse([text], in_thought, template, tools)


@given(
    pieces=st.lists(
        st.sampled_from(["<think>", "</think>", CALL, "<tool_call>", "</tool_call>", "\n", "a <"])
        | st.text(alphabet="<>/think ab\n", max_size=8),
        max_size=8,
    ),
    cuts=st.lists(st.integers(0, 500), max_size=6),
    in_thought=st.booleans(),
)
def test_the_chunks_do_not_matter(pieces: list[str], cuts: list[int], in_thought: bool) -> None:
    text = "".join(pieces)
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    chunks = [text[start:end] for start, end in pairwise(places)]
    assert parse(chunks, in_thought) == parse([text], in_thought)


def test_text_is_given_as_soon_as_it_is_certain() -> None:
    parser = StreamParser()
    assert parser.feed("It is ") == [TextPart("It is")]
    assert parser.feed("5 <") == [TextPart(" 5")]
    assert parser.feed("= 6") == [TextPart(" <= 6")]
    assert parser.feed("<tool") == []


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "[]",
        '"price"',
        '{"arguments": {}}',
        '{"name": 5, "arguments": {}}',
        '{"name": "price", "arguments": []}',
        '{"name": "price", "arguments": {}, "more": 1}',
        '{"name": "price", "arguments": {"amount": NaN}}',
        '{"name": "price", "arguments": {"amount": Infinity}}',
        '{"name": "price"} {"name": "price"}',
        "[" * 5000,
    ],
)
def test_what_is_not_a_call(raw: str) -> None:
    assert parse_call(raw) == BadCallPart(raw)


def test_calls_without_arguments_and_exact_numbers() -> None:
    assert parse_call('{"name": "list_alerts"}') == CallPart(
        "list_alerts", {}, '{"name": "list_alerts"}'
    )
    call = parse_call('{"name": "f", "arguments": {"a": 0.1, "b": 100, "c": 1e-8}}')
    assert isinstance(call, CallPart)
    assert call.arguments == {"a": Decimal("0.1"), "b": 100, "c": Decimal("1e-8")}
