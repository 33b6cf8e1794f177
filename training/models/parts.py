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
    return routed_states(model, inputs, positions)[0]


def routed_states(
    model: nn.Module, inputs: Tensor, positions: Tensor | None, routes: bool = False
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Hidden states as above and, if routes is True, the router logits of a mixture of experts:
    [rows × length, experts] for each layer that has a router."""
    given: dict[str, Any] = {} if positions is None else {"position_ids": positions}
    if routes:
        given["output_router_logits"] = True
    output = backbone(model)(input_ids=inputs, use_cache=False, **given)
    states: Tensor = output.last_hidden_state
    kind = states.device.type
    if torch.is_autocast_enabled(kind):
        states = states.to(torch.get_autocast_dtype(kind))
    return states, output.router_logits if routes else ()


def fit_experts(model: nn.Module) -> None:
    """Compute experts in the way that is fastest here: in groups on a GPU, else one by one."""
    if hasattr(base(model).config, "num_experts_per_tok"):
        grouped = torch.cuda.is_available()
        base(model).set_experts_implementation("grouped_mm" if grouped else "eager")
