"""One turn: question → decision → tool → grounded answer, with events along the way."""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from engine.assistant import phrases
from engine.assistant.calls import check_arguments, parse_call
from engine.assistant.cancel import Cancel
from engine.assistant.decide import Decision, Option, decide, fixed_arguments
from engine.assistant.grammar import call_grammar
from engine.assistant.grounding import ground, unsupported
from engine.assistant.naming import names_agree
from engine.assistant.notice import risk_notice
from engine.assistant.numerals import find_numerals
from engine.assistant.prompting import (
    Exchange,
    call_message,
    question_messages,
    tool_specs,
)
from engine.assistant.recognise import recognise
from engine.assistant.router import default_router
from engine.assistant.tools import TOOLS
from engine.assistant.tools.base import Figure, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.core.cards import Card, Draft
from engine.core.errors import KnownError
from engine.core.events import (
    CardReady,
    ChoicesOffered,
    DraftOffered,
    Event,
    StatusChanged,
    TextDelta,
    TextReplaced,
    ThinkDelta,
)
from engine.model.client import ModelClient
from engine.model.generation import GenerateRequest, Generation, ModelDied
from engine.model.parsing import Part, StreamParser, TextPart, ThinkPart
from engine.model.templates import PromptMessage, render, starts_in_thought

Status = Literal["complete", "stopped", "failed"]
_ROLLING = re.compile(r"[0-9]+[dmy]")
_ANSWER_TOKENS = 220
_DIGITS = 15  # before the point; larger numbers are mistakes or mischief


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a turn ended. calls: what was called, with arguments as text and numbers."""

    status: Status
    text: str
    calls: tuple[dict[str, Any], ...] = ()
    cards: tuple[Card, ...] = ()
    draft: Draft | None = None
    notice: str = ""


class _Stopped(Exception):
    """The user pressed stop; carries nothing, the text so far is kept by the turn."""


class Assistant:
    """Answers questions.

    model: None answers without a model: the router chooses, the plain rendering answers.
    context: a fresh view of the user's data for each turn.
    """

    def __init__(
        self,
        model: ModelClient | None,
        context: Callable[[], ToolContext],
        publish: Callable[[Event], None],
    ) -> None:
        self._model = model
        self._context = context
        self._publish = publish

    def answer(
        self,
        chat_id: int,
        message_id: int,
        question: str,
        history: Sequence[Exchange],
        cancel: Cancel,
    ) -> Outcome:
        """Answers one question; blocks until done. KnownErrors become a failed outcome."""
        return self._guarded(message_id, question, history, cancel, None)

    def run_call(
        self,
        chat_id: int,
        message_id: int,
        call: Mapping[str, Any],
        question: str,
        history: Sequence[Exchange],
        cancel: Cancel,
    ) -> Outcome:
        """Runs the call the user chose from a "did you mean"."""
        return self._guarded(message_id, question, history, cancel, call)

    def _guarded(
        self,
        message_id: int,
        question: str,
        history: Sequence[Exchange],
        cancel: Cancel,
        call: Mapping[str, Any] | None,
    ) -> Outcome:
        turn = _Turn(self._model, self._context(), self._publish, message_id, cancel)
        try:
            return turn.run(question, history, call)
        except _Stopped:
            return Outcome("stopped", turn.text, turn.calls, turn.cards)
        except ModelDied as error:
            return Outcome("failed", turn.text, turn.calls, turn.cards, notice=str(error))
        except KnownError as error:
            if not turn.text:
                turn.say(str(error))
            return Outcome("failed", turn.text, turn.calls, turn.cards, notice=str(error))


class _Turn:
    def __init__(
        self,
        model: ModelClient | None,
        context: ToolContext,
        publish: Callable[[Event], None],
        message_id: int,
        cancel: Cancel,
    ) -> None:
        self.model = model if model is not None and model.loaded is not None else None
        self.context = context
        self.publish = publish
        self.message_id = message_id
        self.cancel = cancel
        self.text = ""
        self.calls: tuple[dict[str, Any], ...] = ()
        self.cards: tuple[Card, ...] = ()

    def run(
        self, question: str, history: Sequence[Exchange], call: Mapping[str, Any] | None
    ) -> Outcome:
        if call is not None:
            try:
                tool = TOOLS[call["name"]]
                arguments = check_arguments(tool, call["arguments"])
            except (KeyError, ValueError) as error:
                raise KnownError("This choice is no longer available.", "Ask again.") from error
            return self._use(tool, arguments, question, history)
        self._status("Reading the question…")
        decision = decide(
            question,
            history,
            self.context,
            default_router(),
            lambda names: self._scores(names, question, history),
        )
        self._check()
        if decision.kind == "choose":
            choices = tuple(phrases.choice(option) for option in decision.options)
            self.publish(ChoicesOffered(self.message_id, phrases.CHOOSE, choices))
            self.say(phrases.CHOOSE)
            return Outcome("complete", self.text)
        if decision.kind == "ask":
            self.say(phrases.ask_for(decision.options[0]))
            return Outcome("complete", self.text)
        if decision.kind == "reply":
            return self._reply(decision, question, history)
        option = decision.options[0]
        return self._use(option.tool, self._arguments(option, question, history), question, history)

    # -- choosing ---------------------------------------------------------------------------

    def _prompt(self, question: str, history: Sequence[Exchange], *more: PromptMessage) -> str:
        assert self.model is not None
        assert self.model.loaded is not None
        template_id = self.model.loaded.template_id
        messages = question_messages(self.context, history, question, template_id)
        return render([*messages, *more], tool_specs(list(TOOLS.values())), template_id, False)

    def _scores(
        self, names: Sequence[str], question: str, history: Sequence[Exchange]
    ) -> dict[str, float] | None:
        """The model's log-probability of each tool's call, and of "" for no call at all."""
        if self.model is None or self.model.loaded is None:
            return None
        if starts_in_thought(self.model.loaded.template_id):
            return None  # a thinking model's first words say nothing about its choice
        prompt = self._prompt(question, history)
        calls = [f'<tool_call>\n{{"name": {json.dumps(name)}' for name in names]
        *values, call_at_all = self.model.score(prompt, [*calls, "<tool_call>"])
        self._check()
        scores = dict(zip(names, values, strict=True))
        scores[""] = _log_rest(call_at_all)
        return scores

    def _arguments(
        self, option: Option, question: str, history: Sequence[Exchange]
    ) -> dict[str, str | Decimal]:
        """The call's arguments: the only candidates, or the model's pick under a grammar.

        The grammar is not the only lock: values that are no candidates are not used.
        """
        if option.slots.single or self.model is None:
            return fixed_arguments(option.slots)
        request = GenerateRequest(
            self._prompt(question, history),
            grammar=call_grammar([(option.tool, option.slots.values)]),
            max_tokens=160,
        )
        written = "".join(self._chunks(self.model.generate(request)))
        inner = written.removeprefix("<tool_call>").removesuffix("</tool_call>").strip()
        try:
            tool, picked = parse_call(inner, TOOLS)
        except ValueError:  # cut off by the length limit; the first candidates are as good
            return fixed_arguments(option.slots)
        values = option.slots.values
        if tool is not option.tool or any(v not in values.get(n, ()) for n, v in picked.items()):
            return fixed_arguments(option.slots)
        return picked

    # -- answering --------------------------------------------------------------------------

    def _use(
        self,
        tool: Tool,
        arguments: dict[str, str | Decimal],
        question: str,
        history: Sequence[Exchange],
    ) -> Outcome:
        self._status(phrases.STATUS.get(tool.name, "Computing…"))
        if any(isinstance(v, Decimal) and v.adjusted() >= _DIGITS for v in arguments.values()):
            raise KnownError("This number is too large to compute with.", "Ask with a smaller one.")
        self.calls = ({"name": tool.name, "arguments": arguments},)
        result = tool.run(self.context, arguments)
        self._check()
        self.cards = result.cards
        for card in result.cards:
            self.publish(CardReady(self.message_id, card))
        said = _numbers(question, self.context, arguments)
        messages = (call_message(tool.name, arguments), PromptMessage("tool", result.text))
        self._status("")
        self._write(question, history, messages, result.figures, said,
                    lambda: phrases.plain_answer(tool, result), result)  # fmt: skip
        if result.draft is not None:
            self.publish(DraftOffered(self.message_id, result.draft))
        notice = risk_notice(question, self.text, tool)
        return Outcome("complete", self.text, self.calls, self.cards, result.draft, notice)

    def _reply(self, decision: Decision, question: str, history: Sequence[Exchange]) -> Outcome:
        self._status("")
        said = _numbers(question, self.context, {})
        self._write(question, history, (), (), said, lambda: phrases.REPLIES[decision.reply], None)
        return Outcome("complete", self.text, notice=risk_notice(question, self.text, None))

    def _write(
        self,
        question: str,
        history: Sequence[Exchange],
        messages: Sequence[PromptMessage],
        figures: Sequence[Figure],
        said: Sequence[Decimal],
        plain: Callable[[], str],
        result: ToolResult | None,
    ) -> None:
        """Streams the model's answer; if it does not hold, one retry, then the plain text."""
        if self.model is None:
            self.say(plain())
            return
        prompt = self._prompt(question, history, *messages)
        for attempt in range(2):
            if attempt:
                self.publish(TextReplaced(self.message_id, ""))
                self.text = ""
            request = GenerateRequest(
                prompt,
                stop=("<tool_call>", "<|im_start|>"),
                max_tokens=_ANSWER_TOKENS,
                temperature=0.7 if attempt else 0.0,
                seed=attempt,
            )
            assert self.model.loaded is not None
            parser = StreamParser(starts_in_thought(self.model.loaded.template_id))
            for chunk in self._chunks(self.model.generate(request)):
                self._show(parser.feed(chunk))
            self._show(parser.finish())
            self.text = self.text.strip()
            if self._holds(question, figures, said, result):
                return
        self.text = plain()
        self.publish(TextReplaced(self.message_id, self.text))

    def _holds(
        self,
        question: str,
        figures: Sequence[Figure],
        said: Sequence[Decimal],
        result: ToolResult | None,
    ) -> bool:
        """Whether every numeral of the answer is accounted for and put to the right name."""
        if not self.text or unsupported(ground(self.text, figures, said)):
            return False
        return result is None or names_agree(self.text, question, result, self.context.assets)

    def _show(self, parts: Sequence[Part]) -> None:
        for part in parts:
            if isinstance(part, ThinkPart):
                self.publish(ThinkDelta(self.message_id, part.text))
            elif isinstance(part, TextPart):
                self.text += part.text
                self.publish(TextDelta(self.message_id, part.text))

    def _chunks(self, generation: Generation) -> Iterator[str]:
        """The chunks of a generation that a stop ends at once."""
        with self.cancel.attached(generation.cancel):
            yield from generation
        self._check()

    def say(self, text: str) -> None:
        """Shows text that code wrote."""
        self.text = text
        self.publish(TextDelta(self.message_id, text))

    def _status(self, text: str) -> None:
        self._check()
        self.publish(StatusChanged(self.message_id, text))

    def _check(self) -> None:
        if self.cancel.is_set():
            raise _Stopped


def _log_rest(log_probability: float) -> float:
    """log(1 − p) for a log-probability, safe at both ends."""
    p = min(math.exp(log_probability), 1.0 - 1e-9)
    return math.log1p(-p)


def _numbers(
    question: str, context: ToolContext, arguments: Mapping[str, str | Decimal]
) -> list[Decimal]:
    """Numbers the user said, now or before a follow-up ("30d"), which an answer may repeat."""
    found = recognise(question, context.today)
    values = [*(m.value for m in found.mentions), *arguments.values()]
    said = [v for v in values if isinstance(v, Decimal)]
    said += [Decimal(v[:-1]) for v in values if isinstance(v, str) and _ROLLING.fullmatch(v)]
    return said + [numeral.value for numeral in find_numerals(question)]
