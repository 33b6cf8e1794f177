"""Model servers that refuse, break off, hang, talk nonsense or mean ill."""

import json
import threading
import time
from dataclasses import replace

import pytest

from engine.core.errors import KnownError
from engine.core.exchange import Limits
from engine.model.generation import ContextFull
from engine.model.parsing import Part, TextPart
from engine.model.remote import client as remote
from tests.engine.loopback import Handler, Log
from tests.engine.model.openai_server import (
    DONE,
    Answer,
    call,
    delta,
    fails,
    raw,
    sse,
    streams,
)
from tests.engine.model.remote.test_remote_answers import ASKED, END, GOOD
from tests.engine.model.remote_setup import HELLO, Connect, answered, connect, log, told

__all__ = ["connect", "log"]


def _error(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", **more}}


# Refusals.


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, _error("Invalid API Key"), "home does not accept the key."),
        (403, {"detail": "Forbidden"}, "home does not accept the key."),
        (404, _error("The model `m` does not exist."), "home has no model called 'm'."),
        (404, {"error": "model 'm' not found, try pulling it"}, "home has no model called 'm'."),
        (404, {"detail": "Not Found"}, "home did not accept the request (404): “Not Found”."),
        (404, "<html>", "is no OpenAI-compatible model server."),
        (405, "", "is no OpenAI-compatible model server."),
        (302, "", "is no OpenAI-compatible model server."),
        (413, "", "The conversation is too long for home."),
        (429, _error("slow down"), "home has been asked too often."),
        (503, _error("Loading model"), "home is still loading its model."),
        (500, _error("a\nb\x1b[31m"), "home has trouble of its own (500): “a b [31m”."),
        (502, "<html>", "home has trouble of its own (502)."),
        (400, _error("x" * 5000), "home did not accept the request (400): “xxx"),
        (400, _error(["no text"]), "home did not accept the request (400)."),  # type: ignore[arg-type]
    ],
)
def test_a_refusal_is_one_sentence(
    connect: Connect, log: Log, status: int, body: object, sentence: str
) -> None:
    error = told(connect, fails(status, body))
    assert sentence in error.sentence
    assert len(str(error)) < 500
    assert log.outcomes == [str(status)]


@pytest.mark.parametrize(
    ("error", "tokens", "n_ctx"),
    [
        (
            _error("", type="exceed_context_size_error", n_prompt_tokens=9000, n_ctx=4096),
            9000,
            4096,
        ),
        (
            _error(
                "This model's maximum context length is 4096 tokens. However, you requested 5010 "
                "tokens (5000 in the messages, 10 in the completion)."
            ),
            5000,
            4096,
        ),
    ],
)
def test_a_conversation_that_is_too_long(
    connect: Connect, error: dict[str, object], tokens: int, n_ctx: int
) -> None:
    full = told(connect, fails(400, error))
    assert isinstance(full, ContextFull)
    assert (full.prompt_tokens, full.n_ctx) == (tokens, n_ctx)
    assert isinstance(told(connect, streams(error)), ContextFull)


def test_a_server_that_knows_less_is_asked_for_less_and_that_is_remembered(
    connect: Connect,
) -> None:
    def answer(handler: Handler) -> None:
        body = json.loads(handler.body)
        if "top_k" in body:
            fails(400, _error("Unrecognized request argument supplied: top_k"))(handler)
        elif "max_tokens" in body:
            fails(400, _error("Use 'max_completion_tokens' instead."))(handler)
        else:
            streams(*GOOD, END)(handler)

    chat, server = connect(answer)
    request = replace(HELLO, max_tokens=7)
    assert list(chat.chat(request))
    assert list(chat.chat(request))
    bodies = [json.loads(asked.body) for asked in server.asked]
    assert len(bodies) == 4
    for body in bodies[2:]:
        assert body["max_completion_tokens"] == 7
        assert not {"top_k", "min_p", "max_tokens", "stream_options"} & body.keys()
        assert body["temperature"] == 0.5


def test_it_does_not_ask_for_less_for_ever(connect: Connect) -> None:
    chat, server = connect(fails(400, _error("max_completion_tokens top_k temperature")))
    with pytest.raises(KnownError):
        list(chat.chat(replace(HELLO, max_tokens=7)))
    assert len(server.asked) <= 3


def test_a_grammar_is_never_left_out(connect: Connect) -> None:
    chat, server = connect(fails(400, _error("grammar is not supported")))
    with pytest.raises(KnownError):
        list(chat.chat(replace(HELLO, grammar='root ::= "a"')))
    assert len(server.asked) == 1


# What may not be sent.


def test_the_portfolio_is_not_sent_unless_allowed(connect: Connect) -> None:
    chat, server = connect(streams(*GOOD, END), private=True)
    with pytest.raises(KnownError, match="home may not see; nothing was sent") as caught:
        chat.chat(HELLO)
    assert "assay endpoints allow home" in caught.value.hint
    assert server.asked == []
    allowed, _ = connect(streams(*GOOD, END), private=True, may_send_portfolio=True)
    assert list(allowed.chat(HELLO))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"on": False}, "switched off"), ({"model": ""}, "No model")],
)
def test_nothing_is_sent_to_one_that_is_off_or_without_a_model(
    connect: Connect, changes: dict[str, object], sentence: str
) -> None:
    chat, server = connect(streams(*GOOD, END), **changes)
    with pytest.raises(KnownError, match=sentence):
        chat.chat(HELLO)
    assert server.asked == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_conversation_does_not_follow_to_another_place(connect: Connect, status: int) -> None:
    _, other = connect(streams(*GOOD, END))
    chat, _ = connect(lambda handler: handler.reply(status, Location=other.url), key="SECRET")
    with pytest.raises(KnownError):
        list(chat.chat(HELLO))
    assert other.asked == []


# Streams that end badly. What came before is kept.


@pytest.mark.parametrize(
    ("pieces", "sentence"),
    [
        ([sse(*GOOD)], "The answer of home broke off."),
        ([sse(*GOOD), b'data: {"choi'], "cannot be read"),
        ([sse(*GOOD), sse(_error("out of memory"))], "home broke off its answer: “out of memory”."),
        ([sse(*GOOD), sse({"error": "boom"})], "home broke off its answer: “boom”."),
        ([sse(*GOOD), b'error: {"message": "boom"}\n\n'], "broke off its answer: “boom”."),
        ([sse(*GOOD), b"data: <html>\n\n"], "cannot be read"),
        ([sse(*GOOD), b"data: [1]\n\n"], "cannot be read"),
        ([sse(*GOOD), b"data: \xff\xfe\n\n"], "cannot be read"),
        ([sse(*GOOD), b"data: " + b"[" * 100_000 + b"\n\n"], "cannot be read"),
        ([sse(*GOOD), b'data: {"a": ' + b"9" * 5000 + b"}\n\n"], "cannot be read"),
        ([sse(*GOOD), b"data: " + b"x" * (5 << 20)], "cannot be read"),
        ([sse(*GOOD), sse({"hello": "world"})], "cannot be read"),
    ],
)
def test_a_broken_stream_is_told_after_what_came(
    connect: Connect, pieces: list[bytes], sentence: str
) -> None:
    chat, _ = connect(raw(pieces))
    parts: list[Part] = []
    with pytest.raises(KnownError) as caught:
        parts.extend(chat.chat(HELLO))
    assert sentence in caught.value.sentence
    assert parts[0] == TextPart("Good")


def test_silence_ends_in_time(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "CHAT", Limits(0.1, silence=0.2, total=None))
    assert told(connect, _hangs).sentence == "127.0.0.1 did not answer in time."
    assert told(connect, _speaks_then_hangs).sentence == "127.0.0.1 did not answer in time."


def test_a_connection_cut_in_the_middle(connect: Connect, log: Log) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nfff\r\n" + sse(*GOOD)
        )
        handler.close_connection = True

    assert told(connect, answer).sentence == "The answer of 127.0.0.1 broke off."
    assert log.outcomes == ["The answer of 127.0.0.1 broke off."]


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/octet-stream", ""])
def test_another_kind_of_server_is_told(connect: Connect, kind: str) -> None:
    error = told(connect, raw([b"<html>"], kind))
    assert "no OpenAI-compatible model server" in error.sentence


def test_json_that_is_no_answer_is_told(connect: Connect) -> None:
    for body in (b"[]", b"{", b'{"ok": true}'):
        assert "cannot be read" in told(connect, raw([body], "application/json")).sentence


# Hostile.


def _endless(chunk: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        while not handler.server.released.is_set():
            handler.wfile.write(chunk)

    return answer


@pytest.mark.alone
@pytest.mark.parametrize(
    "chunk",
    [
        sse(delta(content="x" * 1_000_000)),
        sse(delta(reasoning="x" * 1_000_000)),
        sse(call(0, "x" * 1_000_000, "price", "a")),
        b"data: " + b"x" * 1_000_000,
        (b": " + b"x" * 10_000 + b"\n") * 100,
    ],
)
def test_an_answer_without_end_ends(connect: Connect, chunk: bytes) -> None:
    began = time.monotonic()
    error = told(connect, _endless(chunk), ASKED)
    assert "cannot be read" in error.sentence or "more than" in error.sentence
    assert time.monotonic() - began < 20


def test_many_calls_end(connect: Connect) -> None:
    chunks = [call(index, "{}", "price", str(index)) for index in range(100)]
    assert "cannot be read" in told(connect, streams(*chunks, END), ASKED).sentence


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": None},
        {"choices": [None]},
        {"choices": [{"index": 1, "delta": {"content": "other"}}]},
        {"choices": [{"delta": None, "finish_reason": None}]},
        {"choices": [{"delta": [1]}]},
        {"choices": [{"delta": {"content": 5, "reasoning": {}, "tool_calls": "x"}}]},
        {"choices": [{"delta": {"tool_calls": [None, 3]}}]},
        {"choices": [{"delta": {"content": "", "role": "system"}, "logprobs": 5}]},
        {"choices": [], "usage": {"prompt_tokens": -5, "completion_tokens": "many"}},
        {"choices": [], "usage": {"prompt_tokens": True, "prompt_tokens_details": 1e400}},
        {"choices": [], "prompt_progress": {"total": 10**30, "processed": []}},
    ],
)
def test_fields_of_wrong_kinds_are_nothing(connect: Connect, chunk: object) -> None:
    chat, _ = connect(streams(*GOOD, chunk, END))
    answer = chat.chat(HELLO, lambda done, total: None)
    said = [part.text for part in answer if isinstance(part, TextPart)]
    assert "".join(said) == "Good day."
    assert answer.stats is not None
    assert answer.stats.prompt_tokens in (0, 1)


@pytest.mark.parametrize("raw_bytes", [[256], [-1], ["a"], [1.5]])
def test_bytes_that_are_none_are_told(connect: Connect, raw_bytes: object) -> None:
    chunk = delta(content="a")
    chunk["choices"][0]["logprobs"] = {"content": [{"bytes": raw_bytes, "logprob": -1}]}
    assert "cannot be read" in told(connect, streams(chunk, END)).sentence


def test_a_probability_that_no_number_can_be_is_told(connect: Connect) -> None:
    chunk = delta(content="a")
    chunk["choices"][0]["logprobs"] = {"content": [{"token": "a", "logprob": -(10**400)}]}
    assert "cannot be read" in told(connect, streams(chunk, END)).sentence


def test_half_characters_become_whole_ones(connect: Connect) -> None:
    chunk = b'data: {"choices": [{"delta": {"content": "a\\ud800b"}}]}\n\n'
    (part,) = answered(connect, raw([chunk, sse(END), DONE]))
    assert isinstance(part, TextPart)
    assert part.text.encode("utf-8")
    assert (part.text[0], part.text[-1]) == ("a", "b")


# Stopping.


def _hangs(handler: Handler) -> None:
    handler.server.released.wait(10)


def _speaks_then_hangs(handler: Handler) -> None:
    raw([sse(*GOOD)])(handler)
    handler.server.released.wait(10)


@pytest.mark.alone
@pytest.mark.parametrize("answer", [_hangs, _speaks_then_hangs])
def test_a_stop_ends_it_at_once(connect: Connect, log: Log, answer: Answer) -> None:
    chat, _ = connect(answer)
    coming = chat.chat(HELLO)
    stopped: list[float] = []

    def stop() -> None:
        stopped.append(time.monotonic())
        coming.cancel()

    threading.Timer(0.15, stop).start()
    list(coming)
    assert time.monotonic() - stopped[0] < 0.1
    assert coming.stats is not None
    assert coming.stats.finish == "cancelled"
    assert log.outcomes == ["stopped"]


def test_a_stop_before_the_first_part_sends_nothing(connect: Connect) -> None:
    chat, server = connect(streams(*GOOD, END))
    coming = chat.chat(HELLO)
    coming.cancel()
    assert list(coming) == []
    assert coming.stats is not None
    assert coming.stats.finish == "cancelled"
    assert server.asked == []


def test_the_server_notices_a_stop(connect: Connect) -> None:
    gone = threading.Event()

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        try:
            while not handler.server.released.wait(0.01):
                handler.wfile.write(sse(delta(content="more ")))
        finally:
            gone.set()

    chat, _ = connect(answer)
    coming = chat.chat(HELLO)
    next(coming)
    coming.cancel()
    assert gone.wait(60)


def test_an_answer_nobody_reads_ends(connect: Connect, log: Log) -> None:
    chat, _ = connect(_speaks_then_hangs)
    coming = chat.chat(HELLO)
    next(coming)
    del coming
    for thread in threading.enumerate():
        if thread.name == "net":
            thread.join(60)
    assert log.outcomes == ["stopped"]
