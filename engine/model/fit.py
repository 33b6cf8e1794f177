"""How much memory a model needs here, and how much there is."""

import ctypes
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.model.gguf import GgufHeader, TensorInfo

KV_BYTES = 2  # f16
PROCESS_BYTES = 48 << 20  # Python, numpy and the library
BATCH = 256  # prompt tokens per decoding step
CONTEXT_STEP = 256  # llama.cpp rounds contexts up to this
# Types that are stored a second time in the layout the processor's kernels want.
_REPACKED = {"Q4_0", "Q4_K", "IQ4_NL", "MXFP4", "Q2_K"}


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes a loaded model occupies.

    weights: the tensors; copies: those of them that are kept a second time, the file's own then
    being free to leave memory; kv: the context; compute: scratch space; process: the rest.
    """

    weights: int
    copies: int
    kv: int
    compute: int
    process: int

    @property
    def total(self) -> int:
        """What has to be free for the model to run well."""
        return self.weights + self.kv + self.compute + self.process


def memory_needed(header: GgufHeader, n_ctx: int, batch: int = BATCH) -> MemoryEstimate:
    """Estimate for a context of n_ctx tokens and prompt steps of `batch` tokens.

    KV: per layer n_ctx × KV heads × (key + value length) × 2 bytes. Compute: attention scores of
    one step (batch × n_ctx × heads × 4 bytes) or its widest activations, whichever is larger.
    """
    n_ctx = -(-n_ctx // CONTEXT_STEP) * CONTEXT_STEP
    layers = header.number("block_count", 1)
    width = header.number("embedding_length", 1)
    heads = _per_layer(header, "attention.head_count", layers, 1)
    kv_heads = _per_layer(header, "attention.head_count_kv", layers, max(heads))
    head = width // max(*heads, 1)
    lengths = header.number("attention.key_length", head) + header.number(
        "attention.value_length", head
    )
    ffn = max(_per_layer(header, "feed_forward_length", layers, 4 * width))
    scores = batch * n_ctx * max(heads) * 4
    activations = batch * (2 * ffn + 4 * width) * 4
    return MemoryEstimate(
        weights=sum(tensor.size for tensor in header.tensors),
        copies=sum(tensor.size for tensor in header.tensors if _is_repacked(tensor)),
        kv=n_ctx * sum(kv_heads) * lengths * KV_BYTES,
        compute=int(1.1 * scores) + activations,
        process=PROCESS_BYTES,
    )


def _per_layer(header: GgufHeader, key: str, layers: int, default: int) -> list[int]:
    """A number the file gives once for all layers, or as a list with one entry per layer."""
    value = header.metadata.get(f"{header.architecture}.{key}")
    if isinstance(value, tuple):
        return [item for item in value if isinstance(item, int)] or [default]
    return [header.number(key, default)] * layers


def _is_repacked(tensor: TensorInfo) -> bool:
    return (
        tensor.type.name in _REPACKED
        and len(tensor.shape) > 1
        and not tensor.name.startswith("token_embd")
    )


def available_memory() -> int:
    """Bytes that can be used without pushing others out; half of all where that is unknown."""
    if sys.platform == "linux":
        return min(_meminfo_available(), _cgroup_available())
    if sys.platform == "win32":
        return _windows_available()
    return int(os.sysconf("SC_PHYS_PAGES")) * int(os.sysconf("SC_PAGE_SIZE")) // 2


def _meminfo_available() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise OSError("no MemAvailable in /proc/meminfo")


def _cgroup_available() -> int:
    """What a container's limit leaves; unlimited where there is none."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
        cached = dict(
            line.split() for line in (folder / "memory.stat").read_text().splitlines()
        ).get("inactive_file", "0")
    except (OSError, ValueError):
        return sys.maxsize
    return sys.maxsize if limit == "max" else max(0, int(limit) - used + int(cached))


class _MemoryStatus(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("available", ctypes.c_uint64),
        ("others", ctypes.c_uint64 * 5),
    )


def _windows_available() -> int:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    library = getattr(ctypes, "windll").kernel32  # noqa: B009 (absent from other systems' types)
    if not library.GlobalMemoryStatusEx(ctypes.byref(status)):
        raise OSError(f"no memory status from {platform.system()}")
    return int(status.available)


def default_threads() -> int:
    """Threads for the computation: physical cores, leaving one to the window where there are
    more than two."""
    cores = _physical_cores()
    return cores if cores <= 2 else cores - 1


def _physical_cores() -> int:
    """Physical cores this process may run on; logical ones where the system does not tell."""
    if sys.platform != "linux":
        return os.cpu_count() or 1
    usable = os.sched_getaffinity(0)
    cores = set()
    for number in usable:
        path = Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")
        try:
            cores.add(path.read_text().strip())
        except OSError:
            return len(usable)
    return len(cores)
