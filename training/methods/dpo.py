"""Preference tuning on pairs of answers: DPO, its variants, and two forms without a reference."""

import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from training.data.batching import LengthStream
from training.data.pairs import Pairs
from training.loop import device, distributed
from training.loop.batch import Batch, Loss
from training.methods.common import Options, carry_out, start
from training.methods.pairwise import OnPairs, PairConfig, pairs_per_pass, read
from training.models.loading import mark
from training.models.reference import Reference
from training.objectives.log_probs import token_log_probs
from training.objectives.preference import (
    answer_log_probs,
    dpo_loss,
    ipo_loss,
    orpo_loss,
    simpo_loss,
)

WITH_REFERENCE, WITHOUT = ("dpo", "ipo"), ("simpo", "orpo")
REFERENCE_FILE = "reference.safetensors"


@dataclass(frozen=True)
class Config(PairConfig):
    """Which objective, how far from the reference, and where that comes from."""

    objective: str = "dpo"  # or "ipo", "simpo", "orpo"
    beta: float = 0.1  # small: free to leave the reference; SimPO wants 2 to 10
    smoothing: float = 0.0  # share of pairs believed to be swapped (dpo, simpo)
    gap: float = 1.0  # least difference SimPO asks for, in units of its reward
    strength: float = 0.1  # of ORPO's odds ratio beside the likelihood
    length_alpha: float = 1.0  # below 1: tokens beyond the shorter answer count less (dpo, ipo)
    reference: str = "cached"  # computed once, kept on disk; "live": anew for every batch

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.objective not in WITH_REFERENCE + WITHOUT:
            raise ValueError(f"objective must be one of {', '.join(WITH_REFERENCE + WITHOUT)}.")
        if self.reference not in {"cached", "live"}:
            raise ValueError('reference must be "cached" or "live".')
        if self.beta <= 0 or not 0 <= self.smoothing < 0.5 or not 0 <= self.length_alpha <= 1:
            raise ValueError("beta > 0, 0 ≤ smoothing < 0.5 and 0 ≤ length_alpha ≤ 1.")
        if self.length_alpha < 1 and self.objective in WITHOUT:
            raise ValueError("length_alpha is for dpo and ipo; simpo and orpo use means anyway.")


class Preference(OnPairs):
    """The method as the loop sees it."""

    figures = ("accuracy", "margin", "chosen_reward", "rejected_reward")

    def __init__(
        self, config: Config, model: nn.Module, pairs: Pairs, held_out: Pairs | None
    ) -> None:
        super().__init__(config.loop, model, pairs, held_out)
        self._config = config
        live = config.objective in WITH_REFERENCE and config.reference == "live"
        self._reference = Reference(model) if live else None

    def loss(self, batch: Batch) -> Loss:
        """The sum of the pairs' losses; rewards are what the objective holds the answers worth."""
        config = self._config
        log_probs = token_log_probs(self.model, batch)
        sums = answer_log_probs(log_probs, batch.weights, config.length_alpha)
        if config.objective in WITH_REFERENCE:
            gains = sums - self._reference_sums(batch)
        else:
            gains = sums / batch.weights.sum(1).clamp(min=1)
        good, bad = gains.chunk(2)
        # A process without a share of a step has pairs without answers; they count nothing.
        real = batch.weights.amax(1).chunk(2)[0]
        chosen, rejected = config.beta * good.detach() * real, config.beta * bad.detach() * real
        shown = ((chosen > rejected).float(), chosen - rejected, chosen, rejected)
        values = (float(figure.sum()) for figure in shown)
        figures = dict(zip(self.figures, values, strict=True))
        return Loss((_losses(config, good, bad) * real).sum(), figures)

    def _reference_sums(self, batch: Batch) -> Tensor:
        if self._reference is None:
            return batch.extra["reference"]
        log_probs = self._reference.log_probs(batch)
        return answer_log_probs(log_probs, batch.weights, self._config.length_alpha)


def _losses(config: Config, good: Tensor, bad: Tensor) -> Tensor:
    """Each pair's loss, given by how much the answers gained on the reference, or their means."""
    if config.objective == "dpo":
        return dpo_loss(good - bad, config.beta, config.smoothing)
    if config.objective == "ipo":
        return ipo_loss(good - bad, config.beta)
    if config.objective == "simpo":
        return simpo_loss(good, bad, config.beta, config.gap, config.smoothing)
    return orpo_loss(good, bad, config.strength)


def compute_reference(config: Config, model: nn.Module, pairs: Pairs, file: Path) -> None:
    """Set pairs.reference to the untrained model's log-probabilities, from file if it has them.

    No second model is held in memory, and a resumed run reads what the first one wrote.
    """
    made_of = _fingerprint(config, pairs)
    if file.exists():
        with suppress(SafetensorError), safe_open(file, "pt") as saved:  # damaged: written anew
            if saved.metadata() == {"of": made_of}:
                pairs.reference = saved.get_tensor("reference")
                return
    where = device.pick()
    model.to(where).eval()
    plan = LengthStream(pairs.lengths, seed=0).numbers(pairs_per_pass(config.loop))
    found: list[list[list[float]]] = []
    with torch.no_grad(), device.precision(where, config.loop.mixed):
        for numbers in distributed.share(plan):
            batch = pairs.batch(numbers).to(where)
            sums = answer_log_probs(
                token_log_probs(model, batch), batch.weights, config.length_alpha
            )
            found.append(sums.view(2, -1).T.tolist())
    reference = torch.empty(len(pairs), 2)
    for numbers, sums_of in zip(plan, distributed.gather(found, len(plan)), strict=True):
        reference[torch.from_numpy(numbers)] = torch.tensor(sums_of)
    pairs.reference = reference
    if distributed.is_first():
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".tmp")  # a file cut short would be an error at each start
        save_file({"reference": reference}, unfinished, metadata={"of": made_of})
        os.replace(unfinished, file)


def _fingerprint(config: Config, pairs: Pairs) -> str:
    """Changes with the pairs, the model's files and what else the figures depend on."""
    given = (config.model, mark(config.model), config.yarn, config.length_alpha, config.loop.mixed)
    digest = blake2b(repr(given).encode())
    digest.update(pairs.digest())
    return digest.hexdigest()


def run(config: Config, options: Options) -> bool:
    """Tune the model, with adapters if asked."""
    model = start(config)
    pairs, held_out = read(config)
    if config.objective in WITH_REFERENCE and config.reference == "cached":
        for name, some in (("", pairs), ("held_out-", held_out)):
            if some is not None and options.plan:
                some.reference = torch.zeros(len(some), 2)
            elif some is not None:
                file = Path(config.out) / f"{name}{REFERENCE_FILE}"
                compute_reference(config, model, some, file)
    return carry_out("dpo", config, options, Preference(config, model, pairs, held_out))
