"""What a model costs to train: floating-point operations per token."""

from torch import nn

from training.models.parts import base, layers


def flops_per_token(model: nn.Module) -> float:
    """Of one forward and backward pass, without attention's share, which depends on the length.

    Per weight in a matrix product 2 forward, 2 for the gradient of its input, and 2 for its own if
    it is trained (6N: Kaplan et al., 2020); below the lowest trained layer 2 forward only, since
    nothing goes backward there. An input embedding that is not the output matrix as
    well multiplies nothing; of routed experts only those count that a token visits.
    """
    inner = base(model)
    embedding = inner.get_input_embeddings().weight
    looked_up = embedding is not inner.get_output_embeddings().weight
    stack = layers(model)
    lowest = (n for n, one in enumerate(stack) if any(p.requires_grad for p in one.parameters()))
    below = {id(p) for one in stack[: next(lowest, len(stack))] for p in one.parameters()}
    total = 0.0
    for name, parameter in model.named_parameters():
        if parameter is embedding and looked_up:
            continue
        share = _visited(inner.config) if ".experts." in name else 1.0
        each = 6 if parameter.requires_grad else 2 if id(parameter) in below else 4
        total += share * each * parameter.numel()
    return total


def _visited(config: object) -> float:
    """Share of a layer's routed experts that one token visits."""
    counts = (getattr(config, key, None) for key in ("num_experts", "n_routed_experts"))
    experts = next((count for count in counts if count), 0)
    return getattr(config, "num_experts_per_tok", 1) / experts if experts else 1.0
