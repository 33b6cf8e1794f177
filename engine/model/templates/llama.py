"""Llama 3.0 and its successors with tools."""

import json
from collections.abc import Sequence

from engine.model.templates.conversation import Conversation, PromptMessage, tool_json
from engine.model.templates.traits import LLAMA31

_UNDATED = "26 Jul 2024"  # what Meta's template says where nobody tells it the date
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_HOW_TO_CALL = (
    "Given the following functions, please respond with a JSON for a function call with its "
    "proper arguments that best answers the given prompt.\n\n"
    'Respond in the format {"name": function name, "parameters": dictionary of argument name '
    "and its value}.Do not use variables.\n\n"
)


def render_llama(talk: Conversation, template_id: str) -> str:
    """The prompt; the tokenizer puts the begin-of-text token before it."""
    parts = []
    tools = ""
    if template_id == LLAMA31:
        parts.append(_turn("system", _head(talk) + talk.system.strip()))
        if talk.tools:
            tools = _HOW_TO_CALL + "".join(tool_json(one, 4) + "\n\n" for one in talk.tools)
    elif talk.system:
        parts.append(_turn("system", talk.system.strip()))
    for message in _one_call_a_turn(talk.rest):
        if message.role == "tool":
            parts.append(_turn("ipython", json.dumps(message.text, ensure_ascii=False)))
        elif message.role == "assistant":
            parts.append(_turn("assistant", _answer(message)))
        else:
            told = tools if message.role == "user" else ""
            tools = "" if told else tools
            parts.append(_turn(message.role, told + message.text.strip()))
    if talk.open_turn:
        parts.append("<|start_header_id|>assistant<|end_header_id|>\n\n")
    return "".join(parts)


def _head(talk: Conversation) -> str:
    day = talk.today
    told = f"{day.day:02d} {_MONTHS[day.month - 1]} {day.year}" if day else _UNDATED
    environment = "Environment: ipython\n" if talk.tools else ""
    return f"{environment}Cutting Knowledge Date: December 2023\nToday Date: {told}\n\n"


def _turn(role: str, text: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n{text}<|eot_id|>"


def _answer(message: PromptMessage) -> str:
    calls = [f'{{"name": "{one.name}", "parameters": {one.arguments}}}' for one in message.calls]
    text = message.text.strip()
    return "\n\n".join(part for part in (text, "; ".join(calls)) if part)


def _one_call_a_turn(messages: Sequence[PromptMessage]) -> list[PromptMessage]:
    """Calls made together as the model was trained to make them: one, its result, the next."""
    out: list[PromptMessage] = []
    index = 0
    while index < len(messages):
        message = messages[index]
        index += 1
        count = len(message.calls)
        results = messages[index : index + count]
        if count < 2 or len(results) < count or any(one.role != "tool" for one in results):
            out.append(message)
            continue
        for number, (call, result) in enumerate(zip(message.calls, results, strict=True)):
            text = message.text if number == 0 else ""
            out += [PromptMessage("assistant", text, (call,)), result]
        index += count
    return out
