"""Tokenise every group of a corpus once, into files that are memory-mapped from then on."""

from dataclasses import dataclass
from pathlib import Path

from training.data import cache
from training.data.cleaning import overlap_with
from training.data.groups import Group, documents
from training.methods.common import Options
from training.tokenizer import load_tokenizer


@dataclass(frozen=True)
class Config:
    """corpus: folder of .jsonl[.xz]; benchmarks: folder of texts that must not be learnt."""

    corpus: str
    tokenizer: str  # its folder
    out: str  # folder of the token files
    groups: tuple[Group, ...]  # which parts of the corpus
    benchmarks: str = ""


def run(config: Config, options: Options) -> bool:
    """Write what is missing of the cache; KnownError if what is there was made otherwise."""
    tokenizer = load_tokenizer(Path(config.tokenizer))
    overlap = overlap_with(Path(config.benchmarks)) if config.benchmarks else None
    folder = Path(config.out)
    for group in config.groups:
        made_of = cache.origin(Path(config.tokenizer), group)
        made_of["folder of benchmarks"] = config.benchmarks
        if not cache.has_group(folder, group.name):
            found = documents(group, Path(config.corpus), overlap)
            cache.write_group(folder, group.name, found, tokenizer, made_of)
        made = cache.open_group(folder, group.name, made_of)
        print(f"{group.name}: {len(made.train)} tokens, {len(made.held_out)} held out", flush=True)
        if not len(made.train):
            print(f"{group.name} is empty: leave it out of groups, or change what it selects.")
    print(f"Wrote {folder}", flush=True)
    return True
