"""GBNF grammars that admit only calls of known tools with values that exist.

Format: llama.cpp's GBNF (grammars/README.md of llama.cpp).
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from engine.assistant.calls import value_json
from engine.assistant.tools.base import Tool

Candidates = Mapping[str, Sequence[str | Decimal]]


def call_grammar(options: Sequence[tuple[Tool, Candidates]]) -> str:
    """A grammar for one `<tool_call>` of any of `options`.

    options: tools with, for each argument that the call must have, the values it may take.
    Arguments without candidates are left out of the call.
    """
    rules = []
    names = []
    for index, (tool, candidates) in enumerate(options):
        names.append(f"call{index}")
        parts = [_literal(f'{{"name": {json.dumps(tool.name)}, "arguments": {{')]
        separator = ""
        for param in tool.parameters:
            values = candidates.get(param.name)
            if not values:
                continue
            parts.append(_literal(f"{separator}{json.dumps(param.name)}: "))
            choices = " | ".join(_literal(value_json(value)) for value in values)
            parts.append(f"({choices})" if len(values) > 1 else choices)
            separator = ", "
        parts.append(_literal("}}"))
        rules.append(f"call{index} ::= " + " ".join(parts))
    root = f'root ::= "<tool_call>\\n" ({" | ".join(names)}) "\\n</tool_call>"'
    return "\n".join([root, *rules, ""])


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
