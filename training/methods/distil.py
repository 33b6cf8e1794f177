"""Knowledge distillation: a student learns from a teacher's text, or from its distributions.

black_box: tuning on answers that the teacher writes first. white_box: cross entropy of the data's
answers and divergence from the teacher on them, α : 1 - α. on_policy: divergence from the teacher
on what the student itself writes (Agarwal et al., arXiv 2306.13649).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from training.data.answers import write_answers
from training.data.packing import Sample
from training.data.selection import numbered_batches
from training.data.sft import Dialogues, pad
from training.loop import device, distributed
from training.loop.batch import Batch, Loss, Step
from training.loop.lock import alone
from training.methods import sft
from training.methods.common import Options, carry_out, start, stored
from training.models.loading import load
from training.models.parts import head, hidden_states
from training.models.sampling import sample, stop_tokens
from training.models.teacher import TeacherOf, make_teacher
from training.objectives.cross_entropy import chunked_cross_entropy
from training.objectives.divergence import chunked_divergence
from training.tokenizer import load_tokenizer

KINDS = ("black_box", "white_box", "on_policy")


@dataclass(frozen=True)
class Config(sft.Config):
    """teacher: folder of a model; topk: folder of its stored logits, used instead if given.

    alpha: share of the cross entropy (white_box). beta: 0 = forward KL, 1 = reverse KL, between =
    Jensen-Shannon. temperature: of both in the divergence. longest: tokens of a written answer.
    sampling: temperature of writing; 0 = always the likeliest token.
    """

    kind: str = "white_box"  # or black_box, on_policy
    teacher: str = ""
    topk: str = ""
    four_bit: bool = False  # hold the teacher in 4 bits
    alpha: float = 0.5
    beta: float = 0.0
    temperature: float = 1.0
    longest: int = 256
    sampling: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}.")
        if self.kind == "black_box" and self.mixture:
            raise ValueError("black_box answers the questions of data; it takes no mixture.")
        if self.kind == "on_policy" and self.loop.shard:
            raise ValueError("loop.shard: sampling needs the whole model in every process.")
        if not (0 <= self.alpha <= 1 and 0 <= self.beta <= 1 and self.temperature > 0):
            raise ValueError("alpha and beta lie between 0 and 1, temperature above 0.")
        if self.topk and self.kind != "white_box":
            raise ValueError(
                f"topk holds logits of the data's answers, for white_box; {self.kind} needs the "
                "teacher itself."
            )
        if not (self.teacher or self.topk):
            raise ValueError("teacher, the folder of the model to learn from, is missing.")


class Distillation(sft.InstructionTuning):
    """white_box and on_policy as the loop sees them."""

    def __init__(
        self,
        config: Config,
        model: nn.Module,
        tokenizer: Tokenizer,
        dialogues: Dialogues,
        held_out: Dialogues | None,
        teacher: TeacherOf,
    ) -> None:
        super().__init__(config, model, tokenizer, dialogues, held_out)
        self._config, self._dialogues, self._teacher = config, dialogues, teacher
        folder = Path(config.model)
        self._stops = stop_tokens(tokenizer, folder) if config.kind == "on_policy" else []

    def next_step(self, done: float) -> Step:
        """The next dialogues; on_policy, the student's own answers in them."""
        place = self._stream.place
        batches = numbered_batches(self._stream, self._loop)
        if self._config.kind != "on_policy":
            return Step(batches)
        numbered = list(enumerate(batch.extra["sample"].tolist() for batch in batches))
        mine = [
            self._write(numbers, hash((self._loop.seed, *place, batch)))
            for batch, numbers in distributed.share(numbered)
        ]
        return Step([pad(rows) for rows in distributed.gather(mine, len(numbered))])

    def loss(self, batch: Batch) -> Loss:
        """α × cross entropy + (1 - α) × T² × divergence, each weighted as its token.

        T² keeps the size of the gradient when the temperature T rises (Hinton et al., arXiv
        1503.02531).
        """
        config = self._config
        alpha = config.alpha if config.kind == "white_box" else 0.0
        hidden = hidden_states(self.model, batch.inputs, batch.positions).flatten(0, 1)
        matrix, weights = head(self.model), batch.weights.flatten()
        loss, figures = hidden[:0].sum().float(), {}
        if alpha > 0:
            entropy = chunked_cross_entropy(hidden, matrix, batch.targets.flatten(), weights)
            loss, figures["cross_entropy"] = loss + alpha * entropy, entropy.item()
        if alpha < 1:
            kept = weights.nonzero().squeeze(1)
            teacher = self._teacher.distributions(batch, kept)
            divergence = chunked_divergence(
                hidden[kept], matrix, teacher, weights[kept], config.beta, config.temperature
            )
            loss = loss + (1 - alpha) * config.temperature**2 * divergence
            figures["divergence"] = divergence.item()
        return Loss(loss, figures)

    def _write(self, numbers: Sequence[int], seed: int) -> list[Sample]:
        """The student's own answer in place of the last one of each dialogue, with weight 1."""
        prompts = [_prompt(*self._dialogues[number]) for number in numbers]
        config = self._config
        written = sample(self.model, prompts, self._stops, config.longest, config.sampling, seed)
        return [
            (
                np.array(prompt + own, np.uint32),
                np.array([0] * len(prompt) + [1] * len(own), np.float32),
            )
            for prompt, own in zip(prompts, written, strict=True)
        ]


def _prompt(ids: NDArray[np.unsignedinteger], weights: NDArray[np.float32]) -> list[int]:
    """The tokens before the last answer."""
    begins = np.flatnonzero((weights[1:] > 0) & (weights[:-1] == 0)) + 1
    prompt: list[int] = ids[: begins[-1]].tolist()
    return prompt


def run(config: Config, options: Options) -> bool:
    """Distil; the teacher's answers, if they are needed, are written to out/answers.jsonl first."""
    if config.kind == "black_box":
        return sft.run(config if options.plan else _with_answers(config), options)
    model, tokenizer = start(config), load_tokenizer(Path(config.model))
    dialogues = sft.read_data(config, tokenizer)
    held_out = sft.read(config, config.held_out, tokenizer) if config.held_out else None
    teacher = make_teacher(
        config.teacher,
        config.topk,
        config.model,
        config.four_bit,
        dialogues,
        config.temperature,
    )
    method = Distillation(config, model, tokenizer, dialogues, held_out, teacher)
    return carry_out("distil", config, options, method)


def _with_answers(config: Config) -> Config:
    """The configuration with the teacher's answers as its data."""
    target = Path(config.out) / "answers.jsonl"
    with alone(target.parent):
        if distributed.is_first():
            folder = Path(config.teacher)
            model = load(folder, stored(folder), writes=True).to(device.pick())
            write_answers(
                model, load_tokenizer(folder), folder, Path(config.data), target,
                config.loop.rows, config.longest, config.sampling, config.loop.seed,
            )  # fmt: skip
        distributed.wait()
    return replace(config, data=str(target))
