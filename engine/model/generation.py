"""An answer in the making: text to iterate over, a way to stop it, figures at its end."""

import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from engine.core.errors import Cancelled, KnownError
from engine.model import messages
from engine.model.diagnose import death_sentence
from engine.model.link import Answer, Ended, Link, WakeUp

CANCEL_SECONDS = 0.08  # how long a cancelled answer waits for its figures

Finish = Literal["stop", "length", "cancelled"]


class ModelDied(KnownError):
    """The child ended while it was answering; what it had said before is kept."""


class ContextFull(KnownError):
    """The prompt alone does not fit; prompt_tokens, n_ctx: what it has and what there is.

    tokens: the prompt's in words, "at least" so many where it is so long that nobody counted them.
    """

    def __init__(self, prompt_tokens: int, n_ctx: int, counted: bool = True) -> None:
        self.prompt_tokens = prompt_tokens
        self.n_ctx = n_ctx
        self.tokens = f"{'' if counted else 'at least '}{prompt_tokens:,} tokens"
        super().__init__(
            f"The question needs {self.tokens}, but the model has room for {n_ctx:,}.",
            "Start a new chat or ask something shorter.",
        )


@dataclass(frozen=True, slots=True)
class Thought:
    """The thought before an answer. opened: the prompt ends within it; budget: tokens after which
    it is ended, -1 = never."""

    opened: bool
    start: str = "<think>"
    end: str = "</think>"
    budget: int = -1


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """What to continue, and how.

    prompt: the whole rendered text; grammar: GBNF with a rule "root", or None; triggers: texts
    from the first of which on, itself included, the grammar holds, () = from the beginning; stop:
    texts that end the answer and are not part of it; max_tokens: 0 only reads the prompt into
    memory; temperature: 0 takes the likeliest token; top_k: 0 = all; penalties: of what the answer
    has said already, 0 (repeat: 1) = none; seed: of the draw; logit_bias: added to tokens' logits;
    logprobs: tell each token's log-probability and those of so many others, -1 = do not;
    ignore_end: go on after the end; session: the conversation this belongs to; priority: 0 for
    what the user is waiting for, 1 for the server, 2 for what may wait; speculate: guess ahead
    where it pays; keep: a beginning of the prompt that will come again although what follows it
    changes.
    """

    prompt: str
    grammar: str | None = None
    triggers: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    max_tokens: int = 512
    temperature: float = 0.0
    top_k: int = 20
    top_p: float = 0.95
    min_p: float = 0.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repeat_penalty: float = 1.0
    seed: int = 0
    logit_bias: tuple[tuple[int, float], ...] = ()
    logprobs: int = -1
    ignore_end: bool = False
    session: str = ""
    priority: int = 0
    speculate: bool = True
    keep: str = ""
    thought: Thought | None = None

    def message(self, number: int) -> messages.Generate:
        """The request as it is sent."""
        thought = self.thought or Thought(False, "", "")
        return messages.Generate(
            id=number,
            prompt=self.prompt,
            grammar=self.grammar,
            triggers=self.triggers,
            stop=self.stop,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_k=self.top_k,
            top_p=self.top_p,
            min_p=self.min_p,
            presence_penalty=self.presence_penalty,
            frequency_penalty=self.frequency_penalty,
            repeat_penalty=self.repeat_penalty,
            seed=self.seed,
            bias_tokens=tuple(token for token, _ in self.logit_bias),
            bias_values=tuple(value for _, value in self.logit_bias),
            logprobs=self.logprobs,
            ignore_end=self.ignore_end,
            session=self.session,
            priority=self.priority,
            speculate=self.speculate,
            keep=self.keep,
            thought_opened=thought.opened,
            thought_start=thought.start,
            thought_end=thought.end,
            thought_budget=thought.budget,
        )


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token of an answer: its bytes, its natural-log probability, and the likeliest ones'."""

    token: int
    piece: bytes
    logprob: float
    top: tuple[tuple[int, bytes, float], ...]


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of a finished answer.

    cached_tokens: part of the prompt that was still in memory; seconds: after the prompt;
    drafted, accepted: tokens that were guessed, and those that were right; n_ctx: the context.
    """

    prompt_tokens: int
    cached_tokens: int
    tokens: int
    prompt_seconds: float
    seconds: float
    finish: Finish
    drafted: int = 0
    accepted: int = 0
    n_ctx: int = 0


def failure(event: messages.Failed) -> Exception:
    """The exception for a refused request."""
    if event.kind == "cancelled":
        return Cancelled()
    if event.kind == "bad request":
        return ValueError(event.sentence)
    if event.kind == "context":
        tokens, _, n_ctx = event.sentence.partition(" ")
        return ContextFull(int(tokens), int(n_ctx))
    return KnownError(event.sentence, event.hint)


class Generation(Iterator[str]):
    """Yields the answer's text as it comes; `stats` is set when it has ended.

    Raises ModelDied after the last text if the child died (one that dies before the first is
    replaced and asked again, once), KnownError if it refused, ValueError
    for a malformed grammar.
    on_progress(done, total): prompt tokens read so far. logprobs: of the tokens so far, where they
    were asked for. cancel() may come from any thread.
    """

    def __init__(
        self,
        request_id: int,
        begin: Callable[[], tuple[Link, Answer] | None],
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        """begin() sends the request; called again it sends it to a new child, or says None."""
        started = begin()
        assert started is not None
        self.stats: Stats | None = None
        self.logprobs: list[TokenLogprob] = []
        self._link, self._answer = started
        self._id = request_id
        self._begin = begin
        self._retried = False
        self._on_progress = on_progress
        self._cancelled_at: float | None = None
        self._ended = False
        self._pieces = 0

    def __next__(self) -> str:
        while not self._ended:
            event = self._next_event()
            match event:
                case messages.Text():
                    self._pieces += 1
                    if self._cancelled_at is None:
                        return event.text
                case messages.Prefill():
                    if self._on_progress is not None:
                        self._on_progress(event.done, event.total)
                case messages.Token():
                    self.logprobs.append(_logprob(event))
                case messages.Done():
                    self._finish(event)
                case messages.Failed():
                    self._ended = True
                    raise failure(event)
                case Ended() if not self._retry():
                    self._ended = True
                    raise ModelDied(*death_sentence(event.code, event.log))
        raise StopIteration

    def cancel(self) -> None:
        """End the iteration within 100 ms, whatever the child is doing."""
        if self._ended or self._cancelled_at is not None:
            return
        self._cancelled_at = time.monotonic()
        self._link.cancel(self._id)
        self._answer.put(WakeUp())

    def __del__(self) -> None:
        # An answer nobody reads must not keep the model busy.
        if hasattr(self, "_link") and not self._ended and self._cancelled_at is None:
            self._link.abandon(self._id)

    def _retry(self) -> bool:
        """Ask again, once, if the child died before it had said anything."""
        if self._retried or self._pieces:
            return False
        self._retried = True
        self.logprobs.clear()
        started = self._begin()
        if started is None:
            return False
        self._link, self._answer = started
        if self._cancelled_at is not None:
            self._link.cancel(self._id)
        return True

    def _next_event(self) -> messages.Event | Ended | WakeUp:
        if self._cancelled_at is None:
            return self._answer.get()
        left = self._cancelled_at + CANCEL_SECONDS - time.monotonic()
        try:
            event = self._answer.get(timeout=max(left, 0))
        except queue.Empty:
            event = Ended(0, "")
        if isinstance(event, Ended | messages.Failed):
            return messages.Done(self._id, 0, 0, self._pieces, 0.0, 0.0, "cancelled", 0, 0, 0)
        return event

    def _finish(self, done: messages.Done) -> None:
        self._ended = True
        finish: Finish = "length"
        if self._cancelled_at is not None or done.finish == "cancelled":
            finish = "cancelled"
        elif done.finish == "stop":
            finish = "stop"
        self.stats = Stats(
            done.prompt_tokens,
            done.cached_tokens,
            done.tokens,
            done.prompt_seconds,
            done.seconds,
            finish,
            done.drafted,
            done.accepted,
            done.n_ctx,
        )


def _logprob(event: messages.Token) -> TokenLogprob:
    pieces = (piece.encode("latin-1", "replace") for piece in event.top_pieces)
    top = tuple(zip(event.top_tokens, pieces, event.top_logprobs, strict=False))
    return TokenLogprob(event.token, event.piece.encode("latin-1", "replace"), event.logprob, top)
