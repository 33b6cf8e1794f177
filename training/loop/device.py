"""The device a run uses, what it can do at best, and how much memory it takes."""

import sys
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cache
from pathlib import Path

import torch

from engine.model.fit.machine import available_memory

# Dense bf16 tensor-core peak in TFLOP/s, from the makers' data sheets.
_PEAKS = {"H200": 989, "H100": 989, "A100": 312, "L40S": 362, "4090": 165, "3090": 71}


def pick() -> torch.device:
    """The CUDA device if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@cache
def computes(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether the device multiplies this type itself, and so fast: bf16 is for NVIDIA GPUs since
    Ampere and for CPUs that say so, fp16 for GPUs."""
    if device.type == "cuda":
        native: bool = torch.cuda.is_bf16_supported(including_emulation=False)
        return native or dtype != torch.bfloat16
    known = torch.cpu.get_capabilities()
    can = any(known[name] for name in known if "bf16" in name)
    return dtype == torch.float32 or (dtype == torch.bfloat16 and can)


def mixes(device: torch.device, mixed: bool) -> bool:
    """Whether matrix products are bf16: if wanted, but for a GPU without it."""
    return mixed and (device.type == "cpu" or computes(device, torch.bfloat16))


def precision(device: torch.device, mixed: bool) -> AbstractContextManager[object]:
    """A context in which matrix products are bf16, if wanted and there is such a thing."""
    on = mixes(device, mixed)
    return torch.autocast(device.type, torch.bfloat16) if on else nullcontext()


@cache
def peak_flops(device: torch.device, mixed: bool, threads: int) -> float:
    """The most this device computes, in FLOP/s: of a known GPU the data sheet's figure, else
    what the best of some matrix products reaches here with this many threads."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        for known, tera in _PEAKS.items():
            if known in name:
                return tera * 1e12
    size = 1024 if device.type == "cpu" else 8192
    kind = torch.bfloat16 if mixes(device, mixed) else torch.float32
    a, b = (torch.ones(size, size, dtype=kind, device=device) for _ in range(2))
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        (a @ b)[0, 0].item()
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best


def free_memory(device: torch.device) -> int:
    """Bytes that can still be taken: of the GPU, else of main memory."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0]) + int(torch.cuda.memory_reserved(device))
    return available_memory()


def held_memory(device: torch.device) -> int:
    """Bytes this process holds now: tensors on the GPU, else resident; 0 if nobody says."""
    return int(torch.cuda.memory_allocated(device)) if device.type == "cuda" else _status("VmRSS")


def peak_memory(device: torch.device) -> int:
    """The most bytes this process has held since reset_peak(); 0 if nobody says."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return _status("VmHWM")


def reset_peak(device: torch.device) -> None:
    """Count peak_memory() from now on, where the system can."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with suppress(OSError):  # elsewhere than on Linux the peak is that of the whole process
        Path("/proc/self/clear_refs").write_text("5")


def _status(name: str) -> int:
    """A figure of /proc/self/status in bytes; elsewhere the peak for each of them."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    with suppress(ImportError):  # not on Windows
        import resource  # noqa: PLC0415

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return 0
