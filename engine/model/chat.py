"""Conversations with the model on this computer: written out, steered, answered, taken apart."""

import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from weakref import WeakKeyDictionary

from engine.core.errors import Cancelled, KnownError
from engine.model.catalogue import settings_for
from engine.model.chat_form import Form, form_for
from engine.model.chat_types import ChatAnswer, ChatModel, ChatRequest, Sampling
from engine.model.client import ModelClient
from engine.model.generation import GenerateRequest, Generation, Stats, Thought, TokenLogprob
from engine.model.gguf.header import read_header
from engine.model.grammar.tools import Steering, Wanted, steer
from engine.model.loading import ModelInfo
from engine.model.parsing import Part, StreamParser
from engine.model.templates import PromptMessage, ToolSpec, Traits

__all__ = [
    "ChatAnswer",
    "ChatModel",
    "ChatRequest",
    "LocalAnswer",
    "LocalChat",
    "Sampling",
]

# Each client's model's form: a header is read, and a foreign template's process started, once.
_forms: WeakKeyDictionary[ModelClient, tuple[ModelInfo, Form]] = WeakKeyDictionary()
_forms_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A request written out. keep: as in GenerateRequest."""

    prompt: str
    keep: str
    form: Form
    tools: tuple[ToolSpec, ...]
    in_thought: bool
    may_think: bool


class LocalChat:
    """A ModelClient that answers conversations.

    today: tells templates that ask for it the date.
    """

    def __init__(self, client: ModelClient, today: Callable[[], datetime] = datetime.now) -> None:
        self._client = client
        self._today = today

    @property
    def loaded(self) -> ModelInfo | None:
        """The loaded model."""
        return self._client.loaded

    @property
    def traits(self) -> Traits:
        """How the loaded model's template is. Raises KnownError like chat."""
        return self._form().traits

    @property
    def template_id(self) -> str:
        """Which of our templates writes for it, "" for the file's own. Raises like traits."""
        return self._form().template_id

    @property
    def own_template(self) -> str:
        """The text of the file's own template where that one is used. Raises like traits."""
        return self._form().own_template

    def sampling(self, thinking: bool | None) -> Sampling:
        """How to draw from the loaded model, as the catalogue or the file advises."""
        info = self.loaded
        return Sampling() if info is None else _advised(info.path, info.name, thinking)

    def read_ahead(
        self, system: PromptMessage, tools: Sequence[ToolSpec] = (), thinking: bool | None = None
    ) -> None:
        """Have the model read what all conversations with this system text begin with.

        Raises like chat.
        """
        prompt = self._form().beginning(system, tools, thinking, self._today())
        for _ in self._client.generate(GenerateRequest(prompt, max_tokens=0)):
            pass

    def chat(
        self, request: ChatRequest, on_progress: Callable[[int, int], None] | None = None
    ) -> "LocalAnswer":
        """Start answering; on_progress(done, total): prompt tokens read so far.

        Raises KnownError if there is no model or its template cannot be used, ValueError for a
        request that makes no sense: an unknown tool, a schema that cannot be enforced.
        """
        ready = self._prepared(request)
        generation = self._client.generate(self._generate_request(request, ready), on_progress)
        parser = StreamParser(ready.form.traits, ready.in_thought, ready.tools)
        return LocalAnswer(generation, parser)

    def tokens(self, request: ChatRequest) -> int:
        """The size of the prompt the request makes. Raises like chat."""
        return self._client.count(self.prompt(request))

    def prompt(self, request: ChatRequest) -> str:
        """The prompt the request makes. Raises like chat."""
        return self._prepared(request).prompt

    def _generate_request(self, request: ChatRequest, ready: _Prepared) -> GenerateRequest:
        traits = ready.form.traits
        steering = _steering(request, ready)
        sampling = request.sampling
        loaded = self._client.loaded
        room = loaded.n_ctx if loaded is not None else 1
        # A call that nobody waits for ends the answer.
        stops = (traits.call_start,) if request.tool_choice == "told" else ()
        thought = None
        if traits.thought is not None and (ready.in_thought or ready.may_think):
            start, end = traits.thought
            thought = Thought(ready.in_thought, start, end, request.thought_budget)
        return GenerateRequest(
            prompt=ready.prompt,
            grammar=steering.grammar,
            triggers=steering.triggers,
            stop=tuple(dict.fromkeys((*stops, *traits.stop, *request.stop))),
            max_tokens=room if request.max_tokens is None else request.max_tokens,
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            min_p=sampling.min_p,
            presence_penalty=sampling.presence_penalty,
            frequency_penalty=sampling.frequency_penalty,
            repeat_penalty=sampling.repeat_penalty,
            seed=secrets.randbits(32) if sampling.seed is None else sampling.seed,
            logit_bias=request.logit_bias,
            logprobs=request.logprobs,
            session=request.session,
            priority=request.priority,
            keep=ready.keep,
            thought=thought,
        )

    def _prepared(self, request: ChatRequest) -> _Prepared:
        form = self._form()
        tools = () if request.tool_choice == "none" else request.tools
        # What an answer begins with comes after the thought.
        thinking = False if request.prefill_assistant else request.thinking
        written = form.written(request.messages, tools, thinking, self._today())
        may_think = thinking is not False and form.traits.thinking != "never"
        prompt = written.prompt + form.plain(request.prefill_assistant)
        return _Prepared(prompt, written.keep, form, tools, written.in_thought, may_think)

    def _form(self) -> Form:
        """How to talk to the loaded model."""
        info = self._client.loaded
        if info is None:
            raise KnownError("No model is loaded.", "Choose one under Models.")
        with _forms_lock:
            known = _forms.get(self._client)
            if known is None or known[0] != info:
                if known is not None:
                    known[1].close()
                known = _forms[self._client] = (info, form_for(info.path, self._client.detokenize))
            return known[1]


def _steering(request: ChatRequest, ready: _Prepared) -> Steering:
    """The grammar a request asks for."""
    choice = request.tool_choice
    callable_tools: Sequence[ToolSpec] = () if choice == "told" else ready.tools
    if choice not in ("auto", "none", "told"):
        if choice != "required":
            callable_tools = [tool for tool in ready.tools if tool.name == choice]
        if not callable_tools:
            raise ValueError(f"tool_choice {choice!r} names no tool that is there")
    return steer(
        Wanted(
            ready.form.traits,
            callable_tools,
            must_call=choice not in ("auto", "none", "told"),
            parallel=request.parallel_calls,
            schema=request.schema,
            grammar=request.grammar,
            may_think=ready.may_think,
            in_thought=ready.in_thought,
        )
    )


@lru_cache(maxsize=16)
def _advised(path: Path, name: str, thinking: bool | None) -> Sampling:
    return settings_for(read_header(path), name, thinking)


class LocalAnswer(Iterator[Part]):
    """Yields the answer's parts as soon as they are certain; `stats` is set when it has ended.

    Raises like Generation, after the last part.
    """

    def __init__(self, generation: Generation, parser: StreamParser) -> None:
        self._generation = generation
        self._parser = parser
        self._parts: deque[Part] = deque()
        self._error: BaseException | None = None
        self._ended = False

    @property
    def stats(self) -> Stats | None:
        """Figures of the finished answer."""
        return self._generation.stats

    @property
    def logprobs(self) -> Sequence[TokenLogprob]:
        """Of the tokens so far, if they were asked for."""
        return self._generation.logprobs

    def __next__(self) -> Part:
        while not self._parts:
            if self._ended:
                error, self._error = self._error, None
                raise error or StopIteration
            try:
                self._parts += self._parser.feed(next(self._generation))
            except StopIteration:
                self._end(None)
            except (KnownError, Cancelled) as error:  # what was said before it is kept
                self._end(error)
        return self._parts.popleft()

    def cancel(self) -> None:
        """End the answer within 100 ms; from any thread."""
        self._generation.cancel()

    def _end(self, error: BaseException | None) -> None:
        self._ended = True
        self._error = error
        self._parts += self._parser.finish()
