"""The parts of HEFT that act on the model: which layers are trained, which rows, which windows."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from training.models.adapters import matrices
from training.models.parts import base, layers


def gradient_norms(
    model: nn.Module,
    losses: Iterable[Callable[[], Tensor]],
    targets: Sequence[str] = (),
) -> list[float]:
    """How strongly each layer would move: the norm of the gradient of its matrices.

    losses: each computes the loss of one batch; targets: names of matrices, all if empty. For a
    layer sqrt(mean over batches of Σ over matrices ‖dL/dW‖²). Each gradient is given up as soon as
    its norm is known, so that the probe needs memory for one matrix more than the forward pass.
    """
    names = set(targets) or set(matrices(model))
    wanted = [p.requires_grad for p in model.parameters()]
    model.requires_grad_(False)
    sums, count, hooks = [0.0] * len(layers(model)), 0, []
    for index, layer in enumerate(layers(model)):
        for name, module in layer.named_modules():
            if isinstance(module, nn.Linear) and name.rsplit(".", 1)[-1] in names:
                if not module.weight.is_floating_point():
                    raise ValueError("The gradient probe needs a model that is not in 4 bits.")
                module.weight.requires_grad_(True)

                def take(weight: Tensor, index: int = index) -> None:
                    assert weight.grad is not None
                    sums[index] += weight.grad.float().square().sum().item()
                    weight.grad = None

                hooks.append(module.weight.register_post_accumulate_grad_hook(take))
    for loss in losses:
        loss().backward()
        count += 1
    for hook in hooks:
        hook.remove()
    for parameter, before in zip(model.parameters(), wanted, strict=True):
        parameter.requires_grad_(before)
    return [math.sqrt(total / max(1, count)) for total in sums]


def top_layers(norms: Sequence[float], count: int, share: float) -> tuple[int, ...]:
    """The fewest layers at the top that hold this share of the norms' sum; count at most (0 = all).

    Always the layers above a cut, since the lowest one that is trained decides what a step costs:
    the backward pass goes down to it, and those above it come at little more.
    """
    lowest, reached = len(norms), 0.0
    while lowest and (not reached or reached < share * sum(norms)):
        lowest -= 1
        reached += norms[lowest]
    return tuple(range(max(lowest, len(norms) - count) if count else lowest, len(norms)))


def domain_rows(tokenizer: Tokenizer, terms: Iterable[str]) -> list[int]:
    """The tokens that are a whole term of the domain, with or without a space before it."""
    spellings = [
        space + word
        for term in terms
        for word in (term, term.upper(), term.capitalize())
        for space in ("", " ")
    ]
    encodings = tokenizer.encode_batch(spellings, add_special_tokens=False)
    return sorted({encoding.ids[0] for encoding in encodings if len(encoding.ids) == 1})


def common_tokens(ids: NDArray[np.integer], weights: NDArray[np.float32], count: int) -> list[int]:
    """The tokens that are learnt most often; as many of them as count at most.

    ids, weights: of all tokens of the data, and of their losses.
    """
    times = np.bincount(ids[weights > 0])
    ranked = np.argsort(-times, kind="stable")[:count]
    return sorted(ranked[times[ranked] > 0].tolist())


def train_only(model: nn.Module, chosen: Sequence[int]) -> None:
    """Freeze everything but the matrices of the chosen layers."""
    model.requires_grad_(False)
    for index in chosen:
        for module in layers(model)[index].modules():
            if isinstance(module, nn.Linear):
                module.weight.requires_grad_(True)


def cut_inputs(model: nn.Module) -> None:
    """End the graph at the embeddings' output: rows that are trained learn through the output
    matrix only, and layers under the lowest trained one keep no activations."""

    def detached(_module: nn.Module, _arguments: tuple[Any, ...], output: Tensor) -> Tensor:
        return output.detach()

    base(model).get_input_embeddings().register_forward_hook(detached)


def windowed(config: Any, window: int, count: int) -> dict[str, Any]:
    """Settings with which the lowest count layers see window tokens only; none for 0."""
    if not window or not count:
        return {}
    total = config.num_hidden_layers
    if config.model_type != "qwen3" or not 0 < count < total or window < 1:
        raise ValueError(
            "Sliding windows are for Qwen3 models, and the top layer must see the whole text."
        )
    kinds = ["sliding_attention"] * count + ["full_attention"] * (total - count)
    return {"use_sliding_window": True, "sliding_window": window, "layer_types": kinds}
