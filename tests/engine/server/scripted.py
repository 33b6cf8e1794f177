"""A model that says what a test has written down, in the place of a real one."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import Cancelled
from engine.model.chat_types import ChatRequest, Sampling
from engine.model.client import Stoppable
from engine.model.generation import ContextFull, GenerateRequest, Stats, TokenLogprob
from engine.model.parsing import Part, TextPart, ThinkPart

KEY = "the-key-of-the-tests"
OnProgress = Callable[[int, int], None] | None


@dataclass(frozen=True)
class Wait:
    """Silence of so many seconds, which a cancel ends."""

    seconds: float


@dataclass(frozen=True)
class Read:
    """So many tokens of the prompt have been read."""

    done: int
    total: int


Step = Part | str | Wait | Read | Exception


def stats(finish: str = "stop", tokens: int = 3, prompt: int = 11) -> Stats:
    """Figures of an answer of which four prompt tokens were in memory."""
    return Stats(
        prompt_tokens=prompt,
        cached_tokens=4,
        tokens=tokens,
        prompt_seconds=0.25,
        seconds=0.5,
        finish=finish,  # type: ignore[arg-type]
        drafted=6,
        accepted=5,
        n_ctx=512,
    )


class ScriptedAnswer(Iterator[Any]):
    """Goes through the steps; every text in it is one token."""

    def __init__(self, steps: Sequence[Step], finish: str, told: OnProgress) -> None:
        self._steps = iter(steps)
        self._finish = finish
        self._told = told
        self._cancelled = threading.Event()
        self.cancelled_in_silence = False
        self.stats: Stats | None = None
        self.logprobs: list[TokenLogprob] = []

    def __next__(self) -> Any:
        for step in self._steps:
            if self._cancelled.is_set():
                break
            if isinstance(step, Wait):
                self.cancelled_in_silence = self._cancelled.wait(step.seconds)
            elif isinstance(step, Read):
                assert self._told is not None
                self._told(step.done, step.total)
            elif isinstance(step, Exception):
                raise step
            else:
                self._note(step)
                return step
        finish = "cancelled" if self._cancelled.is_set() else self._finish
        self.stats = stats(finish, len(self.logprobs))
        raise StopIteration

    def cancel(self) -> None:
        """End the iteration."""
        self._cancelled.set()

    def _note(self, step: Part | str) -> None:
        text = step.text if isinstance(step, TextPart | ThinkPart) else str(step)
        other = (7, b"other", -2.5)
        self.logprobs.append(
            TokenLogprob(5, text.encode(), -0.25, ((5, text.encode(), -0.25), other))
        )


@dataclass(frozen=True)
class Model:
    """What is loaded."""

    name: str = "Tiny Model"
    n_ctx: int = 512
    size: int = 1000
    path: Path = Path("/somewhere/secret/tiny.gguf")


@dataclass
class ScriptedBackend:
    """steps: of every answer. Tokens are the bytes of a text.

    embed_seconds: for vectors, which a cancel ends; embedding: released when that begins.
    """

    steps: Sequence[Step] = (TextPart("Hello"), TextPart(" there"))
    finish: str = "stop"
    loaded: Any = field(default_factory=Model)
    loading: bool = False
    asked: list[Any] = field(default_factory=list)
    answers: list[ScriptedAnswer] = field(default_factory=list)
    began: threading.Event = field(default_factory=threading.Event)
    embed_seconds: float = 0.0
    embeds_stopped: int = 0
    embedding: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def sampling(self, thinking: bool | None) -> Sampling:
        return Sampling(temperature=0.6 if thinking else 0.7, top_k=20, top_p=0.8, min_p=0.0)

    def chat(self, request: ChatRequest, on_progress: OnProgress = None) -> ScriptedAnswer:
        return self._answer(request, on_progress)

    def generate(self, request: GenerateRequest, on_progress: OnProgress = None) -> ScriptedAnswer:
        return self._answer(request, on_progress)

    def tokens(self, request: ChatRequest) -> int:
        return len(self.prompt(request))

    def prompt(self, request: ChatRequest) -> str:
        return "|".join(message.text for message in request.messages)

    def tokenize(self, text: str, start: bool = False, special: bool = True) -> list[int]:
        return [1] * start + list(text.encode())

    def detokenize(self, tokens: Sequence[int]) -> str:
        return bytes(tokens).decode(errors="replace")

    def pieces(self, tokens: Sequence[int]) -> list[bytes]:
        return [bytes([token]) for token in tokens]

    def embed(self, texts: Sequence[str], stoppable: Stoppable) -> NDArray[np.float32]:
        if self.embed_seconds:
            stopped = threading.Event()
            self.embedding.release()
            with stoppable(stopped.set):
                if stopped.wait(self.embed_seconds):
                    self.embeds_stopped += 1
                    raise Cancelled
        rows = np.array([[len(text), 1.0, 2.0] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def _answer(self, request: Any, told: OnProgress) -> ScriptedAnswer:
        self.asked.append(request)
        if self.steps and isinstance(self.steps[0], ContextFull):
            raise self.steps[0]
        answer = ScriptedAnswer(self.steps, self.finish, told)
        self.answers.append(answer)
        self.began.set()
        return answer
