"""HEFT's parts do what they say to gradients, graph and attention."""

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from torch import Tensor

from training.loop.batch import Batch
from training.loop.config import LoopConfig
from training.loop.trainer import prepare
from training.models.adapters import AdapterConfig, with_adapter
from training.models.heft import (
    common_tokens,
    cut_inputs,
    domain_rows,
    gradient_norms,
    top_layers,
    windowed,
)
from training.models.loading import load
from training.models.parts import layers
from training.models.shapes import Shape, build
from training.objectives.cross_entropy import next_token_loss

SHAPE = Shape(256, 4, 256, 4, 2, context=64)
TOKENS = torch.randint(0, 300, (2, 25), generator=torch.Generator().manual_seed(1))
BATCH = Batch(TOKENS[:, :-1], TOKENS[:, 1:], torch.ones(2, 24))


def make() -> Any:
    model = build(SHAPE, 300, seed=4)
    for name, parameter in model.named_parameters():
        if parameter.ndim == 2 and "layers" in name:
            torch.nn.init.normal_(parameter, 0, 0.05)
    return model


def test_norms_are_those_of_autograd() -> None:
    model, other = make(), Batch(TOKENS[:, 1:], TOKENS[:, :-1], torch.ones(2, 24))
    losses = [partial(next_token_loss, model, batch) for batch in (BATCH, other)]
    found = gradient_norms(model, losses, ("q_proj", "down_proj"))
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    wanted = torch.zeros(4)
    for loss in losses:
        model.zero_grad()
        loss().backward()
        for index, layer in enumerate(layers(model)):
            for weight in (layer.self_attn.q_proj.weight, layer.mlp.down_proj.weight):
                wanted[index] += weight.grad.square().sum() / 2
    torch.testing.assert_close(torch.tensor(found), wanted.sqrt())
    whole = gradient_norms(model, losses)
    assert all(a > b for a, b in zip(whole, found, strict=True))


def test_top_layers_by_hand() -> None:
    norms = [1.0, 4.0, 3.0, 2.0]
    assert top_layers(norms, 0, 1.0) == (0, 1, 2, 3)
    assert top_layers(norms, 2, 1.0) == (2, 3)
    assert top_layers(norms, 0, 0.5) == (2, 3)  # 2 + 3 of 10
    assert top_layers(norms, 0, 0.51) == (1, 2, 3)
    assert top_layers(norms, 1, 0.9) == (3,)
    assert top_layers([0.0, 0.0], 0, 0.5) == (0, 1)


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=12), st.integers(0, 12), st.floats(0.01, 1.0)
)
def test_top_layers_are_few_and_hold_the_share(
    norms: list[float], count: int, share: float
) -> None:
    chosen = top_layers(norms, count, share)
    lowest, total = chosen[0], math.fsum(norms)
    assert chosen == tuple(range(lowest, len(norms)))
    assert len(chosen) <= (count or len(norms))
    if total and len(chosen) != count:
        assert math.fsum(norms[lowest:]) >= share * total * (1 - 1e-12)
    if lowest + 1 < len(norms):  # one layer fewer would hold too little
        assert math.fsum(norms[lowest + 1 :]) <= share * total * (1 + 1e-12)


def test_common_tokens_by_hand() -> None:
    ids = np.array([5, 3, 3, 9, 9, 9, 2, 7, 7], dtype=np.uint16)
    weights = np.array([1, 1, 1, 0, 0, 0.5, 2, 1, 1], dtype=np.float32)
    assert common_tokens(ids, weights, 2) == [3, 7]  # twice each; 9 is learnt once
    assert common_tokens(ids, weights, 3) == [2, 3, 7]  # of those learnt once the lowest
    assert common_tokens(ids, weights, 99) == [2, 3, 5, 7, 9]
    assert common_tokens(ids, weights, 0) == []


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("rows", [(), (5, 6)])
def test_the_graph_ends_under_the_lowest_layer(checkpointing: bool, rows: tuple[int, ...]) -> None:
    model = with_adapter(make(), AdapterConfig("lora", rank=2, layers=(2, 3)), rows)
    cut_inputs(model)
    prepare(model, LoopConfig(steps=1, checkpointing=checkpointing, threads=1))
    traced: dict[int, bool] = {}
    for index, layer in enumerate(layers(model)):

        def see(_module: Any, _arguments: Any, output: Tensor, index: int = index) -> None:
            traced[index] = output.requires_grad

        layer.register_forward_hook(see)
    next_token_loss(model, BATCH).backward()
    assert traced == {0: False, 1: False, 2: True, 3: True}
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert len(trained) == 2 * 7 * 2 + bool(rows)
    assert all(p.grad is not None for p in trained.values())
    gradients = [p.grad.abs().sum() for name, p in trained.items() if "lora_B" in name or rows]
    assert sum(g > 0 for g in gradients) >= 14 + bool(rows)  # lora_A moves once lora_B is not 0


def test_rows_learn_through_the_output_matrix() -> None:
    plain, tuned = make(), with_adapter(make(), AdapterConfig("lora", rank=2), (5, 6))
    cut_inputs(tuned)
    next_token_loss(tuned, BATCH).backward()
    (found,) = (
        p.grad for name, p in tuned.named_parameters() if "token" in name and p.requires_grad
    )
    states = plain.model(BATCH.inputs).last_hidden_state.detach()
    head = plain.lm_head.weight.detach().clone().requires_grad_()
    logits = (states @ head.T).flatten(0, 1)
    torch.nn.functional.cross_entropy(logits, BATCH.targets.flatten(), reduction="sum").backward()
    assert head.grad is not None
    torch.testing.assert_close(found, head.grad[[5, 6]], atol=1e-4, rtol=1e-4)


def test_domain_rows_are_whole_terms(tokenizer: Tokenizer) -> None:
    word = max((w for w in tokenizer.get_vocab() if w[0] == "Ġ"), key=len)[1:]
    rows = domain_rows(tokenizer, [word, word + "qqq", "impermanent loss"])
    assert {tokenizer.decode([row]).strip().lower() for row in rows} == {word}
    assert tokenizer.token_to_id("Ġ" + word) in rows
    assert domain_rows(tokenizer, []) == []


def test_windows_hide_what_is_far(tmp_path: Any) -> None:
    make().save_pretrained(tmp_path)
    config = make().config
    model = load(tmp_path, **windowed(config, 4, 3)).eval()
    assert model.config.layer_types == ["sliding_attention"] * 3 + ["full_attention"]
    seen: list[Tensor] = []
    layers(model)[2].register_forward_hook(lambda _m, _a, output: seen.append(output))
    changed = TOKENS[:1].clone()
    changed[0, 3] = 299 - changed[0, 3]
    with torch.no_grad():
        for tokens in (TOKENS[:1], changed):
            model(tokens)
    moved = (seen[0] - seen[1]).abs().amax(-1)[0] > 0
    # Three layers that each see 3 tokens back reach 9 tokens back.
    assert moved.nonzero().flatten().tolist() == list(range(3, 13))


@pytest.mark.parametrize(("window", "count"), [(4, 4), (4, 9), (-1, 2)])
def test_windows_that_make_no_sense(window: int, count: int) -> None:
    with pytest.raises(ValueError, match="top layer must see"):
        windowed(make().config, window, count)
    assert windowed(make().config, 0, 2) == windowed(make().config, 8, 0) == {}
