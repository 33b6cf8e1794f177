"""The server over a real model in a real child: the starter, asked as known clients ask."""

import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from openai import OpenAI

from engine.model.client import LoadOptions, ModelClient
from engine.model.registry import starter_path
from engine.net import listen
from engine.server import RunningServer, ServerOptions
from engine.server.local import LocalBackend
from tests.engine.server.conftest import Caller
from tests.engine.server.scripted import KEY

QUESTION: Any = [{"role": "user", "content": "What is a stop-loss order?"}]


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    client = ModelClient(lambda state, notice: None)
    client.load(starter_path(), LoadOptions(n_ctx=1024, sequences=2))
    backend = LocalBackend(lambda: client, lambda: False)
    server = RunningServer(backend, ServerOptions(KEY), listen("127.0.0.1", 0))
    server.start()
    yield Caller(server)
    server.close()
    client.close()


@pytest.fixture
def client(caller: Caller) -> Iterator[OpenAI]:
    with caller.client() as client:
        yield client


def test_stream_and_whole_are_the_same(client: OpenAI) -> None:
    asked: Any = {"model": "m", "messages": QUESTION, "temperature": 0, "max_tokens": 40}
    whole = client.chat.completions.create(**asked)
    assert whole.choices[0].message.content
    pieces = [
        chunk.choices[0].delta.content or ""
        for chunk in client.chat.completions.create(**asked, stream=True)
    ]
    assert "".join(pieces) == whole.choices[0].message.content
    assert len(pieces) > 4


def test_the_same_seed_says_the_same(client: OpenAI) -> None:
    free = {"top_k": 0, "min_p": 0.0}
    asked: Any = {"model": "m", "prompt": "Bitcoin", "temperature": 2, "top_p": 1}
    texts = [
        client.completions.create(**asked, seed=seed, extra_body=free).choices[0].text
        for seed in (7, 7, 8)
    ]
    assert texts[0] == texts[1] != texts[2]


def test_an_answer_of_a_schema(client: OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {
            "kind": {"enum": ["buy", "sell"]},
            "share": {"type": "integer", "minimum": 0, "maximum": 100},
        },
        "required": ["kind", "share"],
        "additionalProperties": False,
    }
    form: Any = {"type": "json_schema", "json_schema": {"name": "order", "schema": schema}}
    answer = client.chat.completions.create(
        model="m", messages=QUESTION, response_format=form, max_tokens=80, temperature=0
    )
    value = json.loads(answer.choices[0].message.content or "")
    assert value["kind"] in ("buy", "sell")
    assert 0 <= value["share"] <= 100


def test_a_schema_that_cannot_be_kept(caller: Caller) -> None:
    reply = caller.chat(response_format={"type": "json_object", "schema": {"type": "hiccup"}})
    assert (reply.status, reply.error["type"]) == (400, "invalid_request_error")


def test_a_call_that_is_required(client: OpenAI) -> None:
    tool: Any = {
        "type": "function",
        "function": {
            "name": "price",
            "parameters": {
                "type": "object",
                "properties": {"coin": {"enum": ["BTC", "ETH"]}},
                "required": ["coin"],
            },
        },
    }
    answer = client.chat.completions.create(
        model="m", messages=QUESTION, tools=[tool], tool_choice="required", max_tokens=120,
        temperature=0, parallel_tool_calls=False,
    )  # fmt: skip
    (call,) = answer.choices[0].message.tool_calls or ()
    assert call.type == "function"
    assert call.function.name == "price"
    assert json.loads(call.function.arguments)["coin"] in ("BTC", "ETH")
    assert answer.choices[0].finish_reason == "tool_calls"


def test_logprobs_add_up_to_the_text(client: OpenAI) -> None:
    answer = client.completions.create(
        model="m", prompt="Bitcoin is", max_tokens=12, temperature=0, logprobs=3
    )
    logprobs: Any = answer.choices[0].logprobs
    assert "".join(logprobs.tokens) == answer.choices[0].text
    assert all(value <= 0 for value in logprobs.token_logprobs)
    assert all(max(top.values()) <= 0 and len(top) == 3 for top in logprobs.top_logprobs)


def test_the_second_question_is_read_faster(client: OpenAI) -> None:
    asked: Any = {"model": "m", "messages": QUESTION, "max_tokens": 1}
    client.chat.completions.create(**asked)
    usage = client.chat.completions.create(**asked).usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == usage.prompt_tokens - 1


def test_a_prompt_that_is_too_long(caller: Caller) -> None:
    reply = caller.chat(messages=[{"role": "user", "content": "Bitcoin " * 3000}], stream=True)
    assert (reply.status, reply.error["type"]) == (400, "exceed_context_size_error")
    assert reply.error["n_prompt_tokens"] > reply.error["n_ctx"] == 1024


LONG = {"role": "user", "content": "a" * 7_900_000}
DENSE = {"role": "user", "content": "ab" * 60_000}


@pytest.mark.alone
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": [LONG]}),
        ("/v1/chat/completions", {"messages": [DENSE], "stream": True}),
        ("/v1/chat/completions/input_tokens", {"messages": [LONG]}),
        ("/v1/completions", {"prompt": LONG["content"]}),
        ("/completion", {"prompt": DENSE["content"]}),
        ("/v1/embeddings", {"input": ["a", LONG["content"]]}),
        ("/tokenize", {"content": LONG["content"]}),
    ],
)
def test_far_too_long_is_refused_before_it_is_taken_apart(
    caller: Caller, path: str, body: Any
) -> None:
    started = time.monotonic()
    reply = caller.ask("POST", path, body)
    assert (reply.status, reply.error["type"]) == (400, "exceed_context_size_error")
    assert reply.error["n_prompt_tokens"] > reply.error["n_ctx"] == 1024
    assert "at least" in reply.error["message"]
    assert time.monotonic() - started < 3.0  # to take it apart lasts ten times as long


def test_tokens_come_back_as_text(caller: Caller) -> None:
    text = "Zürich 媽 🤗 <think>"
    tokens = caller.ask("POST", "/tokenize", {"content": text}).json["tokens"]
    assert caller.ask("POST", "/detokenize", {"tokens": tokens}).json == {"content": text}
    body = {"content": text, "with_pieces": True}
    pieces = [one["piece"] for one in caller.ask("POST", "/tokenize", body).json["tokens"]]
    assert "<think>" in pieces
    parts = [one for one in pieces if isinstance(one, list)]  # of characters, as numbers
    assert parts
    whole = b"".join(bytes(one) if isinstance(one, list) else one.encode() for one in pieces)
    assert whole.decode() == text


def test_vectors_of_a_chat_model(client: OpenAI) -> None:
    answer = client.embeddings.create(model="m", input=["Bitcoin", "Bitcoin", "tax"])
    first, same, other = (one.embedding for one in answer.data)
    assert first == same != other


def test_a_text_that_is_too_long_for_a_vector(caller: Caller) -> None:
    reply = caller.ask("POST", "/v1/embeddings", {"input": ["short", "Bitcoin " * 1100]})
    error = reply.error
    assert (reply.status, error["type"]) == (400, "exceed_context_size_error")
    assert (error["param"], error["n_ctx"]) == ("input", 1024)
    assert error["message"].endswith(" and a text to make a vector of may have 1,024.")


def test_what_open_webui_asks(caller: Caller) -> None:
    (model,) = caller.ask("GET", "/v1/models").json["data"]
    reply = caller.ask(
        "POST",
        "/v1/chat/completions",
        {
            "model": model["id"], "messages": QUESTION, "stream": True, "user": "someone",
            "stream_options": {"include_usage": True}, "max_tokens": 8, "chat_id": "5",
            "metadata": {"a": 1}, "tools": None, "features": {"web_search": False},
        },
    )  # fmt: skip
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.events[-2]["usage"]["completion_tokens"] == 8
    assert reply.events[-1] == "[DONE]"


def test_what_langchain_asks(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="m", messages=[{"role": "system", "content": "Be brief."}, *QUESTION], n=1,
        logprobs=False, max_completion_tokens=8, temperature=0.7, user="u", stop=None,
    )  # fmt: skip
    assert answer.choices[0].logprobs is None
    assert answer.usage is not None
    assert answer.usage.completion_tokens <= 8


def test_going_away_frees_the_model(
    caller: Caller, client: OpenAI, caplog: pytest.LogCaptureFixture
) -> None:
    # asyncio warns if more is written before it knows that nobody reads.
    caplog.set_level(logging.ERROR, logger="asyncio")
    stream = client.chat.completions.create(
        model="m", messages=QUESTION, stream=True, extra_body={"ignore_eos": True}
    )
    next(iter(stream))
    stream.close()
    deadline = time.monotonic() + 60
    while caller.server.busy and time.monotonic() < deadline:
        time.sleep(0.01)
    assert caller.server.busy == 0
