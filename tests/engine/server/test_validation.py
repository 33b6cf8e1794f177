"""Requests that are wrong: each a status, a type and a sentence that names the member."""

from typing import Any

import pytest

from engine.model.parsing import TextPart
from tests.engine.server.conftest import Caller, Serve
from tests.engine.server.scripted import ScriptedBackend

BAD_CALL = {"function": {"name": "f", "arguments": "["}}
CALL, PART = "messages[0].tool_calls[0]", "messages[0].content[0]"
WRONG_MEMBERS: list[tuple[dict[str, Any], str]] = [
    ({"messages": None}, "messages"),
    ({"messages": []}, "messages"),
    ({"messages": "Hi"}, "messages"),
    ({"messages": [5]}, "messages[0]"),
    ({"messages": [{}]}, "messages[0].role"),
    ({"messages": [{"role": 5}]}, "messages[0].role"),
    ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "user"}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, PART + ".type"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, PART + ".text"),
    ({"messages": [{"role": "user", "content": "\ud800"}]}, "messages[0].content"),
    ({"messages": [{"role": "assistant"}]}, "messages[0].content"),
    ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, CALL + ".function"),
    ({"messages": [{"role": "assistant", "tool_calls": [BAD_CALL]}]}, CALL + ".function"),
    ({"messages": [{"role": "assistant", "content": "A"}] * 2}, "messages"),
    ({"stream": "yes"}, "stream"),
    ({"n": 0}, "n"),
    ({"n": 17}, "n"),
    ({"n": True}, "n"),
    ({"max_tokens": -2}, "max_tokens"),
    ({"max_tokens": 1.5}, "max_tokens"),
    ({"max_completion_tokens": "9"}, "max_completion_tokens"),
    ({"temperature": -0.1}, "temperature"),
    ({"temperature": "hot"}, "temperature"),
    ({"temperature": 10**400}, "temperature"),
    ({"top_p": 1.1}, "top_p"),
    ({"min_p": True}, "min_p"),
    ({"presence_penalty": 3}, "presence_penalty"),
    ({"seed": "x"}, "seed"),
    ({"stop": 5}, "stop"),
    ({"stop": ["a"] * 17}, "stop"),
    ({"stop": "x" * 501}, "stop"),
    ({"logit_bias": [5]}, "logit_bias"),
    ({"logit_bias": {"5": "x"}}, "logit_bias"),
    ({"logit_bias": [[[], 1]]}, "logit_bias"),
    ({"logprobs": 5}, "logprobs"),
    ({"top_logprobs": 5}, "top_logprobs"),
    ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
    ({"tools": {}}, "tools"),
    ({"tools": [{"type": "magic"}]}, "tools[0].type"),
    ({"tools": [{"type": "function"}]}, "tools[0].function"),
    ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
    ({"tools": [{"function": {"name": "f"}}] * 2}, "tools"),
    ({"tool_choice": "maybe"}, "tool_choice"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice"),
    ({"functions": [{}]}, "functions"),
    ({"response_format": "json"}, "response_format"),
    ({"response_format": {"type": "sound"}}, "response_format.type"),
    ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ({"response_format": {"type": "json_object", "schema": 5}}, "response_format.schema"),
    ({"grammar": "root ::= 'a'", "json_schema": {}}, "grammar"),
    ({"grammar": "root ::= 'a'", "tools": [{"function": {"name": "f"}}]}, "grammar"),
    ({"reasoning_effort": "huge"}, "reasoning_effort"),
    ({"chat_template_kwargs": {"enable_thinking": "no"}}, "chat_template_kwargs.enable_thinking"),
    ({"thinking_budget": -2}, "thinking_budget"),
    ({"stream_options": [1]}, "stream_options"),
    ({"continue_final_message": True, "add_generation_prompt": True}, "continue_final_message"),
]  # fmt: skip


HALF: Any = {"enum": ["\ud800"]}
DEEP: Any = {}
for _ in range(200):
    DEEP = {"items": DEEP}


def tool(parameters: Any) -> dict[str, Any]:
    return {"tools": [{"function": {"name": "f", "parameters": parameters}}]}


def said(arguments: Any) -> dict[str, Any]:
    call = {"function": {"name": "f", "arguments": arguments}}
    return {"messages": [{"role": "assistant", "tool_calls": [call]}]}


PARAMETERS, SCHEMA = "tools[0].function.parameters", "response_format.json_schema.schema"
HOSTILE: list[tuple[dict[str, Any], str]] = [
    (tool(HALF), PARAMETERS),
    (tool({"properties": {"\udfff": {}}}), PARAMETERS),
    (tool(DEEP), PARAMETERS),
    ({"json_schema": HALF}, "json_schema"),
    ({"response_format": {"type": "json_object", "schema": HALF}}, "response_format.schema"),
    ({"response_format": {"type": "json_schema", "json_schema": {"schema": HALF}}}, SCHEMA),
    ({"response_format": {"type": "json_schema", "json_schema": {"schema": DEEP}}}, SCHEMA),
    (said({"a": "\ud800"}), CALL + ".function.arguments"),
    (said('{"a": "\\ud800"}'), CALL + ".function.arguments"),
    ({"grammar": 'root ::= "\ud800"'}, "grammar"),
    ({"grammar": 'root ::= "' + "a" * 70_000 + '"'}, "grammar"),
    ({"grammar": "root ::= " + "(" * 20_000 + '"a"' + ")" * 20_000}, "grammar"),
    ({"grammar": "\n".join(f'r{n} ::= "a"' for n in range(4001))}, "grammar"),
]


@pytest.mark.parametrize(("members", "param"), HOSTILE, ids=lambda value: ascii(value)[:50])
def test_what_would_end_the_model(
    caller: Caller, backend: ScriptedBackend, members: Any, param: str
) -> None:
    asked = len(backend.asked)
    reply = caller.chat(**members)
    assert (reply.status, reply.error["param"]) == (400, param)
    assert len(backend.asked) == asked


@pytest.mark.parametrize("path", ["/v1/completions", "/completion"])
def test_a_grammar_with_too_many_groups(caller: Caller, path: str) -> None:
    body = {"prompt": "A", "grammar": "root ::= " + "(" * 101 + '"a"' + ")" * 101}
    assert caller.ask("POST", path, body).error["param"] == "grammar"


def test_a_grammar_with_too_many_parts_that_may_be_left_out(
    caller: Caller, backend: ScriptedBackend
) -> None:
    assert caller.chat(grammar="root ::= " + '"a"? ' * 151).error["param"] == "grammar"
    assert caller.chat(grammar="root ::= " + '"a?"? [?]* ' * 50 + "(one | one)").status == 200


def test_brackets_that_group_nothing(caller: Caller, backend: ScriptedBackend) -> None:
    grammar = (
        f'root ::= "{"(" * 200}\\"(" [({"(" * 200}\\](] # {"(" * 200}\n {"( " * 99}"a"{")" * 99}'
    )
    assert caller.chat(grammar=grammar).status == 200
    assert backend.asked[-1].grammar == grammar


@pytest.fixture(scope="module")
def backend() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.mark.parametrize(("members", "param"), WRONG_MEMBERS, ids=lambda value: str(value)[:50])
def test_a_wrong_member(caller: Caller, members: Any, param: str) -> None:
    reply = caller.chat(**members)
    assert reply.status == 400
    error = reply.error
    assert (error["code"], error["type"], error["param"]) == (400, "invalid_request_error", param)
    assert error["message"].endswith(".")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"5", b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000, b'{"messages": 1e999}'],
)
def test_no_json(caller: Caller, body: bytes) -> None:
    reply = caller.ask("POST", "/v1/chat/completions", body)
    assert (reply.status, reply.error["type"]) == (400, "invalid_request_error")


def test_what_is_unknown_or_null_is_ignored(caller: Caller) -> None:
    unknown = {"user": "me", "metadata": {"a": 1}, "store": True, "service_tier": "auto"}
    names = ("tools", "tool_choice", "stop", "logprobs", "n", "seed", "response_format",
             "stream_options", "logit_bias", "max_tokens", "temperature")  # fmt: skip
    assert caller.chat(**unknown, **dict.fromkeys(names)).status == 200


def test_not_json_at_all(caller: Caller) -> None:
    headers = {"Content-Type": "text/plain"}
    reply = caller.ask("POST", "/v1/chat/completions", b'{"messages": []}', headers)
    assert (reply.status, reply.error["type"]) == (415, "invalid_request_error")


def test_other_addresses_and_methods(caller: Caller) -> None:
    missing = caller.ask("GET", "/v1/secrets")
    assert (missing.status, missing.error["type"]) == (404, "not_found_error")
    wrong = caller.ask("GET", "/v1/chat/completions")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    assert wrong.error["code"] == 405


def test_a_body_that_is_too_large(serve: Serve, backend: ScriptedBackend) -> None:
    caller = serve(backend, body=1000)
    reply = caller.chat(user="x" * 1000)
    assert (reply.status, reply.error["code"]) == (413, 413)
    assert caller.chat(user="x" * 500).status == 200


def test_half_a_character_in_a_refusal(serve: Serve) -> None:
    error = ValueError('"\ud800" is not supported')
    caller = serve(ScriptedBackend(steps=[error]))
    for stream in (False, True):
        reply = caller.chat(stream=stream)
        assert (reply.status, reply.error["message"]) == (400, '"\\ud800" is not supported')
    started = serve(ScriptedBackend(steps=[TextPart("Hi"), error])).chat(stream=True)
    assert started.events[-1]["error"]["message"] == '"\\ud800" is not supported'
