"""Instruction tuning on dialogues: only what the assistant writes counts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from torch import nn

from training.data.chat import Weights
from training.data.sft import Dialogues, DialogueStream, read_dialogues
from training.evaluate.calls import score_calls
from training.loop.batch import Batch, Loss, Step
from training.methods.common import ModelConfig, Options, carry_out, start
from training.objectives.router_balance import language_loss
from training.tokenizer import load_tokenizer


@dataclass(frozen=True)
class Config(ModelConfig):
    """data, held_out: a file, a folder or a pattern, in any format of data/dialogue_formats.py.

    context: longer dialogues are left out. packing: several dialogues in rows of context tokens.
    held_out_dialogues: scored at most, per evaluation. weights: of the parts of an answer, for our
    vocabulary. tag_weight: of <think>, </think>, <answer> and </answer>.
    """

    data: str = ""
    held_out: str = ""
    context: int = 2048
    packing: bool = False
    held_out_dialogues: int = 400
    weights: Weights = field(default_factory=Weights)
    tag_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
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
        self._tokenizer, self._held_out = tokenizer, held_out
        self._limit = config.held_out_dialogues
        self._stream = DialogueStream(
            dialogues, config.loop.seed, config.context if config.packing else 0
        )
        self.epoch_steps = -(-len(self._stream.plan(0, self._loop.rows)) // self._loop.accumulate)

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
    dialogues = read(config, config.data, tokenizer)
    held_out = read(config, config.held_out, tokenizer) if config.held_out else None
    return InstructionTuning(config, model, tokenizer, dialogues, held_out)


def read(config: Config, path: str, tokenizer: Tokenizer) -> Dialogues:
    """The dialogues of a file, as the configuration has them tokenised."""
    folder, longest = Path(config.model), config.context
    return read_dialogues(Path(path), tokenizer, config.weights, longest, folder, config.tag_weight)
