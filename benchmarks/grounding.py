"""Answers in which a numeral was visible that nothing supports, at any moment; bar: none of 500.

    .venv/bin/python -m benchmarks.grounding --model resources/models/starter.gguf
    .venv/bin/python -m benchmarks.grounding --model FILE.gguf --lies 0.3   digits falsified

The held-out questions are asked of the whole assistant about the demo portfolio. The check here
shares no code with the product's: it collects the numbers of the tool's result, of its cards and
arguments and of the times the question names with a plain pattern, and wants each number on the
screen among them, rounded.
"""

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from benchmarks.assistant import HELD_OUT, context, history_of, loaded
from engine.assistant.analyses import tool_called
from engine.assistant.calls import check_arguments
from engine.assistant.cancel import Cancel
from engine.assistant.tools.context import ToolContext
from engine.assistant.turn import Assistant, Outcome
from engine.core.errors import KnownError
from engine.core.events import Event, TextDelta, TextReplaced
from engine.model.client import ModelClient
from engine.model.generation import GenerateRequest

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_SCALE = re.compile(r"\s?(k|m|thousand|million)\b", re.I)
_SCALES = {"k": 3, "thousand": 3, "m": 6, "million": 6}
_NAMES = re.compile(r"layer[ -][12]|L[12]\b|ERC-\d+|EIP-\d+|BIP-\d+|web3|\bv[234]\b|1inch", re.I)
_SPELT = "zero one two three four five six seven eight nine ten eleven twelve".split()
_TIME = re.compile(
    r"\b\d{4}-\d\d-\d\d|\b20\d\d\b|\b[qh]\d\b|\b\d+(?:st|nd|rd|th)\b|"
    r"\b\d+\s?(?:d|h|days?|weeks?|wks?|months?|years?|yrs?|hours?)\b|"
    r"\b\d{1,2}\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|"
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\s+\d{1,2}\b",
    re.I,
)


class Liar:
    """A model whose digits are falsified with some probability."""

    def __init__(self, model: ModelClient, share: float) -> None:
        self._model = model
        self._share = share
        self._rng = random.Random(1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def generate(self, request: GenerateRequest, on_progress: Any = None) -> Any:
        """The model's answer; calls under a grammar stay as they are."""
        generation = self._model.generate(request, on_progress)
        return generation if request.grammar is not None else _Falsified(generation, self._falsify)

    def _falsify(self, text: str) -> str:
        return "".join(
            str(self._rng.randint(0, 9)) if c.isdigit() and self._rng.random() < self._share else c
            for c in text
        )


class _Falsified(Iterator[str]):
    def __init__(self, generation: Any, change: Any) -> None:
        self._generation, self._change = generation, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generation, name)

    def __next__(self) -> str:
        return str(self._change(next(self._generation)))


def numbers(text: str) -> Iterator[tuple[str, Decimal]]:
    """Each number as written and its value."""
    for match in _NUMBER.finditer(_NAMES.sub(" ", text)):
        written = match[0].rstrip(",").replace(",", "")
        scale = _SCALE.match(_NAMES.sub(" ", text), match.end())
        yield written, Decimal(written).scaleb(_SCALES[scale[1].lower()] if scale else 0)


def known(question: str, outcome: Outcome, user: ToolContext) -> set[Decimal]:
    """Every number of the tool's result and arguments, and of the times in the question."""
    sources = [" ".join(_TIME.findall(question))]
    for call in outcome.calls:
        tool = tool_called(call["name"])
        try:
            result = tool.run(user, check_arguments(tool, call["arguments"]))
        except KnownError as error:
            sources.append(str(error))
            continue
        sources += [result.text, repr(result.cards), repr(result.draft), repr(call["arguments"])]
        sources += [f"{figure.value} {figure.text}" for figure in result.figures]
    values = {abs(value) for source in sources for _, value in numbers(source)}
    times = re.findall(rf"({'|'.join(_SPELT)})\s+(?:day|week|month|year)", question.lower())
    return values | {Decimal(_SPELT.index(word)) for word in times}


def supported(written: str, value: Decimal, values: set[Decimal]) -> bool:
    """Whether a known number, rounded to the digits shown, is this one."""
    shift = (value / Decimal(written)).adjusted() if Decimal(written) else 0
    half = Decimal("0.5").scaleb(shift - len(written.partition(".")[2]))
    return any(abs(each - value) <= half for each in values)


def main() -> int:
    """Command line; exit status 1 if any unsupported numeral was visible."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=HELD_OUT)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--lies", type=float, default=0.0, help="share of digits falsified")
    options = parser.parse_args()
    items = [json.loads(line) for line in options.data.read_text("utf-8").splitlines() if line]
    user = context()
    counts: Counter[str] = Counter()
    with loaded(options.model) as real:
        model = cast(ModelClient, Liar(real, options.lies)) if real and options.lies else real
        for item in items:
            states = [""]

            def show(event: Event, states: list[str] = states) -> None:
                if isinstance(event, TextDelta):
                    states.append(states[-1] + event.text)
                elif isinstance(event, TextReplaced):
                    states.append(event.text)
                    counts["replaced" if event.text else "regenerated"] += 1

            assistant = Assistant(model, lambda: user, show)
            outcome = assistant.answer(1, 1, item["text"], history_of(item), Cancel())
            values = known(item["text"], outcome, user)
            # The last number of a state that is still growing may be half of one: none is shown.
            bad = {w for state in states for w, v in numbers(state) if not supported(w, v, values)}
            counts["answers"] += 1
            counts["with numerals"] += any(c.isdigit() for c in outcome.text)
            if bad:
                counts["with an unsupported numeral"] += 1
                print(sorted(bad), "|", item["text"], "|", outcome.text)
    print(
        f"{counts['answers']} answers, {counts['with numerals']} with numerals; "
        f"written again {counts['regenerated']}, replaced by the plain result "
        f"{counts['replaced']}; with an unsupported numeral visible: "
        f"{counts['with an unsupported numeral']} (bar 0)"
    )
    return 1 if counts["with an unsupported numeral"] else 0


if __name__ == "__main__":
    sys.exit(main())
