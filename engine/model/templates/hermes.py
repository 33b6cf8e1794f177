"""How Hermes 2 Pro and 3 are told about tools: as Python signatures."""

import json
from collections.abc import Mapping, Sequence

from engine.model.templates.conversation import ToolSpec, broken_up

_TYPES = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"}


def hermes_tools(tools: Sequence[ToolSpec]) -> str:
    """The system text that describes the tools."""
    lines = broken_up("\n".join(_described(tool) for tool in tools))
    return (
        "You are a function calling AI model. You are provided with function signatures within "
        "<tools></tools> XML tags. You may call one or more functions to assist with the user "
        "query. Don't make assumptions about what values to plug into functions. Here are the "
        f"available tools: <tools> {lines} </tools>"
        "Use the following pydantic model json schema for each tool call you will make: "
        '{"properties": {"name": {"title": "Name", "type": "string"}, "arguments": '
        '{"title": "Arguments", "type": "object"}}, "required": ["name", "arguments"], '
        '"title": "FunctionCall", "type": "object"}}\n'
        "For each function call return a json object with function name and arguments within "
        "<tool_call></tool_call> XML tags as follows:\n<tool_call>\n"
        '{"name": <function-name>, "arguments": <args-dict>}\n</tool_call>'
    )


def _described(tool: ToolSpec) -> str:
    properties = tool.parameters.get("properties")
    fields = properties if isinstance(properties, Mapping) else {}
    signature = ", ".join(f"{name}: {_python_type(field)}" for name, field in fields.items())
    text = f"{tool.name}({signature}) - {tool.description}\n\n"
    text += "    Args:\n" if fields else ""
    for name, field in fields.items():
        description = str(field.get("description", "")) if isinstance(field, Mapping) else ""
        text += f"        {name}({_python_type(field)}): {description.strip()}"
    parameters = json.dumps(tool.parameters, ensure_ascii=False) if fields else "{}"
    return (
        '{"type": "function", "function": '
        f'{{"name": "{tool.name}", "description": "{text}", "parameters": {parameters}}}'
    )


def _python_type(schema: object) -> str:
    if not isinstance(schema, Mapping):
        return "Any"
    kind = schema.get("type")
    if isinstance(kind, list):
        return "Union[" + ",".join(_python_type({"type": one}) for one in kind) + "]"
    if kind == "array":
        return f"list[{_python_type(schema.get('items'))}]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return "dict" if values is None else f"dict[str, {_python_type(values)}]"
    return _TYPES.get(str(kind), "Any")
