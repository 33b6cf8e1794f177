"""A KV cache of a fixed number of rows ("slots"), each at its own length."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers.cache_utils import Cache

from training.models.parts import backbone, base, head


class Slots(Cache):  # type: ignore[misc]  # transformers is untyped here
    """Keys and values of every layer, [slots, heads, capacity, width], allocated at first use.

    Token p of a row stands at place p of its slot. A forward pass covers the rows of `feed`.
    """

    def __init__(self, slots: int, capacity: int) -> None:
        super().__init__(layers=[])
        self._size = slots, capacity
        self._stored: list[tuple[Tensor, Tensor]] = []
        self._rows, self._seen = slice(0), 0
        self._positions = torch.empty(0)

    def feed(self, model: Any, rows: slice, tokens: Tensor, positions: Tensor) -> Tensor:
        """Put tokens into the slots of rows and return the logits after the last, [rows, vocab].

        tokens, positions: [rows, new] int64; every place before a position must be filled.
        """
        self._rows, self._positions = rows, positions
        self._seen = int(positions.max()) + 1
        # forward(), not a call: a compiled model would be compiled anew for every length.
        states = backbone(model).forward(
            input_ids=tokens,
            position_ids=positions,
            attention_mask=self._masks(base(model).config),
            past_key_values=self,
            use_cache=True,
        )
        return functional.linear(states.last_hidden_state[:, -1], head(model))

    def update(
        self, keys: Tensor, values: Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Store what a layer made of the new tokens; returns all that its rows hold."""
        if layer == len(self._stored):
            shape = self._size[0], keys.shape[1], self._size[1], keys.shape[3]
            self._stored.append((keys.new_zeros(shape), values.new_zeros(shape)))
        numbers = torch.arange(self._rows.start, self._rows.stop, device=keys.device)[:, None]
        for store, new in zip(self._stored[layer], (keys, values), strict=True):
            store[numbers, :, self._positions] = new.transpose(1, 2)
        held = [store[self._rows, :, : self._seen] for store in self._stored[layer]]
        return held[0], held[1]

    def copy(self, source: int, target: int, length: int) -> None:
        """Copy the first length tokens of one slot to another."""
        if source != target:
            for pair in self._stored:
                for store in pair:
                    store[target, :, :length] = store[source, :, :length]

    def nbytes(self) -> int:
        """Bytes allocated so far."""
        return sum(store.nbytes for pair in self._stored for store in pair)

    def _masks(self, config: Any) -> Any:
        """True where a token may look: [rows, 1, new, seen]; by kind of layer if there are two."""
        place = torch.arange(self._seen, device=self._positions.device)
        mine = self._positions[:, None, :, None]
        full = place <= mine
        if "sliding_attention" not in (getattr(config, "layer_types", None) or ()):
            return full
        near = full & (place > mine - config.sliding_window)
        return {"full_attention": full, "sliding_attention": near}


def bytes_per_token(model: Any) -> int:
    """What a slot keeps of one token, measured."""
    one = Slots(1, 1)
    first = torch.zeros(1, 1, dtype=torch.int64, device=next(model.parameters()).device)
    was_training = model.training
    model.eval()  # with activation checkpointing nothing is kept in training
    with torch.inference_mode():
        one.feed(model, slice(0, 1), first, first)
    model.train(was_training)
    return one.nbytes()
