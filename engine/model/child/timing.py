"""Times single decoding steps of a model with the low-level calls, for probe.py."""

import ctypes
import itertools
import time
from typing import Any

from engine.model.child.api import api

SHALLOW = 128  # tokens that are really read in; more are copies of these
MOST_TOKENS = 512  # of one step
MOST_ROWS = 16  # logits rows of one step
CONTEXT_SLACK = 768  # cells beyond the measured depth: a prompt step, a copy in the making
LOAD_NONE, LOAD_MMAP = 0, 1
WORD_STRIDE = 7919


class CannotMeasure(Exception):
    """The library refused a setting; others may still be measured."""


class Weights:
    """The model, loaded for measuring. repack: in the layout the processor likes; layers: so many
    on the graphics card."""

    def __init__(self, path: str, mmap: bool, repack: bool, layers: int = 0) -> None:
        params = api.llama_model_default_params()
        params.n_gpu_layers = layers
        params.load_mode = LOAD_MMAP if mmap else LOAD_NONE
        params.use_extra_bufts = repack
        self.handle: Any = api.llama_model_load_from_file(path.encode(), params)
        if not self.handle:
            raise CannotMeasure("load")
        self.words: int = api.llama_vocab_n_tokens(api.llama_model_get_vocab(self.handle))

    def close(self) -> None:
        """Give the memory back; its contexts must be closed."""
        api.llama_model_free(self.handle)


class Bench:
    """A context whose steps are timed. flash: with flash attention; depth: tokens to hold."""

    def __init__(self, weights: Weights, depth: int, threads: int, flash: bool) -> None:
        params = api.llama_context_default_params()
        params.n_ctx = depth + CONTEXT_SLACK
        params.n_batch = params.n_ubatch = MOST_TOKENS
        params.n_seq_max = 2  # the second is for copies of the first
        params.kv_unified = True
        params.n_outputs_max = MOST_ROWS
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = int(flash)
        params.no_perf = True
        self.handle: Any = api.llama_init_from_model(weights.handle, params)
        if not self.handle:
            raise CannotMeasure("context")
        self._memory: Any = api.llama_get_memory(self.handle)
        self._batch: Any = api.llama_batch_init(MOST_TOKENS, 0, 1)
        self._words = weights.words
        self._n_ctx: int = api.llama_n_ctx(self.handle)
        self._word = itertools.count(1, WORD_STRIDE)
        self.cells = 0  # in use
        self._next = 0  # position of the next token
        self._first: Any = None  # what was held after the first SHALLOW tokens

    def close(self) -> None:
        """Give the memory back."""
        api.llama_batch_free(self._batch)
        api.llama_free(self.handle)

    def threads(self, single: int, batch: int) -> None:
        """Use so many threads from now on."""
        api.llama_set_n_threads(self.handle, single, batch)

    def step(self, tokens: int, rows: int = 1, keep: bool = False) -> float:
        """Milliseconds to decode so many tokens at once; keep: they stay in memory."""
        if self.cells + tokens > self._n_ctx:
            self.clear()
        batch = self._batch
        batch.n_tokens = tokens
        for index in range(tokens):
            batch.token[index] = next(self._word) % self._words
            batch.pos[index] = self._next + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = index >= tokens - rows
        start = time.perf_counter()
        if api.llama_decode(self.handle, batch):
            raise CannotMeasure("decode")
        api.llama_synchronize(self.handle)
        took = 1e3 * (time.perf_counter() - start)
        # Recurrent models cannot take a step back: with them the memory fills up.
        if keep or not api.llama_memory_seq_rm(self._memory, 0, self._next, -1):
            self.cells += tokens
            self._next += tokens
        return took

    def clear(self) -> None:
        """Forget everything."""
        api.llama_memory_clear(self._memory, False)
        self.cells = self._next = 0

    def fill(self, depth: int) -> None:
        """Hold so many tokens, a multiple of SHALLOW, all but the first of them copies."""
        if self.cells > depth:
            self.clear()
        if not self.cells:
            self.step(min(depth, SHALLOW), keep=True)
            self._first = self._state()
        while self.cells < depth:
            self._copy()

    def _state(self) -> Any:
        size = api.llama_state_seq_get_size(self.handle, 0)
        state = (ctypes.c_uint8 * size)()
        if api.llama_state_seq_get_data(self.handle, state, size, 0) != size:
            raise CannotMeasure("save")
        return state

    def _copy(self) -> None:
        """Fill cells with copies of the first ones: quick, and as slow to attend to."""
        state = self._first
        if not api.llama_state_seq_set_data(self.handle, state, ctypes.sizeof(state), 1):
            raise CannotMeasure("copy")
        api.llama_memory_seq_cp(self._memory, 1, 0, -1, -1)
        api.llama_memory_seq_rm(self._memory, 1, -1, -1)
        self.cells += SHALLOW
