"""The parts of a causal language model, whatever adapter or wrapper is around it."""

from typing import Any

import torch
from torch import Tensor, nn


def base(model: nn.Module) -> Any:
    """The transformers model itself: without peft, and without a wrapper that names it policy."""
    inner: Any = getattr(model, "policy", model)
    get_base = getattr(inner, "get_base_model", None)
    return get_base() if get_base is not None else inner


def backbone(model: nn.Module) -> Any:
    """What turns token ids into hidden states: the model without its output matrix."""
    return base(model).model


def layers(model: nn.Module) -> list[nn.Module]:
    """The decoder layers, first to last."""
    return list(backbone(model).layers)


def head(model: nn.Module) -> Tensor:
    """The output matrix, [vocabulary, width]; whole also where it is sharded."""
    from training.loop.sharding import whole  # noqa: PLC0415  (sharding needs the parts)

    weight: Tensor = whole(base(model).get_output_embeddings().weight)
    return weight


def hidden_states(model: nn.Module, inputs: Tensor, positions: Tensor | None) -> Tensor:
    """Hidden states before the output matrix, [rows, length, width], in the type of the products.

    positions: as in Batch; documents packed into one row do not see each other.
    """
    given = {} if positions is None else {"position_ids": positions}
    states: Tensor = backbone(model)(input_ids=inputs, use_cache=False, **given).last_hidden_state
    kind = states.device.type
    if torch.is_autocast_enabled(kind):
        states = states.to(torch.get_autocast_dtype(kind))
    return states
