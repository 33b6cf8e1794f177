"""Tries in this process, harmlessly, what a locked-in one must not be able to do."""

import ctypes
import errno
import os
import sys
from dataclasses import dataclass
from pathlib import Path

IO_URING_SETUP = 425
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16, "AF_PACKET": 17}


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something forbidden that was tried; denied: the kernel refused it."""

    action: str
    denied: bool


def attempt_calls() -> list[Attempt]:
    """Try the forbidden system calls, and report what the kernel did."""
    libc = ctypes.CDLL(None, use_errno=True)
    attempts = []
    for name, family in FAMILIES.items():
        for kind, label in ((1, "stream"), (2, "datagram")):
            handle = libc.socket(family, kind, 0)
            attempts.append(Attempt(f"{name} {label} socket", _denied(handle)))
            if handle >= 0:
                os.close(handle)
    if sys.platform == "linux":
        # A null pointer makes the call fail with EFAULT where it is not forbidden.
        ring = libc.syscall(IO_URING_SETUP, 1, None)
        attempts.append(Attempt("io_uring", _denied(ring)))
    attempts.append(Attempt("run a program", _denied(libc.execve(b"/nonexistent", None, None))))
    return attempts


def attempt_parent() -> list[Attempt]:
    """Try to look into the memory of the process that started this one."""
    if sys.platform != "linux":
        return []
    try:
        os.close(os.open(f"/proc/{os.getppid()}/mem", os.O_RDONLY))
    except OSError as error:
        denied = error.errno in (errno.EACCES, errno.EPERM)
        return [Attempt("read the application's memory", denied)]
    return [Attempt("read the application's memory", denied=False)]


def attempt_files() -> list[Attempt]:
    """Try to change files where that is not allowed."""
    here = Path(__file__)
    new = Path.home() / f".assay-attempt-{os.getpid()}"

    def create() -> None:
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        new.unlink()

    # Opened and not written to; a folder that is not empty stays in any case.
    tries = {
        "create a file": create,
        "change a file": lambda: os.close(os.open(here, os.O_WRONLY)),
        "remove a folder": here.parent.rmdir,
    }
    attempts = []
    for action, attempt in tries.items():
        try:
            attempt()
        except OSError as error:
            attempts.append(Attempt(action, error.errno in (errno.EACCES, errno.EROFS)))
        else:
            attempts.append(Attempt(action, denied=False))
    return attempts


def _denied(result: int) -> bool:
    return result < 0 and ctypes.get_errno() == errno.EPERM
