"""The model's part in choosing: how likely it holds each tool, and which values it picks."""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from engine.assistant.callform import form_of, read_call
from engine.assistant.cancel import Cancel
from engine.assistant.decide import Option, fixed_arguments
from engine.assistant.grammar import call_grammar
from engine.assistant.prompting import Exchange, chat_with, question_messages, told_tools
from engine.assistant.tools.context import ToolContext
from engine.core.errors import Cancelled, KnownError
from engine.model.chat_types import ChatRequest
from engine.model.client import ModelClient
from engine.model.generation import GenerateRequest, ModelDied
from engine.model.templates import PromptMessage
from engine.model.window import fit_messages

ANSWER_TOKENS = 600
"""Room that is kept for an answer."""
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
        session: str = "",
    ) -> None:
        """session: the model's name for the conversation."""
        self.dropped = 0  # earlier turns for which the model has no room
        self.chat = chat_with(model, context) if model is not None else None
        self._session = session
        self._model = model
        self._context = context
        self._question = question
        self._history = history
        self._cancel = cancel

    def request(
        self, *more: PromptMessage, thinking: bool = False, thought_tokens: int = 0
    ) -> ChatRequest:
        """The question as it is put to the loaded model; more: messages after it.

        thinking: whether it may think first, where it has a choice; thought_tokens: how much, less
        where that would not leave room for the answer. The oldest turns are left out where the
        model has no room for them; KnownError where even that does not do.
        """
        chat = self.chat
        assert chat is not None
        assert chat.loaded is not None
        traits, n_ctx = chat.traits, chat.loaded.n_ctx
        tools = told_tools(traits)
        asked = question_messages(self._context, self._history, self._question, chat.template_id)
        request = ChatRequest(
            (*asked, *more),
            tools,
            "told",
            thinking=thinking or traits.thinking == "always",
            session=self._session,
        )

        def count(messages: Sequence[PromptMessage]) -> int:
            return chat.tokens(replace(request, messages=tuple(messages)))

        room = n_ctx - min(ANSWER_TOKENS, n_ctx // 4)
        if len(chat.prompt(request).encode()) > room:  # a token is a byte at least
            window = fit_messages(request.messages, tools, count, room, lambda one: one in more)
            self.dropped = window.dropped
            request = replace(request, messages=window.messages)
        if thought_tokens and traits.thinking != "never":
            left = n_ctx - count(request.messages)
            budget = min(thought_tokens, max(left - ANSWER_TOKENS, left // 2))
            request = replace(request, thought_budget=budget)
        return request

    def prompt(self) -> str:
        """The question alone as the loaded model reads it. Raises like request."""
        assert self.chat is not None
        return self.chat.prompt(self.request())

    def _own_prompt(self) -> str | None:
        """The same; None without a model or room for it."""
        if self.chat is None or self.chat.loaded is None:
            return None
        try:
            return self.prompt()
        except ModelDied:
            raise
        except KnownError:
            return None

    def scores(self, names: Sequence[str]) -> dict[str, float] | None:
        """The model's log-probability of each tool's call, and of "" for no call at all."""
        prompt = self._own_prompt()
        if self._model is None or self.chat is None or prompt is None:
            return None
        traits, template_id = self.chat.traits, self.chat.template_id
        if traits.calls is None or (traits.opens_thought and traits.thinking == "always"):
            return None  # its first words say nothing about its choice
        if not template_id and traits.calls != "hermes":
            return None  # a stranger's template tells roughly what its calls look like
        form = form_of(template_id)
        calls = [form.named(name) for name in names]
        try:
            *values, call_at_all = self._model.score(
                prompt, [*calls, form.at_all], self._cancel.attached, self._session
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
        prompt = None if option.slots.single else self._own_prompt()
        if self._model is None or self.chat is None or prompt is None:
            return fixed_arguments(option.slots)
        template_id = self.chat.template_id
        # Not by way of a conversation: the call is held to from the first word on, whatever the
        # template has begun.
        request = GenerateRequest(
            prompt,
            grammar=call_grammar([(option.tool, option.slots.values)], form_of(template_id)),
            max_tokens=_CALL_TOKENS,
            session=self._session,
        )
        generation = self._model.generate(request)
        with self._cancel.attached(generation.cancel):
            written = "".join(generation)
        self._cancel.check()
        try:
            tool, picked = read_call(written, template_id)
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
