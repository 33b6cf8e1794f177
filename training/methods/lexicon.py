"""Count the words that the spelling corrector of the assistant knows."""

from dataclasses import dataclass
from pathlib import Path

from training.assistant import lexicon
from training.methods.common import Options


@dataclass(frozen=True)
class Config:
    """corpus: folder of .jsonl[.xz]; out: the word list."""

    corpus: str
    out: str


def run(config: Config, options: Options) -> bool:
    """Write the list."""
    lexicon.main(Path(config.corpus), Path(config.out))
    return True
