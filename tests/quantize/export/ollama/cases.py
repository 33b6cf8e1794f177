"""Conversations to render, for Ollama and for Assay.

python tests/quantize/export/ollama/cases.py | go run render.go > rendered.json
"""

import json
import sys
from dataclasses import dataclass

from engine.model.templates import PromptCall, PromptMessage, ToolSpec
from quantize.export.ollama_templates import TEMPLATES


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation; thinking: what the caller asked for, None for nothing."""

    messages: tuple[PromptMessage, ...]
    tools: tuple[ToolSpec, ...] = ()
    thinking: bool | None = None


SYSTEM = PromptMessage("system", "You know prices.")
FIRST = (PromptMessage("user", "btc?"), PromptMessage("assistant", "61,240 dollars."))
LAST = PromptMessage("user", "And ether,\nplease?")
TOOLS = (
    ToolSpec("price", "Price of a coin.", {"properties": {"asset": {}}, "type": "object"}),
    ToolSpec("fee", "A fee.", {"properties": {}, "type": "object"}),
)
CALLS = (PromptCall("price", '{"asset": "ETH"}'), PromptCall("fee", "{}"))
RESULTS = (PromptMessage("tool", '{"price": 2500}'), PromptMessage("tool", '{"fee": 1}'))
ONE = (PromptMessage("assistant", "", CALLS[:1]), RESULTS[0])
TWO = (PromptMessage("assistant", "Let me see.", CALLS), *RESULTS)

CASES = {
    "question": Case((LAST,)),
    "talk": Case((SYSTEM, *FIRST, LAST)),
    "told not to think": Case((SYSTEM, LAST), thinking=False),
    "told to think": Case((LAST,), thinking=True),
    "tools": Case((SYSTEM, *FIRST, LAST), TOOLS),
    "tools without a system text": Case((LAST,), TOOLS),
    "call": Case((SYSTEM, *FIRST, LAST, *ONE), TOOLS),
    "two calls": Case((SYSTEM, LAST, *TWO), TOOLS),
    "answer after calls": Case((LAST, *TWO, PromptMessage("assistant", "2,500."), LAST), TOOLS),
    "thoughts": Case(
        (
            PromptMessage("user", "btc?"),
            PromptMessage("assistant", "Up.", thinking="Earlier."),
            LAST,
            PromptMessage("assistant", "", CALLS[:1], thinking="Now."),
            RESULTS[0],
        ),
        TOOLS,
        True,
    ),
}


def _message(one: PromptMessage) -> dict[str, object]:
    calls = [{"Function": {"Name": it.name, "Arguments": it.values()}} for it in one.calls]
    return {"Role": one.role, "Content": one.text, "Thinking": one.thinking, "ToolCalls": calls}


def _case(case: Case) -> dict[str, object]:
    tools = [
        {
            "type": "function",
            "function": {
                "name": one.name,
                "description": one.description,
                "parameters": one.parameters,
            },
        }
        for one in case.tools
    ]
    messages = [_message(one) for one in case.messages]
    return {"Messages": messages, "Tools": tools, "Think": case.thinking}


if __name__ == "__main__":
    cases = {name: _case(case) for name, case in CASES.items()}
    json.dump({"templates": TEMPLATES, "cases": cases}, sys.stdout)
