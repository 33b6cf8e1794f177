"""How a model is run where memory is short: what is given up, in which order, and told how."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.model.diagnose import Cause
from engine.model.fit.memory import SMALLEST_CONTEXT, KvType, MemoryEstimate, memory_needed
from engine.model.gguf.header import GgufHeader

SMALLEST_BATCH = 64
Q8_BLOCK = 32  # a stored key or value must be a multiple of this to be kept in q8_0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a load asks for. n_ctx: tokens; batch: prompt tokens a step; kv_type: how the context
    is stored; flash: flash attention; gpu_layers: layers on the graphics card; flash_until: tokens
    of a small context with flash attention that is used at first, 0 = none."""

    n_ctx: int
    batch: int
    kv_type: KvType = "f16"
    flash: bool = False
    gpu_layers: int = 0
    flash_until: int = 0


def step_down(plan: Plan, cause: Cause, small_kv: bool = True) -> Plan | None:
    """The plan to try after one that failed for this cause; None if nothing is left to give up.

    Memory: the small context beside, then half the context until it is at its smallest, a smaller
    KV memory (which needs flash attention), smaller steps, fewer layers on the graphics card. A
    graphics card that is full gets fewer layers first; one that fails in any other way gets none.
    small_kv: the model can store its context in q8_0.
    """
    if plan.gpu_layers and cause == "graphics memory":
        fewer = plan.gpu_layers * 3 // 4
        return replace(plan, gpu_layers=fewer if fewer > 1 else 0)
    if cause not in ("memory", "graphics memory"):
        usable = cause in ("graphics", "damaged", "stuck", "processor")
        return replace(plan, gpu_layers=0) if usable and plan.gpu_layers else None
    if plan.flash_until:
        return replace(plan, flash_until=0)
    if plan.n_ctx // 2 >= SMALLEST_CONTEXT:
        return replace(plan, n_ctx=plan.n_ctx // 2)
    if plan.kv_type == "f16" and small_kv:
        return replace(plan, kv_type="q8_0", flash=True)
    if plan.batch // 2 >= SMALLEST_BATCH:
        return replace(plan, batch=plan.batch // 2)
    if plan.gpu_layers:
        return replace(plan, gpu_layers=plan.gpu_layers // 2)
    return None


def all_steps(plan: Plan, cause: Cause, small_kv: bool = True) -> Iterator[Plan]:
    """The plan and everything that follows while each fails for the same cause."""
    following: Plan | None = plan
    while following is not None:
        yield following
        following = step_down(following, cause, small_kv)


def can_store_small(header: GgufHeader) -> bool:
    """Whether the model's keys and values can be kept in q8_0."""
    heads = header.number("attention.head_count", 1)
    head = header.number("embedding_length", 1) // max(heads, 1)
    lengths = [header.number(f"attention.{part}_length", head) for part in ("key", "value")]
    return all(length and length % Q8_BLOCK == 0 for length in lengths)


def memory_for(
    header: GgufHeader, plan: Plan, sequences: int = 1, mmap: bool = True, repack: bool = True
) -> MemoryEstimate:
    """Memory a model run by this plan occupies, as fit.memory_needed."""
    return memory_needed(
        header,
        plan.n_ctx,
        plan.batch,
        flash=plan.flash,
        flash_until=plan.flash_until,
        kv_type=plan.kv_type,
        mmap=mmap,
        repack=repack,
        sequences=sequences,
        gpu_layers=plan.gpu_layers,
    )


def told(wanted: Plan, used: Plan) -> str:
    """One sentence about what was given up, "" if nothing was."""
    if wanted.gpu_layers and not used.gpu_layers:
        card = "The graphics card could not be used: the model runs on the processor."
    else:
        card = ""
    losses = []
    if used.n_ctx < wanted.n_ctx:
        losses.append(f"remembers {used.n_ctx:,} tokens instead of {wanted.n_ctx:,}")
    if used.kv_type != wanted.kv_type:
        losses.append("stores them less exactly")
    if used.batch < wanted.batch:
        losses.append("reads in smaller steps")
    if 0 < used.gpu_layers < wanted.gpu_layers:
        losses.append(
            f"has {used.gpu_layers} instead of {wanted.gpu_layers} layers on the graphics card"
        )
    if not losses:
        return card
    listed = ", ".join(losses[:-1]) + " and " + losses[-1] if losses[1:] else losses[0]
    return f"Memory is short: the model {listed}. {card}".strip()
