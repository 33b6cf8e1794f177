"""GBNF grammars that admit only calls of known tools with values that exist.

Format: llama.cpp's GBNF (grammars/README.md of llama.cpp).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from engine.assistant.callform import HERMES_FORM, CallForm
from engine.assistant.tools.base import Tool

Candidates = Mapping[str, Sequence[str | Decimal]]


def call_grammar(options: Sequence[tuple[Tool, Candidates]], form: CallForm = HERMES_FORM) -> str:
    """A grammar for one call of any of `options`, in the form the model was trained to write.

    options: tools with, for each argument that the call must have, the values it may take.
    Arguments without candidates are left out of the call.
    """
    rules = []
    names = []
    for index, (tool, candidates) in enumerate(options):
        names.append(f"call{index}")
        parts = [_literal(f"{form.before_name}{tool.name}{form.after_name}{form.arguments}")]
        first = True
        for param in tool.parameters:
            values = candidates.get(param.name)
            if not values:
                continue
            parts.append(_literal(form.before(param.name, first)))
            choices = " | ".join(_literal(form.value(value)) for value in values)
            parts.append(f"({choices})" if len(values) > 1 else choices)
            if form.after:
                parts.append(_literal(form.after))
            first = False
        parts.append(_literal(form.close))
        rules.append(f"call{index} ::= " + " ".join(parts))
    root = f"root ::= {_literal(form.begin)} ({' | '.join(names)}) {_literal(form.end)}"
    return "\n".join([root, *rules, ""])


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
