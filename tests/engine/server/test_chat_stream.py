"""/v1/chat/completions as a stream: order, figures, silence, and clients that go away."""

import http.client
import json
import time
from typing import Any

import openai
import pytest
from openai import OpenAI

from engine.model.generation import ContextFull
from engine.model.parsing import CallPart, TextPart, ThinkPart
from tests.engine.server.conftest import Caller, Serve
from tests.engine.server.scripted import KEY, Read, ScriptedBackend, Wait

QUESTION: Any = [{"role": "user", "content": "Hi"}]


def test_the_order_of_a_stream(caller: Caller, backend: ScriptedBackend) -> None:
    call = CallPart("weather", {"city": "Bern"}, "raw")
    backend.steps = [ThinkPart("Hm."), TextPart("Look"), TextPart(" here"), call, call]
    events = caller.chat(stream=True, stream_options={"include_usage": True}).events
    assert events[-1] == "[DONE]"
    chunks = events[:-1]
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
    assert deltas[:4] == [
        {"role": "assistant", "content": None},
        {"reasoning_content": "Hm."},
        {"content": "Look"},
        {"content": " here"},
    ]
    first, arguments, second, _ = (delta["tool_calls"][0] for delta in deltas[4:8])
    assert (first["index"], first["type"], first["function"]["name"]) == (0, "function", "weather")
    assert first["id"].startswith("call-")
    assert arguments == {"index": 0, "function": {"arguments": '{"city": "Bern"}'}}
    assert second["index"] == 1
    assert deltas[8] == {}
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]]
    assert reasons == [None] * 8 + ["tool_calls"]
    last = chunks[-1]
    assert last["choices"] == []
    assert last["usage"]["prompt_tokens_details"] == {"cached_tokens": 4}
    assert last["timings"]["predicted_n"] == 5


def test_without_asking_there_are_no_figures(caller: Caller) -> None:
    events = caller.chat(stream=True).events
    assert all("usage" not in chunk for chunk in events[:-1])
    assert all(chunk["choices"] for chunk in events[:-1])


def test_openais_client_reads_it(client: OpenAI, backend: ScriptedBackend) -> None:
    backend.steps = [TextPart("One"), CallPart("f", {"x": 1}, "")]
    with client.chat.completions.stream(model="m", messages=QUESTION) as stream:
        stream.until_done()
        answer = stream.get_final_completion()
    assert answer.choices[0].message.content == "One"
    calls: Any = answer.choices[0].message.tool_calls
    assert calls[0].function.arguments == '{"x": 1}'
    assert answer.choices[0].finish_reason == "tool_calls"


def test_several_answers_in_one_stream(client: OpenAI) -> None:
    texts = {0: "", 1: ""}
    for chunk in client.chat.completions.create(model="m", messages=QUESTION, n=2, stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts == {0: "Hello there", 1: "Hello there"}


def test_logprobs_come_with_their_text(client: OpenAI) -> None:
    told = ""
    stream = client.chat.completions.create(
        model="m", messages=QUESTION, stream=True, logprobs=True, top_logprobs=2
    )
    for chunk in stream:
        choice = chunk.choices[0]
        if choice.delta.content:
            assert choice.logprobs is not None
            (token,) = choice.logprobs.content or ()
            assert len(token.top_logprobs) == 2
            told += token.token
    assert told == "Hello there"


def test_what_fails_at_once_is_no_stream(client: OpenAI, backend: ScriptedBackend) -> None:
    backend.steps = [ContextFull(900, 512)]
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="m", messages=QUESTION, stream=True)


def test_what_fails_later_is_told_in_the_stream(client: OpenAI, backend: ScriptedBackend) -> None:
    backend.steps = [TextPart("He"), ContextFull(900, 512)]
    with pytest.raises(openai.APIError, match="900"):
        list(client.chat.completions.create(model="m", messages=QUESTION, stream=True))


def test_silence_is_filled(serve: Serve) -> None:
    backend = ScriptedBackend(steps=[Wait(0.5), TextPart("At last")])
    reply = serve(backend, keep_alive_seconds=0.1).chat(stream=True)
    assert reply.data.count(b": still working\n\n") >= 3
    assert reply.events[1]["choices"][0]["delta"] == {"content": "At last"}


def test_progress_of_the_prompt(caller: Caller, backend: ScriptedBackend) -> None:
    backend.steps = [Read(4, 9), Read(9, 9), TextPart("A")]
    events = caller.chat(stream=True, return_progress=True).events
    told = [chunk["prompt_progress"] for chunk in events[:-1] if "prompt_progress" in chunk]
    assert told == [
        {"total": 9, "cache": 4, "processed": 4},
        {"total": 9, "cache": 4, "processed": 9},
    ]
    assert all("prompt_progress" not in chunk for chunk in caller.chat(stream=True).events[:-1])


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("before", [[], [TextPart("A")]])
def test_a_client_that_goes_away_ends_the_answer(
    caller: Caller, backend: ScriptedBackend, stream: bool, before: list[TextPart]
) -> None:
    backend.steps = [*before, Wait(15.0), TextPart("never")]
    connection = http.client.HTTPConnection("127.0.0.1", caller.port, timeout=10)
    body = json.dumps({"messages": QUESTION, "stream": stream})
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/chat/completions", body, headers)
    assert backend.began.wait(60)
    time.sleep(0.05)
    connection.sock.close()
    connection.close()
    deadline = time.monotonic() + 3
    while not backend.answers[0].cancelled_in_silence and time.monotonic() < deadline:
        time.sleep(0.01)
    assert backend.answers[0].cancelled_in_silence
    assert caller.server.busy == 0 or time.sleep(0.2) is None
    assert caller.server.busy == 0


@pytest.mark.alone
def test_stopping_the_server_ends_answers(serve: Serve) -> None:
    backend = ScriptedBackend(steps=[TextPart("A"), Wait(15.0)])
    caller = serve(backend)
    connection = http.client.HTTPConnection("127.0.0.1", caller.port, timeout=10)
    body = json.dumps({"messages": QUESTION, "stream": True})
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/chat/completions", body, headers)
    response = connection.getresponse()
    response.readline()
    started = time.monotonic()
    caller.server.close()
    assert time.monotonic() - started < 3
    assert b"unavailable_error" in response.read()
    connection.close()


def test_too_many_requests(serve: Serve) -> None:
    backend = ScriptedBackend(steps=[Wait(15.0)])
    caller = serve(backend, running=1, waiting=1)
    open_ones = []
    for _ in range(2):
        connection = http.client.HTTPConnection("127.0.0.1", caller.port, timeout=10)
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        body = json.dumps({"messages": QUESTION})
        connection.request("POST", "/v1/chat/completions", body, headers)
        open_ones.append(connection)
    assert backend.began.wait(60)
    time.sleep(0.1)
    reply = caller.chat()
    assert (reply.status, reply.error["type"]) == (503, "unavailable_error")
    assert len(backend.asked) == 1
    for connection in open_ones:
        connection.close()
