"""Shapes have the sizes they promise."""

import pytest
import torch
from transformers import Qwen2MoeForCausalLM, Qwen3ForCausalLM

from training.loop.batch import Batch
from training.models.shapes import PRESETS, Shape, build, dense, named
from training.models.yarn import stretched
from training.objectives.router_balance import language_loss

MIXTURE = Shape(256, 2, 256, 4, 2, context=64, experts=4, chosen=2, shared_size=256)


def by_hand(shape: Shape, words: int) -> int:
    """Weights of a dense Qwen3 with tied embeddings."""
    width, heads = shape.hidden_size, shape.heads * shape.head_dim
    keys = shape.kv_heads * shape.head_dim
    attention = 2 * width * heads + 2 * width * keys + 2 * shape.head_dim
    return (
        words * width + shape.layers * (attention + 3 * width * shape.ffn_size + 2 * width) + width
    )


@pytest.mark.parametrize(
    ("name", "millions"),
    [("minimind2-small", 26), ("minimind3", 64), ("minimind2", 104), ("6", 6.5), ("14", 104)],
)
def test_sizes(name: str, millions: float) -> None:
    shape = named(name)
    with torch.device("meta"):
        model = build(shape, 6400, seed=1)
    count = sum(p.numel() for p in model.parameters())
    # MiniMind's README names the sizes of minimind2 without q_norm and k_norm, and rounded.
    assert count == by_hand(shape, 6400)
    assert count / 1e6 == pytest.approx(millions, abs=0.6)


def test_the_dial_rises_and_suits_k_quants() -> None:
    sizes = [by_hand(dense(depth), 6400) for depth in range(4, 21)]
    assert sizes == sorted(sizes)
    own = [shape for name, shape in PRESETS.items() if not name.startswith("minimind")]
    for shape in [dense(depth) for depth in range(1, 30)] + own:
        rows = (shape.hidden_size, shape.ffn_size, shape.heads * shape.head_dim, shape.shared_size)
        assert all(row % 256 == 0 for row in rows)
        assert shape.heads % shape.kv_heads == 0


@pytest.mark.parametrize("name", ["0", "-3", "huge", ""])
def test_unknown_names(name: str) -> None:
    with pytest.raises(ValueError, match="Unknown shape"):
        named(name)


@pytest.mark.parametrize("shape", [PRESETS["tiny"], MIXTURE])
def test_every_layer_begins_as_the_identity(shape: Shape) -> None:
    model = build(shape, 300, seed=4)
    tokens = torch.arange(20)[None]
    embedded = model.get_input_embeddings()(tokens)
    assert torch.equal(model.model(tokens).last_hidden_state, model.model.norm(embedded))
    kind = Qwen2MoeForCausalLM if shape.experts else Qwen3ForCausalLM
    assert isinstance(model, kind)


def test_a_mixture_learns_and_every_expert_with_it() -> None:
    model = build(MIXTURE, 300, seed=4)
    assert model.config._experts_implementation == "eager"
    tokens = torch.randint(0, 300, (4, 33), generator=torch.Generator().manual_seed(1))
    batch = Batch(tokens[:, :-1], tokens[:, 1:], torch.ones(4, 32))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(6):
        loss = language_loss(model, batch)
        losses.append(loss.sum.item())
        loss.sum.backward()
        optimizer.step()
        experts = model.model.layers[1].mlp.experts.down_proj.grad
        optimizer.zero_grad()
    assert losses[-1] < 0.8 * losses[0]
    assert (experts.abs().sum((1, 2)) > 0).all()


def test_mixture_heads_must_share_the_width() -> None:
    with pytest.raises(ValueError, match="share the width"):
        build(Shape(256, 1, 256, 2, 2, experts=2), 300, seed=1)


def test_yarn_settings_keep_the_context_that_was_trained() -> None:
    config = build(PRESETS["tiny"], 300, seed=1).config
    assert stretched(config, 1.0) == {}
    once = stretched(config, 2.0)
    assert once["max_position_embeddings"] == 512
    assert once["rope_parameters"]["original_max_position_embeddings"] == 256
    config.update(once)
    again = stretched(config, 4.0)
    assert again["max_position_embeddings"] == 1024
    assert again["rope_parameters"]["original_max_position_embeddings"] == 256
    with pytest.raises(ValueError, match="at least 1"):
        stretched(config, 0.5)
