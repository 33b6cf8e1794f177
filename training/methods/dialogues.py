"""Make tool dialogues from hand-written wordings, random users and the real tools."""

from dataclasses import dataclass
from pathlib import Path

from training.assistant import dialogues
from training.methods.common import Options


@dataclass(frozen=True)
class Config:
    """corpus: folder with questions of others, if any; held_out: only wordings kept for trials;
    trial: none of these, so that what is trained on the dialogues can be measured on them.
    """

    out: str  # file of the dialogues, one a line as JSON
    corpus: str = ""
    count: int = 40_000  # dialogues
    seed: int = 11  # of what is drawn
    held_out: bool = False
    trial: bool = False


def run(config: Config, options: Options) -> bool:
    """Write the dialogues as JSON lines."""
    corpus = Path(config.corpus) if config.corpus else None
    dialogues.write(
        Path(config.out), config.count, config.seed, corpus, config.held_out, config.trial
    )
    return True
