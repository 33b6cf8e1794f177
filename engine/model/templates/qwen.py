"""ChatML: the starter, the Qwen family, Hermes, and models we know nothing else about."""

from collections.abc import Sequence

from engine.model.templates.conversation import (
    Conversation,
    PromptMessage,
    ToolSpec,
    broken_up,
    last_question,
    tool_json,
)
from engine.model.templates.hermes import hermes_tools
from engine.model.templates.traits import (
    CHATML,
    HERMES,
    QWEN3,
    QWEN3_THINKING,
    QWEN25,
    STARTER,
)

_QWEN25_SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."


def render_qwen(talk: Conversation, template_id: str) -> str:
    """The prompt of a ChatML template."""
    messages = talk.messages
    parts = [_system(talk, template_id)]
    question = last_question(messages)
    answerer = "tool" if template_id == HERMES else "user"
    for index, message in enumerate(messages):
        if message.role == "user" or (message.role == "system" and index > 0):
            parts.append(f"<|im_start|>{message.role}\n{message.text}<|im_end|>\n")
        elif message.role == "assistant":
            is_last = index == len(messages) - 1
            parts.append(_assistant(message, index > question, is_last, template_id))
        elif message.role == "tool":
            follows = index > 0 and messages[index - 1].role == "tool"
            precedes = index + 1 < len(messages) and messages[index + 1].role == "tool"
            parts.append("" if follows else f"<|im_start|>{answerer}")
            parts.append(f"\n<tool_response>\n{message.text}\n</tool_response>")
            if not precedes:
                # Hermes' template is not even: kept as it is, since so it was published.
                ends = "\n<|im_end|>" if index + 1 < len(messages) else "<|im_end|>"
                parts.append(ends if template_id == HERMES else "<|im_end|>\n")
    if talk.open_turn:
        parts.append("<|im_start|>assistant\n")
        if template_id == QWEN3_THINKING:
            parts.append("<think>\n")
        elif template_id == QWEN3 and not talk.thinking:
            parts.append("<think>\n\n</think>\n\n")
    return "".join(parts)


def tool_section(tools: Sequence[ToolSpec]) -> str:
    """Qwen3's description of the tools, in the words it was trained with."""
    return (
        "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
        "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
        + "\n".join(tool_json(tool) for tool in tools)
        + "\n</tools>\n\nFor each function call, return a json object with function name and "
        "arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n"
        '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
    )


def spelled_calls(message: PromptMessage) -> str:
    """An assistant's text and its calls as Qwen and Hermes write them."""
    text = message.text
    for index, call in enumerate(message.calls):
        text += "\n" if index or message.text else ""
        text += (
            f'<tool_call>\n{{"name": "{call.name}", "arguments": {call.arguments}}}\n</tool_call>'
        )
    return text


def _system(talk: Conversation, template_id: str) -> str:
    text = talk.system
    tools = talk.tools
    if template_id == HERMES:
        own = f"<|im_start|>system\n{text}<|im_end|>\n" if text else ""
        return (f"<|im_start|>system\n{hermes_tools(tools)}<|im_end|>\n" if tools else "") + own
    if template_id == QWEN25 and not text:
        text = _QWEN25_SYSTEM
    if tools and template_id == STARTER:
        names = ", ".join(f'"{broken_up(tool.name)}"' for tool in tools)
        text = f"{text}\n\nTools: {names}" if text else f"Tools: {names}"
    elif tools and template_id != CHATML:
        text = f"{text}\n\n{tool_section(tools)}" if text else tool_section(tools)
    return f"<|im_start|>system\n{text}<|im_end|>\n" if text else ""


def _assistant(message: PromptMessage, current: bool, is_last: bool, template_id: str) -> str:
    """An assistant message; current: it belongs to the question being answered."""
    text = spelled_calls(message)
    if _shows_thought(message, current, is_last, template_id):
        thought = message.thinking.strip("\n")
        text = f"<think>\n{thought}\n</think>\n\n{text.lstrip(chr(10))}"
    return f"<|im_start|>assistant\n{text}<|im_end|>\n"


def _shows_thought(message: PromptMessage, current: bool, is_last: bool, template_id: str) -> bool:
    """Qwen3 was trained without the thoughts about earlier questions, the starter with them."""
    if template_id in (QWEN3, QWEN3_THINKING):
        return current and (bool(message.thinking) or is_last)
    return template_id == STARTER and bool(message.thinking)
