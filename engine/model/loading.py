"""Opening a model file in a child: what is wanted, what memory allows, what became of it."""

import logging
import queue
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from engine.core.errors import Cancelled, KnownError
from engine.model import messages
from engine.model.diagnose import CAUSES, Cause, death_cause
from engine.model.draft import same_tokenizer
from engine.model.fit.memory import RESERVE, SMALLEST_CONTEXT, available_memory, least_held
from engine.model.gguf.header import GgufHeader, read_header
from engine.model.link import Ended, Link, WakeUp
from engine.model.naming import model_name
from engine.model.templates import choose_template
from engine.model.tuning.settings import Tuning, default_tuning
from engine.model.tuning.steps import (
    Plan,
    all_steps,
    can_store_small,
    memory_for,
    step_down,
    told,
)

__all__ = [
    "LoadOptions",
    "LoadRefused",
    "LoadSpec",
    "ModelInfo",
    "load_in",
    "load_notice",
    "next_plan",
    "plan_again",
    "plan_load",
    "used_factor",
]

PARKED = 256 << 20  # for conversations that are set aside, or as much as a full context
STANDSTILL_SECONDS = 60.0  # without any progress a load is given up
GRAPHICS_SECONDS = 300.0  # drivers may translate their programs first

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """n_ctx: wanted context in tokens; threads: None = as tuned; memory: bytes the child may
    allocate, None = its estimate and the reserve; tuning: None = the default; gpu_layers: wanted
    on the graphics card; sequences: conversations in memory at once; draft: a smaller model of the
    same tokenizer that guesses ahead; adapters: files and their scales; notice: a sentence to tell
    with the loaded model, or ""; factor: what such models really use, of the estimate."""

    n_ctx: int = 4096
    threads: int | None = None
    memory: int | None = None
    tuning: Tuning | None = None
    gpu_layers: int = 0
    sequences: int = 4
    draft: Path | None = None
    adapters: tuple[tuple[Path, float], ...] = ()
    notice: str = ""
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A loaded model. n_ctx: the context it got; size: of the file in bytes; sha256: "" unless
    the file is named by it; kv_type: how the context is stored."""

    name: str
    architecture: str
    path: Path
    n_ctx: int
    template_id: str
    size: int
    sha256: str
    kv_type: str = "f16"


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """What to load, also again after a crash. wanted: the plan were there memory enough; plan:
    the one to try; room: bytes that the model may have, those of its draft and the reserve left
    out; draft_size: memory of the draft model in bytes."""

    info: ModelInfo
    header: GgufHeader
    options: LoadOptions
    tuning: Tuning
    wanted: Plan
    plan: Plan
    room: int
    draft_size: int = 0


class LoadRefused(Exception):
    """A child could not open the model, for this cause; died: it did not live to say so."""

    def __init__(self, cause: Cause, died: bool = False) -> None:
        super().__init__(cause)
        self.cause = cause
        self.died = died


def plan_load(path: Path, options: LoadOptions) -> LoadSpec:
    """Check the file's header and decide what to try first; raises KnownError.

    The plan leaves the reserve free that the badges count with too. A draft model that would cost
    the model anything is left out.
    """
    header = read_header(path)
    stem = path.stem.lower()
    name = model_name(header, path)
    room = _room()
    draft_size = _draft_size(options.draft, path, header)
    tuning = options.tuning or default_tuning(header, room)
    layers = min(options.gpu_layers, header.number("block_count", 0) + 1)
    flash = tuning.flash or tuning.kv_type != "f16"
    wanted = Plan(
        n_ctx=min(options.n_ctx, header.number("context_length", options.n_ctx)),
        batch=tuning.batch,
        kv_type=tuning.kv_type,
        flash=flash,
        gpu_layers=layers,
        flash_until=0 if flash or layers else tuning.flash_until,
    )
    if draft_size and _needed(header, wanted, tuning, options) > room - draft_size:
        notice = f"Memory is short: no other model guesses ahead. {options.notice}".strip()
        options, draft_size = replace(options, draft=None, notice=notice), 0
    room -= draft_size
    plan = _fitting(name, header, wanted, tuning, options, room)
    info = ModelInfo(
        name=name,
        architecture=header.architecture,
        path=path.absolute(),
        n_ctx=plan.n_ctx,
        template_id=choose_template(header),
        size=header.size,
        kv_type=plan.kv_type,
        sha256=stem if len(stem) == 64 and set(stem) <= set("0123456789abcdef") else "",
    )
    return LoadSpec(info, header, options, tuning, wanted, plan, room, draft_size)


def next_plan(spec: LoadSpec, cause: Cause) -> LoadSpec | None:
    """What to try after `spec` was refused for this cause, None if that is to be told."""
    plan = step_down(spec.plan, cause, can_store_small(spec.header))
    if plan is None:
        return None
    room = spec.room
    if plan.gpu_layers < spec.plan.gpu_layers:  # they have to go into main memory now
        room = _room() - spec.draft_size
        try:
            plan = _fitting(spec.info.name, spec.header, plan, spec.tuning, spec.options, room)
        except KnownError:
            return None
    _log.info("the load steps down (%s) to %s", cause, plan)
    info = replace(spec.info, n_ctx=plan.n_ctx, kv_type=plan.kv_type)
    return replace(spec, plan=plan, info=info, room=room)


def plan_again(spec: LoadSpec, ended: Ended) -> LoadSpec:
    """What to load after the model's child died: a graphics card that ended it is used less."""
    cause = death_cause(ended.code, ended.log)
    if spec.plan.gpu_layers and cause in ("graphics", "graphics memory"):
        spec = next_plan(spec, cause) or spec
    return replace(spec, room=_room() - spec.draft_size)


def load_notice(spec: LoadSpec) -> str:
    """What a loaded model had to give up and what its options tell, in a sentence each, or ""."""
    given_up = told(spec.wanted, replace(spec.plan, n_ctx=spec.info.n_ctx))
    return f"{given_up} {spec.options.notice}".strip()


def _fitting(
    name: str, header: GgufHeader, wanted: Plan, tuning: Tuning, options: LoadOptions, room: int
) -> Plan:
    """The wanted plan or the first step down from it that there is room for, in bytes."""
    needed = 0
    for plan in all_steps(wanted, "memory", can_store_small(header)):
        needed = _needed(header, plan, tuning, options)
        if needed <= room:
            return plan
    raise KnownError(
        f"The model {name} needs {needed / 1e9:.1f} GB of memory, but only "
        f"{max(room, 0) / 1e9:.1f} GB are free, apart from {RESERVE / 1e9:.1f} GB for other "
        "programs.",
        "Close other programs or choose a smaller model.",
    )


def _needed(header: GgufHeader, plan: Plan, tuning: Tuning, options: LoadOptions) -> int:
    estimate = memory_for(header, plan, options.sequences, tuning.mmap, tuning.repack)
    return int(estimate.total * options.factor)


def used_factor(spec: LoadSpec, held: int) -> float | None:
    """What a fresh model really uses, as a multiple of the estimate; held: bytes of its process's
    own. None where a card or a draft model makes that no measure of the model."""
    if spec.plan.gpu_layers or spec.options.draft is not None or not held:
        return None
    tuning = spec.tuning
    estimate = memory_for(
        spec.header, spec.plan, spec.options.sequences, tuning.mmap, tuning.repack
    )
    missing = held - least_held(estimate, tuning.mmap)
    return 1 + missing / estimate.total


def _room() -> int:
    """Bytes that a model and its draft may have."""
    return available_memory() - RESERVE


def _draft_size(draft: Path | None, path: Path, header: GgufHeader) -> int:
    """Memory of a draft model; KnownError if it splits text otherwise than the model."""
    if draft is None:
        return 0
    draft_header = read_header(draft)
    if not same_tokenizer(header, path, draft_header, draft):
        raise KnownError(
            f"The model {model_name(draft_header, draft)} cannot guess ahead for "
            f"{model_name(header, path)}: they split text differently.",
            "Choose a smaller model of the same family, or none.",
        )
    return memory_for(draft_header, Plan(SMALLEST_CONTEXT, SMALLEST_CONTEXT // 4)).total


def load_in(
    link: Link, spec: LoadSpec, n_ctx: int, number: int, on_progress: Callable[[float], None]
) -> int:
    """Load the model in a fresh child: one attempt, returning the context it got.

    number: the request's; on_progress: 0…1. Raises LoadRefused, or Cancelled on link.cancel. A
    child that makes no progress for a minute is ended.
    """
    plan = replace(spec.plan, n_ctx=n_ctx)
    answer = link.request(_message(spec, plan, number), lambda: None)
    patience = GRAPHICS_SECONDS if plan.gpu_layers else STANDSTILL_SECONDS
    while True:
        try:
            event = answer.get(timeout=patience)
        except queue.Empty:
            link.kill()
            raise LoadRefused("stuck", died=True) from None
        match event:
            case messages.Loading(fraction=fraction):
                on_progress(fraction)
            case messages.Loaded(n_ctx=got):
                return got
            case messages.Failed(kind="cancelled"):
                raise Cancelled
            case messages.Failed(kind=kind, sentence=log):
                _log.info("the model was refused: %s", log)
                raise LoadRefused(cast(Cause, kind) if kind in CAUSES else "damaged")
            case Ended() as ended:
                _log.info("the child died while loading (%d): %s", ended.code, ended.log)
                raise LoadRefused(death_cause(ended.code, ended.log), died=True)
            case WakeUp():
                pass


def _message(spec: LoadSpec, plan: Plan, number: int) -> messages.Load:
    tuning, options = spec.tuning, spec.options
    estimate = memory_for(spec.header, plan, options.sequences, tuning.mmap, tuning.repack)
    # What is parked can be dropped, so it gets what is left and never costs the model a step.
    needed = int(estimate.total * options.factor)
    parked = min(max(PARKED, estimate.kv), max(0, spec.room - needed))
    everything = needed + estimate.copies + spec.draft_size + parked + RESERVE
    return messages.Load(
        id=number,
        path=str(spec.info.path),
        n_ctx=plan.n_ctx,
        threads=options.threads or tuning.threads,
        threads_batch=options.threads or tuning.threads_batch,
        memory=options.memory or everything,
        flash=plan.flash,
        flash_until=plan.flash_until,
        batch=plan.batch,
        kv_type=plan.kv_type,
        mmap=tuning.mmap,
        repack=tuning.repack,
        gpu_layers=plan.gpu_layers,
        sequences=options.sequences,
        parked=parked,
        draft=str(options.draft.absolute()) if options.draft is not None else "",
        curve_sizes=tuple(size for size, _ in tuning.cost_curve),
        curve_costs=tuple(cost for _, cost in tuning.cost_curve),
    )
