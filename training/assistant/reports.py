"""Answers to train on: sentence shapes filled with the figures of a real tool result."""

import random
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from engine.assistant.phrases import plain_answer
from engine.assistant.tools import TOOLS
from engine.assistant.tools.base import ToolResult
from engine.core.words import capitalised

_FOLDER = Path(__file__).parent / "reports"
_SLOT = re.compile(r"\{([^{}]+)\}")
_CHOICE = re.compile(r"\[([^\[\]]+)\]")


@cache
def shapes(tool: str) -> tuple[str, ...]:
    """The sentence shapes of a tool."""
    return tuple((_FOLDER / f"{tool}.txt").read_text("utf-8").splitlines())


def report(rng: random.Random, tool: str, result: ToolResult) -> str:
    """One answer: a shape whose figures the result has, else its plain rendering."""
    labels = _labels(tool, result)
    usable = [shape for shape in shapes(tool) if set(_SLOT.findall(shape)) <= labels.keys()]
    # A shape that leaves out the figure that was asked for teaches the wrong answer.
    if result.headline:
        named = [label for label, text in labels.items() if text == result.headline]
        usable = [s for s in usable if set(_SLOT.findall(s)) & set(named)]
    if not usable:
        return plain_answer(TOOLS[tool], result)
    shape = _CHOICE.sub(lambda m: rng.choice(m[1].split("|")), rng.choice(usable))
    text = capitalised(_SLOT.sub(lambda m: labels[m[1]], shape))
    notes = [
        line.removeprefix("note: ")
        for line in result.text.splitlines()
        if line.startswith("note: ")
    ]
    if notes and len(notes[0]) < 120 and shape != "{note}":
        text += f" Note: {notes[0]}"
    return text


def _labels(tool: str, result: ToolResult) -> Mapping[str, str]:
    title, *lines = result.text.splitlines()
    labels = {"title": title}
    for line in lines:
        label, colon, value = line.partition(": ")
        if colon:
            labels.setdefault(label, value)
    if "period" in labels:
        labels["period start"], labels["period end"] = labels["period"].split(" to ")
    subject = re.search(r" of (?:the )?(\w+)$", title)
    labels["subject"] = subject[1] if subject and subject[1] != "portfolio" else "your portfolio"
    if tool == "explain_term":
        labels["title"] = title.partition(":")[0]
    if tool == "portfolio_value":
        holdings = [line for line in lines if re.match(r"[A-Z0-9]+: .+, .+ %$", line)]
        if holdings:
            top, _, rest = holdings[0].partition(": ")
            value, _, weight = rest.rpartition(", ")
            labels |= {"top": top, "top value": value, "top weight": weight}
    if tool == "position" and labels.get("note"):
        labels = {"note": labels["note"]}
    return labels
