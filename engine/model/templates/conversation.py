"""What a conversation is made of, and how texts in it are kept from posing as special tokens."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

Role = Literal["system", "user", "assistant", "tool"]

# Text that is a single special token in one of the models we know; in a message it is only
# letters. Every model's marks are broken up for every model: one list, nothing to forget.
_MARKS = re.compile(
    r"<(?=\|[^|<>\s]{1,40}\|>"  # ChatML, Llama 3, GLM, Phi
    r"|/?(?:think|tool_call|tool_response|tools|arg_key|arg_value)>"
    r"|/?(?:function|parameter)(?:=[^<>\n]{0,80})?>"  # Qwen3-Coder
    r"|(?:start|end)_of_turn>|/?s>|[be]os>|sop>|｜[^｜<>]{1,40}｜>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|THINK)\]"  # Mistral
    r"|(?:TOOL_CALLS|TOOL_CONTENT|ARGS|CALL_ID|IMG|gMASK)\])"
)
# What may be a special token of a model nobody looked at.
_ANY_MARK = re.compile(r"<(?=[^<>\s]{1,60}>)|\[(?=/?[A-Za-z_]{2,40}\])")


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

    def values(self) -> dict[str, object]:
        """The arguments read; {} where they are no JSON object. Strings in them are broken up."""
        try:
            value = broken_value(json.loads(self.arguments or "{}"))
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message. role "tool" holds a call's result; thinking: what preceded the answer."""

    role: Role
    text: str
    calls: tuple[PromptCall, ...] = field(default=())
    thinking: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is rendered; the messages' texts are already broken up.

    thinking: whether the model may think, where it has a choice; open_turn: end with the beginning
    of the assistant's turn; today: for templates that tell the date.
    """

    messages: tuple[PromptMessage, ...]
    tools: tuple[ToolSpec, ...]
    thinking: bool
    open_turn: bool
    today: date | None = None

    @property
    def system(self) -> str:
        """The text of the first message if it is a system message, else ""."""
        first = self.messages[0] if self.messages else None
        return first.text if first is not None and first.role == "system" else ""

    @property
    def rest(self) -> tuple[PromptMessage, ...]:
        """The messages after the system text."""
        begins = bool(self.messages) and self.messages[0].role == "system"
        return self.messages[1:] if begins else self.messages


def last_question(messages: Sequence[PromptMessage]) -> int:
    """The index of the last message of the user, or -1."""
    return max((index for index, one in enumerate(messages) if one.role == "user"), default=-1)


def broken_up(text: str, everything: bool = False) -> str:
    """The text with special tokens broken up by a space; everything: also what might be one."""
    text = _MARKS.sub(lambda match: match[0] + " ", text)
    return _ANY_MARK.sub(lambda match: match[0] + " ", text) if everything else text


def broken_value(value: object, everything: bool = False) -> object:
    """A JSON value with the texts in it broken up."""
    if isinstance(value, str):
        return broken_up(value, everything)
    if isinstance(value, list):
        return [broken_value(one, everything) for one in value]
    if isinstance(value, dict):
        return {broken_up(k, everything): broken_value(v, everything) for k, v in value.items()}
    return value


def broken_message(message: PromptMessage, everything: bool = False) -> PromptMessage:
    """The message with special tokens broken up in each of its texts."""
    return replace(
        message,
        text=broken_up(message.text, everything),
        calls=tuple(
            PromptCall(broken_up(call.name, everything), broken_up(call.arguments, everything))
            for call in message.calls
        ),
        thinking=broken_up(message.thinking, everything),
    )


def tool_object(tool: ToolSpec) -> dict[str, object]:
    """A tool as the interface of OpenAI describes it, which all templates were trained with."""
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    }


def tool_json(tool: ToolSpec, indent: int | None = None) -> str:
    """The same as JSON text, its special tokens broken up."""
    return broken_up(json.dumps(tool_object(tool), ensure_ascii=False, indent=indent))


def call_id(number: int) -> str:
    """The name of the number-th call of a conversation: nine letters and digits."""
    return f"call{number:05d}"
