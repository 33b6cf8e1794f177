"""Instruction tuning on dialogues: only what the assistant writes counts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from torch import nn

from engine.core.errors import KnownError
from training.data.chat import Weights
from training.data.mixing import Shares
from training.data.selection import join
from training.data.sft import Dialogues, DialogueStream, read_dialogues
from training.evaluate.calls import score_calls
from training.loop import distributed
from training.loop.batch import Batch, Loss, Step
from training.methods.common import ModelConfig, Options, carry_out, start
from training.objectives.router_balance import language_loss
from training.tokenizer import load_tokenizer


@dataclass(frozen=True)
class Source:
    """A part of a mixture; weight: its share of the dialogues, on any scale."""

    data: str
    weight: float

    def __post_init__(self) -> None:
        if self.weight <= 0:
            raise ValueError("weight, a source's share, must be above 0.")


@dataclass(frozen=True)
class Config(ModelConfig):
    """data, held_out: dialogues as OpenAI, ShareGPT, Alpaca or MiniMind write them: a file, a
    folder or a pattern such as "work/*.jsonl".

    mixture: several such data with weights instead, their shares of the dialogues of an epoch.
    context: longer dialogues are left out. packing: several dialogues in rows of context tokens.
    held_out_dialogues: scored at most, per evaluation. weights: of the parts of an answer, for our
    vocabulary. tag_weight: of <think>, </think>, <answer> and </answer>.
    """

    data: str = ""
    mixture: tuple[Source, ...] = ()
    held_out: str = ""
    context: int = 2048
    packing: bool = False
    held_out_dialogues: int = 400
    weights: Weights = field(default_factory=Weights)
    tag_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.data and self.mixture:
            raise ValueError("Give data or mixture, not both.")
        if self.context < 2:
            raise ValueError("context must be at least 2 tokens.")


class InstructionTuning:
    """The method as the loop sees it."""

    def __init__(
        self,
        config: Config,
        model: nn.Module,
        tokenizer: Tokenizer,
        dialogues: Dialogues,
        held_out: Dialogues | None,
    ) -> None:
        self.model = model
        self._loop = config.loop
        self.dialogues = dialogues
        self._tokenizer, self._held_out = tokenizer, held_out
        self._limit = config.held_out_dialogues
        self._stream = DialogueStream(
            dialogues, config.loop.seed, config.context if config.packing else 0
        )
        self.epoch_steps = -(-len(self._stream.plan(0, self._loop.rows)) // self._loop.accumulate)
        _check_positions(model, int(dialogues.lengths.max()))
        if distributed.is_first():
            self._stream.tell(self._loop.rows)

    def next_step(self, done: float) -> Step:
        """The next dialogues, rows of similar length together."""
        rows = self._loop.rows
        return Step([self._stream.next_batch(rows) for _ in range(self._loop.accumulate)])

    def loss(self, batch: Batch) -> Loss:
        """Weighted cross entropy of the answers."""
        return language_loss(self.model, batch)

    def evaluate(self) -> dict[str, float]:
        """Loss of the held-out answers, and how many tool calls would be right."""
        if self._held_out is None:
            return {}
        return score_calls(self.model, self._held_out, self._tokenizer, self._limit)

    def state(self) -> dict[str, Any]:
        """Epoch and batch."""
        return {"place": self._stream.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on with this batch."""
        self._stream.restore(state["place"])


def run(config: Config, options: Options) -> bool:
    """Tune the model, with adapters if asked."""
    return carry_out("sft", config, options, prepare(config, start(config)))


def prepare(config: Config, model: nn.Module) -> InstructionTuning:
    """The method with its data read."""
    tokenizer = load_tokenizer(Path(config.model))
    dialogues = read_data(config, tokenizer)
    held_out = read(config, config.held_out, tokenizer) if config.held_out else None
    return InstructionTuning(config, model, tokenizer, dialogues, held_out)


def _check_positions(model: Any, longest: int) -> None:
    """KnownError if the model was not made for texts of so many tokens."""
    known = getattr(model.config, "max_position_embeddings", None) or 0
    rope = getattr(model.config, "rope_parameters", None) or {}
    if rope.get("rope_type") == "yarn":  # some folders count only what it was stretched from
        known = max(known, int(rope["factor"] * rope.get("original_max_position_embeddings", 0)))
    if known and longest - 1 > known:  # the last token is only predicted
        raise KnownError(
            f"The longest dialogue has {longest:,} tokens, and the model reads {known:,}.",
            f"context = {known} leaves out longer ones; yarn stretches what the model reads.",
        )


def read_data(config: Config, tokenizer: Tokenizer) -> Dialogues:
    """What to train on, with the shares of the sources if there are several."""
    if not config.mixture:
        return read(config, config.data, tokenizer)
    parts = [read(config, source.data, tokenizer) for source in config.mixture]
    weights = tuple(source.weight for source in config.mixture)
    shares = Shares(tuple(map(len, parts)), weights)
    if distributed.is_first():
        for source, size, count in zip(config.mixture, shares.sizes, shares.counts(), strict=True):
            print(f"{source.data}: {count:,} of {size:,} in an epoch", flush=True)
    return join(parts, shares)


def read(config: Config, path: str, tokenizer: Tokenizer) -> Dialogues:
    """The dialogues of a file, as the configuration has them tokenised."""
    folder, longest = Path(config.model), config.context
    return read_dialogues(Path(path), tokenizer, config.weights, longest, folder, config.tag_weight)
