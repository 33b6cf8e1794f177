"""SPO: one answer to a prompt, compared with what the prompt has brought so far."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from training.loop import device
from training.methods.common import Options, carry_out, start
from training.objectives.spo import Tracker, normalised
from training.rl.episodes import Episode, Player, seed_of
from training.rl.policy_method import PolicyConfig, PolicyMethod, player, read, with_advantages
from training.rl.prompts import Prompt


@dataclass(frozen=True)
class Config(PolicyConfig):
    """prompts: of a rollout, one answer each."""

    prompts: int = 64
    half_life: float = 0.06  # nats per token the policy moves until an answer counts half
    shared: bool = False  # one expectation for all prompts, as MiniMind has it
    explore: float = 0.05  # chance of prompts whose outcome seems certain


class SingleStream(PolicyMethod):
    """The method as the loop sees it."""

    kind = "dapo"  # the clipped surrogate, every token counting alike

    def __init__(
        self,
        config: Config,
        model: nn.Module,
        player: Player,
        prompts: list[Prompt],
        held_out: list[Prompt],
    ) -> None:
        super().__init__(config, model, player, prompts, held_out)
        self._single = config
        self._tracker = Tracker(len(self.prompts), config.half_life, config.shared)
        self._low, self._high = player.scorer.low, player.scorer.high
        if not math.isfinite(self._high - self._low) or self._high <= self._low:
            raise ValueError("SPO needs rewards with bounds; a reward model has none.")

    def roll_out(self) -> tuple[list[Episode], dict[str, float]]:
        """Answers to the prompts that promise to teach most."""
        config, tracker = self._single, self._tracker
        if self._episodes:
            with device.precision(device.pick(), config.loop.mixed):
                tracker.moved(self.drift())
        generator = np.random.default_rng(seed_of(config.loop.seed, self._rollouts))
        numbers = tracker.draw(config.prompts, config.explore, generator)
        episodes = self.play(self.prompts, numbers, self._rollouts)
        rewards = np.array([episode.rewards["reward"] for episode in episodes])
        successes = (rewards - self._low) / (self._high - self._low)
        advantages = normalised(successes - tracker.expected(numbers))
        tracker.update(numbers, successes)
        figures = {"expected": float(tracker.expected(numbers).mean())}
        return with_advantages(episodes, advantages), figures

    def state(self) -> dict[str, Any]:
        """With the tracker."""
        return {**super().state(), "tracker": self._tracker.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on with it."""
        super().restore(state)
        self._tracker.restore(state["tracker"])


def run(config: Config, options: Options) -> bool:
    """Train the model on the prompts."""
    model, asked = start(config), player(config)
    method = SingleStream(config, model, asked, *read(config, asked))
    return carry_out("spo", config, options, method)
