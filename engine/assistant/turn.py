"""One turn: question → decision → tool → grounded answer, with events along the way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from engine.assistant import phrases
from engine.assistant.analyses import ANALYSES, tool_called
from engine.assistant.analyses.base import Analysis
from engine.assistant.calls import check_arguments
from engine.assistant.cancel import Cancel, Stopped
from engine.assistant.decide import decide
from engine.assistant.ledger_questions import asks_for_sums
from engine.assistant.manner import manner_of
from engine.assistant.notice import currency_notice, period_notice, risk_notice
from engine.assistant.objections import object_to
from engine.assistant.picking import Picker
from engine.assistant.prompting import Exchange, call_message, question_messages, told_turns
from engine.assistant.router import default_router
from engine.assistant.said import said_figures
from engine.assistant.summary import summary
from engine.assistant.tools.base import Figure, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.topics import topic_of
from engine.assistant.topics_settled import settle
from engine.assistant.voices import (
    LocalVoice,
    Remote,
    RemoteVoice,
    bare_messages,
    is_quote,
    session_of,
)
from engine.assistant.writing import Evidence, Writer
from engine.core.answer_figures import AnswerFigures
from engine.core.cards import Card, Draft
from engine.core.errors import Cancelled, KnownError
from engine.core.events import CardReady, ChoicesOffered, DraftOffered, Event, StatusChanged
from engine.core.presets import PRECISE, Preset
from engine.model.client import ModelClient
from engine.model.generation import ModelDied
from engine.model.templates import STARTER, PromptMessage

Status = Literal["complete", "stopped", "failed"]
_DIGITS = 15  # before the point; larger numbers are mistakes or mischief


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a turn ended. calls: what was called, with arguments as text and numbers.

    figures: what the model did for the text; None if it wrote none of it.
    """

    status: Status
    text: str
    calls: tuple[dict[str, Any], ...] = ()
    cards: tuple[Card, ...] = ()
    draft: Draft | None = None
    notice: str = ""
    figures: AnswerFigures | None = None


class Assistant:
    """Answers questions.

    model: None answers without a model: the router chooses, the plain rendering answers.
    context: a fresh view of the user's data for each turn. preset: how the model words answers.
    remote: a model on another computer that words them; then `model` is None.
    """

    def __init__(
        self,
        model: ModelClient | None,
        context: Callable[[], ToolContext],
        publish: Callable[[Event], None],
        preset: Preset = PRECISE,
        remote: Remote | None = None,
    ) -> None:
        self._model = model
        self._context = context
        self._publish = publish
        self._preset = preset
        self._remote = remote

    def answer(
        self,
        chat_id: int,
        message_id: int,
        question: str,
        history: Sequence[Exchange],
        cancel: Cancel,
    ) -> Outcome:
        """Answers one question; blocks until done. KnownErrors become a failed outcome."""
        return self._guarded(self._turn(chat_id, message_id, question, history, cancel), None)

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
        return self._guarded(self._turn(chat_id, message_id, question, history, cancel), call)

    def _turn(
        self,
        chat_id: int,
        message_id: int,
        question: str,
        history: Sequence[Exchange],
        cancel: Cancel,
    ) -> "_Turn":
        ready = self._model is not None and self._model.loaded is not None
        model = self._model if ready else None
        return _Turn(
            model,
            self._context(),
            self._publish,
            message_id,
            question,
            history,
            cancel,
            self._preset,
            self._remote,
            session_of(chat_id),
        )

    def _guarded(self, turn: "_Turn", call: Mapping[str, Any] | None) -> Outcome:
        """The outcome, whatever happens, with the figures of the model's words."""
        return replace(self._outcome(turn, call), figures=turn.figures())

    def _outcome(self, turn: "_Turn", call: Mapping[str, Any] | None) -> Outcome:
        writer = turn.writer
        try:
            return turn.run() if call is None else turn.run_chosen(call)
        except (Stopped, Cancelled):
            return Outcome("stopped", writer.text, turn.calls, turn.cards)
        except ModelDied as error:
            return Outcome("failed", writer.text, turn.calls, turn.cards, notice=str(error))
        except KnownError as error:
            if not writer.text:
                writer.say(str(error))
            return Outcome("failed", writer.text, turn.calls, turn.cards, notice=str(error))


class _Turn:
    def __init__(
        self,
        model: ModelClient | None,
        context: ToolContext,
        publish: Callable[[Event], None],
        message_id: int,
        question: str,
        history: Sequence[Exchange],
        cancel: Cancel,
        preset: Preset,
        remote: Remote | None,
        session: str,
    ) -> None:
        self._model = model
        self._preset = preset
        self._remote = remote
        self._context = context
        self._publish = publish
        self._message_id = message_id
        self._question = question
        self._history = history
        self._cancel = cancel
        self._picker = Picker(model, context, question, history, cancel, session)
        self._notice = ""
        self.writer = Writer(publish, message_id, cancel)
        self.calls: tuple[dict[str, Any], ...] = ()
        self.cards: tuple[Card, ...] = ()

    def run(self) -> Outcome:
        self._status("Reading the question…")
        settled = settle(self._question, self._context)
        if isinstance(settled, str):
            return self._said(settled)
        topic = None if settled else topic_of(self._question, self._history, self._context)
        if topic is not None:
            analysis, arguments = topic
            return self._use(analysis.tool, _complete(analysis, arguments))
        decision = settled or decide(
            self._question, self._history, self._context, default_router(), self._picker.scores
        )
        self._cancel.check()
        if decision.kind == "choose":
            choices = tuple(phrases.choice(option) for option in decision.options)
            self._publish(ChoicesOffered(self._message_id, phrases.CHOOSE, choices))
            return self._said(phrases.CHOOSE)
        if decision.kind == "ask":
            return self._said(phrases.ask_for(decision.options[0]))
        if decision.kind == "reply":
            return self._reply(decision.reply)
        option = decision.options[0]
        return self._use(option.tool, self._picker.arguments(option))

    def figures(self) -> AnswerFigures | None:
        """What the model did for the text, and how many earlier turns it was not told of."""
        figures = self.writer.figures
        if figures is None or self._model is None or self._model.loaded is None:
            return figures
        told = told_turns(self._history, self._model.loaded.template_id)
        dropped = len(self._history) - told + self._picker.dropped
        return replace(figures, dropped_turns=dropped)

    def run_chosen(self, call: Mapping[str, Any]) -> Outcome:
        try:
            tool = tool_called(call["name"])
            arguments = check_arguments(tool, call["arguments"])
        except (KeyError, ValueError) as error:
            raise KnownError("This choice is no longer available.", "Ask again.") from error
        return self._use(tool, arguments)

    def _said(self, text: str) -> Outcome:
        self.writer.say(text)
        return Outcome("complete", text)

    def _use(self, tool: Tool, arguments: dict[str, str | Decimal]) -> Outcome:
        self._status(phrases.STATUS.get(tool.name, "Computing…"))
        if any(isinstance(v, Decimal) and v.adjusted() >= _DIGITS for v in arguments.values()):
            raise KnownError("This number is too large to compute with.", "Ask with a smaller one.")
        object_to(self._question, tool, arguments, self._context)
        self.calls = ({"name": tool.name, "arguments": arguments},)
        result = _with_headline(tool, tool.run(self._context, arguments))
        self._cancel.check()
        self.cards = result.cards
        for card in result.cards:
            self._publish(CardReady(self._message_id, card))
        messages = (call_message(tool.name, arguments), PromptMessage("tool", result.text))
        sums = tool.name == "transactions" and asks_for_sums(self._question)
        # The starter has learned the reports of the everyday tools and no others: around figures
        # of an analysis it would write words that are not true.
        unlearned = self._starter() and tool.name in ANALYSES
        if result.plain or sums or unlearned:
            self._status("")
            self.writer.say(self._plain(tool, result))
        else:
            said = said_figures(
                self._question, tool, arguments, self._context.currency, self._context.today
            )
            self._write(result, messages, said, lambda: self._plain(tool, result))
        if result.draft is not None:
            self._publish(DraftOffered(self._message_id, result.draft))
        text = self.writer.text
        foreign = currency_notice(
            self._question, tool, self._context.currency, self._context.knows_rate
        )
        timeless = period_notice(self._question, tool, arguments, self._context.today)
        risk = risk_notice(self._question, text, tool)
        notice = " ".join(filter(None, (self._notice, foreign, timeless, risk)))
        return Outcome("complete", text, self.calls, self.cards, result.draft, notice)

    def _plain(self, tool: Tool, result: ToolResult) -> str:
        """The answer without a model's words."""
        if tool.name in ANALYSES:
            return summary(tool, result, self._question)
        return phrases.plain_answer(tool, result)

    def _reply(self, kind: str) -> Outcome:
        """Talk: by the model, unless it is the starter, which knows tools and little else."""
        self._status("")
        if self._starter():
            self.writer.say(phrases.reply(kind, self._question))
        else:
            self._write(None, (), (), lambda: phrases.reply(kind, self._question))
        text = self.writer.text
        risk = risk_notice(self._question, text, None)
        return Outcome("complete", text, notice=" ".join(filter(None, (self._notice, risk))))

    def _starter(self) -> bool:
        """Whether there is no model, or only the small one that Assay comes with."""
        if self._remote is not None:
            return False
        return self._model is None or (
            self._model.loaded is not None and self._model.loaded.template_id == STARTER
        )

    def _write(
        self,
        result: ToolResult | None,
        messages: Sequence[PromptMessage],
        said: Sequence[Figure],
        plain: Callable[[], str],
    ) -> None:
        self._status("")
        evidence = Evidence(self._question, result, said, self._context.assets)
        if self._remote is not None:
            self._write_remote(self._remote, messages, evidence, plain)
            return
        chat = self._picker.chat
        if chat is None:
            self.writer.say(plain())
            return
        try:
            always = chat.traits.thinking == "always"
            advised = chat.sampling(self._preset.thinking or always)
            manner = manner_of(self._preset, advised, always)
            request = self._picker.request(
                *messages, thinking=manner.thinking, thought_tokens=manner.thought_tokens
            )
        except ModelDied:
            raise
        except KnownError as error:  # the figures are there, be there room for words or not
            self._notice = str(error)
            self.writer.say(plain())
            return
        self.writer.write(LocalVoice(chat, request), evidence, plain, manner)

    def _write_remote(
        self,
        remote: Remote,
        messages: Sequence[PromptMessage],
        evidence: Evidence,
        plain: Callable[[], str],
    ) -> None:
        """Words from another computer; what it may not know, Assay words itself."""
        quote = evidence.result.text if evidence.result is not None else ""
        if messages and not remote.may_know and not is_quote(quote):
            self._notice = phrases.NOT_TOLD.format(name=remote.name)
            self.writer.say(plain())
            return
        if remote.may_know:
            asked = question_messages(self._context, self._history, self._question, "")
            asked += messages
        else:
            asked = bare_messages(self._question, quote)
        self._status(phrases.WAITING.format(name=remote.name))
        try:
            voice = RemoteVoice(remote, asked, self._preset.thinking)
            self.writer.write(voice, evidence, plain, manner_of(self._preset))
        except KnownError as error:
            self._notice = str(error)
            self.writer.say(plain())
            return
        if self.writer.figures is None:  # none of its words are there
            self._notice = phrases.NOT_KEPT.format(name=remote.name)

    def _status(self, text: str) -> None:
        self._cancel.check()
        self._publish(StatusChanged(self._message_id, text))


def _complete(analysis: Analysis, arguments: dict[str, str | Decimal]) -> dict[str, Any]:
    """The values in the order of the parameters; KnownError if one that is needed is missing."""
    for param in analysis.tool.parameters:
        if param.required and param.name not in arguments:
            raise KnownError(
                f"{analysis.title} needs {param.help}.", "Say it in the question, or use Analysis."
            )
    try:
        return check_arguments(analysis.tool, arguments)
    except ValueError as error:
        raise KnownError(f"{analysis.title}: {error}.", "Ask with another value.") from error


def _with_headline(tool: Tool, result: ToolResult) -> ToolResult:
    """The result with the figure that is always asked for of this tool, unless it names one."""
    if result.headline or not tool.headline:
        return result
    found = (figure.text for figure in result.figures if figure.label == tool.headline)
    return replace(result, headline=next(found, ""))
