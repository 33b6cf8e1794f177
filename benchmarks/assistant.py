"""Right tool with right arguments on hand-written questions: the whole assistant, or one part.

    .venv/bin/python -m benchmarks.assistant                     router and rules, no model
    .venv/bin/python -m benchmarks.assistant --model FILE.gguf   the whole assistant
    .venv/bin/python -m benchmarks.assistant --model FILE.gguf --alone   the model alone

A question is right when the call equals the expected one or an accepted alternative, or when no
call was expected and none was made. "Did you mean" choosers are counted apart.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.assistant.cancel import Cancel
from engine.assistant.decide import decide
from engine.assistant.knowledge import Knowledge
from engine.assistant.picking import Picker
from engine.assistant.prompting import Exchange
from engine.assistant.router import default_router
from engine.assistant.tools import TOOLS
from engine.assistant.tools.context import ToolContext
from engine.core.records import PricePoint
from engine.market.series import PriceBook
from engine.model.client import ModelClient
from engine.model.generation import GenerateRequest
from engine.model.parsing import BadCallPart, CallPart, Part, StreamParser
from engine.model.templates import starts_in_thought
from engine.service.demo import read_demo

HELD_OUT = Path(__file__).parent / "data" / "assistant_heldout.jsonl"
TODAY = date(2026, 11, 22)


class DemoPrices:
    """The demo's prices as a price source."""

    def __init__(self, points: Sequence[PricePoint]) -> None:
        self._points = points

    def series(self, asset: str, currency: str) -> list[PricePoint]:
        """The points of one asset."""
        return [p for p in self._points if p.asset == asset and p.currency == currency]


def context() -> ToolContext:
    """The user all questions were written for: the demo portfolio."""
    demo = read_demo(TODAY)
    prices = PriceBook(DemoPrices(demo.prices))
    return ToolContext(demo.transactions, prices, (), Knowledge(), "USD", TODAY, True)


def history_of(item: dict[str, Any]) -> list[Exchange]:
    """The earlier turns of a question."""
    return [Exchange(turn["user"], turn["call"], "") for turn in item.get("history", ())]


def same(call: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether two calls mean the same; numbers by value, terms without plural and quotes."""
    if call["name"] != expected["name"]:
        return False
    return _values(call["arguments"]) == _values(expected["arguments"])


def _values(arguments: dict[str, Any]) -> dict[str, Any]:
    return {key: _value(key, value) for key, value in arguments.items()}


def _value(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return value.lower().strip("\"'?!. ").removesuffix("s") if key == "term" else value
    return round(Decimal(str(value)), 4)


def judge(item: dict[str, Any], kind: str, call: dict[str, Any] | None) -> str:
    """ "right", "chooser", "wrong tool", "wrong arguments", "needless call" or "no call"."""
    if kind == "choose":
        return "chooser"
    expected = [e for e in [item["call"], *item.get("accept", ())] if e]
    if call is None:
        return "right" if item["call"] is None else "no call"
    if not expected:
        return "needless call"
    if any(same(call, e) for e in expected):
        return "right"
    same_tool = any(call["name"] == e["name"] for e in expected)
    return "wrong arguments" if same_tool else "wrong tool"


def answer(
    item: dict[str, Any], user: ToolContext, model: ModelClient | None
) -> tuple[str, dict[str, Any] | None]:
    """What the assistant does with a question: the kind of decision, and the call if any."""
    history, text = history_of(item), item["text"]
    picker = Picker(model, user, text, history, Cancel())
    decision = decide(text, history, user, default_router(), picker.scores)
    if decision.kind != "call":
        return decision.kind, None
    option = decision.options[0]
    return decision.kind, {"name": option.tool.name, "arguments": picker.arguments(option)}


def answer_alone(
    item: dict[str, Any], user: ToolContext, model: ModelClient
) -> tuple[str, dict[str, Any] | None]:
    """What the model writes by itself: no grammar, no recognisers, no router."""
    prompt = Picker(model, user, item["text"], history_of(item), Cancel()).prompt()
    assert model.loaded is not None
    template_id = model.loaded.template_id
    parser = StreamParser(template_id, starts_in_thought(template_id))
    parts: list[Part] = []
    for chunk in model.generate(GenerateRequest(prompt, max_tokens=120)):
        parts += parser.feed(chunk)
    parts += parser.finish()
    for part in parts:
        if isinstance(part, CallPart):
            return "call", {"name": part.name, "arguments": part.arguments}
        if isinstance(part, BadCallPart):
            return "call", {"name": "", "arguments": {}}
    return "reply", None


@contextmanager
def loaded(path: Path | None) -> Iterator[ModelClient | None]:
    """The model child, if a file is given."""
    if path is None:
        yield None
        return
    client = ModelClient(lambda state, text: None)
    try:
        client.load(path)
        yield client
    finally:
        client.close()


def main() -> None:
    """Prints the share of each verdict, and per tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=HELD_OUT)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--alone", action="store_true", help="the model without the assistant")
    parser.add_argument("--show", action="store_true", help="print what went wrong")
    options = parser.parse_args()
    items = [json.loads(line) for line in options.data.read_text("utf-8").splitlines() if line]
    user = context()
    verdicts: Counter[str] = Counter()
    by_tool: dict[str, Counter[str]] = defaultdict(Counter)
    with loaded(options.model) as model:
        for item in items:
            if options.alone and model is not None:
                kind, call = answer_alone(item, user, model)
            else:
                kind, call = answer(item, user, model)
            verdict = judge(item, kind, call)
            verdicts[verdict] += 1
            by_tool[item["call"]["name"] if item["call"] else item["kind"]][verdict] += 1
            if options.show and verdict != "right":
                print(verdict, "|", item["text"], "|", item["call"], "|", call or kind)
    print(
        f"{len(items)} questions: "
        + ", ".join(f"{k} {v / len(items):.1%}" for k, v in verdicts.most_common())
    )
    for tool in [*TOOLS, "ask", "chat", "refuse", "off_topic"]:
        counts = by_tool[tool]
        if counts:
            print(
                f"  {tool:18} {counts['right'] / counts.total():6.1%} of {counts.total()}  "
                f"{dict(counts)}"
            )


if __name__ == "__main__":
    main()
