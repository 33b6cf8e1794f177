"""Learn a byte-level BPE vocabulary from a sample of every group, as large as its weight."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.data.groups import Group, documents
from training.methods.common import Options
from training.tokenizer import save_tokenizer, train_tokenizer

TEMPLATE = Path(__file__).parents[2] / "resources" / "prompts" / "starter.jinja"


@dataclass(frozen=True)
class Config:
    """corpus: folder of .jsonl[.xz]; context: the longest input of the model, in tokens."""

    corpus: str
    out: str
    groups: tuple[Group, ...]
    vocab_size: int = 8192
    sample_megabytes: float = 20.0
    context: int = 2048


def run(config: Config, options: Options) -> bool:
    """Write the tokenizer's folder."""
    whole = sum(group.weight for group in config.groups)

    def sample() -> Iterator[str]:
        for group in config.groups:
            left = config.sample_megabytes * 1e6 * group.weight / whole
            for document in documents(group, Path(config.corpus), None):
                yield document.text
                left -= len(document.text)
                if left < 0:
                    break

    tokenizer = train_tokenizer(sample(), config.vocab_size)
    template = TEMPLATE.read_text(encoding="utf-8")
    save_tokenizer(tokenizer, Path(config.out), template, config.context)
    print(f"Wrote {config.out}", flush=True)
    return True
