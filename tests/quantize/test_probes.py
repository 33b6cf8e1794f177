"""Which weights are measured, and what the others are taken to be."""

import itertools

import pytest

from quantize.probes import WORK, plan, spread

KINDS = ("attn_q.weight", "attn_v.weight", "ffn_up.weight")


def names(layers: int) -> list[str]:
    return ["token_embd.weight", *(f"blk.{n}.{kind}" for n in range(layers) for kind in KINDS)]


def test_a_small_model_is_measured_whole() -> None:
    assert plan(names(8), 8_000_000) == (4096, names(8))


@pytest.mark.parametrize("weights", [600_000_000, 4_000_000_000, 100_000_000_000])
def test_a_large_one_stays_within_the_work(weights: int) -> None:
    tokens, chosen = plan(names(36), weights)
    least = len(KINDS) * 4 + 1
    assert 1024 <= tokens <= 4096
    assert len(chosen) <= max(least, WORK / weights / tokens)
    for kind in KINDS:
        layers = [int(name.split(".")[1]) for name in chosen if name.endswith(kind)]
        assert layers[0] == 0
        assert layers[-1] == 35
        assert len(layers) >= 4
        gaps = [b - a for a, b in itertools.pairwise(layers)]
        assert max(gaps) - min(gaps) <= 1
    assert "token_embd.weight" in chosen


def test_between_measured_layers_prices_grow_geometrically() -> None:
    every = names(5)
    known = {"token_embd.weight": 9.0}
    for kind in KINDS:
        known |= {f"blk.0.{kind}": 1.0, f"blk.4.{kind}": 16.0}
    found = spread(known, every)
    assert set(found) == set(every)
    assert found["token_embd.weight"] == 9.0
    for kind in KINDS:
        values = [found[f"blk.{n}.{kind}"] for n in range(5)]
        assert values == pytest.approx([1, 2, 4, 8, 16])
