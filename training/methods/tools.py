"""Tool use over several turns, rewarded (GRPO or a relative): the tools are Assay's own.

Users, portfolios and questions are made up as for the tool dialogues; no data is read.
"""

from dataclasses import dataclass
from pathlib import Path

from training.assistant.wordings import load
from training.methods import grpo
from training.methods.common import Options, carry_out, start
from training.rl.policy_method import limits, scorer
from training.rl.prompts import Prompt
from training.rl.tools import ToolPlayer, tool_prompts
from training.tokenizer import load_tokenizer


@dataclass(frozen=True)
class Config(grpo.Config):
    """data, held_out and thinking are not used."""

    questions: int = 2000  # made up for training
    held_out_questions: int = 100  # from wordings that no training sees
    calls: int = 2  # turns with calls before the last answer

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.calls < 1 or self.data or self.held_out or self.thinking:
            raise ValueError("calls is at least 1; data, held_out and thinking are not for tools.")

    @property
    def measured(self) -> bool:
        """Questions are made up for it."""
        return self.held_out_questions > 0


def run(config: Config, options: Options) -> bool:
    """Train the model on made-up questions."""
    model, tokenizer = start(config), load_tokenizer(Path(config.model))
    player = ToolPlayer(tokenizer, scorer(config), limits(config), config.calls)

    def questions(count: int, held_out: bool) -> list[Prompt]:
        known = [wording for wording in load() if wording.held_out == held_out]
        made = tool_prompts(count, config.loop.seed + held_out, known)
        return [p for p in made if len(player.encode(p.text)) <= config.context]

    asked = questions(config.questions, False), questions(config.held_out_questions, True)
    return carry_out("tools", config, options, grpo.GroupPolicy(config, model, player, *asked))
