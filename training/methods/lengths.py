"""Measure perplexity by position, with and without YaRN, as an HTML page with a plot."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoConfig

from engine.core.errors import KnownError
from training.data.formats import read_documents
from training.evaluate.by_length import perplexities, report
from training.methods.chat import tokenizer_of
from training.methods.common import Options
from training.models.loading import load_frozen
from training.models.yarn import stretched
from training.tokenizer import load_tokenizer
from training.vocabulary import END_OF_TEXT


@dataclass(frozen=True)
class Config:
    """data: a text file, or a corpus (.jsonl) whose documents are read one after the other.

    longest: tokens per window; 0 = twice the model's context. windows: read at most.
    """

    model: str  # its folder
    data: str
    out: str = "lengths.html"  # HTML page with the plot
    longest: int = 0
    buckets: int = 16  # points of the plot
    windows: int = 8

    def __post_init__(self) -> None:
        if self.longest < 0 or min(self.buckets, self.windows) < 1:
            raise ValueError("buckets and windows must be at least 1, longest at least 0.")


def run(config: Config, options: Options) -> bool:
    """Write the page and print its figures."""
    folder = Path(config.model)
    plain = AutoConfig.from_pretrained(folder, local_files_only=True)
    trained = plain.max_position_embeddings
    size = -(-(config.longest or 2 * trained) // config.buckets)
    length = size * config.buckets
    windows = list(_windows(config, length))
    if not windows:
        why = "" if config.longest else f", twice the model's context of {trained:,}"
        raise KnownError(
            f"{config.data} has fewer than {length + 1:,} tokens: a window has {length:,}{why}, "
            "and one more is predicted.",
            "Give a longer text, or shorter windows with --longest 128, for example.",
        )
    factors, curves = {"as trained": 1.0}, {}
    if (yarn := length / trained) > 1:
        factors[f"YaRN × {yarn:g}"] = yarn
    for name, factor in factors.items():
        model = load_frozen(folder, **stretched(plain, factor))
        curves[name] = perplexities(model, windows, config.buckets)
        print(f"{name}: {', '.join(f'{value:.2f}' for value in curves[name])}", flush=True)
    ends = [size * (bucket + 1) for bucket in range(config.buckets)]
    Path(config.out).write_text(report(ends, curves, trained), encoding="utf-8")
    print(f"Wrote {config.out}")
    return True


def _windows(config: Config, length: int) -> Iterator[Tensor]:
    tokenizer, path = load_tokenizer(tokenizer_of(Path(config.model))), Path(config.data)
    corpus = path.suffix != ".txt"
    texts = (
        (document.text for document in read_documents(path))
        if corpus
        else iter([path.read_text(encoding="utf-8")])
    )
    end = tokenizer.token_to_id(END_OF_TEXT)
    ids: list[int] = []
    for text in texts:
        ids += tokenizer.encode(text).ids + ([end] if corpus and end is not None else [])
        if len(ids) > config.windows * length:
            break
    for index in range(min(config.windows, (len(ids) - 1) // length)):
        yield torch.tensor(ids[index * length : (index + 1) * length + 1])
