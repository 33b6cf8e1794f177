"""Gemma and Phi: turns and nothing else."""

from engine.model.templates.conversation import Conversation
from engine.model.templates.traits import GEMMA


def render_simple(talk: Conversation, template_id: str) -> str:
    """The prompt; the tokenizer puts the begin-of-text token before it.

    Gemma has no system role: that text begins the first question.
    """
    return _gemma(talk) if template_id == GEMMA else _phi(talk)


def _gemma(talk: Conversation) -> str:
    parts = []
    waiting = talk.system.strip()
    for message in talk.rest:
        role = "model" if message.role == "assistant" else "user"
        text = message.text.strip()
        if role == "user" and waiting:
            text, waiting = f"{waiting}\n\n{text}", ""
        parts.append(f"<start_of_turn>{role}\n{text}<end_of_turn>\n")
    if waiting:
        parts.append(f"<start_of_turn>user\n{waiting}<end_of_turn>\n")
    if talk.open_turn:
        parts.append("<start_of_turn>model\n")
    return "".join(parts)


def _phi(talk: Conversation) -> str:
    parts = []
    for message in talk.messages:
        role = "user" if message.role == "tool" else message.role
        if message.text or role != "system":
            parts.append(f"<|{role}|>\n{message.text}<|end|>\n")
    if talk.open_turn:
        parts.append("<|assistant|>\n")
    return "".join(parts)
