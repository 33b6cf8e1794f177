"""SPO on bandits, answers of one token whose best policy is known, and what it takes for drift."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor

from training.loop.config import LoopConfig
from training.loop.trainer import train
from training.methods.spo import Config, SingleStream
from training.models.adapters import AdapterConfig, with_adapter
from training.models.shapes import Shape, build
from training.rewards import Sample
from training.rl.episodes import Player
from training.rl.prompts import Prompt
from training.rl.rollout import Answer, Limits

# Four prompts, each a token, and how often each token as an answer succeeds; at best 0.9.
SUCCESS = torch.tensor(
    [[0.9, 0.2, 0.1, 0.0], [0.1, 0.9, 0.3, 0.0], [0.2, 0.1, 0.9, 0.0], [0.9, 0.5, 0.5, 0.0]]
)


class Coin:
    """Stands for the rewards: 1 or 0, by chance."""

    low, high = 0.0, 1.0

    def __init__(self) -> None:
        self._generator = torch.Generator().manual_seed(2)

    def score(self, samples: Sequence[Sample]) -> list[dict[str, float]]:
        chances = torch.stack([SUCCESS[int(one.prompt), one.tokens[0]] for one in samples])
        wins = torch.bernoulli(chances, generator=self._generator)
        return [{"reward": float(win)} for win in wins]


class Gambler(Player):
    """A prompt's text is the number of its token; there is no tokenizer."""

    def encode(self, text: str) -> list[int]:
        return [int(text)]

    def sample(self, prompt: Prompt, answer: Answer) -> Sample:
        return Sample(prompt.text, "", tuple(answer.tokens))


def bandit(adapter: str = "none", **changes: Any) -> SingleStream:
    """SPO on each of the prompts sixteen times."""
    model = build(Shape(64, 1, 64, 2, 1, head_dim=32, context=16), len(SUCCESS), seed=3)
    model = with_adapter(model, AdapterConfig(kind=adapter, dropout=0.5))
    loop = LoopConfig(
        steps=100, rows=64, learning_rate=0.01, mixed=False, log_steps=10, threads=1, decay=0.5
    )
    config = replace(Config(out="x", longest=1, context=1, kl=0.0, loop=loop), **changes)
    player = Gambler(None, Coin(), Limits(1, (), slots=64))  # type: ignore[arg-type]
    return SingleStream(config, model, player, [Prompt(str(n % 4)) for n in range(64)], [])


def chances(method: SingleStream) -> Tensor:
    """Of each answer to each prompt."""
    with torch.no_grad():
        logits: Tensor = method.model(input_ids=torch.arange(len(SUCCESS))[:, None]).logits
    return logits[:, 0].softmax(-1)


@pytest.mark.parametrize("shared", [False, True])
def test_it_finds_the_best_arm_of_every_bandit(shared: bool, tmp_path: Path) -> None:
    method = bandit(shared=shared)
    assert (chances(method) * SUCCESS).sum(-1).mean() < 0.6
    train(method, method._config.loop, tmp_path)
    assert chances(method).argmax(-1).tolist() == [0, 1, 2, 0]
    assert (chances(method) * SUCCESS).sum(-1).mean() > 0.86
    if not shared:
        expected = method._tracker.expected(list(range(64)))
        assert expected.mean() == pytest.approx(0.9, abs=0.15)


def test_the_drift_is_the_divergence_of_the_policies() -> None:
    """k3 by hand, over answers of one token."""
    method = bandit()
    method.next_step(0.0)
    before = chances(method)
    assert method.drift() == pytest.approx(0, abs=1e-6)
    with torch.no_grad():
        method.model.model.embed_tokens.weight.mul_(1.5)
    ratio = chances(method) / before
    ratios = torch.stack([ratio[tuple(episode.tokens)] for episode in method._episodes])
    assert method.drift() == pytest.approx(float((ratios - ratios.log() - 1).mean()), rel=1e-4)


def test_dropout_is_no_drift() -> None:
    method = bandit("lora")
    with torch.no_grad():
        for name, weight in method.model.named_parameters():
            if "lora_B" in name:
                weight.normal_()
    method.model.train()
    method.next_step(0.0)
    assert method.drift() == pytest.approx(0, abs=1e-6)
    assert method.model.training
