"""Proximal policy optimisation: a critic says what was to be expected, token by token."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from training.loop import device, distributed
from training.loop.batch import Batch, Loss
from training.methods.common import Options, carry_out, start
from training.models.critic import ActorCritic
from training.models.loading import load
from training.objectives.policy import clipped_surrogate, k3
from training.objectives.ppo import (
    adapted_weight,
    generalised_advantages,
    token_rewards,
    value_loss,
    whitened,
)
from training.rl.episodes import Episode, Player
from training.rl.policy_method import PolicyConfig, PolicyMethod, player, read, to_batch
from training.rl.prompts import Prompt, PromptStream


@dataclass(frozen=True)
class Config(PolicyConfig):
    """A rollout is used `passes` times, each time for `updates` optimizer steps.

    kl: weight of the penalty within the tokens' rewards.
    """

    passes: int = 2  # times a rollout is used
    updates: int = 4
    kl: float = 0.05
    kl_target: float = 0.0  # nats per answer that kl is steered to; 0 = kl stays as it is
    estimator: str = "k1"  # of the KL per token: log ratio; or "k3": never below zero
    gamma: float = 1.0  # discount per token
    decay: float = 1.0  # λ of the advantages; below 1 early tokens hardly see the reward
    critic: str = ""  # folder of a model for the critic alone; "" = a head on the policy's body
    value_weight: float = 0.1  # of the critic's loss beside the policy's
    value_clip: float = 0.2  # farthest that one update may move the critic's value
    entropy_weight: float = 0.0  # reward for undecided tokens

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.passes < 1 or self.value_clip <= 0 or self.kl_target < 0:
            raise ValueError("passes ≥ 1, value_clip > 0 and kl_target ≥ 0.")
        if not 0 < self.gamma <= 1 or not 0 <= self.decay <= 1:
            raise ValueError("gamma is in (0, 1], decay in [0, 1].")
        if self.estimator not in {"k1", "k3"}:
            raise ValueError('estimator must be "k1" or "k3".')


@dataclass(frozen=True)
class Judged(Episode):
    """An episode with figures of each answer token: the critic's value when it was sampled, the
    whitened advantage, and what the critic should have said."""

    values: list[float] = field(default_factory=list)
    advantages: list[float] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)


class ProximalPolicy(PolicyMethod):
    """The method as the loop sees it."""

    model: ActorCritic
    kind = "dapo"  # the mean over all tokens

    def __init__(
        self,
        config: Config,
        model: ActorCritic,
        player: Player,
        prompts: Sequence[Prompt],
        held_out: Sequence[Prompt],
    ) -> None:
        super().__init__(config, model, player, prompts, held_out)
        self._ppo, self._kl_weight = config, config.kl
        self._stream = PromptStream(len(self.prompts), config.loop.seed)
        self.epoch_steps *= config.passes

    def roll_out(self) -> tuple[list[Episode], dict[str, float]]:
        """One answer to each of the next prompts, judged by critic and reference."""
        config = self._ppo
        played = self.play(self.prompts, self._stream.draw(config.prompts), self._rollouts)
        episodes = sorted(played, key=lambda episode: len(episode.tokens))
        log_probs, reference, values, mask = self._read(episodes)
        ratio = (log_probs - reference) * mask
        scores = torch.tensor([episode.rewards["reward"] for episode in episodes])
        kl = ratio if config.estimator == "k1" else k3(log_probs, reference) * mask
        rewards = token_rewards(scores, kl, mask, self._kl_weight)
        raw = generalised_advantages(rewards, values, mask, config.gamma, config.decay)
        tables = {"log_probs": log_probs, "values": values, "advantages": whitened(raw, mask),
                  "returns": raw + values}  # fmt: skip
        judged: list[Episode] = []
        for row, episode in enumerate(episodes):
            lists = {n: t[row, : len(episode.log_probs)].tolist() for n, t in tables.items()}
            judged.append(Judged(**{**asdict(episode), **lists}))
        per_answer = float(ratio.sum(1).mean())
        value = float((values * mask).sum() / mask.sum())
        figures = {"kl": per_answer, "kl_weight": self._kl_weight, "value": value}
        if config.kl_target:
            self._kl_weight = adapted_weight(self._kl_weight, per_answer, config.kl_target)
        return judged, figures

    def batches(self, episodes: Sequence[Episode], rows: int) -> list[Batch]:
        """As for every policy method, with the figures of each token."""
        ordered = sorted(episodes, key=lambda episode: len(episode.tokens))
        return [self._batch(ordered[i : i + rows]) for i in range(0, len(ordered), rows)]

    def loss(self, batch: Batch) -> Loss:
        """Clipped surrogate + value_weight × value loss - entropy_weight × entropy."""
        config, weights, extra = self._ppo, batch.weights, batch.extra
        log_probs, entropies, values = self.model.judge(batch, config.temperature)
        losses, clipped = clipped_surrogate(
            log_probs, extra["old"], extra["advantages"], config.low, config.high
        )
        errors = value_loss(values, extra["values"], extra["returns"], config.value_clip)
        whole = losses + config.value_weight * errors - config.entropy_weight * entropies
        shown = {"value_loss": errors, "entropy": entropies, "clipped": clipped}
        figures = {name: float((weights * part.detach()).sum()) for name, part in shown.items()}
        return Loss((weights * whole).sum(), figures)

    def state(self) -> dict[str, Any]:
        """With the place in the prompts and the weight of the penalty."""
        return {**super().state(), "drawn": self._stream.state(), "kl_weight": self._kl_weight}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on there."""
        super().restore({**state, "episodes": []})
        self._episodes = [Judged(**episode) for episode in state["episodes"]]
        self._stream.restore(state["drawn"])
        self._kl_weight = state["kl_weight"]

    def _parts(self) -> list[list[Episode]]:
        """The rollout in another order for each pass, cut into updates."""
        parts = []
        for number in range(self._ppo.passes):
            seed = [self._ppo.loop.seed, self._rollouts, number]
            order = np.random.default_rng(seed).permutation(len(self._episodes))
            count = min(self._ppo.updates, len(order))
            parts += [[self._episodes[i] for i in order[part::count]] for part in range(count)]
        return parts

    def _batch(self, episodes: Sequence[Episode]) -> Batch:
        batch = to_batch(episodes, self.kind, self._ppo.longest)
        extra = {"old": batch.extra["old"]}
        for name in ("values", "advantages", "returns"):
            table = torch.zeros_like(batch.weights)
            for row, episode in enumerate(episodes):
                table[row, _answer(episode)] = torch.tensor(getattr(episode, name))
            extra[name] = table
        return replace(batch, extra=extra)

    def _read(self, episodes: Sequence[Episode]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Log-probabilities by policy and reference, values and mask: [episodes, answer tokens].

        Those of the policy are computed as in training, so that the first ratios are 1.
        """
        rows, where = self._ppo.loop.rows, device.pick()
        groups = [episodes[i : i + rows] for i in range(0, len(episodes), rows)]
        found: list[list[tuple[list[float], ...]]] = []
        self.model.eval()
        with torch.no_grad(), device.precision(where, self._ppo.loop.mixed):
            for group in distributed.share(groups):
                batch = to_batch(group, self.kind, self._ppo.longest).to(where)
                log_probs, _, values = self.model.judge(batch, self._ppo.temperature)
                reference = self._reference.log_probs(batch, self._ppo.temperature)
                tables = log_probs, reference, values
                found.append(
                    [
                        tuple(table[row, _answer(episode)].tolist() for table in tables)
                        for row, episode in enumerate(group)
                    ]
                )
        self.model.train()
        whole = [figures for part in distributed.gather(found, len(groups)) for figures in part]
        log_probs, reference, values = (
            pad_sequence([torch.tensor(column) for column in columns], batch_first=True)
            for columns in zip(*whole, strict=True)
        )
        lengths = torch.tensor([len(episode.log_probs) for episode in episodes])
        mask = (torch.arange(values.shape[1]) < lengths[:, None]).float()
        return log_probs, reference, values, mask


def _answer(episode: Episode) -> slice:
    """Where the targets of a row are the answer's tokens."""
    return slice(episode.start - 1, len(episode.tokens) - 1)


def run(config: Config, options: Options) -> bool:
    """Tune the model on the prompts."""
    critic = load(Path(config.critic)) if config.critic else None
    model, asked = ActorCritic(start(config), critic), player(config)
    method = ProximalPolicy(config, model, asked, *read(config, asked))
    return carry_out("ppo", config, options, method)
