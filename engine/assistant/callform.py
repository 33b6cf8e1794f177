"""How the model of each family writes a call, which is what it has to be asked for and held to."""

from dataclasses import dataclass
from decimal import Decimal

from engine.assistant.calls import call_tool, parse_call, value_json
from engine.assistant.prompting import tool_specs
from engine.assistant.tools import TOOLS
from engine.assistant.tools.base import Tool
from engine.model.parsing import CallPart, StreamParser
from engine.model.templates import (
    GLM45,
    GLM47,
    LLAMA31,
    MISTRAL_V3,
    MISTRAL_V7,
    MISTRAL_V11,
    MISTRAL_V13,
)
from engine.model.templates.conversation import call_id


@dataclass(frozen=True, slots=True)
class CallForm:
    """The text around a call's name and arguments.

    line: what stands between the marks of arguments that are no JSON; None where they are JSON.
    """

    begin: str
    before_name: str
    after_name: str
    arguments: str
    close: str
    end: str
    line: str | None = None

    @property
    def at_all(self) -> str:
        """What every call begins with."""
        return self.begin.rstrip() or self.before_name

    def named(self, name: str) -> str:
        """The beginning of a call of one tool."""
        return f"{self.begin}{self.before_name}{name}{self.after_name}"

    def before(self, key: str, first: bool) -> str:
        """What stands before an argument's value."""
        if self.line is None:
            return f'{"" if first else ", "}"{key}": '
        return f"<arg_key>{key}</arg_key>{self.line}<arg_value>"

    @property
    def after(self) -> str:
        """What stands after an argument's value."""
        return "" if self.line is None else f"</arg_value>{self.line}"

    def value(self, value: str | Decimal) -> str:
        """An argument's value."""
        if self.line is not None and isinstance(value, str):
            return value
        return value_json(value)


HERMES_FORM = CallForm(
    "<tool_call>\n", '{"name": "', '"', ', "arguments": {', "}}", "\n</tool_call>"
)
"""Also for the starter, Qwen, and models that were not trained to call tools."""
_MISTRAL_LIST = CallForm(
    "[TOOL_CALLS]", '[{"name": "', '"', ', "arguments": {', f'}}, "id": "{call_id(0)}"}}]', ""
)
_FORMS = {
    LLAMA31: CallForm("", '{"name": "', '"', ', "parameters": {', "}}", ""),
    MISTRAL_V3: _MISTRAL_LIST,
    MISTRAL_V7: _MISTRAL_LIST,
    MISTRAL_V11: CallForm("[TOOL_CALLS]", "", "", f"[CALL_ID]{call_id(0)}[ARGS]{{", "}", ""),
    MISTRAL_V13: CallForm("[TOOL_CALLS]", "", "", "[ARGS]{", "}", ""),
    GLM45: CallForm("\n<tool_call>", "", "\n", "", "", "</tool_call>", "\n"),
    GLM47: CallForm("<tool_call>", "", "", "", "", "</tool_call>", ""),
}


def form_of(template_id: str) -> CallForm:
    """The form of a template's calls."""
    return _FORMS.get(template_id, HERMES_FORM)


def read_call(text: str, template_id: str) -> tuple[Tool, dict[str, str | Decimal]]:
    """The call in a text that a model with this template has written; ValueError if it is none."""
    if form_of(template_id) is HERMES_FORM:
        inner = text.removeprefix("<tool_call>").removesuffix("</tool_call>").strip()
        return parse_call(inner, TOOLS)
    parser = StreamParser(template_id, tools=tool_specs(list(TOOLS.values())))
    for part in (*parser.feed(text), *parser.finish()):
        if isinstance(part, CallPart):
            return call_tool(part.name, part.arguments, TOOLS)
    raise ValueError("not a tool call")
