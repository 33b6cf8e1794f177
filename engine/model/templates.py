"""Renders a conversation into the prompt text a model was trained on.

Only formats written here are used. A template inside a model file is a program by a stranger: it
is read for hints about which of ours fits, never run.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from engine.model.gguf import GgufHeader

Role = Literal["system", "user", "assistant", "tool"]

STARTER = "starter"  # Assay's own model
QWEN3 = "qwen3"  # thinks unless told not to
QWEN3_THINKING = "qwen3-thinking"  # always thinks (Thinking-2507, DMind-2)
QWEN3_INSTRUCT = "qwen3-instruct"  # never thinks (Instruct-2507, Qwen2.5)
CHATML = "chatml"  # anything else
TEMPLATE_IDS = (STARTER, QWEN3, QWEN3_THINKING, QWEN3_INSTRUCT, CHATML)

# Text that is a single special token in these models; in a message it is only letters.
_MARKS = re.compile(r"<(?=\|[^|<>\s]{1,40}\|>|/?(?:think|tool_call|tool_response|tools)>)")


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool the model may call; parameters: its JSON schema."""

    name: str
    description: str
    parameters: dict[str, object]


@dataclass(frozen=True, slots=True)
class PromptCall:
    """A call the assistant made earlier; arguments: as JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message. role "tool" holds a call's result; thinking: what preceded the answer."""

    role: Role
    text: str
    calls: tuple[PromptCall, ...] = field(default=())
    thinking: str = ""


def choose_template(header: GgufHeader) -> str:
    """The id of the template for a model: what its file asks for, else what it resembles."""
    asked = header.metadata.get("assay.template")
    if asked in TEMPLATE_IDS:
        return str(asked)
    own = header.metadata.get("tokenizer.chat_template")
    own = own if isinstance(own, str) else ""
    if "<|im_start|>" not in own:
        return QWEN3 if header.architecture == "qwen3" and not own else CHATML
    if "<tool_call>" not in own:
        return CHATML
    if "enable_thinking" in own:
        return QWEN3
    # The Thinking models' template ends by opening the thought itself.
    opens_thought = re.search(r"assistant\\n<think>\\n['\"]", own) is not None
    return QWEN3_THINKING if opens_thought else QWEN3_INSTRUCT


def starts_in_thought(template_id: str) -> bool:
    """Whether the prompt ends inside <think>, so that the answer starts with the thought."""
    return template_id == QWEN3_THINKING


def render(
    messages: Sequence[PromptMessage],
    tools: Sequence[ToolSpec],
    template_id: str,
    thinking: bool,
    open_turn: bool = True,
) -> str:
    """The prompt text; ValueError for an unknown template.

    thinking: whether the model may think first, where it has a choice. open_turn: end with the
    beginning of the assistant's turn. Special tokens spelled out inside messages are broken up,
    so that no imported text can end its turn or fake a tool result.
    """
    if template_id not in TEMPLATE_IDS:
        raise ValueError(f"unknown template {template_id!r}")
    parts = [_system(messages, tools, template_id)]
    last_question = max(
        (index for index, one in enumerate(messages) if one.role == "user"), default=-1
    )
    for index, message in enumerate(messages):
        if message.role == "user" or (message.role == "system" and index > 0):
            parts.append(f"<|im_start|>{message.role}\n{_plain(message.text)}<|im_end|>\n")
        elif message.role == "assistant":
            is_last = index == len(messages) - 1
            parts.append(_assistant(message, index > last_question, is_last, template_id))
        elif message.role == "tool":
            follows = index > 0 and messages[index - 1].role == "tool"
            precedes = index + 1 < len(messages) and messages[index + 1].role == "tool"
            parts.append("" if follows else "<|im_start|>user")
            parts.append(f"\n<tool_response>\n{_plain(message.text)}\n</tool_response>")
            parts.append("" if precedes else "<|im_end|>\n")
    if open_turn:
        parts.append("<|im_start|>assistant\n")
        if starts_in_thought(template_id):
            parts.append("<think>\n")
        elif template_id == QWEN3 and not thinking:
            parts.append("<think>\n\n</think>\n\n")
    return "".join(parts)


def _plain(text: str) -> str:
    """The text with special tokens broken up by a space."""
    return _MARKS.sub("< ", text)


def _system(messages: Sequence[PromptMessage], tools: Sequence[ToolSpec], template_id: str) -> str:
    text = _plain(messages[0].text) if messages and messages[0].role == "system" else ""
    if tools and template_id == STARTER:
        names = ", ".join(f'"{tool.name}"' for tool in tools)
        text = f"{text}\n\nTools: {names}" if text else f"Tools: {names}"
    elif tools and template_id != CHATML:
        text = f"{text}\n\n{_tool_section(tools)}" if text else _tool_section(tools)
    return f"<|im_start|>system\n{text}<|im_end|>\n" if text else ""


def _tool_section(tools: Sequence[ToolSpec]) -> str:
    """Qwen3's description of the tools, in the words it was trained with."""
    lines = [
        json.dumps(
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            },
            ensure_ascii=False,
        )
        for tool in tools
    ]
    return (
        "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
        "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
        + "\n".join(lines)
        + "\n</tools>\n\nFor each function call, return a json object with function name and "
        "arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n"
        '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
    )


def _assistant(message: PromptMessage, current: bool, is_last: bool, template_id: str) -> str:
    """An assistant message; current: it belongs to the question being answered."""
    text = _plain(message.text)
    if _shows_thought(message, current, is_last, template_id):
        thought = _plain(message.thinking).strip("\n")
        text = f"<think>\n{thought}\n</think>\n\n{text.lstrip(chr(10))}"
    for index, call in enumerate(message.calls):
        text += "\n" if index or message.text else ""
        text += (
            f'<tool_call>\n{{"name": "{_plain(call.name)}", '
            f'"arguments": {_plain(call.arguments)}}}\n</tool_call>'
        )
    return f"<|im_start|>assistant\n{text}<|im_end|>\n"


def _shows_thought(message: PromptMessage, current: bool, is_last: bool, template_id: str) -> bool:
    """Qwen3 was trained without the thoughts about earlier questions, the starter with them."""
    if template_id in (QWEN3, QWEN3_THINKING):
        return current and (bool(message.thinking) or is_last)
    return template_id == STARTER and bool(message.thinking)
