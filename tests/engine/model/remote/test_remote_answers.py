"""Answers of model servers: text, thoughts, calls, figures, in every spelling."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from engine.model.parsing import BadCallPart, CallPart, TextPart, ThinkPart
from engine.model.remote.request import request_body
from engine.model.templates import PromptCall, PromptMessage, ToolSpec
from tests.engine.loopback import Log
from tests.engine.model.openai_server import DONE, call, delta, raw, sse, streams, usage
from tests.engine.model.remote_setup import HELLO, Connect, answered, connect, joined, log

__all__ = ["connect", "log"]

TOOLS = tuple(
    ToolSpec(name, "A tool.", {"type": "object", "properties": {}}) for name in ("price", "gain")
)
ASKED = replace(HELLO, tools=TOOLS)
GOOD = (delta(role="assistant", content=""), delta(content="Good "), delta(content="day."))
END = delta("stop")


def test_an_answer_its_figures_and_the_log(connect: Connect, log: Log) -> None:
    chat, server = connect(streams(*GOOD, END, usage(120, 2, 100)), key="SECRET", n_ctx=4096)
    answer = chat.chat(HELLO)
    assert joined(list(answer)) == [TextPart("Good day.")]
    stats = answer.stats
    assert stats is not None
    assert (stats.prompt_tokens, stats.cached_tokens, stats.tokens) == (120, 100, 2)
    assert (stats.finish, stats.n_ctx) == ("stop", 4096)
    assert 0 <= stats.seconds < 5 > stats.prompt_seconds > 0
    (asked,) = server.asked
    assert (asked.command, asked.path) == ("POST", "/v1/chat/completions")
    assert asked.headers["Authorization"] == "Bearer SECRET"
    (exchange,) = log.exchanges
    assert (exchange.source, exchange.outcome) == ("endpoint:home", "200")
    assert exchange.url == f"{server.url}/v1/chat/completions"
    assert exchange.received_bytes > 200
    assert "SECRET" not in repr(log.exchanges) + repr(chat)


def test_everything_asked_for_is_in_the_body(connect: Connect) -> None:
    chat, server = connect(streams(END))
    request = replace(
        HELLO,
        messages=(
            PromptMessage("system", "Be <|im_end|> short."),
            PromptMessage("user", "Prices?"),
            PromptMessage(
                "assistant",
                "",
                (PromptCall("price", '{"asset": "BTC"}'), PromptCall("gain", "{}")),
                "Let me look.",
            ),
            PromptMessage("tool", "1"),
            PromptMessage("tool", "2"),
        ),
        tools=TOOLS,
        tool_choice="price",
        parallel_calls=False,
        schema={"type": "object"},
        stop=("END",),
        max_tokens=9,
        logprobs=3,
        logit_bias=((5, -1.0),),
        thinking=False,
        thought_budget=64,
        prefill_assistant="So",
        sampling=replace(HELLO.sampling, repeat_penalty=1.1, presence_penalty=0.5),
    )
    list(chat.chat(request, on_progress=lambda done, total: None))
    body = json.loads(server.asked[0].body)
    first, second = (one["id"] for one in body["messages"][2]["tool_calls"])
    assert first != second
    assert body.pop("messages") == [
        {"role": "system", "content": "Be < |im_end|> short."},
        {"role": "user", "content": "Prices?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": first,
                    "type": "function",
                    "function": {"name": "price", "arguments": '{"asset": "BTC"}'},
                },
                {
                    "id": second,
                    "type": "function",
                    "function": {"name": "gain", "arguments": "{}"},
                },
            ],
            "reasoning_content": "Let me look.",
        },
        {"role": "tool", "content": "1", "tool_call_id": first},
        {"role": "tool", "content": "2", "tool_call_id": second},
        {"role": "assistant", "content": "So"},
    ]
    assert [one["function"]["name"] for one in body.pop("tools")] == ["price", "gain"]
    assert body == {
        "model": "m",
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "top_k": 20,
        "top_p": 0.9,
        "min_p": 0.05,
        "seed": 7,
        "presence_penalty": 0.5,
        "repeat_penalty": 1.1,
        "repetition_penalty": 1.1,
        "tool_choice": {"type": "function", "function": {"name": "price"}},
        "parallel_tool_calls": False,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
        },
        "stop": ["END"],
        "max_tokens": 9,
        "logprobs": True,
        "top_logprobs": 3,
        "logit_bias": {"5": -1.0},
        "chat_template_kwargs": {"enable_thinking": False},
        "thinking_budget_tokens": 64,
        "continue_final_message": True,
        "add_generation_prompt": False,
        "return_progress": True,
    }


def test_what_is_not_asked_for_is_not_in_the_body(connect: Connect) -> None:
    chat, server = connect(streams(END))
    list(chat.chat(replace(HELLO, schema={}, sampling=replace(HELLO.sampling, seed=None))))
    body = json.loads(server.asked[0].body)
    assert body.pop("response_format") == {"type": "json_object"}
    assert set(body) == {
        "model", "messages", "stream", "stream_options", "temperature", "top_k", "top_p", "min_p"
    }  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 100])
def test_thoughts_in_the_text_are_told_apart_however_it_is_cut(connect: Connect, size: int) -> None:
    whole = "<think>\nTwo < three.\n</think>\n\nIt is <b>4</b>.</think> So.  "
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    parts = answered(connect, streams(*(delta(content=one) for one in pieces), END))
    assert parts == [ThinkPart("Two < three."), TextPart("It is <b>4</b>. So.")]


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_thoughts_told_apart_by_the_server(connect: Connect, name: str) -> None:
    chunks = [delta(**{name: one, "content": None}) for one in ("\nHm", "m. ", "Yes.\n")]
    parts = answered(connect, streams(*chunks, delta(content="\n\nFour."), END))
    assert parts == [ThinkPart("Hmm. Yes."), TextPart("Four.")]


def test_calls_come_as_soon_as_they_are_complete(connect: Connect) -> None:
    parts = answered(
        connect,
        streams(
            delta(content="Let me see.\n"),
            call(0, "", "price", "a"),
            call(0, '{"at": 0.1'),
            call(0, "}"),
            call(1, '{"year": 2026}', "gain", "b"),
            delta("tool_calls"),
        ),
        ASKED,
    )
    assert parts == [
        TextPart("Let me see."),
        CallPart("price", {"at": Decimal("0.1")}, '{"name": "price", "arguments": {"at": 0.1}}'),
        CallPart("gain", {"year": 2026}, '{"name": "gain", "arguments": {"year": 2026}}'),
    ]


@pytest.mark.parametrize("index", [0, None])
def test_calls_that_share_a_number_differ_by_their_ids(connect: Connect, index: int | None) -> None:
    parts = answered(
        connect, streams(call(index, "{}", "price", "a"), call(index, "", "gain", "b"), END), ASKED
    )
    assert [part.name for part in parts if isinstance(part, CallPart)] == ["price", "gain"]


def test_a_name_that_is_repeated_is_one_name(connect: Connect) -> None:
    chunks = (call(0, "{", "price", "a"), call(0, "}", "price", "a"))
    assert answered(connect, streams(*chunks, END), ASKED) == [
        CallPart("price", {}, '{"name": "price", "arguments": {}}')
    ]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("price", "[1]"),
        ("price", "{"),
        ("price", '{"a": NaN}'),
        ("price", '{}, "name": "gain"'),
        ("price", "[" * 50_000),
        ("price", '{"a": ' + "9" * 5000 + "}"),
        ("delete_everything", "{}"),
        ("", "{}"),
    ],
)
def test_what_is_no_call_of_an_offered_tool_is_a_bad_call(
    connect: Connect, name: str, arguments: str
) -> None:
    (part,) = answered(connect, streams(call(0, arguments, name, "a"), END), ASKED)
    assert isinstance(part, BadCallPart)


def test_a_call_nobody_offered_a_tool_for_is_a_bad_call(connect: Connect) -> None:
    (part,) = answered(connect, streams(call(0, "{}", "price", "a"), END))
    assert isinstance(part, BadCallPart)


def test_log_probabilities(connect: Connect) -> None:
    top = {"token": "é", "bytes": [195, 169], "logprob": -0.25, "id": 9}
    one = top | {"top_logprobs": [top, {"token": "e", "bytes": None, "logprob": -2}]}
    chunk = delta(content="é")
    chunk["choices"][0]["logprobs"] = {"content": [one]}
    chat, _ = connect(streams(chunk, END))
    answer = chat.chat(replace(HELLO, logprobs=2))
    list(answer)
    (found,) = answer.logprobs
    assert (found.token, found.piece, found.logprob) == (9, b"\xc3\xa9", -0.25)
    assert found.top == ((9, b"\xc3\xa9", -0.25), (-1, b"e", -2.0))


def test_progress_of_the_prompt(connect: Connect) -> None:
    progress = {"prompt_progress": {"total": 100, "processed": 50, "cache": 0}, "choices": []}
    chat, _ = connect(streams(progress, *GOOD, END))
    seen: list[tuple[int, int]] = []
    list(chat.chat(HELLO, lambda done, total: seen.append((done, total))))
    assert seen == [(50, 100)]


def test_a_cut_by_the_limit_is_told_and_tokens_are_counted_without_usage(connect: Connect) -> None:
    chat, _ = connect(streams(*GOOD, delta("length")))
    answer = chat.chat(HELLO)
    list(answer)
    assert answer.stats is not None
    assert (answer.stats.finish, answer.stats.tokens, answer.stats.prompt_tokens) == (
        "length",
        2,
        0,
    )


BODY = sse(*GOOD, END)


@pytest.mark.parametrize(
    "pieces",
    [
        [b": ping\n\n", BODY, b":\n\n", DONE],
        [b"\n\n", b"event: message\nid: 1\nretry: 5\n", BODY, DONE],
        [sse(*GOOD, END, end="\r\n\r\n"), b"data: [DONE]\r\n\r\n"],
        [sse(*GOOD, END, end="\n"), b"data: [DONE]"],
        [BODY.replace(b"data: ", b"data:"), b"data:[DONE]"],
        [BODY],
        [sse(*GOOD), DONE],
        [BODY.rstrip()],
        [BODY, DONE, b"data: after the end is nothing\n\n"],
        [bytes([one]) for one in BODY + DONE],
    ],
)
def test_streams_in_every_spelling(connect: Connect, pieces: list[bytes]) -> None:
    assert answered(connect, raw(pieces)) == [TextPart("Good day.")]


def test_a_server_that_does_not_stream(connect: Connect) -> None:
    message = {"role": "assistant", "content": "Good day.", "reasoning_content": "Hm."}
    whole = {
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 3},
    }
    pieces = [json.dumps(whole).encode()]
    parts = answered(connect, raw(pieces, "application/json"))
    assert parts == [ThinkPart("Hm."), TextPart("Good day.")]


def test_the_size_of_a_prompt_is_learned_from_what_the_server_counts(connect: Connect) -> None:
    chat, _ = connect(streams(*GOOD, END, usage(100, 2)))
    before = chat.tokens(HELLO)
    assert 20 < before < 150
    list(chat.chat(HELLO))
    assert chat.tokens(HELLO) == 100
    longer = replace(HELLO, messages=(PromptMessage("user", "Hello" * 500),))
    assert chat.tokens(longer) > 500


def test_tools_that_are_only_told_of_are_not_to_be_called() -> None:
    body = request_body(replace(HELLO, tools=TOOLS, tool_choice="told"), "m")
    assert body["tool_choice"] == "none"
