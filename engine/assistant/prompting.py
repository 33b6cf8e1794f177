"""Builds the messages a model reads: pinned system text, earlier turns, the question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from engine.assistant.calls import value_json
from engine.assistant.tools import TOOLS
from engine.assistant.tools.base import Tool
from engine.assistant.tools.context import ToolContext
from engine.core.resources import resource
from engine.model.chat import LocalChat
from engine.model.client import ModelClient
from engine.model.templates import STARTER, PromptCall, PromptMessage, ToolSpec, Traits

_EARLIER_TURNS = {STARTER: 2}
_ANSWER_KEPT = 400  # characters of an earlier answer


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier turn: what was asked, the call it led to, and what was answered."""

    question: str
    call: Mapping[str, Any] | None
    answer: str

    @property
    def tool(self) -> str | None:
        """The name of the tool that was called."""
        return None if self.call is None else str(self.call["name"])

    @property
    def arguments(self) -> dict[str, str | Decimal]:
        """The arguments of the call."""
        given: Mapping[str, Any] = {} if self.call is None else self.call["arguments"]
        return {k: v if isinstance(v, str | Decimal) else Decimal(str(v)) for k, v in given.items()}


def chat_with(model: ModelClient, context: ToolContext) -> LocalChat:
    """The way to the model on this computer, on the day of the context."""
    return LocalChat(model, lambda: datetime.combine(context.today, time()))


def tool_specs(tools: Sequence[Tool]) -> list[ToolSpec]:
    """The tools in the form the template renders."""
    return [ToolSpec(t.name, t.description, t.schema()["function"]["parameters"]) for t in tools]


def told_tools(traits: Traits) -> tuple[ToolSpec, ...]:
    """The tools a model is told of: none, if it was not trained to call any."""
    return tuple(tool_specs(list(TOOLS.values()))) if traits.calls else ()


def system_text(context: ToolContext, template_id: str) -> str:
    """The pinned system text; models other than the starter get written guidance too."""
    text = resource("prompts", "system.txt").read_text("utf-8").strip()
    text = text.format(
        today=context.today,
        assets=", ".join(context.assets[:24]) or "none yet",
        accounts=", ".join(context.accounts[:8]) or "none yet",
        currency=context.currency,
    )
    if template_id != STARTER:
        text += "\n" + resource("prompts", "guidance.txt").read_text("utf-8").strip()
    return text


def bare_text() -> str:
    """The system text for a model that may know nothing of the user's."""
    return resource("prompts", "bare.txt").read_text("utf-8").strip()


def told_turns(history: Sequence[Exchange], template_id: str) -> int:
    """How many of the last turns a model is told of."""
    return min(len(history), _EARLIER_TURNS.get(template_id, 6))


def question_messages(
    context: ToolContext, history: Sequence[Exchange], question: str, template_id: str
) -> list[PromptMessage]:
    """System text, the last turns and the question."""
    messages = [PromptMessage("system", system_text(context, template_id))]
    for exchange in history[len(history) - told_turns(history, template_id) :]:
        messages.append(PromptMessage("user", exchange.question))
        if exchange.tool is None:
            messages.append(PromptMessage("assistant", exchange.answer[:_ANSWER_KEPT]))
            continue
        messages.append(call_message(exchange.tool, exchange.arguments))
        if template_id != STARTER:
            messages.append(PromptMessage("tool", "(shown to the user)"))
            messages.append(PromptMessage("assistant", exchange.answer[:_ANSWER_KEPT]))
    messages.append(PromptMessage("user", question))
    return messages


def call_message(tool: str, arguments: Mapping[str, str | Decimal]) -> PromptMessage:
    """The assistant's turn that calls a tool."""
    inner = ", ".join(f'"{key}": {value_json(value)}' for key, value in arguments.items())
    return PromptMessage("assistant", "", (PromptCall(tool, f"{{{inner}}}"),))
