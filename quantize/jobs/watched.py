"""A model in full precision whose every matrix multiplication can be watched, on the processor."""

import ctypes
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.core.errors import KnownError
from engine.model.child.api import AbortFlag, api
from engine.model.child.model import LoadFailed, Model
from engine.model.diagnose import load_cause, load_error
from quantize.jobs.ggml import Tensor, operation
from quantize.jobs.running import broken
from quantize.numbers import Floats

BATCH = 128  # tokens; every one is an output, and costs a vocabulary of floats
_WATCHED = frozenset({"MUL_MAT", "MUL_MAT_ID", "GET_ROWS"})

Watcher = Callable[[str, Tensor], None]


class WatchedModel:
    """Runs windows of tokens, each from nothing, with a float32 key-value memory.

    watch(operation, tensor): is told of each result of MUL_MAT, MUL_MAT_ID and GET_ROWS after it
    was computed; None watches nothing and is faster. Raises KnownError.
    """

    def __init__(self, path: str, window: int, watch: Watcher | None, mmap: bool = True) -> None:
        try:
            self._model = Model(path, lambda _: None, AbortFlag(), mmap=mmap, repack=False)
        except LoadFailed as error:
            raise load_error(load_cause(str(error)), os.path.basename(path)) from error
        self._name = os.path.basename(path)
        self.watch = watch
        self.failure: BaseException | None = None
        self._callback = api.ggml_backend_sched_eval_callback(self._on_tensor)
        params = api.llama_context_default_params()
        params.n_ctx = window
        params.n_batch = params.n_ubatch = params.n_outputs_max = min(BATCH, window)
        params.n_threads = params.n_threads_batch = os.cpu_count() or 1
        params.type_k = params.type_v = 0  # F32
        params.flash_attn_type = 0
        params.no_perf = True
        params.cb_eval = self._callback
        self._handle: Any = api.llama_init_from_model(self._model.handle, params)
        if not self._handle:
            raise KnownError("There is not enough free memory for this.", "Close other programs.")
        self._memory = api.llama_get_memory(self._handle)
        self._batch: Any = api.llama_batch_init(BATCH, 0, 1)

    def tokenize(self, text: str) -> list[int]:
        """Token ids of a text; special tokens spelled out in it are taken for such."""
        return self._model.tokenize(text, start=True)

    def run(self, tokens: list[int], first_row: int) -> Floats:
        """Logits [tokens − first_row, words] of a window; all positions are computed."""
        api.llama_memory_clear(self._memory, True)
        rows = np.empty((len(tokens) - first_row, self._model.size), np.float32)
        for start in range(0, len(tokens), BATCH):
            part = tokens[start : start + BATCH]
            self._batch.n_tokens = len(part)
            for index, token in enumerate(part):
                self._batch.token[index], self._batch.pos[index] = token, start + index
                self._batch.n_seq_id[index], self._batch.seq_id[index][0] = 1, 0
                self._batch.logits[index] = True  # else the last layer skips its tokens
            if api.llama_decode(self._handle, self._batch) != 0:
                raise KnownError("llama.cpp could not run this model.", "Use another model.")
            if self.failure is not None:
                raise self.failure
            pointer = ctypes.cast(
                api.llama_get_logits(self._handle), ctypes.POINTER(ctypes.c_float)
            )
            found = np.ctypeslib.as_array(pointer, (len(part), self._model.size))
            if not np.isfinite(found[:, 0]).all():  # then all are such
                raise broken(self._name)
            skipped = max(first_row - start, 0)
            if skipped < len(part):
                rows[start + skipped - first_row : start + len(part) - first_row] = found[skipped:]
        return rows

    def _on_tensor(self, address: int, ask: bool, _: object) -> bool:
        tensor = Tensor.from_address(address)
        name = operation(tensor.op)
        if ask:
            return self.watch is not None and name in _WATCHED
        if self.watch is not None:
            try:
                self.watch(name, tensor)
            except Exception as error:  # noqa: BLE001 (it cannot cross the library; run() raises it)
                self.failure = error
                return False
        return True
