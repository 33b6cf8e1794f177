"""The working memory of one conversation: decoding with reuse of what was already decoded."""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import Cancelled, KnownError
from engine.model.fit import BATCH
from engine.model.llama_api import AbortFlag, api, recent_errors
from engine.model.llama_model import LoadFailed, Model

MAX_ROWS = 8  # logits rows per step; each costs a vocabulary of floats in the compute buffer
FLASH_ATTENTION_OFF = 0

Row = NDArray[np.float32]
OnRow = Callable[[int, Row], None]
OnProgress = Callable[[int, int], None]


class Context:
    """A key-value memory of n_ctx tokens for one sequence.

    threads: of the computation; raises LoadFailed when there is no memory for it.
    """

    def __init__(self, model: Model, n_ctx: int, threads: int, abort: AbortFlag) -> None:
        self.abort = abort
        params = api.llama_context_default_params()
        params.n_ctx = n_ctx
        params.n_batch = params.n_ubatch = BATCH
        params.n_outputs_max = MAX_ROWS
        params.n_threads = params.n_threads_batch = threads
        # On CPUs it is slower the longer the context gets: half the speed at 3,000 tokens.
        params.flash_attn_type = FLASH_ATTENTION_OFF
        params.no_perf = True
        params.abort_callback = abort.callback
        params.abort_callback_data = abort.data
        self.handle: Any = api.llama_init_from_model(model.handle, params)
        if not self.handle:
            raise LoadFailed(recent_errors())
        self.n_ctx: int = api.llama_n_ctx(self.handle)
        self._memory: Any = api.llama_get_memory(self.handle)
        self._words = model.size
        self._batch: Any = api.llama_batch_init(BATCH, 0, 1)
        for index in range(BATCH):
            self._batch.n_seq_id[index] = 1
            self._batch.seq_id[index][0] = 0
        self._tokens: list[int] = []  # what the memory holds

    def prefill(
        self,
        tokens: list[int],
        on_progress: OnProgress | None = None,
        first_row: int | None = None,
        on_row: OnRow | None = None,
    ) -> int:
        """Make the memory hold exactly these tokens; returns how many it held already.

        on_row(position, logits) is called for every position from first_row (default: the last
        token's). Raises Cancelled on abort; what was decoded until then stays for the next call.
        """
        if first_row is None:
            first_row = len(tokens) - 1
        reused = self._keep_common(tokens, first_row)
        position = reused
        while position < len(tokens):
            end = min(position + BATCH, len(tokens))
            if end > first_row:
                end = min(end, max(position, first_row) + MAX_ROWS)
            self._decode(tokens[position:end], first_row)
            if on_row is not None:
                for row in range(max(position, first_row), end):
                    on_row(row, self._logits(row - position))
            position = end
            if on_progress is not None:
                on_progress(position, len(tokens))
        return reused

    def append(self, token: int) -> None:
        """Decode one more token. Raises Cancelled on abort."""
        self._decode([token], len(self._tokens))

    def logits(self) -> Row:
        """The last token's logits, valid until the next decoding."""
        return self._logits(-1)

    def _keep_common(self, tokens: list[int], limit: int) -> int:
        """Forget what differs from `tokens`, keeping at most `limit` tokens; how many are left."""
        common = 0
        for held, wanted in zip(self._tokens, tokens[:limit], strict=False):
            if held != wanted:
                break
            common += 1
        if common < len(self._tokens) and not api.llama_memory_seq_rm(self._memory, 0, common, -1):
            # Recurrent models cannot forget a part.
            api.llama_memory_clear(self._memory, False)
            common = 0
        del self._tokens[common:]
        return common

    def _decode(self, tokens: list[int], first_row: int) -> None:
        batch, start = self._batch, len(self._tokens)
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = start + index
            batch.logits[index] = start + index >= first_row
        result = api.llama_decode(self.handle, batch)
        if result == 0:
            self._tokens += tokens
        elif result == 2:
            raise Cancelled
        elif result == 1:
            raise KnownError(
                "The model's working memory is full.", "Start a new chat or ask something shorter."
            )
        else:
            raise RuntimeError(f"llama_decode returned {result}")

    def _logits(self, index: int) -> Row:
        pointer = api.llama_get_logits_ith(self.handle, index)
        return np.ctypeslib.as_array(
            ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float)), (self._words,)
        )
