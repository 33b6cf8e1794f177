"""The device a run uses, what it can do at best, and how much memory it has taken."""

import resource
import time
from contextlib import AbstractContextManager, nullcontext
from functools import cache

import torch

# Dense bf16 tensor-core peak in TFLOP/s, from the makers' data sheets.
_PEAKS = {"H200": 989, "H100": 989, "A100": 312, "L40S": 362, "4090": 165, "3090": 71, "T4": 65}


def pick() -> torch.device:
    """The CUDA device if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def precision(device: torch.device, mixed: bool) -> AbstractContextManager[object]:
    """A context in which matrix products are bf16, if wanted."""
    return torch.autocast(device.type, torch.bfloat16) if mixed else nullcontext()


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
    kind = torch.bfloat16 if mixed else torch.float32
    a, b = (torch.ones(size, size, dtype=kind, device=device) for _ in range(2))
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        (a @ b)[0, 0].item()
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best


def peak_memory(device: torch.device) -> int:
    """The most memory this process has held, in bytes: of the GPU, else resident."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
