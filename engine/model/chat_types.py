"""What is asked of a model that talks, be it on this computer or behind an endpoint."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.model.generation import Stats, TokenLogprob
from engine.model.loading import ModelInfo
from engine.model.parsing import Part
from engine.model.templates import PromptMessage, ToolSpec


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn.

    temperature: 0 takes the likeliest; top_k: 0 = all; the penalties 0 (repeat_penalty: 1) = none;
    seed: of the draw, None = another each time.
    """

    temperature: float = 0.0
    top_k: int = 20
    top_p: float = 0.95
    min_p: float = 0.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repeat_penalty: float = 1.0
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A conversation to be answered, and how.

    tool_choice: "auto", "none", "required", a tool's name, or "told": the tools are described, and
    the answer ends where one would be called; parallel_calls: several at once are allowed.
    schema: the answer is JSON of this schema, {} = any object; grammar: the answer is a text of
    this GBNF. thinking: None = as the template's default; thought_budget: tokens, -1 = no
    limit. max_tokens: None = as many as there is room for. logprobs: of each token and that many
    others, -1 = none. session, priority: as in GenerateRequest. prefill_assistant: how the answer
    begins, which is not repeated in it.
    """

    messages: tuple[PromptMessage, ...]
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: str = "auto"
    parallel_calls: bool = True
    schema: Mapping[str, object] | None = None
    grammar: str | None = None
    thinking: bool | None = None
    thought_budget: int = -1
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    logprobs: int = -1
    logit_bias: tuple[tuple[int, float], ...] = ()
    session: str = ""
    priority: int = 0
    prefill_assistant: str = ""


class ChatAnswer(Protocol):
    """Yields the answer's parts as soon as they are certain; `stats` is set when it has ended."""

    def __iter__(self) -> Iterator[Part]:
        """Itself."""

    def __next__(self) -> Part:
        """The next part."""

    @property
    def stats(self) -> Stats | None:
        """Figures of the finished answer."""

    @property
    def logprobs(self) -> Sequence[TokenLogprob]:
        """Of the tokens so far, if they were asked for."""

    def cancel(self) -> None:
        """End the answer; from any thread."""


class ChatModel(Protocol):
    """Something that answers conversations."""

    @property
    def loaded(self) -> ModelInfo | None:
        """The model that would answer."""

    def chat(
        self, request: ChatRequest, on_progress: Callable[[int, int], None] | None = None
    ) -> ChatAnswer:
        """Start answering; on_progress(done, total): prompt tokens read so far."""

    def tokens(self, request: ChatRequest) -> int:
        """The size of the prompt the request makes."""
