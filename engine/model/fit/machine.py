"""What this machine has: free memory, processor cores."""

import ctypes
import os
import platform
import sys
from pathlib import Path


def available_memory() -> int:
    """Bytes that can be used without pushing others out; half of all where that is unknown."""
    if sys.platform == "linux":
        return min(_meminfo_available(), _cgroup_available())
    if sys.platform == "win32":
        return _windows_available()
    return int(os.sysconf("SC_PHYS_PAGES")) * int(os.sysconf("SC_PAGE_SIZE")) // 2


def held_memory(pid: int, estimate: int) -> int:
    """Bytes that become available when a process ends which is thought to need `estimate` bytes.

    What it has mapped of files counts as available on Linux all along; where half of all memory
    stands for what is available, nothing becomes so.
    """
    if sys.platform == "win32":
        return estimate
    if sys.platform != "linux":
        return 0
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return sum(
        int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon:", "RssShmem:"))
    )


def total_memory() -> int:
    """Bytes of main memory, or as much of it as this process may ever use."""
    if sys.platform == "win32":
        return int(_windows_status().total)
    total = int(os.sysconf("SC_PHYS_PAGES")) * int(os.sysconf("SC_PAGE_SIZE"))
    return min(total, _cgroup_limit()) if sys.platform == "linux" else total


def _cgroup_limit() -> int:
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        return sys.maxsize if limit == "max" else int(limit)
    except (OSError, ValueError):
        return sys.maxsize


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
    return int(_windows_status().available)


def _windows_status() -> _MemoryStatus:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    library = getattr(ctypes, "windll").kernel32  # noqa: B009 (absent from other systems' types)
    if not library.GlobalMemoryStatusEx(ctypes.byref(status)):
        raise OSError(f"no memory status from {platform.system()}")
    return status


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
