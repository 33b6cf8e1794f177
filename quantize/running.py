"""How the application would run a model on this computer."""

from pathlib import Path

from engine.model.fit.memory import RESERVE, available_memory, context_table, memory_needed
from engine.model.gguf.header import GgufHeader
from engine.model.loading import LoadOptions
from engine.model.tuning.settings import Tuning, default_tuning
from quantize.jobs import Arguments

_SEQUENCES = LoadOptions().sequences


def settings(path: Path, tuning: Tuning) -> Arguments:
    """What quantize.jobs.running opens a model with: what is set where nothing was measured."""
    return {
        "model": str(path.resolve()),
        "threads": str(tuning.threads),
        "threads_batch": str(tuning.threads_batch),
        "batch": str(tuning.batch),
        "mmap": str(int(tuning.mmap)),
        "repack": str(int(tuning.repack)),
    }


def tuning_for(header: GgufHeader) -> Tuning:
    """The application's settings for a model that it has not measured."""
    return default_tuning(header, free_memory())


def free_memory() -> int:
    """Bytes a model may have: what is free without the reserve for other programs."""
    return max(0, available_memory() - RESERVE)


def memory_at(header: GgufHeader, n_ctx: int) -> int:
    """Bytes the application counts with for a model and a context of n_ctx tokens."""
    tuning = tuning_for(header)
    return memory_needed(
        header,
        n_ctx,
        tuning.batch,
        mmap=tuning.mmap,
        repack=tuning.repack,
        sequences=_SEQUENCES,
    ).total


def most_context(header: GgufHeader, memory: int) -> int:
    """The largest context, 1,024 tokens or a doubling of it, that fits into so many bytes."""
    tuning = tuning_for(header)
    table = context_table(
        header,
        batch=tuning.batch,
        mmap=tuning.mmap,
        repack=tuning.repack,
        sequences=_SEQUENCES,
    )
    return max((n_ctx for n_ctx, needed in table if needed.total <= memory), default=0)
