"""Compares quantized model files with their original on texts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.model.draft import same_tokenizer
from engine.model.gguf.header import GgufHeader, read_header
from quantize.calibration import texts_of
from quantize.child import run_job
from quantize.jobs import Arguments
from quantize.outcome import Outcome
from quantize.running import free_memory, memory_at
from quantize.task import Task


@dataclass(frozen=True, slots=True)
class Comparison(Outcome):
    """Differences over the texts' positions.

    mean_divergence, p99_, p999_, max_divergence: Kullback–Leibler divergence of the candidate's
    next-token distribution from the reference's, in nats: mean, percentiles and the largest.
    agreement: share of positions where both find the same token likeliest. Perplexities are those
    of the texts' own tokens, perplexity_ratio the candidate's divided by the reference's.
    quantiles: divergences at the shares quantize.divergence.LEVELS.
    """

    positions: int
    mean_divergence: float
    p99_divergence: float
    p999_divergence: float
    max_divergence: float
    agreement: float
    reference_perplexity: float
    candidate_perplexity: float
    perplexity_ratio: float
    quantiles: tuple[float, ...] = ()

    @property
    def sentence(self) -> str:
        """What was done, for people."""
        return (
            f"{self.positions:,} positions: mean KL divergence {self.mean_divergence:.6f}, "
            f"99th percentile {self.p99_divergence:.6f}, same likeliest token at "
            f"{self.agreement:.2%}, perplexity {self.reference_perplexity:.3f} → "
            f"{self.candidate_perplexity:.3f}."
        )


def compare(reference: Path, candidate: Path, text: Path, task: Task) -> Comparison:
    """Run both model files over a text. Raises KnownError and Cancelled."""
    return compare_all(reference, [candidate], [text], task)[0]


def compare_all(
    reference: Path, candidates: list[Path], texts: list[Path], task: Task
) -> list[Comparison]:
    """Run a model file and several made from it over texts. Raises KnownError and Cancelled.

    texts: files as of quantize.calibration.texts_of. They are cut into windows of 512 tokens; the
    second half of each is measured. As many files as fit into memory run beside the reference, so
    that this reads each window once; where memory is short it is read again for the others.
    """
    header = read_header(reference)
    headers = [read_header(path) for path in candidates]
    for path, other in zip(candidates, headers, strict=True):
        _check_vocabulary(header, reference, other, path)
    arguments = {
        "reference": str(reference.resolve()),
        "texts": json.dumps(texts_of(header, texts)),
        "context": str(min(one.number("context_length", 0) for one in (header, *headers))),
    }
    sizes = [memory_at(one, 512) for one in headers]
    groups = list(_groups(candidates, sizes, free_memory() - memory_at(header, 512)))
    found: list[Comparison] = []
    for number, group in enumerate(groups):
        share = (number / len(groups), (number + 1) / len(groups))
        found += _run(arguments, group, task, share)
    return found


def _run(
    arguments: Arguments, candidates: list[Path], task: Task, share: tuple[float, float]
) -> list[Comparison]:
    paths = json.dumps([str(path.resolve()) for path in candidates])
    result = run_job("compare", arguments | {"candidates": paths}, task, share)
    return [
        Comparison(**{**figures, "quantiles": tuple(figures["quantiles"])})
        for figures in result["files"]
    ]


def _groups(candidates: list[Path], sizes: list[int], room: int) -> Iterator[list[Path]]:
    """The candidates in their order, as many at a time as have room; at least one."""
    group: list[Path] = []
    used = 0
    for path, size in zip(candidates, sizes, strict=True):
        if group and used + size > room:
            yield group
            group, used = [], 0
        group.append(path)
        used += size
    yield group


def _check_vocabulary(
    header: GgufHeader, reference: Path, other: GgufHeader, candidate: Path
) -> None:
    try:
        same = same_tokenizer(header, reference, other, candidate)
    except OSError as error:
        raise known_os_error(f"read {candidate.name}", error) from error
    if not same:
        raise KnownError(
            f"{candidate.name} has another vocabulary than {reference.name}, so their answers "
            "cannot be compared.",
            "Compare a file with those made from it.",
        )
