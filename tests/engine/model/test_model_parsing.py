"""The stream parser: every split point gives the same parts."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
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

JSON = '{"name": "what_if", "arguments": {"asset": "BTC", "change_percent": -30.5}}'
CALL = f"<tool_call>\n{JSON}\n</tool_call>"
WHAT_IF = CallPart("what_if", {"asset": "BTC", "change_percent": Decimal("-30.5")}, JSON)


def parse(chunks: list[str], in_thought: bool = False) -> list[Part]:
    parser = StreamParser(in_thought)
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
