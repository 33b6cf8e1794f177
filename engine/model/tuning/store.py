"""Measured settings in a small file, found again by machine and by the model's shape."""

import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import logging
import math
import os
import platform
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Literal, get_args

from engine.core.errors import KnownError
from engine.core.files import write_atomic
from engine.model.gguf.header import GgufHeader
from engine.model.tuning.settings import Measured

FORMAT = 1
MAX_FILE = 1 << 20
MAX_ENTRIES = 200
MAX_COUNT = 1 << 20
MAX_TIME = 1e7
LEAST_FACTOR, MOST_FACTOR = 0.8, 1.5  # no estimate is as wrong as less or more
NEARLY = 0.02

_Part = Literal["measured", "used", "offload"]

_log = logging.getLogger(__name__)


def machine_key() -> str:
    """Names this machine and the engine's build: processor, usable cores, memory, library."""
    parts = (_processor(), str(_usable_cores()), f"{_memory_gib()} GiB", library_build())
    return " · ".join(parts)


def shape_key(header: GgufHeader) -> str:
    """Names a model's shape, the same for every model that runs at the same speed.

    Architecture, numbers of the architecture, and how many tensors there are of each type and
    shape; not the weights, so that getting the same model again measures nothing anew.
    """
    prefix = f"{header.architecture}."
    numbers = sorted(
        (key, repr(value))
        for key, value in header.metadata.items()
        if key.startswith(prefix) and isinstance(value, int | tuple)
    )
    tensors = sorted(Counter((one.type.name, one.shape) for one in header.tensors).items())
    digest = hashlib.sha256(repr((numbers, tensors)).encode()).hexdigest()
    return f"{header.architecture}-{digest[:32]}"


def size_key(header: GgufHeader) -> str:
    """Names a model's architecture, layers and width, which its catalogue entry tells as well."""
    numbers = (header.number(key, 0) for key in ("block_count", "embedding_length"))
    return "-".join([header.architecture, *map(str, numbers)])


class TuningStore:
    """Measurements in a small file. One that cannot be read holds none: they are made again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, machine: str, shape: str) -> Measured | None:
        """The measurement of this model shape on this machine."""
        found = self._read("measured").get(f"{machine}\n{shape}")
        return None if found is None else read_measured(found)

    def put(self, machine: str, shape: str, measured: Measured) -> None:
        """Keep a measurement; if it cannot be written it will be made again, so it is logged."""
        self._put("measured", f"{machine}\n{shape}", asdict(measured))

    def factor(self, machine: str, size: str) -> float:
        """What models of this size really use, as a multiple of the estimate; 1 if not known."""
        found = self._read("used").get(f"{machine}\n{size}")
        if isinstance(found, bool) or not isinstance(found, int | float):
            return 1.0
        return min(max(found, LEAST_FACTOR), MOST_FACTOR) if math.isfinite(found) else 1.0

    def put_factor(self, machine: str, size: str, factor: float) -> None:
        """Keep what a model of this size really used, unless that is known nearly as well."""
        if abs(factor - self.factor(machine, size)) >= NEARLY:
            self._put("used", f"{machine}\n{size}", factor)

    def offload(self, machine: str, shape: str) -> int:
        """How many layers of this model shape a graphics card has run; 0 if none was tried."""
        found = self._read("offload").get(f"{machine}\n{shape}")
        return found if isinstance(found, int) and 0 <= found <= MAX_COUNT else 0

    def put_offload(self, machine: str, shape: str, layers: int) -> None:
        """Keep that a graphics card has run so many layers."""
        self._put("offload", f"{machine}\n{shape}", layers)

    def _put(self, part: _Part, key: str, value: object) -> None:
        content = {one: self._read(one) for one in get_args(_Part)}
        entries = content[part]
        entries.pop(key, None)
        entries[key] = value
        content[part] = dict(list(entries.items())[-MAX_ENTRIES:])
        text = json.dumps({"format": FORMAT, **content}, indent=1)
        try:
            write_atomic(self._path, text.encode())
        except KnownError as error:
            _log.warning("the tuning was not kept: %s", error.sentence)

    def _read(self, part: _Part) -> dict[str, object]:
        try:
            with open(self._path, "rb") as file:
                content = json.loads(file.read(MAX_FILE))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            return {}
        entries = content.get(part)
        return entries if isinstance(entries, dict) else {}


def read_measured(values: object) -> Measured | None:
    """A measurement read from a file or sent by a probe, None unless every value makes sense."""
    if not isinstance(values, dict):
        return None
    with suppress(KeyError, TypeError, ValueError):
        found = Measured(
            threads=_count(values["threads"]),
            threads_batch=_count(values["threads_batch"]),
            batch=_count(values["batch"]),
            repack=values["repack"] is True,
            flash_times=tuple(
                (_count(depth, 0), _positive(plain), _positive(flash))
                for depth, plain, flash in values["flash_times"]
            ),
            cost_curve=tuple(
                (_count(size), _positive(cost)) for size, cost in values["cost_curve"]
            ),
        )
        return found if found.batch & (found.batch - 1) == 0 else None
    return None


def _count(value: object, least: int = 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_COUNT:
        raise ValueError
    return value


def _positive(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < MAX_TIME:
        raise ValueError
    return float(value)


def _processor() -> str:
    """The processor's model as the system names it."""
    if sys.platform == "linux":
        with suppress(OSError):
            for line in Path("/proc/cpuinfo").read_text().splitlines():
                if line.startswith(("model name", "CPU part", "Model")):
                    return " ".join(line.partition(":")[2].split())
    return " ".join((platform.processor() or platform.machine()).split())


def _usable_cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_gib() -> int:
    if sys.platform == "win32":
        return 0
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)


@functools.cache
def library_build() -> str:
    """Version and build of the library: a rebuilt one has files of another size or age."""
    spec = importlib.util.find_spec("llama_cpp")
    if spec is None or spec.origin is None:
        return "none"
    files = sorted(Path(spec.origin).parent.joinpath("lib").glob("*"))
    build = [(file.name, file.stat().st_size) for file in files if file.is_file()]
    version = importlib.metadata.version("llama-cpp-python")
    return f"{version} {hashlib.sha256(repr(build).encode()).hexdigest()[:12]}"
