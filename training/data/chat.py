"""The chat format of the starter model: Qwen3's turns, tool calls and tool responses.

The text equals what resources/prompts/starter.jinja renders; each piece also carries the weight
of its tokens in the loss. Only what the assistant writes has a weight.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Message = Mapping[str, Any]
HEADER = "<|im_start|>assistant\n"  # what an answer stands behind


@dataclass(frozen=True)
class Weights:
    """Loss weights of what the assistant writes; a wrong value costs more than a wrong word."""

    value: float = 4.0  # an argument of a call
    tool: float = 2.0  # the name of a tool
    key: float = 1.5  # the name of an argument
    skeleton: float = 1.0  # the marks and brackets of a call
    text: float = 1.0  # all else


@dataclass(frozen=True)
class Piece:
    """A stretch of text whose tokens have one weight in the loss."""

    text: str
    weight: float = 0.0


def render(
    messages: Sequence[Message], tools: Sequence[str] = (), weights: Weights | None = None
) -> list[Piece]:
    """Render a dialogue.

    messages: {"role": "system" | "user" | "assistant" | "tool", "content": text}; an assistant's
    message may have "reasoning_content" and "tool_calls": [{"name": …, "arguments": {…}}].
    tools: names listed in the system turn. Raises ValueError for an unknown role.
    """
    weights = weights or Weights()
    pieces = [Piece(_system(messages, tools))]
    for index, message in enumerate(messages):
        role, content = message["role"], message.get("content") or ""
        if role == "system":
            if index:
                raise ValueError("A system message stands first.")
        elif role == "user":
            pieces.append(Piece(f"<|im_start|>user\n{content}<|im_end|>\n"))
        elif role == "tool":
            first = index == 0 or messages[index - 1]["role"] != "tool"
            last = index == len(messages) - 1 or messages[index + 1]["role"] != "tool"
            head, tail = "<|im_start|>user" if first else "", "<|im_end|>\n" if last else ""
            body = f"\n<tool_response>\n{content}\n</tool_response>"
            pieces.append(Piece(head + body + tail))
        elif role == "assistant":
            pieces.append(Piece(HEADER))
            pieces += _answer(message, weights)
            pieces += [Piece("<|im_end|>", weights.text), Piece("\n")]
        else:
            raise ValueError(f"Unknown role {role!r}.")
    return [piece for piece in pieces if piece.text]


def render_text(messages: Sequence[Message], tools: Sequence[str] = ()) -> str:
    """The rendered dialogue as plain text."""
    return "".join(piece.text for piece in render(messages, tools))


def _system(messages: Sequence[Message], tools: Sequence[str]) -> str:
    has_system = bool(messages) and messages[0]["role"] == "system"
    if not has_system and not tools:
        return ""
    parts = [messages[0]["content"]] if has_system and messages[0]["content"] else []
    if tools:
        parts.append("Tools: " + ", ".join(f'"{name}"' for name in tools))
    return "<|im_start|>system\n" + "\n\n".join(parts) + "<|im_end|>\n"


def _answer(message: Message, weights: Weights) -> list[Piece]:
    pieces = []
    if reasoning := message.get("reasoning_content"):
        pieces.append(Piece(f"<think>\n{reasoning}\n</think>\n\n", weights.text))
    content = message.get("content") or ""
    pieces.append(Piece(content, weights.text))
    for index, call in enumerate(message.get("tool_calls") or ()):
        if index or content:
            pieces.append(Piece("\n", weights.skeleton))
        pieces += _call(call["name"], call["arguments"], weights)
    return pieces


def _call(name: str, arguments: Mapping[str, Any], weights: Weights) -> list[Piece]:
    def skeleton(text: str) -> Piece:
        return Piece(text, weights.skeleton)

    pieces = [skeleton('<tool_call>\n{"name": '), Piece(f'"{name}"', weights.tool)]
    pieces.append(skeleton(', "arguments": {'))
    for index, (key, value) in enumerate(arguments.items()):
        pieces += [skeleton(', "' if index else '"'), Piece(key, weights.key), skeleton('": ')]
        text = json.dumps(value, ensure_ascii=False)
        if isinstance(value, str):
            pieces += [skeleton('"'), Piece(text[1:-1], weights.value), skeleton('"')]
        else:
            pieces.append(Piece(text, weights.value))
    pieces.append(skeleton("}}\n</tool_call>"))
    return pieces
