"""What the server needs of the model; every method may be called from any thread."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from engine.model.chat_types import ChatRequest, Sampling
from engine.model.client import Stoppable
from engine.model.generation import GenerateRequest, Stats, TokenLogprob
from engine.model.parsing import Part

T_co = TypeVar("T_co", covariant=True)

OnProgress = Callable[[int, int], None]


class Answer(Iterator[T_co], Protocol[T_co]):
    """An answer in the making; stats is set when it has ended."""

    @property
    def stats(self) -> Stats | None: ...
    @property
    def logprobs(self) -> Sequence[TokenLogprob]: ...
    def cancel(self) -> None: ...


class Served(Protocol):
    """The loaded model, as clients hear of it."""

    @property
    def name(self) -> str: ...
    @property
    def n_ctx(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def path(self) -> Any: ...


class Backend(Protocol):
    """A model that answers several requests at a time. Methods raise what ModelClient's do."""

    @property
    def loaded(self) -> Served | None:
        """The model, None while there is none."""

    @property
    def loading(self) -> bool:
        """Whether one will be there soon."""

    def sampling(self, thinking: bool | None) -> Sampling:
        """What the model's makers recommend; thinking: None = as its template has it."""

    def chat(self, request: ChatRequest, on_progress: OnProgress | None = None) -> Answer[Part]:
        """Answer a conversation."""

    def tokens(self, request: ChatRequest) -> int:
        """Tokens of a conversation's prompt."""

    def prompt(self, request: ChatRequest) -> str:
        """A conversation's prompt."""

    def generate(
        self, request: GenerateRequest, on_progress: OnProgress | None = None
    ) -> Answer[str]:
        """Continue a text."""

    def tokenize(self, text: str, start: bool = False, special: bool = True) -> list[int]:
        """The tokens of a text."""

    def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of tokens."""

    def pieces(self, tokens: Sequence[int]) -> list[bytes]:
        """The bytes of each token."""

    def embed(self, texts: Sequence[str], stoppable: Stoppable) -> Any:
        """Vectors of length 1, one row a text."""
