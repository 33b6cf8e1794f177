"""DPCD: learn a domain and keep the teacher's chains of thought; see objectives/dpcd.py."""

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from engine.core.errors import KnownError
from engine.core.words import counted
from training.data.chains import Chains, annotate
from training.data.selection import join, numbered_batches, select
from training.data.sft import Dialogues, pad
from training.data.topk import fingerprint
from training.loop import device, distributed
from training.loop.batch import Batch, Loss, Step
from training.methods import sft
from training.methods.common import Options, carry_out, start
from training.models.loading import mark
from training.models.parts import head, hidden_states
from training.models.teacher import TeacherOf, make_teacher
from training.objectives.cross_entropy import chunked_cross_entropy
from training.objectives.divergence import chunked_divergence
from training.objectives.dpcd import Coefficients, coherence, quality_loss
from training.objectives.log_probs import target_log_probs
from training.tokenizer import load_tokenizer

COHERENCES = "coherences.json"


@dataclass(frozen=True)
class Config(sft.Config):
    """teacher: folder of a model, empty = the one to start from; topk: its stored logits instead.

    replay_data: dialogues with chains to be kept; they are not learnt by cross entropy. replay:
    their share of all dialogues; fewer are repeated, of more as many are drawn.
    """

    teacher: str = ""
    topk: str = ""
    four_bit: bool = False  # hold the teacher in 4 bits
    replay_data: str = ""
    replay: float = 0.3
    dpcd: Coefficients = field(default_factory=Coefficients)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.replay < 1:
            raise ValueError("replay, a share, lies between 0 and 1.")


class ChainPreservation(sft.InstructionTuning):
    """The method as the loop sees it."""

    def __init__(
        self,
        config: Config,
        model: nn.Module,
        tokenizer: Tokenizer,
        chains: Chains,
        chosen: NDArray[np.int64],
        held_out: Dialogues | None,
        teacher: TeacherOf,
    ) -> None:
        """chosen: numbers of the dialogues to train on, which may repeat."""
        dialogues = select(chains.dialogues, chosen)
        super().__init__(config, model, tokenizer, dialogues, held_out)
        self._coefficients, self._chains, self._teacher = config.dpcd, chains, teacher
        self._chosen = torch.from_numpy(chosen)
        self._weight = float(dialogues.weights.sum()) / len(dialogues) or 1.0
        self._chain_share = float((chains.counts[chosen] > 0).mean()) or 1.0
        self._has_kl = bool(chains.kl.any())

    def next_step(self, done: float) -> Step:
        """The next dialogues, each term weighted so that it is a mean over the whole of the data.

        A step's own numbers of tokens and chains do not enter: with dialogues of similar length
        together they differ much from step to step, and some steps have no chain at all.
        """
        batches = numbered_batches(self._stream, self._loop)
        rows = sum(len(batch.inputs) for batch in batches)
        return Step([self._with_chains(batch, rows, 1 / len(batches)) for batch in batches])

    def loss(self, batch: Batch) -> Loss:
        """L_CE + Σ λ α_i KL_i + β L_QS, of which terms with a coefficient of 0 are not computed."""
        given = self._coefficients
        states = hidden_states(self.model, batch.inputs, batch.positions)
        matrix, hidden = head(self.model), states.flatten(0, 1)
        loss, figures = hidden[:0].sum().float(), {}
        if given.domain > 0:
            entropy = chunked_cross_entropy(
                hidden, matrix, batch.targets.flatten(), batch.weights.flatten()
            )
            loss, figures["cross_entropy"] = loss + given.domain * entropy, entropy.item()
        if self._has_kl:
            weights = batch.extra["kl"].flatten()
            kept = weights.nonzero().squeeze(1)
            teacher = self._teacher.distributions(batch, kept)
            divergence = chunked_divergence(hidden[kept], matrix, teacher, weights[kept], beta=1.0)
            loss, figures["kl"] = loss + divergence, divergence.item()
        if given.beta > 0 and given.tau > 0:
            steps = batch.extra["steps"]
            log_probs, _ = target_log_probs(
                states, matrix, replace(batch, weights=(steps > 0).float())
            )
            found = coherence(log_probs, steps)
            quality = (batch.extra["chain"] * quality_loss(found, given.tau)).sum()
            loss, figures["quality"] = loss + given.beta * quality, quality.item()
            figures["coherence"] = (batch.extra["chain"] * found.detach()).sum().item()
        return Loss(loss, figures)

    def _with_chains(self, batch: Batch, rows: int, share: float) -> Batch:
        numbers = self._chosen[batch.extra["sample"]]
        kl, steps = self._chains.rows(numbers.tolist(), batch.inputs.shape[1])
        chain = (steps > 0).any(1) / (rows * self._chain_share)
        kl = kl / (rows * self._chain_share)
        weights = batch.weights / (rows * self._weight)
        extra = {"sample": numbers, "kl": kl, "steps": steps, "chain": chain}
        return replace(batch, weights=weights, norm=share, extra=extra)


def coherences(teacher: TeacherOf, chains: Chains, rows: int) -> NDArray[np.float64]:
    """The coherence of every chain under the teacher; 1 for dialogues without one."""
    found = np.ones(len(chains.dialogues))
    numbers = np.flatnonzero(chains.counts)
    numbers = numbers[np.argsort(chains.dialogues.lengths[numbers], kind="stable")]
    for first in range(0, len(numbers), rows):
        part = numbers[first : first + rows]
        batch = pad([chains.dialogues[int(number)] for number in part])
        _, steps = chains.rows(part.tolist(), batch.inputs.shape[1])
        extra = {"sample": torch.from_numpy(part), "steps": steps}
        batch = replace(batch, weights=(steps > 0).float(), extra=extra).to(device.pick())
        log_probs = teacher.log_probs(batch)
        found[part] = coherence(log_probs, batch.extra["steps"]).cpu().numpy()
    return found


def kept_coherences(
    config: Config, options: Options, teacher: TeacherOf, chains: Chains
) -> NDArray[np.float64]:
    """Those of all chains; a resumed run finds them in its folder, for they are a pass of the
    teacher over all data. Stored logits are read anew."""
    path = Path(config.out) / COHERENCES
    made_of = [
        fingerprint(chains.dialogues, Path(config.model)), mark(config.teacher or config.model),
        config.four_bit, config.loop.mixed,
    ]  # fmt: skip
    if not config.topk and path.exists():
        noted = json.loads(path.read_text(encoding="utf-8"))
        if noted["made_of"] == made_of:
            return np.array(noted["coherences"])
    with device.precision(device.pick(), config.loop.mixed):
        found = coherences(teacher, chains, config.loop.rows)
    if distributed.is_first() and not options.plan and not config.topk:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(json.dumps({"made_of": made_of, "coherences": found.tolist()}))
        os.replace(unfinished, path)
    return found


def choose(
    domain: NDArray[np.int64], kept: NDArray[np.int64], share: float, seed: int
) -> NDArray[np.int64]:
    """Numbers of the domain dialogues and of as many kept replay ones as give them their share."""
    wanted = round(len(domain) * share / (1 - share)) if len(kept) else 0
    order = np.random.default_rng(seed).permutation(kept)
    return np.concatenate([domain, np.resize(order, wanted)]).astype(np.int64)


def keeps_chains(given: Coefficients) -> bool:
    """True if a term of the loss needs chains."""
    divergence = given.lambda_base > 0 or (given.by_task and given.lambda_high > 0)
    return divergence or (given.beta > 0 and given.tau > 0)


def run(config: Config, options: Options) -> bool:
    """Score the chains, weigh their steps, and train."""
    model, tokenizer = start(config), load_tokenizer(Path(config.model))

    def read(path: str) -> Dialogues:
        return sft.read(config, path, tokenizer)

    domain = sft.read_data(config, tokenizer)
    both = join([domain, read(config.replay_data)]) if config.replay_data else domain
    seed = config.loop.seed
    learnt = domain.shares.numbers(0, seed) if domain.shares else np.arange(len(domain))
    teacher = make_teacher(
        config.teacher or config.model, config.topk, config.model, config.four_bit, both
    )
    chains = annotate(both, len(domain), tokenizer)
    total = int((chains.counts > 0).sum())
    if not total and keeps_chains(config.dpcd):
        raise KnownError(
            "No dialogue has a chain of thought (reasoning_content, or <think>…</think> at the "
            "beginning of content), so there is nothing to keep.",
            "Give chains in data or replay_data, or tune with assay-train sft.",
        )
    if config.dpcd.filter and config.dpcd.tau > 0:
        reasoned = chains.counts > 0
        sure = kept_coherences(config, options, teacher, chains)
        chains = chains.without(sure < config.dpcd.tau)
        left_out = int((sure < config.dpcd.tau).sum())
        print(f"{left_out} of {counted(total, 'chain')} below tau left out", flush=True)
        if left_out == total and keeps_chains(config.dpcd):
            raise KnownError(
                f"tau = {config.dpcd.tau:g} left none of the {counted(total, 'chain')}.",
                f"The most coherent one has {sure[reasoned].max():.2g}: lower dpcd.tau, set "
                "dpcd.filter = false, or take another teacher.",
            )
    chains = chains.weighed(config.dpcd)
    replayed = np.flatnonzero(chains.counts[len(domain) :]) + len(domain)
    chosen = choose(learnt, replayed, config.replay, seed)
    held_out = read(config.held_out) if config.held_out else None
    method = ChainPreservation(config, model, tokenizer, chains, chosen, held_out, teacher)
    return carry_out("dpcd", config, options, method)
