"""Reads a chat request into the model's terms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.model.chat_types import ChatRequest
from engine.model.templates import PromptMessage
from engine.server.backend import Backend
from engine.server.chat_messages import read_messages, read_tool_choice, read_tools
from engine.server.errors import invalid
from engine.server.fields import Fields, check_object
from engine.server.options import Limits
from engine.server.sampling import TOP_LOGPROBS, Choosing, read_choosing, read_grammar

PRIORITY = 1
"""The chat in the window comes first."""

# OpenAI's words for how long to think, in tokens; -1: as long as it takes.
_EFFORTS = {"minimal": 256, "low": 1024, "medium": 4096, "high": -1, "xhigh": -1}


@dataclass(frozen=True, slots=True)
class ChatCall:
    """A request; requests: one for every answer wanted.

    usage: end a stream with the figures; progress: tell how the prompt is read; logprobs: tell
    them; verbose: show the prompt.
    """

    requests: Sequence[ChatRequest]
    stream: bool
    usage: bool
    progress: bool
    logprobs: bool
    verbose: bool


def read_chat(fields: Fields, backend: Backend, limits: Limits) -> ChatCall:
    """What a request asks for. Raises ApiError."""
    messages = read_messages(fields)
    prefill = _prefill(fields, messages)
    if prefill:
        messages = messages[:-1]
    tools = read_tools(fields)
    thinking, budget = _thinking(fields)
    choosing = read_choosing(fields, backend.sampling(thinking), limits, backend.tokenize)
    schema, grammar = read_format(fields)
    choice = read_tool_choice(fields, tools)
    if grammar is not None and tools and choice != "none":
        raise invalid("A grammar and tools cannot be used together.", "grammar")
    logprobs = read_logprobs(fields)
    options = fields.inner("stream_options")
    request = ChatRequest(
        messages=messages,
        tools=tools if choice != "none" else (),
        tool_choice=choice,
        parallel_calls=fields.flag("parallel_tool_calls", True),
        schema=schema,
        grammar=grammar,
        thinking=thinking,
        thought_budget=budget,
        sampling=choosing.sampling,
        stop=choosing.stop,
        max_tokens=choosing.max_tokens,
        logprobs=logprobs,
        logit_bias=choosing.logit_bias,
        priority=PRIORITY,
        prefill_assistant=prefill,
    )
    return ChatCall(
        _each(request, choosing),
        fields.flag("stream"),
        options is not None and options.flag("include_usage"),
        fields.flag("return_progress"),
        logprobs >= 0,
        fields.flag("verbose"),
    )


def read_format(fields: Fields) -> tuple[dict[str, object] | None, str | None]:
    """The schema or the grammar that the answer has to follow. Raises ApiError."""
    grammar = read_grammar(fields)
    found = fields.schema("json_schema")
    wanted = fields.inner("response_format")
    if wanted is not None:
        kind = wanted.text("type", "")
        if kind == "json_object":
            found = wanted.schema("schema") or {}
        elif kind == "json_schema":
            named = wanted.inner("json_schema")
            found = named.schema("schema") if named is not None else None
            if found is None:
                raise wanted.wrong("json_schema", "an object with a schema")
        elif kind != "text":
            raise wanted.wrong("type", "text, json_object or json_schema")
    if grammar is not None and found is not None:
        raise invalid("A grammar and a schema cannot be used together.", "grammar")
    return found, grammar


def read_logprobs(fields: Fields) -> int:
    """How many alternatives to tell for every token; -1: not even its own probability."""
    wanted = fields.flag("logprobs")
    top = fields.whole("top_logprobs", 0, 0, TOP_LOGPROBS)
    if top and not wanted:
        raise invalid("'top_logprobs' needs 'logprobs' to be true.", "top_logprobs")
    return top if wanted else -1


def _prefill(fields: Fields, messages: Sequence[PromptMessage]) -> str:
    """The beginning of the answer, where the conversation ends with it."""
    wanted = fields.flag("continue_final_message", messages[-1].role == "assistant")
    if fields.flag("continue_final_message") and fields.flag("add_generation_prompt"):
        raise invalid(
            "'continue_final_message' and 'add_generation_prompt' exclude each other.",
            "continue_final_message",
        )
    last = messages[-1]
    return last.text if wanted and last.role == "assistant" and not last.calls else ""


def _thinking(fields: Fields) -> tuple[bool | None, int]:
    """Whether to think first (None: as the template has it), and for how many tokens at most."""
    thinking: bool | None = None
    budget = -1
    effort = fields.text("reasoning_effort")
    if effort == "none":
        thinking = False
    elif effort is not None:
        if effort not in _EFFORTS:
            raise fields.wrong("reasoning_effort", f"none, {', '.join(_EFFORTS)}")
        thinking, budget = True, _EFFORTS[effort]
    asked = fields.inner("chat_template_kwargs") or check_object({}, "chat_template_kwargs")
    if asked.given("enable_thinking"):
        thinking = asked.flag("enable_thinking")
    for place in (fields, asked):
        for name in ("thinking_budget", "thinking_budget_tokens", "reasoning_budget"):
            budget = place.whole(name, budget, -1, 1 << 31)
    if budget == 0:
        thinking = False
    return thinking, budget


def _each(request: ChatRequest, choosing: Choosing) -> list[ChatRequest]:
    return [replace(request, sampling=choosing.seeded(index)) for index in range(choosing.n)]
