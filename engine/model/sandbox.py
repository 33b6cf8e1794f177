"""Locks the model child in: no network, no new programs, no core dumps, death with its parent.

Covered, on Linux (x86-64, AArch64), by the kernel: creating or using sockets of every family,
io_uring, running programs, tracing other processes, system calls of a foreign architecture; and,
where it has Landlock, changing files, those under /proc among them. Not covered: reading files,
which the child may do like its user; their times and permissions; copies of itself, which are
locked in alike; signals before Linux 6.12; other systems, where `Locked.reason` says so instead of
pretending.

    python -m engine.model.sandbox      tries each forbidden thing and prints what happened
"""

import ctypes
import errno
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.model import landlock
from engine.model.attempts import (
    IO_URING_SETUP,
    Attempt,
    attempt_calls,
    attempt_files,
    attempt_parent,
)

# Kernel constants.
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SECCOMP_MODE_FILTER = 2
SIGKILL = 9
ALLOW, KILL, DENY = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
LOAD_WORD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER_OFFSET, ARCH_OFFSET = 0, 4
X32_BIT = 0x40000000

_EVERYWHERE = {
    "io_uring_setup": IO_URING_SETUP,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "pidfd_getfd": 438,
}
# Machine -> audit architecture and the numbers of the denied system calls.
MACHINES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            "socket": 41,
            "connect": 42,
            "accept": 43,
            "sendto": 44,
            "sendmsg": 46,
            "bind": 49,
            "listen": 50,
            "socketpair": 53,
            "execve": 59,
            "ptrace": 101,
            "accept4": 288,
            "sendmmsg": 307,
            "process_vm_readv": 310,
            "process_vm_writev": 311,
            "execveat": 322,
            **_EVERYWHERE,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "ptrace": 117,
            "socket": 198,
            "socketpair": 199,
            "bind": 200,
            "listen": 201,
            "accept": 202,
            "connect": 203,
            "sendto": 206,
            "sendmsg": 211,
            "execve": 221,
            "accept4": 242,
            "sendmmsg": 269,
            "process_vm_readv": 270,
            "process_vm_writev": 271,
            "execveat": 281,
            **_EVERYWHERE,
        },
    ),
}
OPEN_FILES = 512


@dataclass(frozen=True, slots=True)
class Locked:
    """What is in force in this process, "" or why not: the filter of system calls, and the limits
    on changing files."""

    calls: str
    files: str

    @property
    def reason(self) -> str:
        """Why something is not in force, "" where everything is."""
        if self.calls == self.files:
            return self.calls
        named = {"sockets and programs": self.calls, "changing files": self.files}
        return "; ".join(f"{name}: {reason}" for name, reason in named.items() if reason)

    def attempts(self) -> list[Attempt]:
        """Try everything that is said to be forbidden."""
        calls = [] if self.calls else attempt_calls()
        return calls if self.files else calls + attempt_files() + attempt_parent()


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("first", ctypes.POINTER(_Instruction)))


def shield() -> None:
    """On Linux, let no other process of this user look into this one; children begin without it.

    To be called by the application before it starts a child: a locked-in one may still open files,
    and /proc/PID/mem is one. Nothing of this process ends in a core dump either.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def harden(parent: int) -> None:
    """No core dumps, and on Linux an end with the parent process (pid `parent`)."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 (not on Windows)

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        shield()
        libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            sys.exit(0)


def limit_memory(size: int) -> None:
    """Let this process allocate at most `size` bytes; mapped files do not count.

    Nor may a file it writes be larger: what it writes lay in its memory before.
    """
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 (not on Windows)

        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def lock_in(writable: Iterable[Path] = ()) -> Locked:
    """Put everything in force that this system has; writable: the places where this process may
    change files.

    To be called while the process has one thread: later threads inherit it.
    """
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 (not on Windows)

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    return Locked(lock(), landlock.confine(writable))


def lock() -> str:
    """Install the system-call filter for this process; "" if it is in force, else why not.

    To be called while the process has one thread: later threads inherit the filter.
    """
    if sys.platform != "linux":
        return f"not available on {platform.system()}"
    machine = MACHINES.get(platform.machine())
    if machine is None:
        return f"not available on {platform.machine()} processors"
    instructions = _filter(*machine)
    array = (_Instruction * len(instructions))(*(_Instruction(*one) for one in instructions))
    program = _Program(len(instructions), array)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0
    ):
        return f"refused by this system ({os.strerror(ctypes.get_errno())})"
    return ""


def _filter(arch: int, denied: dict[str, int]) -> list[tuple[int, int, int, int]]:
    """The filter as (code, jump if true, jump if false, value)."""
    numbers = sorted(denied.values())
    program = [
        (LOAD_WORD, 0, 0, ARCH_OFFSET),
        (JUMP_EQUAL, 1, 0, arch),
        (RETURN, 0, 0, KILL),
        (LOAD_WORD, 0, 0, NUMBER_OFFSET),
        (JUMP_AT_LEAST, 0, 1, X32_BIT),
        (RETURN, 0, 0, KILL),
    ]
    for index, number in enumerate(numbers):
        program.append((JUMP_EQUAL, len(numbers) - index, 0, number))
    return [*program, (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, DENY)]


def main() -> int:
    """Lock this process in, try everything, print it; 1 if anything was possible."""
    locked = lock_in()
    if locked.reason:
        sys.stdout.write(f"not enforced here: {locked.reason}\n")
    attempts = locked.attempts()
    for attempt in attempts:
        sys.stdout.write(f"{'denied  ' if attempt.denied else 'POSSIBLE'}  {attempt.action}\n")
    return 1 if locked.reason or not all(attempt.denied for attempt in attempts) else 0


if __name__ == "__main__":
    sys.exit(main())
