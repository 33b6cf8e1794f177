"""Ollama's templates, rendered by Go, against Assay's own renderer.

rendered.json is Go's work (ollama/cases.py says how to make it again).
"""

import json
import re
import sys
from pathlib import Path

import pytest

from engine.model.templates import LLAMA31, STARTER, TRAITS, render
from quantize.export.ollama_templates import TEMPLATES

HERE = Path(__file__).parent / "ollama"
sys.path.insert(0, str(HERE))
from cases import CASES  # noqa: E402

RENDERED = json.loads((HERE / "rendered.json").read_text())


def test_all_of_them_are_rendered() -> None:
    assert {name: one["template"] for name, one in RENDERED.items()} == TEMPLATES


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_prompts_are_the_same(template: str, name: str) -> None:
    case = CASES[name]
    if case.tools and TRAITS[template].calls is None:
        return  # Ollama offers no tools to such a model
    if template == LLAMA31 and any(len(one.calls) > 1 for one in case.messages):
        return  # Assay shows such a model one call after the other, Ollama cannot
    if template == STARTER and name == "thoughts":
        return  # it has none; a template that showed them would make Ollama offer to think
    expected = render(case.messages, case.tools, template, case.thinking is not False)
    found = RENDERED[template]["prompts"][name]
    if case.tools:  # Go writes JSON without spaces
        expected, found = (re.sub(r"([:,]) ", r"\1", text) for text in (expected, found))
    if case.tools and template == LLAMA31:  # and Meta indents it
        expected, found = ("".join(text.split()) for text in (expected, found))
    assert found == expected
