"""The model on this computer, as the server needs it."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.model.chat import LocalChat
from engine.model.chat_types import ChatAnswer, ChatRequest, Sampling
from engine.model.client import ModelClient, Stoppable
from engine.model.generation import GenerateRequest, Generation
from engine.model.loading import ModelInfo
from engine.server.backend import OnProgress
from engine.server.errors import unavailable


class LocalBackend:
    """Passes everything on to the client of the model that is loaded at the moment."""

    def __init__(
        self, client: Callable[[], ModelClient | None], loading: Callable[[], bool]
    ) -> None:
        """client: None while no model is loaded; loading: whether one will be soon."""
        self._client = client
        self._loading = loading

    @property
    def loaded(self) -> ModelInfo | None:
        """The model, None while there is none."""
        client = self._client()
        return client.loaded if client is not None else None

    @property
    def loading(self) -> bool:
        """Whether one will be there soon."""
        return self._loading()

    def sampling(self, thinking: bool | None) -> Sampling:
        """What the catalogue or the file recommends."""
        client = self._client()
        return LocalChat(client).sampling(thinking) if client is not None else Sampling()

    def chat(self, request: ChatRequest, on_progress: OnProgress | None = None) -> ChatAnswer:
        """Answer a conversation."""
        return LocalChat(self._now()).chat(request, on_progress)

    def tokens(self, request: ChatRequest) -> int:
        """Tokens of a conversation's prompt."""
        client = self._now()
        prompt = LocalChat(client).prompt(request)
        client.check_length(prompt)
        return client.count(prompt)

    def prompt(self, request: ChatRequest) -> str:
        """A conversation's prompt."""
        return LocalChat(self._now()).prompt(request)

    def generate(
        self, request: GenerateRequest, on_progress: OnProgress | None = None
    ) -> Generation:
        """Continue a text."""
        return self._now().generate(request, on_progress)

    def tokenize(self, text: str, start: bool = False, special: bool = True) -> list[int]:
        """The tokens of a text."""
        return self._now().tokenize(text, start, special)

    def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of tokens."""
        return self._now().detokenize(tokens)

    def pieces(self, tokens: Sequence[int]) -> list[bytes]:
        """The bytes of each token."""
        return self._now().pieces(tokens)

    def embed(self, texts: Sequence[str], stoppable: Stoppable) -> NDArray[np.float32]:
        """Vectors of length 1, one row a text."""
        return self._now().embed(texts, stoppable)

    def _now(self) -> ModelClient:
        client = self._client()
        if client is None:
            raise unavailable("No model is loaded.")
        return client
