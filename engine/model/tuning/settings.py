"""The settings a model runs with: sensible ones, or measured ones where there are any."""

import itertools
from dataclasses import dataclass

from engine.model.fit.layers import can_be_cut
from engine.model.fit.memory import BATCH, KvType, default_threads, memory_needed
from engine.model.gguf.header import GgufHeader

Curve = tuple[tuple[int, float], ...]
"""(tokens decoded at once, cost as a multiple of decoding one), rising."""

FASTER = 0.98  # of the other's time, to be called faster
# Tokens: less is not worth a second memory, and more would make it a large one.
LEAST_UNTIL, MOST_UNTIL = 128, 512
REPACK_SHARE = 8  # a repacked share of the weights from 1/8 on is worth not mapping the file


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a model runs here.

    threads, threads_batch: for one token at a time and for many; flash: flash attention;
    flash_until: tokens in memory up to which it is faster where it is off, 0 = never; batch: prompt
    tokens a step; kv_type: how the context is stored; mmap: map the file instead of reading
    it; repack: keep weights in the layout the processor likes; cost_curve: what decoding several
    tokens at once costs here, () if it was not measured.
    """

    threads: int
    threads_batch: int
    flash: bool
    batch: int
    kv_type: KvType = "f16"
    mmap: bool = True
    repack: bool = True
    cost_curve: Curve = ()
    flash_until: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a model on this machine.

    flash_times: (tokens in memory, milliseconds per token without, with flash attention).
    """

    threads: int
    threads_batch: int
    batch: int
    repack: bool
    flash_times: tuple[tuple[int, float, float], ...] = ()
    cost_curve: Curve = ()

    def flash_pays(self, n_ctx: int) -> bool:
        """Whether flash attention is faster on average while a context of n_ctx tokens fills.

        Time grows linearly with depth, so the average is the time at half the context.
        """
        if not self.flash_times:
            return False
        depths = sorted(self.flash_times)
        (low, plain, flash), (high, plain_high, flash_high) = depths[0], depths[-1]
        if high > low:
            way = (n_ctx / 2 - low) / (high - low)
            plain += (plain_high - plain) * way
            flash += (flash_high - flash) * way
        return flash < FASTER * plain

    def flash_until(self) -> int:
        """Tokens in memory up to which flash attention is faster, where it is not at all depths.

        0 where that is never the case, or for too few to matter.
        """
        depths = sorted(self.flash_times)
        if not depths or depths[0][2] >= FASTER * depths[0][1]:
            return 0
        for (low, plain, flash), (high, plain_high, flash_high) in itertools.pairwise(depths):
            lead, behind = plain - flash, flash_high - plain_high
            if behind > 0:
                crossing = int(low + (high - low) * lead / (lead + behind))
                return min(crossing, MOST_UNTIL) if crossing >= LEAST_UNTIL else 0
        return 0


def default_tuning(header: GgufHeader, memory: int) -> Tuning:
    """Settings for a model nobody has measured here; memory: bytes that are available.

    The file is mapped unless much of it is kept a second time in another layout: then reading
    it is as fast and the mapping would only be held twice. Where even that is too much, nothing
    is kept twice and the mapping can be dropped by the system.
    """
    threads = default_threads()
    estimate = memory_needed(header, 0)
    tight = estimate.total > memory
    return Tuning(
        threads=threads,
        threads_batch=threads,
        flash=False,
        batch=BATCH,
        mmap=tight or estimate.copies * REPACK_SHARE < estimate.weights,
        repack=not tight,
    )


def measured_tuning(measured: Measured, header: GgufHeader, memory: int, n_ctx: int) -> Tuning:
    """The settings for a context of n_ctx tokens that follow from the measurement."""
    default = default_tuning(header, memory)
    repack = default.repack and measured.repack
    flash = measured.flash_pays(n_ctx)
    return Tuning(
        threads=measured.threads,
        threads_batch=measured.threads_batch,
        flash=flash,
        batch=measured.batch,
        mmap=default.mmap or not repack,
        repack=repack,
        cost_curve=measured.cost_curve,
        flash_until=0 if flash or not can_be_cut(header) else measured.flash_until(),
    )
