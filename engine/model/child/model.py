"""A loaded model file: its weights and vocabulary."""

import ctypes
import os
from collections.abc import Callable
from typing import Any

from engine.model.child.api import AbortFlag, api, recent_errors


class LoadFailed(Exception):
    """llama.cpp refused the model; its log says why."""


class Model:
    """The weights and the vocabulary; lives as long as the process.

    progress: called with 0…1 while loading; vocab_only: leave the weights out; mmap: read the file
    where it lies; repack: keep a second copy of some weights in the processor's favourite layout;
    width: of an embedding; weight: bytes; can_be_cut: whether what was
    read can be forgotten from any token on. Raises LoadFailed, also when `abort` is set.
    """

    def __init__(
        self,
        path: str,
        progress: Callable[[float], None],
        abort: AbortFlag,
        vocab_only: bool = False,
        mmap: bool = True,
        repack: bool = True,
        gpu_layers: int = 0,
    ) -> None:
        def on_progress(fraction: float, _: object) -> bool:
            progress(fraction)
            return not abort.is_set()

        params = api.llama_model_default_params()
        params.n_gpu_layers = gpu_layers
        params.load_mode = api.LLAMA_LOAD_MODE_MMAP if mmap else api.LLAMA_LOAD_MODE_NONE
        params.use_extra_bufts = repack
        params.vocab_only = vocab_only
        params.progress_callback = api.llama_progress_callback(on_progress)
        self.handle: Any = api.llama_model_load_from_file(os.fsencode(path), params)
        if not self.handle:
            raise LoadFailed(recent_errors())
        self.vocabulary: Any = api.llama_model_get_vocab(self.handle)
        self.size: int = api.llama_vocab_n_tokens(self.vocabulary)
        self.width: int = api.llama_model_n_embd_out(self.handle)
        self.weight: int = api.llama_model_size(self.handle)
        self.can_be_cut = not (
            api.llama_model_is_recurrent(self.handle)
            or api.llama_model_is_hybrid(self.handle)
            or api.llama_model_n_swa(self.handle) > 0
        )
        self._pieces: dict[int, bytes] = {}

    def tokenize(self, text: str, start: bool, special: bool = True) -> list[int]:
        """Token ids of a text; start: it begins a sequence; special: their names are tokens."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            tokens = (api.llama_token * room)()
            count = api.llama_tokenize(
                self.vocabulary, data, len(data), tokens, room, start, special
            )
            if count >= 0:
                return list(tokens[:count])
            room = -count

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for, special tokens spelled out; often not whole characters."""
        piece = self._pieces.get(token)
        if piece is None:
            piece = self._pieces[token] = self._read_piece(token)
        return piece

    def _read_piece(self, token: int) -> bytes:
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            length = api.llama_token_to_piece(self.vocabulary, token, buffer, room, 0, True)
            if length >= 0:
                return buffer.raw[:length]
            room = -length

    def stated(self, key: str) -> str:
        """A short value of the file's header, "" where there is none."""
        buffer = ctypes.create_string_buffer(64)
        api.llama_model_meta_val_str(self.handle, key.encode(), buffer, 64)
        return buffer.value.decode(errors="replace")

    def ends_answer(self, token: int) -> bool:
        """Whether the token marks the end of an answer."""
        return bool(api.llama_vocab_is_eog(self.vocabulary, token))
