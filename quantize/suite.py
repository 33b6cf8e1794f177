"""How often a model calls the right tool: Assay's questions, asked as the application asks them.

The tools are those of engine.assistant, word for word (a test compares them); the questions are
quantize/data/tool_questions.jsonl: what is asked, the tool to call (null: none), its arguments, and
under "or" others that mean the same.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from engine.core.resources import resource
from engine.model.chat_form import Form, form_for
from engine.model.gguf.header import read_header
from engine.model.parsing import BadCallPart, CallPart, Part, StreamParser
from engine.model.templates import STARTER, PromptMessage, ToolSpec
from quantize.child import run_job
from quantize.running import settings, tuning_for
from quantize.task import Task

_DATA = Path(__file__).parent / "data"
_MOST, _MOST_THINKING = 160, 1024  # tokens of an answer
_NORMAL = 1.959964  # quantile of the normal distribution for 95 %


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; tool: to call, None = no tool; arguments: those that are right."""

    ask: str
    tool: str | None
    arguments: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ToolScore:
    """How many of `questions` found the right tool (or none, where none is right), and how many
    of those all the right arguments too; low, high: 95 % interval of the share of the latter."""

    questions: int
    tool: int
    call: int
    low: float
    high: float


def measure_tools(path: Path, task: Task, share: tuple[float, float]) -> ToolScore | None:
    """Ask a model all questions; None for one that was not trained to call tools.

    share: of the task's progress. Raises KnownError and Cancelled.
    """
    form = form_for(path, lambda _: "")  # the tokenizer adds its own first token
    try:
        if form.traits.calls is None:
            return None
        questions = read_questions()
        written = [_written(form, question) for question in questions]
    finally:
        form.close()
    thinks = form.traits.thinking == "always"
    arguments = settings(path, tuning_for(read_header(path))) | {
        "prompts": json.dumps([prompt for prompt, _ in written]),
        "most": str(_MOST_THINKING if thinks else _MOST),
    }
    answers = run_job("answer", arguments, task, share)["answers"]
    tools = calls = 0
    for question, (_, in_thought), answer in zip(questions, written, answers, strict=True):
        tool, call = judge(question, parse(form, answer, in_thought))
        tools, calls = tools + tool, calls + call
    return ToolScore(len(questions), tools, calls, *interval(calls, len(questions)))


def read_questions() -> list[Question]:
    """The suite."""
    return [
        Question(item["ask"], item["call"], (item.get("with", {}), *item.get("or", ())))
        for item in _lines("tool_questions.jsonl")[1:]
    ]


def read_tools() -> tuple[ToolSpec, ...]:
    """The tools a model is told of."""
    return tuple(ToolSpec(**one) for one in _lines("tools.jsonl"))


def messages(template_id: str, ask: str) -> list[PromptMessage]:
    """A question after the application's system text."""
    user = _lines("tool_questions.jsonl")[0]["user"]
    text = resource("prompts", "system.txt").read_text("utf-8").strip()
    text = text.format(
        today=user["today"],
        assets=", ".join(user["assets"]),
        accounts=", ".join(user["accounts"]),
        currency=user["currency"],
    )
    if template_id != STARTER:
        text += "\n" + resource("prompts", "guidance.txt").read_text("utf-8").strip()
    return [PromptMessage("system", text), PromptMessage("user", ask)]


def parse(form: Form, answer: str, in_thought: bool) -> CallPart | BadCallPart | None:
    """The first call in an answer, None without any."""
    parser = StreamParser(form.traits, in_thought, read_tools())
    parts: list[Part] = [*parser.feed(answer), *parser.finish()]
    return next((part for part in parts if isinstance(part, CallPart | BadCallPart)), None)


def judge(question: Question, call: CallPart | BadCallPart | None) -> tuple[bool, bool]:
    """Whether the tool is right, and whether the whole call is."""
    if call is None or question.tool is None:
        right = call is None and question.tool is None
        return right, right
    if isinstance(call, BadCallPart) or call.name != question.tool:
        return False, False
    given = _plain(call.arguments)
    return True, any(given == _plain(one) for one in question.arguments)


def interval(right: int, asked: int) -> tuple[float, float]:
    """95 % interval of a share by Wilson (1927): p for which |right/asked − p| is 1.96 σ(p)."""
    share, square = right / asked, _NORMAL**2
    middle = share + square / (2 * asked)
    half = _NORMAL * math.sqrt(share * (1 - share) / asked + square / (4 * asked**2))
    whole = 1 + square / asked
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


def _written(form: Form, question: Question) -> tuple[str, bool]:
    """The prompt, and whether it ends within a thought."""
    user = _lines("tool_questions.jsonl")[0]["user"]
    now = datetime.fromisoformat(user["today"])
    thinking = form.traits.thinking == "always"
    talk = messages(form.template_id, question.ask)
    written = form.written(talk, read_tools(), thinking, now)
    return written.prompt, written.in_thought


def _plain(arguments: Mapping[str, Any]) -> dict[str, object]:
    """Arguments as they are compared: numbers by value, texts without case and plural."""
    return {key: _value(value) for key, value in arguments.items()}


def _value(value: Any) -> object:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return str(value).casefold().strip(" .?!\"'").removesuffix("s")


def _lines(name: str) -> list[dict[str, Any]]:
    text = (_DATA / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
