"""The library's working memory: decoding steps of several sequences, and their states.

With few tokens in memory flash attention is faster, with many it is much slower, and the library
decides for one when a memory is made. So there may be two of them, one of which is in use: a small
one with flash attention and the one for the whole context without.
"""

import ctypes
from collections.abc import Iterable
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import Cancelled
from engine.model.child.api import AbortFlag, api, recent_errors
from engine.model.child.model import LoadFailed, Model
from engine.model.child.state_layout import State, turn
from engine.model.messages import Load

MAX_ROWS = 20  # logits rows per step; each costs a vocabulary of floats in the compute buffer
KV_TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}  # ggml's numbers

Row = NDArray[np.float32]


class Full(Exception):
    """There is no room for these tokens beside what memory holds."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens of one sequence to decode next: from position `start`, with logits from position
    `first_row` on."""

    sequence: int
    start: int
    tokens: Items[int]
    first_row: int


class Context:
    """A key-value memory that `sequences` conversations share; raises LoadFailed for no memory.

    partial: whether a sequence can be cut at any token. Recurrent models and those with sliding
    windows have forgotten what it takes: they need a state from before. flash_until: how many
    tokens may be held while it is shallow, 0 where it never is.
    """

    def __init__(self, model: Model, wanted: Load, abort: AbortFlag) -> None:
        self.abort = abort
        self.sequences = wanted.sequences
        self.partial = model.can_be_cut
        self.flash_until = wanted.flash_until if self.partial else 0
        self._deep: Any = _open(model, wanted, abort)
        self._shallow: Any = None
        if self.flash_until:
            small = replace(wanted, n_ctx=self.flash_until, flash=True)
            self._shallow = _open(model, small, abort)
        self.n_ctx: int = api.llama_n_ctx(self._deep)
        self.batch: int = api.llama_n_batch(self._deep)  # less in a tiny context
        self._flash = wanted.flash
        self._use(self._shallow or self._deep)
        self.weight = model.weight
        self._words = model.size
        self._batch: Any = api.llama_batch_init(self.batch, 0, 1)
        size = (self.batch,)
        self._tokens = np.ctypeslib.as_array(self._batch.token, size)
        self._positions = np.ctypeslib.as_array(self._batch.pos, size)
        self._wanted = np.ctypeslib.as_array(self._batch.logits, size)
        for index in range(self.batch):
            self._batch.n_seq_id[index] = 1

    @property
    def handles(self) -> tuple[Any, ...]:
        """The library's contexts."""
        return (self._deep, self._shallow) if self._shallow else (self._deep,)

    @property
    def is_shallow(self) -> bool:
        """Whether the small memory with flash attention is in use."""
        return self._shallow is not None and bool(self.handle == self._shallow)

    def move(self, sequences: Iterable[int]) -> list[int]:
        """Go over to the other memory with these sequences; those that it did not take are empty.

        Logits are no longer valid.
        """
        states = [(sequence, self.state(sequence)) for sequence in sequences]
        for sequence, _ in states:
            self.cut(sequence, 0)
        self._use(self._deep if self.is_shallow else self._shallow)
        lost = [sequence for sequence, state in states if not self.set_state(sequence, state)]
        if lost:
            self.flash_until = 0  # not this model: it stays in the deep one from now on
        return lost

    def decode(self, parts: Items[Part]) -> list[dict[int, int]]:
        """Decode one step; for each part, the row of each position whose logits were wanted.

        Rows are valid until the next decoding. Raises Cancelled on abort and Full; then nothing is
        known about what the parts' sequences hold beyond their starts.
        """
        rows: list[dict[int, int]] = []
        at = 0
        for part in parts:
            count = len(part.tokens)
            end = at + count
            self._tokens[at:end] = part.tokens
            self._positions[at:end] = np.arange(part.start, part.start + count)
            first = max(part.first_row - part.start, 0)
            self._wanted[at:end] = np.arange(count) >= first
            for index in range(at, end):
                self._batch.seq_id[index][0] = part.sequence
            rows.append({part.start + i: at + i for i in range(first, count)})
            at = end
        self._batch.n_tokens = at
        result = api.llama_decode(self.handle, self._batch)
        if result == 2:
            raise Cancelled
        if result == 1:
            raise Full
        if result != 0:
            raise RuntimeError(f"llama_decode returned {result}")
        return rows

    def logits(self, row: int) -> Row:
        """The logits of a row, which may be changed in place; valid until the next decoding."""
        pointer = api.llama_get_logits_ith(self.handle, row)
        return np.ctypeslib.as_array(
            ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float)), (self._words,)
        )

    def cut(self, sequence: int, length: int) -> bool:
        """Forget what a sequence holds from position `length` on; False if that is impossible."""
        return bool(api.llama_memory_seq_rm(self._memory, sequence, length, -1))

    def copy(self, source: int, target: int, length: int) -> None:
        """Let an empty sequence share the first `length` tokens of another."""
        api.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def state_size(self, sequence: int) -> int:
        """Bytes of what a sequence holds."""
        return int(api.llama_state_seq_get_size_ext(self.handle, sequence, 0))

    def state(self, sequence: int, partial: bool = False) -> State:
        """What a sequence holds; partial: only what cutting it cannot bring back."""
        size = api.llama_state_seq_get_size_ext(self.handle, sequence, int(partial))
        state: State = np.empty(size, np.uint8)
        pointer = state.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        got = api.llama_state_seq_get_data_ext(self.handle, pointer, size, sequence, int(partial))
        return state[:got]

    def set_state(self, sequence: int, state: State, partial: bool = False) -> bool:
        """Let an empty sequence hold a state; False if there is no room or it is not one of ours.

        partial: the sequence is not empty, and this is put back into it. A state of the other
        memory is rewritten in place.
        """
        if self.partial and not partial:
            # What is not known there the library may know; it refuses what is none of its own.
            turn(state, columns=not (self._flash or self.is_shallow))
        pointer = state.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        size = state.size
        return bool(
            api.llama_state_seq_set_data_ext(self.handle, pointer, size, sequence, int(partial))
        )

    def _use(self, handle: Any) -> None:
        self.handle = handle
        self._memory = api.llama_get_memory(handle)


def _open(model: Model, wanted: Load, abort: AbortFlag) -> Any:
    """A context of the library. Raises LoadFailed."""
    params = api.llama_context_default_params()
    params.n_ctx = wanted.n_ctx
    params.n_batch = params.n_ubatch = wanted.batch
    params.n_seq_max = wanted.sequences
    params.kv_unified = True
    params.swa_full = False  # what lies outside the window is never looked at again
    params.n_outputs_max = max(MAX_ROWS, wanted.sequences)  # the library insists
    params.n_threads = wanted.threads
    params.n_threads_batch = wanted.threads_batch
    params.flash_attn_type = int(wanted.flash)
    params.type_k = params.type_v = KV_TYPES[wanted.kv_type]
    params.no_perf = True
    params.abort_callback = abort.callback
    params.abort_callback_data = abort.data
    handle = api.llama_init_from_model(model.handle, params)
    if not handle:
        raise LoadFailed(recent_errors())
    return handle
