"""Opening a model file in a child: what is wanted, what memory allows, what became of it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import Cancelled, KnownError
from engine.model import protocol
from engine.model.diagnose import Cause, death_cause
from engine.model.fit import available_memory, default_threads, memory_needed
from engine.model.gguf import GgufHeader, read_header
from engine.model.link import Ended, Link
from engine.model.naming import model_name
from engine.model.templates import choose_template

SMALLEST_CONTEXT = 1024
HEADROOM = 1 << 30  # what the child may allocate beyond the estimate

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """n_ctx: wanted context in tokens; threads: None = by the processor; memory: bytes the child
    may allocate, None = its estimate and 1 GiB."""

    n_ctx: int = 4096
    threads: int | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A loaded model. n_ctx: the context it got; size: of the file in bytes; sha256: "" unless
    the file is named by it."""

    name: str
    architecture: str
    path: Path
    n_ctx: int
    template_id: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """What to load, also again after a crash."""

    info: ModelInfo
    header: GgufHeader
    options: LoadOptions


class LoadRefused(Exception):
    """A child could not open the model, for this cause."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


def plan_load(path: Path, options: LoadOptions) -> LoadSpec:
    """Check the file's header and decide the context to try first; raises KnownError."""
    header = read_header(path)
    stem = path.stem.lower()
    name = model_name(header, path)
    wanted = min(options.n_ctx, header.number("context_length", options.n_ctx))
    info = ModelInfo(
        name=name,
        architecture=header.architecture,
        path=path.absolute(),
        n_ctx=_fitting_context(name, header, wanted),
        template_id=choose_template(header),
        size=header.size,
        sha256=stem if len(stem) == 64 and set(stem) <= set("0123456789abcdef") else "",
    )
    return LoadSpec(info, header, options)


def _fitting_context(name: str, header: GgufHeader, wanted: int) -> int:
    """The largest of the wanted context, its half, its quarter … that memory has room for."""
    n_ctx = wanted
    free = available_memory()
    while (needed := memory_needed(header, n_ctx).total) > free:
        if n_ctx // 2 < SMALLEST_CONTEXT:
            raise KnownError(
                f"The model {name} needs {needed / 1e9:.1f} GB of memory, "
                f"but only {free / 1e9:.1f} GB are free.",
                "Close other programs or choose a smaller model.",
            )
        n_ctx //= 2
    return n_ctx


def load_in(
    link: Link, spec: LoadSpec, n_ctx: int, number: int, on_progress: Callable[[float], None]
) -> int:
    """Load the model in a fresh child: one attempt, returning the context it got.

    number: the request's; on_progress: 0…1. Raises LoadRefused, or Cancelled on link.cancel.
    """
    estimate = memory_needed(spec.header, n_ctx)
    request = protocol.Load(
        number,
        str(spec.info.path),
        n_ctx,
        spec.options.threads or default_threads(),
        spec.options.memory or estimate.total + estimate.copies + HEADROOM,
    )
    answer = link.request(request, lambda: None)
    while True:
        match answer.get():
            case protocol.Loading(fraction=fraction):
                on_progress(fraction)
            case protocol.Loaded(n_ctx=got):
                return got
            case protocol.Failed(kind="cancelled"):
                raise Cancelled
            case protocol.Failed(kind="memory" | "architecture" as cause, sentence=log):
                _log.info("the model was refused: %s", log)
                raise LoadRefused(cause)
            case protocol.Failed(sentence=log):
                _log.info("the model was refused: %s", log)
                raise LoadRefused("damaged")
            case Ended() as ended:
                _log.info("the child died while loading (%d): %s", ended.code, ended.log)
                raise LoadRefused(death_cause(ended.code, ended.log))
