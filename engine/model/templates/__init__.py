"""Renders a conversation into the prompt text a model was trained on.

Only formats written here are rendered here. A template inside a model file is a program by a
stranger: it is compared with those we know, and otherwise run in a process of its own
(`engine.model.templates.process`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from engine.model.templates.choose import (
    choose_template,
    is_vetted,
    own_template,
    traits_by_text,
)
from engine.model.templates.conversation import (
    Conversation,
    PromptCall,
    PromptMessage,
    Role,
    ToolSpec,
    broken_message,
    broken_up,
)
from engine.model.templates.glm import render_glm
from engine.model.templates.llama import render_llama
from engine.model.templates.mistral import render_mistral
from engine.model.templates.qwen import render_qwen, spelled_calls, tool_section
from engine.model.templates.simple import render_simple
from engine.model.templates.traits import (
    CHATML,
    GEMMA,
    GLM45,
    GLM47,
    HERMES,
    LLAMA3,
    LLAMA31,
    MISTRAL_V3,
    MISTRAL_V7,
    MISTRAL_V11,
    MISTRAL_V13,
    PHI3,
    QWEN3,
    QWEN3_INSTRUCT,
    QWEN3_THINKING,
    QWEN25,
    STARTER,
    TEMPLATE_IDS,
    TRAITS,
    Traits,
    may_think,
    starts_in_thought,
    traits_of,
)

__all__ = [
    "CHATML",
    "GEMMA",
    "GLM45",
    "GLM47",
    "HERMES",
    "LLAMA3",
    "LLAMA31",
    "MISTRAL_V3",
    "MISTRAL_V7",
    "MISTRAL_V11",
    "MISTRAL_V13",
    "PHI3",
    "QWEN3",
    "QWEN3_INSTRUCT",
    "QWEN3_THINKING",
    "QWEN25",
    "STARTER",
    "TEMPLATE_IDS",
    "TRAITS",
    "PromptCall",
    "PromptMessage",
    "Role",
    "ToolSpec",
    "Traits",
    "broken_message",
    "broken_up",
    "choose_template",
    "is_vetted",
    "may_think",
    "own_template",
    "render",
    "spell_out_tools",
    "starts_in_thought",
    "traits_by_text",
    "traits_of",
]

_RENDERERS = {
    **dict.fromkeys((LLAMA3, LLAMA31), render_llama),
    **dict.fromkeys((MISTRAL_V3, MISTRAL_V7, MISTRAL_V11, MISTRAL_V13), render_mistral),
    **dict.fromkeys((GLM45, GLM47), render_glm),
    **dict.fromkeys((GEMMA, PHI3), render_simple),
}


def render(
    messages: Sequence[PromptMessage],
    tools: Sequence[ToolSpec],
    template_id: str,
    thinking: bool,
    open_turn: bool = True,
    *,
    today: date | None = None,
    spell_tools: bool = False,
) -> str:
    """The prompt text; ValueError for an unknown template.

    thinking: whether the model may think first, where it has a choice. open_turn: end with the
    beginning of the assistant's turn. today: for templates that tell the date. spell_tools: where
    the template knows no tools, describe them in the system text. Special tokens spelled out
    inside messages are broken up, so that no imported text can end its turn or fake a tool result.
    """
    traits = traits_of(template_id)
    plain = [broken_message(message) for message in messages]
    if traits.calls is None:
        if spell_tools:
            plain = spell_out_tools(plain, tools)
        tools = ()
    talk = Conversation(tuple(plain), tuple(tools), thinking, open_turn, today)
    return _RENDERERS.get(template_id, render_qwen)(talk, template_id)


def spell_out_tools(
    messages: Sequence[PromptMessage], tools: Sequence[ToolSpec]
) -> list[PromptMessage]:
    """The conversation for a model without tools of its own: everything about them is text.

    The messages must have been broken up before.
    """
    out: list[PromptMessage] = []
    waiting = tool_section(tools) if tools else ""
    if waiting and (not messages or messages[0].role != "system"):
        out.append(PromptMessage("system", waiting))
        waiting = ""
    for message in messages:
        if waiting:
            text = f"{message.text}\n\n{waiting}" if message.text else waiting
            out.append(replace(message, text=text))
            waiting = ""
        elif message.role == "assistant":
            out.append(replace(message, text=spelled_calls(message), calls=()))
        elif message.role == "tool":
            text = f"<tool_response>\n{broken_up(message.text)}\n</tool_response>"
            if out and out[-1].role == "user" and out[-1].text.endswith("</tool_response>"):
                out[-1] = replace(out[-1], text=f"{out[-1].text}\n{text}")
            else:
                out.append(PromptMessage("user", text))
        else:
            out.append(message)
    return out
