"""Mistral since its third template: marks in square brackets, no spaces around them."""

import json

from engine.model.templates.conversation import (
    Conversation,
    PromptMessage,
    broken_up,
    call_id,
    last_question,
    tool_object,
)
from engine.model.templates.traits import MISTRAL_V3, MISTRAL_V7, MISTRAL_V11, MISTRAL_V13


def render_mistral(talk: Conversation, template_id: str) -> str:
    """The prompt; the tokenizer puts the begin-of-text token before it."""
    system = talk.system
    tools = _tools(talk)
    parts = []
    if system and template_id != MISTRAL_V3:
        parts.append(f"[SYSTEM_PROMPT]{system}[/SYSTEM_PROMPT]")
    if template_id == MISTRAL_V13:
        parts.append(tools)
    rest = talk.rest
    question = last_question(rest)
    called = answered = 0
    for index, message in enumerate(rest):
        if message.role == "user":
            text = message.text
            if index == question and template_id != MISTRAL_V13:
                parts.append(tools)
            # The published text of the third template loses the system text while a question's
            # tools are called; Mistral's own tokenizer does not.
            if template_id == MISTRAL_V3 and system and index == question:
                text = f"{system}\n\n{text}"
            parts.append(f"[INST]{text}[/INST]")
        elif message.role == "system":
            folded = template_id == MISTRAL_V3
            parts.append("[INST]" if folded else "[SYSTEM_PROMPT]")
            parts.append(message.text + ("[/INST]" if folded else "[/SYSTEM_PROMPT]"))
        elif message.role == "assistant":
            parts.append(message.text + _calls(message, called, template_id) + "</s>")
            called += len(message.calls)
        else:
            parts.append(_result(message.text, answered, template_id))
            answered += 1
    return "".join(parts)


def _tools(talk: Conversation) -> str:
    if not talk.tools:
        return ""
    objects = json.dumps([tool_object(tool) for tool in talk.tools], ensure_ascii=False)
    return f"[AVAILABLE_TOOLS]{broken_up(objects)}[/AVAILABLE_TOOLS]"


def _calls(message: PromptMessage, number: int, template_id: str) -> str:
    """The calls of a message, the first of which is the number-th of the conversation."""
    if not message.calls:
        return ""
    if template_id in (MISTRAL_V3, MISTRAL_V7):
        items = [
            f'{{"name": "{call.name}", "arguments": {call.arguments}, "id": "{call_id(n)}"}}'
            for n, call in enumerate(message.calls, number)
        ]
        return f"[TOOL_CALLS][{', '.join(items)}]"
    return "".join(
        f"[TOOL_CALLS]{call.name}"
        + (f"[CALL_ID]{call_id(n)}" if template_id == MISTRAL_V11 else "")
        + f"[ARGS]{call.arguments}"
        for n, call in enumerate(message.calls, number)
    )


def _result(text: str, number: int, template_id: str) -> str:
    if template_id == MISTRAL_V3:
        inner = f'{{"content": {text}, "call_id": "{call_id(number)}"}}'
    elif template_id == MISTRAL_V13:
        inner = text
    else:
        inner = f"{call_id(number)}[TOOL_CONTENT]{text}"
    return f"[TOOL_RESULTS]{inner}[/TOOL_RESULTS]"
