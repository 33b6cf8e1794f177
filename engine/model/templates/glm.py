"""GLM 4.5, 4.6 and 4.7: calls as pairs of argument names and values."""

import json

from engine.model.templates.conversation import (
    Conversation,
    PromptMessage,
    last_question,
    tool_json,
)
from engine.model.templates.traits import GLM47


def render_glm(talk: Conversation, template_id: str) -> str:
    """The prompt; 4.7 puts no line breaks around its marks."""
    tight = template_id == GLM47
    line = "" if tight else "\n"
    parts = ["[gMASK]<sop>" + (_tools(talk, line) if talk.tools else "")]
    question = last_question(talk.messages)
    follows = False
    for index, message in enumerate(talk.messages):
        if message.role == "tool":
            parts.append("" if follows else "<|observation|>")
            parts.append(f"{line}<tool_response>{line}{message.text}{line}</tool_response>")
        elif message.role == "assistant":
            parts.append("<|assistant|>" + _answer(message, index > question, tight))
        else:
            parts.append(f"<|{message.role}|>{line}{message.text}")
            if message.role == "user" and not talk.thinking and not tight:
                parts.append("" if message.text.endswith("/nothink") else "/nothink")
        follows = message.role == "tool"
    if talk.open_turn:
        closed = "</think>" if tight else "\n<think></think>"
        opened = "<think>" if tight else ""
        parts.append("<|assistant|>" + (opened if talk.thinking else closed))
    return "".join(parts)


def _tools(talk: Conversation, line: str) -> str:
    pair = f"<arg_key>{{arg-key-%d}}</arg_key>{line}<arg_value>{{arg-value-%d}}</arg_value>{line}"
    return (
        "<|system|>\n# Tools\n\nYou may call one or more functions to assist with the user query."
        "\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
        + "\n".join(tool_json(tool) for tool in talk.tools)
        + "\n</tools>\n\nFor each function call, output the function name and arguments within the "
        f"following XML format:\n<tool_call>{{function-name}}{line}"
        + pair % (1, 1)
        + pair % (2, 2)
        + f"...{line}</tool_call>"
    )


def _answer(message: PromptMessage, current: bool, tight: bool) -> str:
    """An assistant message after its mark; current: it belongs to the last question."""
    line = "" if tight else "\n"
    thought = message.thinking.strip() if current else ""
    empty = "</think>" if tight else "<think></think>"
    text = line + (f"<think>{thought}</think>" if thought else empty)
    if message.text.strip():
        text += line + message.text.strip()
    for call in message.calls:
        text += f"{line}<tool_call>{call.name}{line}"
        for name, value in call.values().items():
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            text += f"<arg_key>{name}</arg_key>{line}<arg_value>{shown}</arg_value>{line}"
        text += "</tool_call>"
    return text
