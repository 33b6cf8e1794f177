"""Dialogues in the formats in use, brought into the one form that data/chat.py renders.

A row is known by its keys:
    OpenAI     {"messages": [{"role", "content", "tool_calls"}], "tools": [{"function": …}]}
    MiniMind   {"conversations": [{"role", "content", "reasoning_content", "tool_calls"}]}
    ShareGPT   {"conversations": [{"from": "human" | "gpt" | …, "value"}], "system", "tools"}
    Alpaca     {"instruction", "input", "output", "system", "history"}
    a text     {"text"}, as for pretraining: all of it is learnt
    a choice   {"chosen": […], "rejected": […]}, of which the chosen dialogue is learnt

Reasoning stands in reasoning_content, or as <think>…</think> at the beginning of an answer.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.data import rows

Message = dict[str, Any]
_TURNS = ("messages", "conversations", "chosen")  # keys of a list of messages
_ROLES = {
    "system": "system", "developer": "system", "user": "user", "human": "user",
    "assistant": "assistant", "gpt": "assistant", "function_call": "assistant",
    "tool": "tool", "function": "tool", "observation": "tool",
}  # fmt: skip
_THOUGHT = re.compile(r"\s*<think>(.*?)</think>\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Dialogue:
    """messages: {"role", "content", and of an assistant perhaps "reasoning_content" and
    "tool_calls": [{"name", "arguments"}]}. tools: names. schemas: the tools as objects, if the
    row had them. text: a plain text instead of messages."""

    messages: list[Message]
    tools: list[str]
    schemas: list[dict[str, Any]]
    text: str = ""


def read_dialogues(path: Path) -> Iterator[tuple[str, Dialogue]]:
    """Yield (place, dialogue) for each row of a file, a folder or a pattern.

    Raises ValueError that names file and line of a row which is no dialogue.
    """
    for file in rows.find(path):
        for where, row in rows.read(file):
            try:
                made = dialogue(row)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{where}: not a dialogue ({rows.reason(error)})") from error
            yield where, made


def dialogue(row: Mapping[str, Any]) -> Dialogue:
    """The dialogue of a row; an error of the sorts that read_dialogues() names if it is none."""
    if key := next((kind for kind in _TURNS if rows.as_object(row).get(kind)), None):
        turns = row[key]
        if not isinstance(turns, list):
            raise ValueError(f"{key} is not a list")
        messages = [_message(turn) for turn in turns]
        listed = row.get("tools") or turns[0].get("tools")
    elif "instruction" in row:
        messages = _alpaca(row)
        listed = row.get("tools")
    elif isinstance(text := row.get("text"), str) and text:
        return Dialogue([], [], [], text)
    else:
        raise ValueError("no messages, no instruction, no text")
    if row.get("system") and messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": row["system"]})
    tools = _from_json(listed) or []
    schemas = [tool for tool in tools if isinstance(tool, dict)]
    names = [t.get("function", t)["name"] if isinstance(t, dict) else str(t) for t in tools]
    return Dialogue(messages, names, schemas)


def has_turns(row: Mapping[str, Any]) -> bool:
    """Whether a row is meant to be a dialogue, and not a plain text."""
    return "instruction" in row or any(row.get(key) for key in _TURNS)


def as_row(made: Dialogue) -> dict[str, Any]:
    """The dialogue in OpenAI's form."""
    messages = []
    for message in made.messages:
        calls = [
            {"type": "function", "function": {**call, "arguments": json.dumps(call["arguments"])}}
            for call in message.get("tool_calls", ())
        ]
        messages.append(message | ({"tool_calls": calls} if calls else {}))
    tools = [
        tool if "function" in tool else {"type": "function", "function": tool}
        for tool in made.schemas
    ]
    given = tools or made.tools
    return {"messages": messages, **({"tools": given} if given else {})}


def said(made: Dialogue, *roles: str) -> str:
    """What these roles say, think and call, one after the other."""
    parts: list[str] = []
    for message in made.messages:
        if message["role"] in roles:
            calls = (json.dumps(call) for call in message.get("tool_calls", ()))
            parts += [message.get("reasoning_content", ""), message["content"], *calls]
    return "\n".join(filter(None, parts))


def _message(turn: Mapping[str, Any]) -> Message:
    """A turn of any of the formats, in ours."""
    if not isinstance(turn, Mapping):
        raise ValueError("a message is not an object")
    spoken = turn.get("role") or turn.get("from")
    if not spoken:
        raise ValueError("a message has no role")
    if spoken not in _ROLES:
        raise ValueError(f"unknown role {spoken!r}")
    content = turn.get("content", turn.get("value"))
    if isinstance(content, list):  # OpenAI's parts
        content = "".join(part["text"] for part in content)
    calls = _from_json(turn.get("tool_calls")) or []
    if spoken == "function_call":
        called = _from_json(content)
        content, calls = "", called if isinstance(called, list) else [called]
    if not isinstance(content, str) and not (content is None and calls):
        raise ValueError("a message has no text")
    message: Message = {"role": _ROLES[spoken], "content": content or ""}
    if turn.get("reasoning_content"):
        message["reasoning_content"] = str(turn["reasoning_content"])
    elif message["role"] == "assistant" and (thought := _THOUGHT.fullmatch(message["content"])):
        reasoning, said = thought[1].strip("\n"), thought[2]
        if reasoning.strip():
            message |= {"reasoning_content": reasoning, "content": said}
    if calls:
        message["tool_calls"] = [_call(call.get("function") or call) for call in calls]
    return message


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    arguments = _from_json(call.get("arguments")) or {}
    if not isinstance(arguments, dict):
        raise ValueError(f"the arguments of {call['name']} are no object")
    return {"name": str(call["name"]), "arguments": arguments}


def _alpaca(row: Mapping[str, Any]) -> list[Message]:
    question = "\n".join(part for part in (row["instruction"], row.get("input")) if part)
    turns = [*(row.get("history") or ()), (question, row["output"])]
    return [
        _message({"role": role, "content": text})
        for turn in turns
        for role, text in zip(("user", "assistant"), turn, strict=True)
    ]


def _from_json(value: Any) -> Any:
    """Lists and objects are often stored as JSON text."""
    return json.loads(value) if isinstance(value, str) and value.strip() else value
