"""/v1/chat/completions, answered in one piece, asked by OpenAI's own client."""

from decimal import Decimal
from typing import Any

import openai
import pytest
from openai import OpenAI

from engine.model.generation import ContextFull, ModelDied
from engine.model.parsing import BadCallPart, CallPart, TextPart, ThinkPart
from engine.model.templates import PromptCall, PromptMessage
from tests.engine.server.conftest import Caller, Serve
from tests.engine.server.scripted import Model, ScriptedBackend

QUESTION: Any = [{"role": "user", "content": "Hi"}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def test_an_answer_and_its_figures(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="anything", messages=QUESTION)
    assert answer.id.startswith("chatcmpl-")
    assert answer.object == "chat.completion"
    assert answer.model == "tiny-model"
    (choice,) = answer.choices
    assert choice.message.role == "assistant"
    assert choice.message.content == "Hello there"
    assert choice.finish_reason == "stop"
    assert choice.message.tool_calls is None
    usage = answer.usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (11, 2, 13)
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == 4
    extra: Any = answer.model_extra
    timings = extra["timings"]
    assert (timings["cache_n"], timings["prompt_n"], timings["predicted_n"]) == (4, 7, 2)
    assert timings["prompt_per_second"] == 28.0
    assert timings["predicted_ms"] == 500.0
    assert (timings["draft_n"], timings["draft_n_accepted"]) == (6, 5)


def test_thoughts_and_calls(client: OpenAI, backend: ScriptedBackend) -> None:
    call = CallPart("weather", {"city": "Bern", "limit": Decimal("1.50")}, "raw")
    backend.steps = [ThinkPart("Let me"), ThinkPart(" see."), call, call]
    answer = client.chat.completions.create(model="m", messages=QUESTION, tools=[TOOL])
    (choice,) = answer.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert choice.message.model_extra == {"reasoning_content": "Let me see."}
    calls: Any = choice.message.tool_calls
    assert [one.function.name for one in calls] == ["weather", "weather"]
    assert calls[0].function.arguments == '{"city": "Bern", "limit": 1.50}'
    assert calls[0].id != calls[1].id


def test_what_is_no_call_is_shown_as_written(client: OpenAI, backend: ScriptedBackend) -> None:
    backend.steps = [BadCallPart("{nonsense")]
    answer = client.chat.completions.create(model="m", messages=QUESTION, tools=[TOOL])
    assert answer.choices[0].message.content == "{nonsense"
    assert answer.choices[0].finish_reason == "stop"


def test_length(client: OpenAI, backend: ScriptedBackend) -> None:
    backend.finish = "length"
    answer = client.chat.completions.create(model="m", messages=QUESTION, max_tokens=2)
    assert answer.choices[0].finish_reason == "length"
    assert backend.asked[0].max_tokens == 2


def test_what_the_model_is_asked(client: OpenAI, backend: ScriptedBackend) -> None:
    client.chat.completions.create(
        model="m",
        messages=[
            {"role": "developer", "content": "Be brief."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call-1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city": "Bern"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call-1", "content": "Rain"},
        ],
        tools=[TOOL],
        tool_choice={"type": "function", "function": {"name": "weather"}},
        parallel_tool_calls=False,
        temperature=0.1,
        top_p=0.5,
        presence_penalty=1,
        frequency_penalty=-1,
        max_completion_tokens=9,
        stop=["X", "YY"],
        seed=-7,
        logit_bias={"12": -100},
        logprobs=True,
        top_logprobs=2,
        extra_body={"top_k": 3, "min_p": 0.2, "repeat_penalty": 1.1},
    )
    request = backend.asked[0]
    assert request.messages == (
        PromptMessage("system", "Be brief."),
        PromptMessage("user", "A\n\nB"),
        PromptMessage("assistant", "", (PromptCall("weather", '{"city": "Bern"}'),)),
        PromptMessage("tool", "Rain"),
    )
    assert [tool.name for tool in request.tools] == ["weather"]
    assert (request.tool_choice, request.parallel_calls) == ("weather", False)
    assert (request.max_tokens, request.stop) == (9, ("X", "YY"))
    assert (request.logprobs, request.logit_bias) == (2, ((12, -100.0),))
    sampling = request.sampling
    assert (sampling.temperature, sampling.top_p, sampling.top_k, sampling.min_p) == (
        0.1,
        0.5,
        3,
        0.2,
    )
    assert (sampling.presence_penalty, sampling.frequency_penalty) == (1.0, -1.0)
    assert sampling.repeat_penalty == 1.1
    assert sampling.seed == 2**31 - 7
    assert request.priority == 1


def test_silence_means_the_models_defaults(client: OpenAI, backend: ScriptedBackend) -> None:
    client.chat.completions.create(model="m", messages=QUESTION)
    request = backend.asked[0]
    assert request.sampling == backend.sampling(None)
    assert (request.max_tokens, request.stop, request.logprobs) == (None, (), -1)
    assert (request.thinking, request.thought_budget, request.schema) == (None, -1, None)
    assert (request.tools, request.tool_choice) == ((), "auto")


@pytest.mark.parametrize(
    ("members", "thinking", "budget"),
    [
        ({"chat_template_kwargs": {"enable_thinking": False}}, False, -1),
        ({"chat_template_kwargs": {"enable_thinking": True, "thinking_budget": 40}}, True, 40),
        ({"reasoning_effort": "none"}, False, -1),
        ({"reasoning_effort": "low"}, True, 1024),
        ({"reasoning_effort": "high"}, True, -1),
        ({"thinking_budget_tokens": 0}, False, 0),
    ],
)
def test_thinking(
    caller: Caller, backend: ScriptedBackend, members: Any, thinking: bool, budget: int
) -> None:
    assert caller.chat(**members).status == 200
    request = backend.asked[0]
    assert (request.thinking, request.thought_budget) == (thinking, budget)
    assert request.sampling.temperature == (0.6 if thinking else 0.7)


@pytest.mark.parametrize(
    ("wanted", "schema"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, {}),
        ({"type": "json_object", "schema": {"type": "array"}}, {"type": "array"}),
        (
            {"type": "json_schema", "json_schema": {"name": "x", "schema": {"const": 1}}},
            {"const": 1},
        ),
    ],
)
def test_response_format(
    caller: Caller, backend: ScriptedBackend, wanted: Any, schema: Any
) -> None:
    assert caller.chat(response_format=wanted).status == 200
    assert backend.asked[0].schema == schema


def test_the_beginning_of_the_answer_may_be_given(caller: Caller, backend: ScriptedBackend) -> None:
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hel"}]
    assert caller.chat(messages=messages).status == 200
    assert backend.asked[0].prefill_assistant == "Hel"
    assert len(backend.asked[0].messages) == 1
    assert caller.chat(messages=messages, continue_final_message=False).status == 200
    assert backend.asked[1].prefill_assistant == ""
    assert len(backend.asked[1].messages) == 2


def test_several_answers(client: OpenAI, backend: ScriptedBackend) -> None:
    answer = client.chat.completions.create(model="m", messages=QUESTION, n=3, seed=5)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert sorted(one.sampling.seed for one in backend.asked) == [5, 6, 7]
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (11, 6)


def test_logprobs(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="m", messages=QUESTION, logprobs=True, top_logprobs=1
    )
    logprobs: Any = answer.choices[0].logprobs
    assert "".join(one.token for one in logprobs.content) == "Hello there"
    first = logprobs.content[0]
    assert (first.token, first.bytes, first.logprob) == ("Hello", list(b"Hello"), -0.25)
    assert [one.token for one in first.top_logprobs] == ["Hello"]


def test_a_prompt_that_is_too_long(client: OpenAI, backend: ScriptedBackend) -> None:
    backend.steps = [ContextFull(900, 512)]
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model="m", messages=QUESTION)
    body: Any = raised.value.body
    assert body["type"] == "exceed_context_size_error"
    assert (body["n_prompt_tokens"], body["n_ctx"]) == (900, 512)


def test_a_model_that_dies(client: OpenAI, backend: ScriptedBackend) -> None:
    backend.steps = [TextPart("He"), ModelDied("The model process ended.")]
    with pytest.raises(openai.InternalServerError) as raised:
        client.chat.completions.create(model="m", messages=QUESTION)
    assert "The model process ended." in str(raised.value)


def test_a_bug_tells_nothing(
    client: OpenAI, backend: ScriptedBackend, caplog: pytest.LogCaptureFixture
) -> None:
    backend.steps = [RuntimeError("private words")]
    with pytest.raises(openai.InternalServerError) as raised:
        client.chat.completions.create(model="m", messages=QUESTION)
    assert "private" not in str(raised.value)
    assert "a request failed: RuntimeError" in caplog.text
    caplog.clear()


def test_a_grammar_that_is_none(client: OpenAI, backend: ScriptedBackend) -> None:
    backend.steps = [ValueError("The grammar cannot be read.")]
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="m", messages=QUESTION)


@pytest.mark.parametrize(("loading", "words"), [(True, "Loading model"), (False, "No model")])
def test_without_a_model(serve: Serve, loading: bool, words: str) -> None:
    caller = serve(ScriptedBackend(loaded=None, loading=loading))
    reply = caller.chat()
    assert reply.status == 503
    assert reply.error["type"] == "unavailable_error"
    assert reply.error["message"].startswith(words)
    assert caller.ask("GET", "/health", key=None).status == 503
    assert caller.ask("GET", "/v1/models").json == {"object": "list", "data": []}


def test_the_wrong_key(caller: Caller) -> None:
    with caller.client("wrong") as client, pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="m", messages=QUESTION)


def test_verbose_only_where_allowed(serve: Serve, caller: Caller) -> None:
    assert "__verbose" not in caller.chat(verbose=True).json
    talkative = serve(ScriptedBackend(), verbose="asked")
    assert talkative.chat(verbose=True).json["__verbose"] == {"prompt": "Hi"}
    assert "__verbose" not in talkative.chat().json


def test_the_model_has_another_name_if_given_one(serve: Serve) -> None:
    caller = serve(ScriptedBackend(loaded=Model(n_ctx=99)), names=("mine", "other"))
    assert caller.chat().json["model"] == "mine"
    (entry,) = caller.ask("GET", "/v1/models").json["data"]
    assert (entry["id"], entry["aliases"]) == ("mine", ["mine", "other"])
    assert entry["meta"]["n_ctx"] == 99
