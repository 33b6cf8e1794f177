"""Train the linear router of the assistant on the wordings."""

from dataclasses import dataclass
from pathlib import Path

from training.assistant import router
from training.methods.common import Options


@dataclass(frozen=True)
class Config:
    """corpus: folder with questions of others, if any; out: the .npz file."""

    out: str
    corpus: str = ""


def run(config: Config, options: Options) -> bool:
    """Write the router."""
    router.main(Path(config.out), Path(config.corpus) if config.corpus else None)
    return True
