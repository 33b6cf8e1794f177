"""Pretrain on a token cache: groups mixed by weight, longer windows towards the end."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from engine.core.errors import KnownError
from training.data import cache
from training.data.groups import Group
from training.data.mixing import Mixture
from training.data.order import check
from training.evaluate.bits_per_byte import bits_per_byte
from training.loop import distributed
from training.loop.batch import Batch, Loss, Step
from training.methods.common import ModelConfig, Options, carry_out, start
from training.models.loading import publish
from training.models.shapes import build, named
from training.objectives.router_balance import language_loss
from training.tokenizer import bytes_per_token, load_tokenizer


@dataclass(frozen=True)
class Config(ModelConfig):
    """shape: of a model with random weights: a depth in layers such as 12, or starter, evening,
    night, tiny, moe, minimind2-small, minimind2 or minimind3; model: weights to start from instead.

    tokens: of the whole run; 0 = loop.steps counts. context: inputs per window; long_context: the
    same for the last long_share of the run, which has fewer windows.
    """

    tokenizer: str = ""  # its folder
    cache: str = ""  # folder of the token files
    groups: tuple[Group, ...] = ()  # shares of the cache's parts, as {name = "a", weight = 2.0}
    shape: str = "starter"
    tokens: int = 0
    context: int = 512
    long_context: int = 2048
    long_share: float = 0.1  # of the run, with long windows
    held_out_windows: int = 24  # per group and evaluation

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.context, self.long_context) < 2:
            raise ValueError("context and long_context must be at least 2 tokens.")


class Pretraining:
    """The method as the loop sees it."""

    def __init__(self, config: Config, model: nn.Module) -> None:
        self.model = model
        self._config = config
        folder, tokenizer = Path(config.cache), Path(config.tokenizer)
        self._groups = [
            cache.open_group(folder, group.name, cache.origin(tokenizer, group))
            for group in config.groups
        ]
        longest = max(config.context, config.long_context if config.long_share else 0)
        for group in self._groups:
            if not cache.windows(group.train, longest):
                raise KnownError(
                    f"The group {group.name} has {len(group.train):,} tokens, less than one window "
                    f"of {longest + 1:,}.",
                    "Leave it out of groups, or lower context and long_context.",
                )
        weights = [group.weight for group in config.groups]
        self._mixture = Mixture([g.train for g in self._groups], weights, config.loop.seed)
        self._sizes = bytes_per_token(load_tokenizer(tokenizer))
        per_step = config.loop.rows * config.loop.accumulate * config.context
        self.epoch_steps = math.ceil(config.tokens / per_step)

    def next_step(self, done: float) -> Step:
        """Windows of the length that is due, always as many tokens."""
        loop, config = self._config.loop, self._config
        length = config.long_context if done >= 1 - config.long_share else config.context
        rows = max(1, loop.rows * config.context // length)
        return Step([self._mixture.next_batch(rows, length) for _ in range(loop.accumulate)])

    def loss(self, batch: Batch) -> Loss:
        """Cross entropy of every next token."""
        return language_loss(self.model, batch)

    def evaluate(self) -> dict[str, float]:
        """Bits per byte of each group's held-out part, their mean first."""
        scores = {
            group.name: bits_per_byte(
                self.model,
                cache.iterate(group.held_out, self._config.context, self._config.held_out_windows),
                self._sizes,
            )
            for group in self._groups
        }
        known = [score for score in scores.values() if not math.isnan(score)]
        return {"bits_per_byte": sum(known) / len(known) if known else math.nan, **scores}

    def state(self) -> dict[str, Any]:
        """Tokens drawn from each group."""
        return {"drawn": self._mixture.state(), "order": self._mixture.order}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on after these tokens."""
        check(state.get("order", ""), self._mixture.order)
        self._mixture.restore(state["drawn"])


def run(config: Config, options: Options) -> bool:
    """Train, from random weights unless a model is named."""
    tokenizer = Path(config.tokenizer)
    if config.model:
        model = start(config)
    else:
        size = load_tokenizer(tokenizer).get_vocab_size()
        model = build(named(config.shape), size, config.loop.seed)
    method = Pretraining(config, model)
    if config.tokens and config.loop.steps and distributed.is_first():
        print(f"loop.steps = {config.loop.steps} counts, not tokens.", flush=True)
    return carry_out(
        "pretrain", config, options, method,
        write=lambda target: publish(model, tokenizer, target, model.dtype),
    )  # fmt: skip
