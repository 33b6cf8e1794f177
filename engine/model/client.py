"""Runs a model in a child process: load it, ask it, survive it."""

import itertools
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from engine.core.errors import Cancelled, KnownError
from engine.core.files import known_os_error
from engine.model import protocol
from engine.model.diagnose import death_sentence, load_error
from engine.model.generation import GenerateRequest, Generation, ModelDied, Stats, failure
from engine.model.link import Answer, Ended, Link, WakeUp
from engine.model.loading import (
    SMALLEST_CONTEXT,
    LoadOptions,
    LoadRefused,
    LoadSpec,
    ModelInfo,
    load_in,
    plan_load,
)
from engine.model.sandbox import Attempt

__all__ = [
    "GenerateRequest",
    "Generation",
    "LoadOptions",
    "ModelClient",
    "ModelDied",
    "ModelInfo",
    "Stats",
]

State = Literal["none", "loading", "ready", "busy", "failed"]

POLL_SECONDS = 0.05

Stoppable = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""A context in which something can be ended early by the function it is given."""


def _unstoppable(stop: Callable[[], None]) -> AbstractContextManager[None]:
    return nullcontext()


def _stop(link: Link, request_id: int, answer: Answer) -> None:
    """Let the child end a request, and its reader go on at once."""
    link.cancel(request_id)
    answer.put(WakeUp())


class ModelClient:
    """One model at a time in one child process; one request at a time, others wait.

    Every method may be called from any thread. on_state(state, notice) is called on whichever
    thread notices, and must not call the client: states "none", "loading", "ready", "busy",
    "failed"; notice is "" or one sentence. After a crash the next request starts a new child; a
    model that failed to load is not tried again by itself.
    """

    def __init__(self, on_state: Callable[[State, str], None]) -> None:
        self._on_state = on_state
        self._ids = itertools.count(1)
        self._gate = threading.Lock()  # held by the request in progress
        self._link: Link | None = None
        self._spec: LoadSpec | None = None  # set while a model is loaded
        self._loads = 0  # calls of load and close so far

    @property
    def loaded(self) -> ModelInfo | None:
        """The current model, also while its child is down between two requests."""
        spec = self._spec
        return spec.info if spec is not None else None

    def load(self, path: Path, options: LoadOptions | None = None) -> ModelInfo:
        """Load a model file in place of the current one; blocks until it is ready.

        A running answer is cancelled. Where memory is short the context is made smaller. Raises
        KnownError, or Cancelled when another load or close() comes between; then no model is
        loaded.
        """
        self._take_turn(interrupt=True)
        try:
            self._loads += 1
            self._stop()
            return self._load(lambda: plan_load(path, options or LoadOptions()))
        finally:
            self._gate.release()

    def close(self) -> None:
        """End the child; the client can load again."""
        self._take_turn(interrupt=True)
        try:
            self._loads += 1
            self._stop()
        finally:
            self._gate.release()
        self._on_state("none", "")

    def generate(
        self,
        request: GenerateRequest,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Generation:
        """Start answering; waits for a request in progress.

        on_progress(done, total) tells how much of the prompt was read, on the reader's thread.
        Raises KnownError if there is no model, or Cancelled when it is replaced meanwhile.
        """
        message = protocol.Generate(
            next(self._ids),
            request.prompt,
            request.grammar,
            request.stop,
            request.max_tokens,
            request.temperature,
            request.top_k,
            request.top_p,
            request.min_p,
            request.seed,
        )
        return Generation(message.id, self._starter(message), on_progress)

    def score(
        self, prompt: str, continuations: Sequence[str], stoppable: Stoppable = _unstoppable
    ) -> list[float]:
        """Natural-log probability of each continuation after the prompt, special tokens parsed.

        stoppable: a context that is given a function to call, from any thread, for an early end.
        Raises KnownError, ModelDied, or Cancelled when stopped or the model is replaced meanwhile.
        """
        request = protocol.Score(next(self._ids), prompt, tuple(continuations))
        event = self._ask(request, stoppable)
        assert isinstance(event, protocol.Scores)
        return list(event.values)

    def count(self, text: str) -> int:
        """Number of tokens of a text. Raises like score."""
        event = self._ask(protocol.Count(next(self._ids), text))
        assert isinstance(event, protocol.Counted)
        return event.tokens

    def prove_sandbox(self) -> tuple[list[Attempt], str]:
        """Let the child try what it must not do: the attempts, and "" or why nothing is enforced.

        Raises like score.
        """
        event = self._ask(protocol.Prove(next(self._ids)))
        assert isinstance(event, protocol.Proven)
        pairs = zip(event.attempts, event.denied, strict=True)
        return [Attempt(action, denied) for action, denied in pairs], event.reason

    def _ask(
        self, request: protocol.Request, stoppable: Stoppable = _unstoppable
    ) -> protocol.Event:
        """Send a request that has a single answer, and wait for it."""
        start = self._starter(request)
        event: protocol.Event | Ended | None = None
        for _ in range(2):  # a child that died in between is replaced, once
            started = start()
            if started is not None:
                link, answer = started
                with stoppable(partial(_stop, link, request.id, answer)):
                    got = answer.get()
                if isinstance(got, WakeUp):
                    raise Cancelled
                event = got
            if not isinstance(event, Ended):
                break
        if isinstance(event, Ended):
            raise ModelDied(*death_sentence(event.code, event.log))
        if isinstance(event, protocol.Failed):
            raise failure(event)
        assert event is not None
        return event

    def _starter(self, request: protocol.Request) -> Callable[[], tuple[Link, Answer] | None]:
        """A function that sends the request when the one in progress has ended.

        It returns None if another model was loaded, or none, since its first call.
        """
        loads: int | None = None

        def start() -> tuple[Link, Answer] | None:
            nonlocal loads
            self._take_turn()
            try:
                if loads not in (None, self._loads):
                    self._gate.release()
                    return None
                loads = self._loads
                link = self._running_link()
                self._on_state("busy", "")
            except BaseException:
                self._gate.release()
                raise
            # The request's end releases the gate.
            return link, link.request(request, self._end_turn)

        return start

    def _take_turn(self, interrupt: bool = False) -> None:
        """Take the gate; interrupt: end what is in progress instead of waiting for it."""
        while not self._gate.acquire(blocking=False):
            link = self._link
            if link is not None:
                if interrupt:
                    link.cancel_current()
                if link.is_stuck():
                    link.kill()
            if self._gate.acquire(timeout=POLL_SECONDS):
                return

    def _end_turn(self) -> None:
        if self._link is not None:
            self._on_state("ready", "")
        self._gate.release()

    def _running_link(self) -> Link:
        """The link to a child with the model loaded, started anew if the last one died."""
        link = self._link  # the child's thread may take it away meanwhile
        if link is not None and link.is_alive():
            return link
        spec = self._spec
        if spec is None:
            raise KnownError("No model is loaded.", "Choose one under Models.")
        self._stop()
        self._load(lambda: spec)
        link = self._link
        if link is None:  # the new child ended as soon as it was ready
            raise ModelDied(*death_sentence(0, ""))
        return link

    def _stop(self) -> None:
        """End the child and forget the model."""
        link, self._link, self._spec = self._link, None, None
        if link is not None:
            link.close()

    def _child_ended(self, link: Link, ended: Ended) -> None:
        """Called on the child's thread; unexpected unless the link was dropped before."""
        if self._link is link and self._spec is not None:
            self._link = None
            self._on_state("failed", death_sentence(ended.code, ended.log)[0])

    def _load(self, plan: Callable[[], LoadSpec]) -> ModelInfo:
        """Start a child and load, with a smaller context where memory turns out to be short."""
        try:
            spec = plan()
            n_ctx = spec.info.n_ctx
            while True:
                try:
                    got = self._try_load(spec, n_ctx)
                    break
                except LoadRefused as refused:
                    if refused.cause != "memory" or n_ctx // 2 < SMALLEST_CONTEXT:
                        raise load_error(refused.cause, spec.info.name) from refused
                    n_ctx //= 2
        except KnownError as error:
            self._on_state("failed", error.sentence)
            raise
        except Cancelled:
            self._on_state("none", "")
            raise
        wanted = min(spec.options.n_ctx, spec.header.number("context_length", got))
        info = replace(spec.info, n_ctx=got)
        self._spec = replace(spec, info=info)
        notice = ""
        if got < wanted:
            notice = f"Memory is short: the model remembers {got:,} tokens instead of {wanted:,}."
        self._on_state("ready", notice)
        return info

    def _try_load(self, spec: LoadSpec, n_ctx: int) -> int:
        name = spec.info.name
        self._on_state("loading", f"Loading {name} …")
        try:
            link = self._link = Link(self._child_ended)
        except OSError as error:
            raise known_os_error("start the model process", error) from error
        try:
            return load_in(
                link,
                spec,
                n_ctx,
                next(self._ids),
                lambda done: self._on_state("loading", f"Loading {name}: {round(100 * done)} %"),
            )
        except BaseException:
            self._stop()
            raise
