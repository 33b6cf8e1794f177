"""The model's part in choosing: how likely it holds each tool, and which values it picks."""

import json
import math
from collections.abc import Sequence
from decimal import Decimal

from engine.assistant.calls import parse_call
from engine.assistant.cancel import Cancel
from engine.assistant.decide import Option, fixed_arguments
from engine.assistant.grammar import call_grammar
from engine.assistant.prompting import Exchange, question_messages, tool_specs
from engine.assistant.tools import TOOLS
from engine.assistant.tools.context import ToolContext
from engine.core.errors import Cancelled
from engine.model.client import ModelClient
from engine.model.generation import GenerateRequest
from engine.model.templates import PromptMessage, render, starts_in_thought

_CALL_TOKENS = 160


class Picker:
    """Asks the model about one question.

    model: None, or one that is not loaded, has no opinion.
    """

    def __init__(
        self,
        model: ModelClient | None,
        context: ToolContext,
        question: str,
        history: Sequence[Exchange],
        cancel: Cancel,
    ) -> None:
        self._model = model
        self._context = context
        self._question = question
        self._history = history
        self._cancel = cancel

    def prompt(self, *more: PromptMessage) -> str:
        """The question as the loaded model reads it; more: messages after it."""
        assert self._model is not None
        assert self._model.loaded is not None
        template_id = self._model.loaded.template_id
        messages = question_messages(self._context, self._history, self._question, template_id)
        return render([*messages, *more], tool_specs(list(TOOLS.values())), template_id, False)

    def scores(self, names: Sequence[str]) -> dict[str, float] | None:
        """The model's log-probability of each tool's call, and of "" for no call at all."""
        if self._model is None or self._model.loaded is None:
            return None
        if starts_in_thought(self._model.loaded.template_id):
            return None  # a thinking model's first words say nothing about its choice
        calls = [f'<tool_call>\n{{"name": {json.dumps(name)}' for name in names]
        try:
            *values, call_at_all = self._model.score(
                self.prompt(), [*calls, "<tool_call>"], self._cancel.attached
            )
        except Cancelled:
            self._cancel.check()
            raise
        self._cancel.check()
        scores = dict(zip(names, values, strict=True))
        scores[""] = _log_rest(call_at_all)
        return scores

    def arguments(self, option: Option) -> dict[str, str | Decimal]:
        """The call's arguments: the only candidates, or the model's pick under a grammar.

        The grammar is not the only lock: values that are no candidates are not used.
        """
        if option.slots.single or self._model is None:
            return fixed_arguments(option.slots)
        request = GenerateRequest(
            self.prompt(),
            grammar=call_grammar([(option.tool, option.slots.values)]),
            max_tokens=_CALL_TOKENS,
        )
        generation = self._model.generate(request)
        with self._cancel.attached(generation.cancel):
            written = "".join(generation)
        self._cancel.check()
        inner = written.removeprefix("<tool_call>").removesuffix("</tool_call>").strip()
        try:
            tool, picked = parse_call(inner, TOOLS)
        except ValueError:  # cut off by the length limit; the first candidates are as good
            return fixed_arguments(option.slots)
        values = option.slots.values
        if tool is not option.tool or any(v not in values.get(n, ()) for n, v in picked.items()):
            return fixed_arguments(option.slots)
        return picked


def _log_rest(log_probability: float) -> float:
    """log(1 − p) for a log-probability, safe at both ends."""
    p = min(math.exp(log_probability), 1.0 - 1e-9)
    return math.log1p(-p)
