"""Runs a model in a child process: load it, ask it, survive it."""

import itertools
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import Cancelled, KnownError
from engine.core.files import known_os_error
from engine.model import messages
from engine.model.attempts import Attempt
from engine.model.diagnose import death_sentence, load_error
from engine.model.fit.machine import held_memory
from engine.model.gate import Gate
from engine.model.generation import (
    ContextFull,
    GenerateRequest,
    Generation,
    ModelDied,
    Stats,
    Thought,
    TokenLogprob,
    failure,
)
from engine.model.gguf.header import GgufHeader
from engine.model.length import check_length
from engine.model.link import Answer, Ended, Link, WakeUp
from engine.model.loading import (
    LoadOptions,
    LoadRefused,
    LoadSpec,
    ModelInfo,
    load_in,
    load_notice,
    next_plan,
    plan_again,
    plan_load,
    used_factor,
)
from engine.model.tuning.steps import memory_for

__all__ = [
    "ContextFull",
    "GenerateRequest",
    "Generation",
    "LoadOptions",
    "ModelClient",
    "ModelDied",
    "ModelInfo",
    "Stats",
    "Thought",
    "TokenLogprob",
]

EMBED_TEXTS = 8  # at a time: the vectors of all in one message might be too long for it

State = Literal["none", "loading", "ready", "busy", "failed"]
Adapters = Sequence[tuple[Path, float]]
E = TypeVar("E", bound=messages.Event)

Stoppable = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""A context in which something can be ended early by the function it is given."""


def _unstoppable(stop: Callable[[], None]) -> AbstractContextManager[None]:
    return nullcontext()


def _stop(link: Link, request_id: int, answer: Answer) -> None:
    """Let the child end a request, and its reader go on at once."""
    link.cancel(request_id)
    answer.put(WakeUp())


def _adapt(number: int, adapters: Adapters) -> messages.Adapt:
    paths = tuple(str(path.absolute()) for path, _ in adapters)
    return messages.Adapt(number, paths, tuple(scale for _, scale in adapters))


class ModelClient:
    """One model at a time in one child process, which answers several requests side by side.

    Every method may be called from any thread. on_state(state, notice) is called on whichever
    thread notices, and must not call the client: states "none", "loading", "ready", "busy",
    "failed"; notice is "" or one sentence. After a crash the next request starts a new child; a
    model that failed to load is not tried again by itself. states: the folder for save_session,
    the only one the child may write to; None = it saves nothing.
    """

    def __init__(self, on_state: Callable[[State, str], None], states: Path | None = None) -> None:
        self._on_state = on_state
        self._states = states
        self._ids = itertools.count(1)
        self._gate = Gate()
        self._link: Link | None = None
        self._spec: LoadSpec | None = None  # set while a model is loaded
        self._ended = Ended(0, "")  # how its child died, while there is none
        self._adapters: Adapters = ()
        self._loads = 0  # calls of load and close so far

    @property
    def loaded(self) -> ModelInfo | None:
        """The current model, also while its child is down between two requests."""
        spec = self._spec
        return spec.info if spec is not None else None

    @property
    def adapters(self) -> Adapters:
        """The LoRA files in use, each with its scale."""
        return self._adapters

    def is_running(self) -> bool:
        """Whether there is a child with a model in it now."""
        link = self._link
        return self._spec is not None and link is not None and link.is_alive()

    def held(self) -> int:
        """Bytes of main memory that become available when another model is loaded instead."""
        link, spec = self._link, self._spec
        if link is None or spec is None or not link.is_alive():
            return 0
        tuning, sequences = spec.tuning, spec.options.sequences
        estimate = memory_for(spec.header, spec.plan, sequences, tuning.mmap, tuning.repack)
        return held_memory(link.pid, estimate.total)

    def used_factor(self) -> tuple[GgufHeader, float] | None:
        """What the model uses, as a multiple of the estimate, if asked before it answers; None
        where that cannot be told."""
        link, spec = self._link, self._spec
        if sys.platform != "linux" or link is None or spec is None:
            return None
        factor = used_factor(spec, held_memory(link.pid, 0))
        return None if factor is None else (spec.header, factor)

    def load(self, path: Path, options: LoadOptions | None = None) -> ModelInfo:
        """Load a model file in place of the current one; blocks until it is ready.

        Running answers are cancelled. Where memory is short the model gets less of it, and the
        state's notice says what. Raises KnownError, or Cancelled when another load or close()
        comes between; then no model is loaded.
        """
        with self._gate.alone(self._interrupt):
            self._stop()
            self._loads += 1
            options = options or LoadOptions()
            self._adapters = options.adapters
            return self._load(lambda: plan_load(path, options))

    def close(self) -> None:
        """End the child; the client can load again."""
        with self._gate.alone(self._interrupt):
            self._loads += 1
            self._stop()
        self._on_state("none", "")

    def generate(
        self,
        request: GenerateRequest,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Generation:
        """Start answering.

        on_progress(done, total) tells how much of the prompt was read, on the reader's thread.
        Raises KnownError if there is no model, ContextFull for a prompt that is far too long, or
        Cancelled when the model is replaced meanwhile.
        """
        self.check_length(request.prompt)
        message = request.message(next(self._ids))
        return Generation(message.id, self._starter(message), on_progress)

    def score(
        self,
        prompt: str,
        continuations: Sequence[str],
        stoppable: Stoppable = _unstoppable,
        session: str = "",
    ) -> list[float]:
        """Natural-log probability of each continuation after the prompt, special tokens parsed.

        stoppable: a context that is given a function to call, from any thread, for an early end.
        Raises KnownError, ModelDied, or Cancelled when stopped or the model is replaced meanwhile.
        """
        request = messages.Score(next(self._ids), prompt, tuple(continuations), session, 0)
        return list(self._ask(request, messages.Scores, stoppable).values)

    def count(self, text: str) -> int:
        """Number of tokens of a text. Raises like score."""
        return self._ask(messages.Count(next(self._ids), text), messages.Counted).tokens

    def check_length(self, text: str) -> None:
        """Raise ContextFull for a text that is far longer than the model remembers."""
        info = self.loaded
        if info is not None:
            check_length(text, info.n_ctx, self.count)

    def tokenize(self, text: str, start: bool = False, special: bool = True) -> list[int]:
        """The tokens of a text; start: it begins a sequence; special: their names are tokens.

        Raises like score, and ContextFull for a text that is far too long.
        """
        self.check_length(text)
        request = messages.Tokenize(next(self._ids), text, start, special)
        return list(self._ask(request, messages.Tokens).tokens)

    def pieces(self, tokens: Sequence[int]) -> list[bytes]:
        """The bytes of each token, which may be part of a character; ValueError as detokenize."""
        request = messages.Detokenize(next(self._ids), tuple(tokens))
        found = self._ask(request, messages.Spelled).pieces
        return [one.encode("latin-1", "replace") for one in found]

    def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of tokens; ValueError for one that does not exist."""
        return b"".join(self.pieces(tokens)).decode(errors="replace")

    def embed(
        self, texts: Sequence[str], stoppable: Stoppable = _unstoppable, priority: int = 1
    ) -> NDArray[np.float32]:
        """A vector of length 1 for each text: shape (texts, width). Raises ContextFull too.

        priority: as of a GenerateRequest.
        """
        for text in texts:
            self.check_length(text)
        vectors: list[NDArray[np.float32]] = []
        for start in range(0, len(texts), EMBED_TEXTS):
            some = tuple(texts[start : start + EMBED_TEXTS])
            request = messages.Embed(next(self._ids), some, priority)
            found = self._ask(request, messages.Vectors, stoppable)
            vectors.append(np.array(found.values, np.float32).reshape(len(some), -1))
            if vectors[-1].shape[1] != vectors[0].shape[1]:  # another model has come between
                raise Cancelled
        return np.concatenate(vectors) if vectors else np.zeros((0, 0), np.float32)

    def set_adapters(self, adapters: Adapters, model: Path | None = None) -> None:
        """Use exactly these LoRA files, each with its scale, from now on. Raises KnownError.

        model: the file they are for, None = whichever is loaded. Raises Cancelled if another one
        is loaded, also if that happens meanwhile.
        """
        loads, spec = self._loads, self._spec
        if model is not None and (spec is None or spec.info.path != model):
            raise Cancelled
        request = _adapt(next(self._ids), adapters)
        self._ask(request, messages.Adapted, loads=loads)
        self._gate.enter()  # no load is under way here
        try:
            if loads == self._loads:
                self._adapters = tuple(adapters)
        finally:
            self._gate.leave()

    def save_session(self, session: str, path: Path, key: bytes, bound: str) -> int:
        """Write what the model has read of a session to an encrypted file; its tokens, 0 = none.

        path: in the folder of states; bound: what it belongs to, without the same words it cannot
        be read again.
        """
        number = next(self._ids)
        request = messages.Save(number, session, str(path), key.hex(), bound)
        return self._ask(request, messages.Kept).tokens

    def restore_session(self, session: str, path: Path, key: bytes, bound: str) -> int:
        """Read such a file, unless the session is in memory; the tokens there are now, 0 = none."""
        number = next(self._ids)
        request = messages.Restore(number, session, str(path), key.hex(), bound)
        return self._ask(request, messages.Kept).tokens

    def forget_session(self, session: str) -> None:
        """Drop what the model has read of a session, if there is a child that has."""
        link = self._link
        if link is not None and link.is_alive():
            self._ask(messages.Forget(next(self._ids), session), messages.Kept)

    def prove_sandbox(self) -> tuple[list[Attempt], str]:
        """Let the child try what it must not do: the attempts, and "" or why not all is enforced.

        Raises like score.
        """
        event = self._ask(messages.Prove(next(self._ids)), messages.Proven)
        pairs = zip(event.attempts, event.denied, strict=True)
        return [Attempt(action, denied) for action, denied in pairs], event.reason

    def _ask(
        self,
        request: messages.Request,
        kind: type[E],
        stoppable: Stoppable = _unstoppable,
        loads: int | None = None,
    ) -> E:
        """Send a request that has a single answer of this kind, and wait for it; loads: raise
        Cancelled if there were more of them than so many."""
        start = self._starter(request, loads)
        event: messages.Event | Ended | None = None
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
        if isinstance(event, messages.Failed):
            raise failure(event)
        if event is None:
            raise Cancelled
        assert isinstance(event, kind)
        return event

    def _starter(
        self, request: messages.Request, loads: int | None = None
    ) -> Callable[[], tuple[Link, Answer] | None]:
        """A function that sends the request.

        It returns None if another model was loaded, or none, since the load of number `loads`, or
        since its first call.
        """

        def start() -> tuple[Link, Answer] | None:
            nonlocal loads
            while True:
                self._gate.enter()
                try:
                    if loads not in (None, self._loads):
                        self._gate.leave()
                        return None
                    loads = self._loads
                    link = self._link
                    if link is not None and link.is_alive():
                        break
                except BaseException:
                    self._gate.leave()
                    raise
                self._gate.leave()
                self._revive()
            self._on_state("busy", "")
            try:
                # The request's end leaves the gate.
                return link, link.request(request, self._end_turn)
            except KnownError:
                self._end_turn()
                raise

        return start

    def _end_turn(self) -> None:
        left = self._gate.leave()
        spec = self._spec
        if not left and self._link is not None and spec is not None:
            self._on_state("ready", load_notice(spec))

    def _interrupt(self) -> None:
        """End what is in progress instead of waiting for it."""
        link = self._link
        if link is not None:
            link.cancel_all()

    def _revive(self) -> None:
        """Start a child anew for the model that is loaded, if it is gone."""
        with self._gate.alone(lambda: None):
            link, spec = self._link, self._spec
            if link is not None and link.is_alive():
                return
            if spec is None:
                raise KnownError("No model is loaded.", "Choose one under Models.")
            ended = self._ended
            self._stop()
            self._load(lambda: plan_again(spec, ended), again=True)
            if self._link is None:  # the new child ended as soon as it was ready
                raise ModelDied(*death_sentence(0, ""))

    def _stop(self) -> None:
        """End the child and forget the model."""
        link, self._link, self._spec = self._link, None, None
        if link is not None:
            link.close()

    def _child_ended(self, link: Link, ended: Ended) -> None:
        """Called on the child's thread; unexpected unless the link was dropped before."""
        if self._link is link and self._spec is not None:
            self._link, self._ended = None, ended
            self._on_state("failed", death_sentence(ended.code, ended.log)[0])

    def _load(self, plan: Callable[[], LoadSpec], again: bool = False) -> ModelInfo:
        """Start a child and load, with less where memory turns out to be short.

        again: the model answered before, and goes on without an adapter that is refused now.
        """
        try:
            spec = plan()
            while True:
                try:
                    got, notice = self._try_load(spec, again)
                    break
                except LoadRefused as refused:
                    smaller = next_plan(spec, refused.cause)
                    if smaller is None:
                        raise load_error(refused.cause, spec.info.name) from refused
                    spec = smaller
        except KnownError as error:
            self._on_state("failed", error.sentence)
            raise
        except Cancelled:
            self._on_state("none", "")
            raise
        told = f"{spec.options.notice} {notice}".strip()
        options = replace(spec.options, notice=told)
        self._spec = replace(spec, info=replace(spec.info, n_ctx=got), options=options)
        self._on_state("ready", load_notice(self._spec))
        return self._spec.info

    def _try_load(self, spec: LoadSpec, again: bool) -> tuple[int, str]:
        """The context it got, and a sentence about adapters it goes on without, or ""."""
        name = spec.info.name
        self._on_state("loading", f"Loading {name} …")
        try:
            link = self._link = Link(self._child_ended, self._states)
        except OSError as error:
            raise known_os_error("start the model process", error) from error
        try:
            got = load_in(
                link,
                spec,
                spec.plan.n_ctx,
                next(self._ids),
                lambda done: self._on_state("loading", f"Loading {name}: {round(100 * done)} %"),
            )
            return got, self._adapt_new(link, again)
        except BaseException:
            self._stop()
            raise

    def _adapt_new(self, link: Link, again: bool) -> str:
        """Give a new child the adapters the last one had. Raises KnownError.

        again: those that are refused are dropped, and told in the sentence that is returned.
        """
        used: list[tuple[Path, float]] = []
        refused: list[str] = []
        for one in self._adapters:
            request = _adapt(next(self._ids), [*used, one])
            event = link.request(request, lambda: None).get()
            if isinstance(event, Ended):
                raise ModelDied(*death_sentence(event.code, event.log))
            if not isinstance(event, messages.Failed):
                used.append(one)
            elif again:
                reason = failure(event)
                refused.append(f"The adapter {one[0].name} is not used any more: {reason}")
            else:
                raise failure(event)
        self._adapters = tuple(used)
        return " ".join(refused)
