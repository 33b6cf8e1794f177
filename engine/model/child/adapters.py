"""LoRA adapters: small files that change what a model says, switched while it runs."""

import ctypes
import os
from typing import Any

from engine.core.errors import KnownError
from engine.model.child.api import api
from engine.model.child.context import Context
from engine.model.child.model import Model


class Adapters:
    """The adapters of one model; each file is read once."""

    def __init__(self, model: Model, context: Context) -> None:
        self._model = model
        self._context = context
        self._read: dict[str, Any] = {}

    def use(self, paths: tuple[str, ...], scales: tuple[float, ...]) -> None:
        """Use exactly these, each with its scale. Raises KnownError, and nothing is changed."""
        handles = [self._adapter(path) for path in paths]
        count = len(handles)
        array = (ctypes.POINTER(ctypes.c_void_p) * count)(*handles)
        factors = (ctypes.c_float * count)(*scales)
        for context in self._context.handles:
            if api.llama_set_adapters_lora(context, array, count, factors) != 0:
                raise KnownError("The adapter cannot be used with this model.", "Choose another.")

    def _adapter(self, path: str) -> Any:
        handle = self._read.get(path)
        if handle is None:
            handle = api.llama_adapter_lora_init(self._model.handle, os.fsencode(path))
            if not handle:
                raise KnownError(
                    "The adapter does not fit this model or its file is damaged.",
                    "Choose one that was made for it.",
                )
            self._read[path] = handle
        return handle
