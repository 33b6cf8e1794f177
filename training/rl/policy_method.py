"""What the policy methods share: rollouts, batches, the KL to the reference, figures."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training.data.order import check, digest
from training.loop import device, distributed
from training.loop.batch import Batch, Loss, Step
from training.methods.common import ModelConfig
from training.models.parts import base
from training.models.reference import Reference
from training.models.sampling import stop_tokens
from training.objectives import policy
from training.objectives.log_probs import token_log_probs
from training.rewards import RewardConfig, Scorer, build
from training.rl.episodes import Episode, Player, seed_of
from training.rl.prompts import Prompt, read_prompts
from training.rl.rollout import Limits
from training.rl.slots import bytes_per_token
from training.tokenizer import load_tokenizer

_HELD_OUT = 1 << 32  # in place of the number of a rollout


@dataclass(frozen=True)
class PolicyConfig(ModelConfig):
    """A rollout has `prompts` prompts and is used for `updates` optimizer steps.

    data: prompts as JSON lines; held_out: others, to evaluate on.
    """

    data: str = ""
    held_out: str = ""
    rewards: tuple[RewardConfig, ...] = ()  # names and weights, as {name = "safety", weight = 1.0}
    context: int = 1024  # tokens; longer prompts are left out
    longest: int = 256  # tokens of an answer
    prompts: int = 16  # of a rollout
    updates: int = 1  # optimizer steps per rollout
    temperature: float = 1.0  # of the answers
    top_p: float = 1.0  # answers take the likeliest tokens that hold this share
    slots: int = 32  # answers in the making at once
    thinking: float = 0.0  # share of the answers that begin a thought; 0 = no think marks at all
    kl: float = 0.02  # weight of the KL to the model that training began with; 0 = only shown
    low: float = 0.2  # the ratio of new to old probability is clipped at 1 - low …
    high: float = 0.2  # … and 1 + high

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.prompts, self.updates, self.longest, self.context) < 1:
            raise ValueError("prompts, updates, longest and context must be at least 1.")
        if self.loop.shard:
            raise ValueError("loop.shard: sampling needs the whole model in every process.")


def player(config: PolicyConfig) -> Player:
    """The player of single turns that a configuration asks for."""
    tokenizer = load_tokenizer(Path(config.model))
    return Player(tokenizer, scorer(config), limits(config), config.thinking)


def read(config: PolicyConfig, player: Player) -> tuple[list[Prompt], list[Prompt]]:
    """The prompts of a configuration, and those held out."""

    def read_one(path: str) -> list[Prompt]:
        return read_prompts(Path(path), player.tokenizer, config.context, Path(config.model))

    return read_one(config.data), read_one(config.held_out) if config.held_out else []


def scorer(config: PolicyConfig) -> Scorer:
    """The rewards of a configuration."""
    return build((one.name, one.weight) for one in config.rewards)


def limits(config: PolicyConfig) -> Limits:
    """The limits of an answer in a configuration."""
    folder = Path(config.model)
    ends = tuple(stop_tokens(load_tokenizer(folder), folder))
    return Limits(config.longest, ends, config.temperature, config.top_p, config.slots)


class PolicyMethod:
    """A policy method as the loop sees it; a method says how it rolls out and what its loss is."""

    kind: policy.Kind = "grpo"

    def __init__(
        self,
        config: PolicyConfig,
        model: nn.Module,
        player: Player,
        prompts: Sequence[Prompt],
        held_out: Sequence[Prompt],
    ) -> None:
        """Raises ValueError if the model does not read so long a prompt with so long an answer."""
        reads = getattr(base(model).config, "max_position_embeddings", math.inf)
        if config.context + config.longest > reads:
            raise ValueError(
                f"context ({config.context}) and longest ({config.longest}) are together more than "
                f"the {reads} tokens that the model reads: lower one, or set yarn."
            )
        self.model, self.player, self.prompts = model, player, prompts
        self._config, self._held_out = config, held_out
        self._reference = Reference(model)
        self.epoch_steps = -(-len(self.prompts) // config.prompts) * config.updates
        self._order = digest([prompt.text for prompt in prompts], config.loop.seed)
        self._rollouts, self._used = 0, 0
        self._episodes: list[Episode] = []

    def roll_out(self) -> tuple[list[Episode], dict[str, float]]:
        """Episodes with their advantages, and figures; the same in every process."""
        raise NotImplementedError

    def next_step(self, done: float) -> Step:
        """The next part of the rollout, or of a new one."""
        config = self._config
        found: dict[str, float] = {}
        if self._used == len(self._parts()):
            episodes, found = self.roll_out()
            self._episodes, self._used = episodes, 0
            self._rollouts += 1
            found |= described(episodes)
        part = self._parts()[self._used]
        self._used += 1
        return Step(self.batches(part, config.loop.rows), found)

    def loss(self, batch: Batch) -> Loss:
        """Surrogate + kl × KL to the reference."""
        config, weights = self._config, batch.weights
        log_probs = token_log_probs(self.model, batch, config.temperature)
        reference = self._reference.log_probs(batch, config.temperature)
        old, advantages = batch.extra["old"], batch.extra["advantages"]
        surrogate = policy.cispo if self.kind == "cispo" else policy.clipped_surrogate
        losses, clipped = surrogate(log_probs, old, advantages, config.low, config.high)
        kl = policy.k3(log_probs, reference)
        # Figures are means over tokens; the loop divides them by the same as the loss.
        scale = batch.whole / max(1e-9, float(weights.sum()))
        figures = {
            "kl": float((weights * kl.detach()).sum()) * scale,
            "clipped": float((weights * clipped).sum()) * scale,
        }
        return Loss((weights * (losses + config.kl * kl)).sum(), figures)

    def evaluate(self) -> dict[str, float]:
        """The rewards of held-out prompts, always with the same seeds; first how far they are from
        the best possible, or below 0 where rewards have no bound: patience waits for it to fall."""
        if not self._held_out:
            return {}
        numbers = list(range(len(self._held_out)))
        episodes = self.play(self._held_out, numbers, _HELD_OUT)
        found = described(episodes)
        high = self.player.scorer.high
        best = high if math.isfinite(high) else 0.0
        return {"short_of_best": best - found["reward"], **found}

    def state(self) -> dict[str, Any]:
        """Rollouts so far, and the episodes in use."""
        episodes = [dict(vars(episode)) for episode in self._episodes]
        place = {"rollouts": self._rollouts, "used": self._used, "order": self._order}
        return {**place, "episodes": episodes}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on after this rollout; KnownError if the prompts are others by now."""
        check(state.get("order", ""), self._order)
        self._rollouts, self._used = state["rollouts"], state["used"]
        self._episodes = [Episode(**episode) for episode in state["episodes"]]

    def play(
        self, prompts: Sequence[Prompt], numbers: Sequence[int], rollout: int
    ) -> list[Episode]:
        """An episode for each of these prompts; its seed depends on its place.

        numbers: which prompt it is.
        """
        seed, config = self._config.loop.seed, self._config
        opened, before = list[Prompt](), Counter[int]()
        for number in numbers:
            begun = seed_of(seed, rollout, number)
            opened.append(self.player.opened(prompts[number], begun, before[number]))
            before[number] += 1
        seeds = [seed_of(seed, rollout, number, place) for place, number in enumerate(numbers)]
        return self.player.play(self.model, opened, seeds, config.loop.mixed)

    def drift(self) -> float:
        """KL per token from the policy that sampled the last rollout to the one of now."""
        sums = torch.zeros(2, dtype=torch.float64)
        place = next(self.model.parameters()).device
        self.model.eval()  # as it sampled: dropout is no drift
        for given in distributed.share(self.batches(self._episodes, self._config.loop.rows)):
            batch = given.to(place)
            with torch.no_grad():
                now = token_log_probs(self.model, batch, self._config.temperature)
            written = (batch.weights > 0).float()
            kl = policy.k3(batch.extra["old"], now) * written
            sums += torch.stack([kl.sum(), written.sum()]).double().cpu()
        self.model.train()
        whole, tokens = distributed.total(*sums.tolist())
        return whole / max(1.0, tokens)

    def cache_bytes(self) -> int:
        """What the keys and values of the longest answers take while they are sampled."""
        config = self._config
        with device.precision(device.pick(), config.loop.mixed):
            per_token = bytes_per_token(self.model)
        return config.slots * (config.context + config.longest) * per_token

    def batches(self, episodes: Sequence[Episode], rows: int) -> list[Batch]:
        """The episodes as batches, rows of similar length together."""
        ordered = sorted(episodes, key=lambda episode: len(episode.tokens))
        groups = [ordered[i : i + rows] for i in range(0, len(ordered), rows)]
        return [to_batch(group, self.kind, self._config.longest) for group in groups]

    def _parts(self) -> list[list[Episode]]:
        count = min(self._config.updates, len(self._episodes))
        return [self._episodes[i::count] for i in range(count)]


def to_batch(episodes: Sequence[Episode], kind: policy.Kind, longest: int) -> Batch:
    """Rows of tokens with extra["old"], [rows, length], and extra["advantages"], [rows, 1]."""
    length = max(len(episode.tokens) for episode in episodes)
    tokens = np.zeros((len(episodes), length), np.int64)
    mask, old = np.zeros((2, len(episodes), length), np.float32)
    for row, one in enumerate(episodes):
        tokens[row, : len(one.tokens)] = one.tokens
        mask[row, one.start : len(one.tokens)] = one.mask
        old[row, one.start : len(one.tokens)] = one.log_probs
    weights, norm = policy.token_weights(torch.from_numpy(mask[:, 1:]), kind, longest)
    extra = {
        "old": torch.from_numpy(old[:, 1:] * mask[:, 1:]),
        "advantages": torch.tensor([[episode.advantage] for episode in episodes]),
    }
    ids = torch.from_numpy(tokens)
    used = sum(len(episode.tokens) - 1 for episode in episodes)
    return Batch(ids[:, :-1], ids[:, 1:], weights, norm=norm, used=used, extra=extra)


def described(episodes: Sequence[Episode]) -> dict[str, float]:
    """Mean of each reward, spread of their sum, mean tokens and share of finished answers."""
    found = {
        name: float(np.mean([episode.rewards[name] for episode in episodes]))
        for name in episodes[0].rewards
    }
    found["reward_std"] = float(np.std([episode.rewards["reward"] for episode in episodes]))
    found["tokens"] = float(np.mean([sum(episode.mask) for episode in episodes]))
    found["finished"] = float(np.mean([episode.finished for episode in episodes]))
    return found


def with_advantages(episodes: Sequence[Episode], advantages: Any) -> list[Episode]:
    """The episodes with their advantages, a flat sequence."""
    pairs = zip(episodes, advantages, strict=True)
    return [replace(episode, advantage=float(value)) for episode, value in pairs]
