"""Learn a byte-level BPE vocabulary from a sample of every group, as large as its weight."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tokenizers import Tokenizer

from training.data.groups import Group, documents
from training.evaluate.compression import compression, longest_tokens
from training.methods.common import Options
from training.tokenizer import save_tokenizer, train_tokenizer

TEMPLATE = Path(__file__).parents[2] / "resources" / "prompts" / "starter.jinja"


@dataclass(frozen=True)
class Config:
    """corpus: folder of .jsonl[.xz]; context: the longest input of the model, in tokens."""

    corpus: str
    out: str  # folder of the tokenizer
    groups: tuple[Group, ...]  # which parts of the corpus, and how much of each
    vocab_size: int = 8192  # tokens, the reserved ones among them
    sample_megabytes: float = 20.0  # of text to learn from
    context: int = 2048


def run(config: Config, options: Options) -> bool:
    """Write the tokenizer's folder, with a report of how it compresses each group."""
    texts = (text for group in config.groups for text in _sample(config, group))
    tokenizer = train_tokenizer(texts, config.vocab_size)
    template = TEMPLATE.read_text(encoding="utf-8")
    save_tokenizer(tokenizer, Path(config.out), template, config.context)
    _report(config, tokenizer)
    print(f"Wrote {config.out}", flush=True)
    return True


def _sample(config: Config, group: Group) -> Iterator[str]:
    """The group's texts up to its share of the sample."""
    whole = sum(each.weight for each in config.groups)
    left = config.sample_megabytes * 1e6 * group.weight / whole
    for document in documents(group, Path(config.corpus), None):
        yield document.text
        left -= len(document.text)
        if left < 0:
            return


def _report(config: Config, tokenizer: Tokenizer) -> None:
    """Print and write compression.json: the sample's groups, and the longest tokens."""
    groups = {}
    for group in config.groups:
        if next(_sample(config, group), None) is None:
            print(f"{group.name}  has no text in {config.corpus}")
        else:
            groups[group.name] = asdict(compression(tokenizer, _sample(config, group)))
    longest = longest_tokens(tokenizer)
    for name, figures in groups.items():
        print(name, *(f"{key} {value:.3f}" for key, value in figures.items()), sep="  ")
    print("longest tokens:", " ".join(map(repr, longest)), flush=True)
    text = json.dumps({"groups": groups, "longest_tokens": longest}, ensure_ascii=False, indent=1)
    (Path(config.out) / "compression.json").write_text(text, encoding="utf-8")
