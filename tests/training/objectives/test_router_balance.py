"""The balance of a mixture of experts, against hand arithmetic and transformers."""

import math

import pytest
import torch
from transformers.models.qwen2_moe.modeling_qwen2_moe import load_balancing_loss_func

from training.loop.batch import Batch
from training.models.shapes import Shape, build
from training.objectives.cross_entropy import next_token_loss
from training.objectives.router_balance import language_loss, router_balance

MIXTURE = Shape(256, 1, 256, 4, 2, context=64, experts=4, chosen=2, shared_size=256)


def test_by_hand() -> None:
    # Three tokens over two experts with probabilities 3/4, 3/4 and 1/4 for the first.
    logits = torch.tensor([[math.log(3), 0.0], [math.log(3), 0.0], [0.0, math.log(3)]])
    everything = torch.ones(3)
    # f = (2/3, 1/3), P = (7/12, 5/12): 2 · (14/36 + 5/36) = 19/18
    assert router_balance([logits], 1, everything).item() == pytest.approx(19 / 18)
    # Without the third token f = (1, 0), P = (3/4, 1/4): 2 · 3/4
    assert router_balance([logits], 1, torch.tensor([1, 1, 0])).item() == pytest.approx(1.5)


def test_bounds() -> None:
    even = torch.eye(4) * 50
    assert router_balance([even], 1, torch.ones(4)).item() == pytest.approx(1.0)
    same = torch.tensor([[50.0, 0, 0, 0]] * 4)
    assert router_balance([same], 1, torch.ones(4)).item() == pytest.approx(4.0)
    # The layers' mean; pooled over the layers, these two would look even.
    turned = [torch.tensor([[50.0, 0]] * 4), torch.tensor([[0, 50.0]] * 4)]
    assert router_balance(turned, 1, torch.ones(4)).item() == pytest.approx(2.0)


@pytest.mark.parametrize("chosen", [1, 2, 3])
def test_equals_transformers(chosen: int) -> None:
    torch.manual_seed(chosen)
    logits, mask = torch.randn(24, 6), torch.ones(2, 12)
    mask[1, 7:] = 0
    wanted = load_balancing_loss_func((logits,), 6, chosen, mask)
    torch.testing.assert_close(router_balance([logits], chosen, mask.flatten()), wanted)


def test_is_added_for_a_mixture_and_padding_left_out() -> None:
    model = build(MIXTURE, 300, seed=2)
    tokens = torch.randint(0, 300, (2, 17), generator=torch.Generator().manual_seed(1))
    weights = torch.ones(2, 16)
    weights[1, 10:] = 0  # padding
    weights[0, :5] = 0  # a question, which is no padding
    batch = Batch(tokens[:, :-1], tokens[:, 1:], weights)
    mask = torch.ones(2, 16, dtype=torch.long)
    mask[1, 10:] = 0
    balance = model(
        tokens[:, :-1], attention_mask=mask, output_router_logits=True
    ).aux_loss.detach()
    loss = language_loss(model, batch)
    wanted = next_token_loss(model, batch) + 0.01 * weights.sum() * balance
    torch.testing.assert_close(loss.sum, wanted)
    assert loss.figures["balance"] == pytest.approx(float(weights.sum() * balance), rel=1e-5)


def test_nothing_is_added_for_a_dense_model() -> None:
    model = build(Shape(256, 1, 256, 4, 2, context=64), 300, seed=2)
    tokens = torch.arange(18)[None]
    batch = Batch(tokens[:, :-1], tokens[:, 1:], torch.ones(1, 17))
    assert language_loss(model, batch).sum.item() == next_token_loss(model, batch).item()
    assert not language_loss(model, batch).figures


def test_gradient_checkpointing_gives_the_same_gradients() -> None:
    tokens = torch.randint(0, 300, (2, 17), generator=torch.Generator().manual_seed(1))
    batch = Batch(tokens[:, :-1], tokens[:, 1:], torch.ones(2, 16))
    found = []
    for checkpointing in (False, True):
        model = build(MIXTURE, 300, seed=2).train()
        torch.nn.init.normal_(model.model.layers[0].mlp.experts.down_proj, 0, 0.05)
        if checkpointing:
            model.model.activation_checkpointing_enable()
        language_loss(model, batch).sum.backward()
        found.append(model.model.layers[0].mlp.gate.weight.grad)
    assert found[0].norm() > 0
    torch.testing.assert_close(found[0], found[1])


def test_the_gradient_evens_the_router_out() -> None:
    torch.manual_seed(0)
    tokens, router = torch.randn(64, 8) + 1, torch.randn(4, 8, requires_grad=True)
    optimizer = torch.optim.Adam([router], lr=0.05)
    values = []
    for _ in range(80):
        loss = router_balance([tokens @ router.T], 1, torch.ones(64))
        values.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert values[0] > 1.5
    assert min(values[-10:]) < 1.15
