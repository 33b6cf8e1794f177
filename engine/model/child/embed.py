"""Vectors of texts: the mean of what the model makes of their tokens.

Embedding models that were trained otherwise say so in their header: the first token's or the last
token's is taken then.
"""

import ctypes
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import Cancelled
from engine.model.child.api import AbortFlag, api, recent_errors
from engine.model.child.model import LoadFailed, Model
from engine.model.child.scheduler import Work
from engine.model.child.tasks import TooLong
from engine.model.messages import Embed, Vectors

LONGEST = 2048  # tokens of one text
STEP = 64  # tokens; for each the library keeps a vocabulary of floats, twice

Vector = NDArray[np.float32]


class Embedder:
    """A working memory of its own for embeddings; raises LoadFailed where there is no room."""

    def __init__(self, model: Model, n_ctx: int, threads: int, abort: AbortFlag) -> None:
        self._model = model
        self._abort = abort
        self._threads = threads
        self._size = min(n_ctx, LONGEST)
        self._pooling = _pooling(model)
        self._step = min(self._size, STEP)
        self._reading: list[int] | None = None  # the tokens of the text that is in memory in part
        self._handle = self._open()
        if not api.llama_get_causal_attn(self._handle):
            # It reads both ways, so it needs a text in one step; such models have no vocabulary of
            # floats for each token.
            api.llama_free(self._handle)
            self._step = self._size
            self._handle = self._open()
        self._memory: Any = api.llama_get_memory(self._handle)
        self._batch: Any = api.llama_batch_init(self._step, 0, 1)

    def _open(self) -> Any:
        params = api.llama_context_default_params()
        params.n_ctx = self._size
        params.n_batch = params.n_ubatch = self._step
        params.n_threads = params.n_threads_batch = self._threads
        params.embeddings = True
        params.pooling_type = self._pooling
        params.no_perf = True
        params.abort_callback = self._abort.callback
        params.abort_callback_data = self._abort.data
        handle = api.llama_init_from_model(self._model.handle, params)
        if not handle:
            raise LoadFailed(recent_errors())
        return handle

    def work(self, request: Embed) -> Work:
        """The steps of a request, one for each piece of a text. Raises TooLong, Cancelled."""
        texts = [self._model.tokenize(text, start=True) for text in request.texts]
        for tokens in texts:
            if len(tokens) > self._size:
                raise TooLong(len(tokens), self._size)
        values: list[float] = []
        for tokens in texts:
            vector = yield from self._vector(tokens)
            values += vector.tolist()
        return Vectors(request.id, self._model.width, tuple(values))

    def _vector(self, tokens: list[int]) -> Generator[None, None, Vector]:
        """A text's vector, of length 1."""
        values: Vector = np.zeros(self._model.width, np.float32)
        start = 0
        while start < len(tokens):
            yield
            if self._reading is not tokens:  # the beginning, or a more urgent one came between
                self._reading, start = tokens, 0
                values = np.zeros(self._model.width, np.float32)
                if self._memory:
                    api.llama_memory_clear(self._memory, False)
            part = tokens[start : start + self._step]
            pooled = self._read(part, start)
            if self._pooling == api.LLAMA_POOLING_TYPE_MEAN:
                values += pooled * (len(part) / len(tokens))
            elif self._pooling == api.LLAMA_POOLING_TYPE_LAST or start == 0:
                values = pooled
            start += len(part)
        self._reading = None
        length = np.linalg.norm(values)
        return np.nan_to_num(values / length) if length > 0 else np.zeros_like(values)

    def _read(self, tokens: list[int], start: int) -> Vector:
        """What the model makes of the next tokens of a text, those from position `start` on."""
        batch = self._batch
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = start + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = True
        result = api.llama_decode(self._handle, batch)
        if result == 2:
            raise Cancelled
        if result != 0:
            raise RuntimeError(f"llama_decode returned {result}")
        pointer = api.llama_get_embeddings_seq(self._handle, 0)
        shared = np.ctypeslib.as_array(
            ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float)), (self._model.width,)
        )
        return shared.astype(np.float32)  # a copy


def _pooling(model: Model) -> int:
    """How the model's tokens become one vector: as its header says, else by their mean."""
    stated = model.stated(f"{model.stated('general.architecture')}.pooling_type")
    known: tuple[int, ...] = (api.LLAMA_POOLING_TYPE_CLS, api.LLAMA_POOLING_TYPE_LAST)
    usual: int = api.LLAMA_POOLING_TYPE_MEAN
    return next((one for one in known if stated == str(one)), usual)
