import pytest

pytest.importorskip("torch")

import torch
from torch.nn import functional as F
from transformers import Qwen3ForCausalLM

from training.loop.batch import Batch
from training.objectives.cross_entropy import ROWS
from training.objectives.log_probs import chunked_log_probs, token_log_probs


@pytest.mark.parametrize("tokens", [1, ROWS, ROWS + 7])
@pytest.mark.parametrize(("with_entropy", "temperature"), [(False, 1.0), (True, 1.0), (True, 0.6)])
def test_values_and_gradients_equal_log_softmax(
    tokens: int, with_entropy: bool, temperature: float
) -> None:
    torch.manual_seed(0)
    hidden = torch.randn(tokens, 24, requires_grad=True)
    head = torch.randn(50, 24, requires_grad=True)
    targets = torch.randint(0, 50, (tokens,))
    first, second = torch.randn(tokens), torch.randn(tokens)  # any slope from above
    logs = F.log_softmax(hidden @ head.T / temperature, dim=-1)
    expected = logs.gather(1, targets[:, None]).squeeze(1)
    entropy = -(logs.exp() * logs).sum(-1) if with_entropy else torch.zeros(tokens)
    wanted = torch.autograd.grad((first * expected + second * entropy).sum(), (hidden, head))
    got, got_entropy = chunked_log_probs(hidden, head, targets, with_entropy, temperature)
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(got_entropy, entropy)
    slopes = torch.autograd.grad((first * got + second * got_entropy).sum(), (hidden, head))
    torch.testing.assert_close(slopes, wanted, rtol=1e-4, atol=1e-4)


def test_a_models_tokens_and_nothing_where_the_weight_is_zero(model: Qwen3ForCausalLM) -> None:
    tokens = torch.randint(0, 300, (2, 9), generator=torch.Generator().manual_seed(1))
    weights = torch.tensor([[0, 0, 1, 1, 1, 0, 1, 1], [1, 1, 1, 0, 0, 0, 0, 0.5]])
    batch = Batch(tokens[:, :-1], tokens[:, 1:], weights)
    logits = model(input_ids=batch.inputs).logits / 0.7
    expected = F.log_softmax(logits, -1).gather(2, batch.targets[..., None]).squeeze(2)
    found = token_log_probs(model, batch, temperature=0.7)
    torch.testing.assert_close(found, expected * (weights > 0))


def test_a_share_without_weight_still_reaches_the_parameters(model: Qwen3ForCausalLM) -> None:
    tokens = torch.zeros(1, 4, dtype=torch.long)
    empty = Batch(tokens, tokens, torch.ones(1, 4)).empty()
    token_log_probs(model, empty).sum().backward()
    assert all(float(p.grad.abs().sum()) == 0 for p in model.parameters())
