"""GRPO and its relatives: sample a group of answers to each prompt, prefer the better ones."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from training.methods.common import Options, carry_out, start
from training.objectives.policy import degenerate, group_advantages
from training.rl.episodes import Episode, Player
from training.rl.policy_method import PolicyConfig, PolicyMethod, player, read, with_advantages
from training.rl.prompts import Prompt, PromptStream

_OF_LOSS: Any = None  # the default of what follows from the loss
_GRPO = {"kl": 0.02, "low": 0.2, "high": 0.2, "resample": 0}
_USUAL: dict[str, dict[str, float]] = {
    "grpo": _GRPO,
    "dr_grpo": _GRPO,
    "dapo": {"kl": 0.0, "low": 0.2, "high": 0.28, "resample": 3},
    # No lower bound; the upper one is 5 (ScaleRL, arXiv 2510.13786: the first paper names none).
    "cispo": {"kl": 0.02, "low": 1.0, "high": 4.0, "resample": 0},
}


@dataclass(frozen=True)
class Config(PolicyConfig):
    """loss: "grpo", "dr_grpo", "dapo" or "cispo" (docs/training-rl.md)."""

    loss: str = "grpo"
    group: int = 8  # answers to each prompt
    kl: float = _OF_LOSS  # weight of the KL to the first model (0.02; dapo 0)
    low: float = _OF_LOSS  # the ratio is clipped at 1 - low … (0.2; cispo 1, which is no bound)
    high: float = _OF_LOSS  # … and 1 + high (0.2; dapo 0.28, cispo 4)
    resample: int = _OF_LOSS  # further rounds to replace groups of equal rewards (0; dapo 3)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss not in _USUAL:
            raise ValueError(f"loss must be one of {', '.join(_USUAL)}.")
        for name, value in _USUAL[self.loss].items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)  # the class is frozen
        if self.group < 2:
            raise ValueError("group must be at least 2.")


class GroupPolicy(PolicyMethod):
    """The method as the loop sees it."""

    def __init__(
        self,
        config: Config,
        model: nn.Module,
        player: Player,
        prompts: list[Prompt],
        held_out: list[Prompt],
    ) -> None:
        super().__init__(config, model, player, prompts, held_out)
        self.kind = config.loss  # type: ignore[assignment]  # checked in Config
        self._groups = config
        self._stream = PromptStream(len(self.prompts), config.loop.seed)

    def roll_out(self) -> tuple[list[Episode], dict[str, float]]:
        """Groups of answers; with resample those that teach nothing are replaced."""
        config, size = self._groups, self._groups.group
        kept: list[Episode] = []
        seen = dull = 0
        for attempt in range(config.resample + 1):
            wanted = config.prompts - len(kept) // size
            numbers = [n for n in self._stream.draw(wanted) for _ in range(size)]
            rollout = self._rollouts * (config.resample + 1) + attempt
            episodes = self.play(self.prompts, numbers, rollout)
            flat = degenerate(_rewards(episodes, size)).tolist()
            seen, dull = seen + len(flat), dull + sum(flat)
            last = attempt == config.resample
            for group, is_flat in enumerate(flat):
                if not is_flat or last:
                    kept += episodes[group * size : (group + 1) * size]
            if len(kept) == config.prompts * size:
                break
        advantages = group_advantages(_rewards(kept, size), scaled=self.kind != "dr_grpo")
        return with_advantages(kept, advantages.flatten().tolist()), {"degenerate": dull / seen}

    def state(self) -> dict[str, Any]:
        """With the place in the prompts."""
        return {**super().state(), "drawn": self._stream.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on there."""
        super().restore(state)
        self._stream.restore(state["drawn"])


def _rewards(episodes: list[Episode], size: int) -> Tensor:
    return torch.tensor([episode.rewards["reward"] for episode in episodes]).view(-1, size)


def run(config: Config, options: Options) -> bool:
    """Train the model on the prompts."""
    model, asked = start(config), player(config)
    method = GroupPolicy(config, model, asked, *read(config, asked))
    return carry_out("grpo", config, options, method)
