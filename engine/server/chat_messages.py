"""Reads the messages and the tools of a chat request."""

import json

from engine.model.templates import PromptCall, PromptMessage, Role, ToolSpec
from engine.server.errors import ApiError, invalid
from engine.server.fields import Fields, check_json, check_object, check_text

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
_MESSAGES, _TOOLS = 10_000, 256


def read_messages(fields: Fields) -> tuple[PromptMessage, ...]:
    """The conversation. Raises ApiError."""
    rows = fields.objects("messages")
    if not rows:
        raise fields.wrong("messages", "an array of at least one message")
    if len(rows) > _MESSAGES:
        raise fields.wrong("messages", f"at most {_MESSAGES} messages")
    messages = tuple(_message(row) for row in rows)
    if len(messages) > 1 and messages[-1].role == messages[-2].role == "assistant":
        raise invalid("The last two messages are both the assistant's.", "messages")
    return messages


def read_tools(fields: Fields) -> tuple[ToolSpec, ...]:
    """The functions that the model may call. Raises ApiError."""
    if fields.given("functions", "function_call"):
        raise invalid("'functions' is outdated: use 'tools' and 'tool_choice'.", "functions")
    rows = fields.objects("tools")
    if len(rows) > _TOOLS:
        raise fields.wrong("tools", f"at most {_TOOLS} tools")
    tools = tuple(_tool(row) for row in rows)
    if len({tool.name for tool in tools}) < len(tools):
        raise invalid("Two tools have the same name.", "tools")
    return tools


def read_tool_choice(fields: Fields, tools: tuple[ToolSpec, ...]) -> str:
    """ "auto", "none", "required" or the name of a tool. Raises ApiError."""
    value = fields.get("tool_choice")
    if isinstance(value, dict):
        function = check_object(value, "tool_choice").inner("function")
        name = function.text("name") if function is not None else None
        if not any(tool.name == name for tool in tools):
            raise invalid("'tool_choice' names a tool that is not there.", "tool_choice")
        return str(name)
    if value not in (None, "auto", "none", "required"):
        raise fields.wrong("tool_choice", "auto, none, required, or a function's name")
    if value == "required" and not tools:
        raise invalid("A tool is required, but there are none.", "tool_choice")
    return str(value or "auto")


def read_content(fields: Fields, name: str) -> str:
    """A text, or parts of type text, which become paragraphs. Raises ApiError."""
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return check_text(value, fields.path(name))
    if not isinstance(value, list):
        raise fields.wrong(name, "a text, or an array of parts")
    return "\n\n".join(_part(part) for part in fields.objects(name))


def _part(part: Fields) -> str:
    kind = part.text("type")
    if kind not in ("text", "input_text", "output_text", "refusal"):
        raise invalid(
            f"'{part.path('type')}' must be text: this model reads no images, sounds or files.",
            part.path("type"),
        )
    text = part.text("refusal" if kind == "refusal" else "text")
    if text is None:
        raise part.wrong("text", "a text")
    return text


def _message(row: Fields) -> PromptMessage:
    role = _ROLES.get(row.text("role", ""))
    if role is None:
        raise row.wrong("role", f"one of {', '.join(_ROLES)}")
    if role != "assistant":
        if row.get("content") is None:
            raise row.wrong("content", "a text, or an array of parts")
        return PromptMessage(role, read_content(row, "content"))
    calls = tuple(_call(call) for call in row.objects("tool_calls"))
    if row.get("content") is None and not calls and not row.given("reasoning_content"):
        raise row.wrong("content", "a text, where there are no tool calls")
    thinking = row.text("reasoning_content", "")
    return PromptMessage(role, read_content(row, "content"), calls, thinking)


def _call(row: Fields) -> PromptCall:
    function = row.inner("function")
    if function is None:
        raise row.wrong("function", "an object")
    name = function.text("name", "")
    value = function.get("arguments")
    arguments = ""
    if not isinstance(value, dict):
        arguments = function.text("arguments", "") or "{}"
        try:
            value = json.loads(arguments)
        except (ValueError, RecursionError) as error:
            raise _no_call(row) from error
        if not name or not isinstance(value, dict):
            raise _no_call(row)
    check_json(value, function.path("arguments"))
    return PromptCall(name, arguments or json.dumps(value, ensure_ascii=False))


def _no_call(row: Fields) -> ApiError:
    return row.wrong("function", "a name, and arguments as the text of a JSON object")


def _tool(row: Fields) -> ToolSpec:
    if row.text("type", "function") != "function":
        raise row.wrong("type", "function")
    function = row.inner("function")
    if function is None:
        raise row.wrong("function", "an object")
    name = function.text("name", "")
    if not name or len(name) > 128:
        raise function.wrong("name", "a name of up to 128 characters")
    schema = function.schema("parameters")
    if schema is None:
        schema = {"type": "object", "properties": {}}
    return ToolSpec(name, function.text("description", ""), schema)
