"""Takes away a process's right to change files, but for those it is given: Linux's Landlock.

Every processor has the same numbers for these system calls. Landlock came with Linux 5.13 and must
be switched on in the kernel; `confine` says so where it is not. Reading stays as it was.
"""

import ctypes
import os
import platform
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION = 1
RULE_PATH_BENEATH = 1
PR_SET_NO_NEW_PRIVS = 38

WRITE_FILE, REMOVE_FOLDER, REMOVE_FILE, MAKE_FOLDER, MAKE_FILE, MOVE, TRUNCATE = (
    1 << bit for bit in (1, 4, 5, 7, 8, 13, 14)
)
MAKE_OTHERS = sum(1 << bit for bit in (6, 9, 10, 11, 12))  # devices, sockets, pipes, links
# Version of Landlock -> what can be forbidden from then on.
RIGHTS = {
    1: WRITE_FILE | REMOVE_FOLDER | REMOVE_FILE | MAKE_FOLDER | MAKE_FILE | MAKE_OTHERS,
    2: MOVE,
    3: TRUNCATE,
}
ALLOWED = ~MAKE_OTHERS
OF_A_FILE = WRITE_FILE | TRUNCATE  # the others are for folders
COMPLETE = 3
"""From this version on (Linux 6.2) nothing that changes a file's content is left out."""
SCOPES_VERSION, SIGNALS = 6, 1 << 1

_ALWAYS = ("/dev/null",)
_CARDS = ("/dev/dri", "/dev/kfd", "/dev/dxg", "/dev/nvidiactl")
_NVIDIA = "nvidia*"
# Drivers share memory there, and CUDA does not start unless it may name its threads.
_BESIDE_CARDS = ("/dev/shm", "/proc/self")  # noqa: S108  (no file of ours)


class _Ruleset(ctypes.Structure):
    """What is forbidden; kernels before a field's time take a shorter structure."""

    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    """What is allowed at and beneath an open file."""

    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def confine(writable: Iterable[Path]) -> str:
    """Let this process change nothing but these files, and files and folders in these folders.

    Places that do not exist are passed over. Returns "" if that is in force, else why not, or what
    is left open. To be called while the process has one thread: later ones inherit it.
    """
    if sys.platform != "linux":
        return f"not available on {platform.system()}"
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ASK_VERSION)
    if version < 1:
        return f"this kernel does not offer Landlock ({os.strerror(ctypes.get_errno())})"
    rights = rights_of(version)
    ruleset = _Ruleset(rights, 0, SIGNALS if version >= SCOPES_VERSION else 0)
    size = ctypes.sizeof(ruleset) if version >= SCOPES_VERSION else ctypes.sizeof(ctypes.c_uint64)
    rules = libc.syscall(CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), 0)
    if rules < 0:
        return _refused()
    try:
        for path in (*map(Path, _ALWAYS), *writable):
            if not _allow(libc, rules, path, rights):
                return _refused()
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(RESTRICT_SELF, rules, 0):
            return _refused()
    finally:
        os.close(rules)
    if version < COMPLETE:
        return "this kernel (older than Linux 6.2) does not keep files from being emptied"
    return ""


def rights_of(version: int) -> int:
    """All that this version of Landlock can forbid and that changes files."""
    return sum(rights for since, rights in RIGHTS.items() if since <= version)


def card_files(root: Path = Path("/")) -> list[Path]:
    """What drivers of graphics cards write to, if there is a card; root: of the file system."""
    cards = [root / name[1:] for name in _CARDS]
    if not any(card.exists() for card in cards):
        return []
    return [
        *(card for card in cards if card.exists()),
        *sorted((root / "dev").glob(_NVIDIA)),
        *(root / name[1:] for name in _BESIDE_CARDS),
    ]


def _allow(libc: ctypes.CDLL, rules: int, path: Path, rights: int) -> bool:
    """Add a rule for a place, if it is there; False if the kernel does not take it."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        folder = stat.S_ISDIR(os.fstat(place).st_mode)
        beneath = _Beneath(rights & (ALLOWED if folder else OF_A_FILE), place)
        return not libc.syscall(ADD_RULE, rules, RULE_PATH_BENEATH, ctypes.byref(beneath), 0)
    finally:
        os.close(place)


def _refused() -> str:
    return f"refused by this system ({os.strerror(ctypes.get_errno())})"
