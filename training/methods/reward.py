"""A reward model: a causal language model's body with one number for a whole dialogue."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification

from engine.core.errors import KnownError
from training.data.pairs import Pairs
from training.data.template import token_named
from training.loop.batch import Batch, Loss
from training.methods.common import Options, carry_out, start
from training.methods.pairwise import OnPairs, PairConfig, read
from training.models.adapters import merged
from training.models.critic import ActorCritic, last_values
from training.models.loading import publish, stored_dtype
from training.objectives.reward_model import bradley_terry_loss
from training.tokenizer import load_tokenizer
from training.vocabulary import END_OF_TEXT


@dataclass(frozen=True)
class Config(PairConfig):
    """centre: how much the sum of two rewards is pulled to zero; the choices leave it open."""

    centre: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loop.shard:
            raise ValueError("loop.shard is not for reward models.")


class RewardModelling(OnPairs):
    """The method as the loop sees it."""

    model: ActorCritic
    figures = ("accuracy", "margin", "mean_reward")
    whole = True

    def __init__(
        self, config: Config, model: ActorCritic, pairs: Pairs, held_out: Pairs | None
    ) -> None:
        super().__init__(config.loop, model, pairs, held_out)
        self._centre = config.centre

    def loss(self, batch: Batch) -> Loss:
        """The sum of the pairs' losses; the reward is read after the last token."""
        chosen, rejected = last_values(self.model.values(batch), batch.extra["last"]).chunk(2)
        real = batch.weights.amax(1).chunk(2)[0]  # 0 in a process without a share of the step
        losses = bradley_terry_loss(chosen, rejected, self._centre)
        good, bad = chosen.detach(), rejected.detach()
        shown = ((good > bad).float(), good - bad, (good + bad) / 2)
        values = (float((real * figure).sum()) for figure in shown)
        return Loss((real * losses).sum(), dict(zip(self.figures, values, strict=True)))


def fresh(config: Config) -> ActorCritic:
    """The model with a random head of the size 1 / √(width + 1) (Stiennon et al., 2009.01325).

    A head of zeros passes no gradient to the body.
    """
    model = ActorCritic(start(config))
    generator = torch.Generator().manual_seed(config.loop.seed)
    size = (model.value.in_features + 1) ** -0.5
    torch.nn.init.normal_(model.value.weight, std=size, generator=generator)
    return model


def classifier(model: ActorCritic, padding: int) -> Any:
    """The reward model as transformers' sequence classifier with one label.

    It reads the reward at the last token that is not padding.
    """
    causal = merged(model)
    config = causal.config.__class__.from_dict(causal.config.to_dict())
    config.num_labels, config.pad_token_id = 1, padding
    with torch.device("meta"):
        made = AutoModelForSequenceClassification.from_config(config)
    made.model, made.score = causal.model, model.value
    return made


def padding_token(folder: Path) -> int:
    """The id of the token that fills rows and ends no answer; KnownError if there is none."""
    settings = folder / "tokenizer_config.json"
    named = json.loads(settings.read_text(encoding="utf-8")) if settings.is_file() else {}
    tokenizer, end = load_tokenizer(folder), token_named(named, "eos_token")
    tokens = [one for one in (token_named(named, "pad_token"), END_OF_TEXT) if one not in ("", end)]
    found = [tokenizer.token_to_id(token) for token in tokens]
    ids = [number for number in found if number is not None]
    if not ids:
        raise KnownError(
            f"Nothing says which token of {folder} fills rows and ends no answer.",
            "Name one in tokenizer_config.json, as pad_token.",
        )
    return ids[0]


def run(config: Config, options: Options) -> bool:
    """Train the reward model, with adapters if asked."""
    folder = Path(config.model)
    model = fresh(config)
    method = RewardModelling(config, model, *read(config))
    padding = padding_token(folder)
    return carry_out(
        "reward", config, options, method,
        write=lambda target: publish(
            classifier(model, padding), folder, target, stored_dtype(folder)
        ),
    )  # fmt: skip
