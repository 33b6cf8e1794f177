"""A conversation as the body of POST /v1/chat/completions."""

import itertools
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.model.templates.conversation import (
    PromptMessage,
    broken_message,
    call_id,
    last_question,
    tool_object,
)

if TYPE_CHECKING:
    from engine.model.chat_types import ChatRequest

Body = dict[str, Any]

EXTRAS = frozenset(
    {
        "top_k",
        "min_p",
        "repeat_penalty",
        "repetition_penalty",
        "return_progress",
        "thinking_budget_tokens",
        "chat_template_kwargs",
        "continue_final_message",
        "add_generation_prompt",
        "parallel_tool_calls",
        "stream_options",
    }
)
"""What not every server knows, and the answer is much the same without."""


def request_body(request: "ChatRequest", model: str, progress: bool = False) -> Body:
    """The body of a request for a stream. progress: ask to be told how much has been read."""
    sampling = request.sampling
    body: Body = {
        "model": model,
        "messages": list(_messages(request.messages, request.prefill_assistant)),
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
    }
    body |= _unusual(request)
    if request.tools:
        body["tools"] = [tool_object(tool) for tool in request.tools]
        body["tool_choice"] = _choice(request.tool_choice)
        body["parallel_tool_calls"] = request.parallel_calls
    if request.schema is not None:
        body["response_format"] = _format(request.schema)
    if request.prefill_assistant:
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    if request.thinking is not None:
        body["chat_template_kwargs"] = {"enable_thinking": request.thinking}
    if request.thought_budget >= 0:
        body["thinking_budget_tokens"] = request.thought_budget
    if progress:
        body["return_progress"] = True
    return body


def simpler(body: Body, complaint: str) -> Body | None:
    """The body without what a server complains of by name; None if there is nothing of the kind."""
    words = set(re.findall(r"\w+", complaint))
    if "max_completion_tokens" in words and "max_tokens" in body:
        rest = {key: value for key, value in body.items() if key != "max_tokens"}
        return rest | {"max_completion_tokens": body["max_tokens"]}
    if words & EXTRAS & body.keys():
        return {key: value for key, value in body.items() if key not in EXTRAS}
    return None


def _unusual(request: "ChatRequest") -> Body:
    """What is said only where it differs from what every server does anyway."""
    sampling = request.sampling
    body: Body = {}
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.presence_penalty:
        body["presence_penalty"] = sampling.presence_penalty
    if sampling.frequency_penalty:
        body["frequency_penalty"] = sampling.frequency_penalty
    if sampling.repeat_penalty != 1:
        # llama.cpp's name and vLLM's.
        body["repeat_penalty"] = body["repetition_penalty"] = sampling.repeat_penalty
    if request.stop:
        body["stop"] = list(request.stop)
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    if request.logprobs >= 0:
        body |= {"logprobs": True, "top_logprobs": request.logprobs}
    if request.logit_bias:
        body["logit_bias"] = {str(token): bias for token, bias in request.logit_bias}
    if request.grammar is not None:
        body["grammar"] = request.grammar
    return body


def _messages(messages: Sequence[PromptMessage], prefill: str) -> Iterator[Mapping[str, object]]:
    """The messages; calls and their results are joined by numbers in the order they came.

    Special tokens spelled out in them are broken up, as servers read them as what they say.
    """
    numbers = itertools.count(1)
    waiting: deque[str] = deque()
    current = last_question(messages)
    for index, message in enumerate(map(broken_message, messages)):
        one: Body = {"role": message.role, "content": message.text}
        if message.calls:
            waiting = deque(call_id(next(numbers)) for _ in message.calls)
            one["tool_calls"] = [
                {
                    "id": id_,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for id_, call in zip(waiting, message.calls, strict=True)
            ]
        if message.role == "tool":
            one["tool_call_id"] = waiting.popleft() if waiting else call_id(next(numbers))
        # Thoughts about earlier questions are not what models were trained to read again.
        if message.thinking and index > current:
            one["reasoning_content"] = message.thinking
        yield one
    if prefill:
        yield {"role": "assistant", "content": prefill}


def _choice(choice: str) -> str | Body:
    if choice in ("auto", "none", "required", "told"):
        return "none" if choice == "told" else choice
    return {"type": "function", "function": {"name": choice}}


def _format(schema: Mapping[str, object]) -> Body:
    if not schema:
        return {"type": "json_object"}
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": True},
    }


def encoded(body: Body) -> bytes:
    """The body as JSON in UTF-8."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
