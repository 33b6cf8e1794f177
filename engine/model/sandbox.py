"""Locks the model child in: no network, no new programs, no core dumps, death with its parent.

Covered, on Linux (x86-64, AArch64), by the kernel: creating or using sockets of every family,
io_uring, running programs, tracing other processes, system calls of a foreign architecture.
Not covered: files, which the child may read and write like its user, those under /proc among
them; signals; other systems, where `lock` says so instead of pretending.

    python -m engine.model.sandbox      tries each forbidden thing and prints what happened
"""

import ctypes
import errno
import os
import platform
import sys
from dataclasses import dataclass

# Kernel constants.
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SECCOMP_MODE_FILTER = 2
SIGKILL = 9
ALLOW, KILL, DENY = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
LOAD_WORD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER_OFFSET, ARCH_OFFSET = 0, 4
X32_BIT = 0x40000000

IO_URING_SETUP = 425
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
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16, "AF_PACKET": 17}


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something forbidden that was tried; denied: the kernel refused it."""

    action: str
    denied: bool


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("first", ctypes.POINTER(_Instruction)))


def harden(parent: int) -> None:
    """No core dumps, and on Linux an end with the parent process (pid `parent`)."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 (not on Windows)

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            sys.exit(0)


def limit_memory(size: int) -> None:
    """Let this process allocate at most `size` bytes; mapped files do not count."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 (not on Windows)

        resource.setrlimit(resource.RLIMIT_DATA, (size, size))


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


def attempt_all() -> list[Attempt]:
    """Try every forbidden thing in this process, harmlessly, and report what the kernel did."""
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


def _denied(result: int) -> bool:
    return result < 0 and ctypes.get_errno() == errno.EPERM


def main() -> int:
    """Lock this process in, try everything, print it; 1 if anything was possible."""
    reason = lock()
    if reason:
        sys.stdout.write(f"not enforced here: {reason}\n")
        return 1
    attempts = attempt_all()
    for attempt in attempts:
        sys.stdout.write(f"{'denied  ' if attempt.denied else 'POSSIBLE'}  {attempt.action}\n")
    return 0 if all(attempt.denied for attempt in attempts) else 1


if __name__ == "__main__":
    sys.exit(main())
