"""What this machine's kernel has of Landlock, asked without the code under test."""

import ctypes
import sys

import pytest


def _version() -> int:
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    return max(libc.syscall(444, None, ctypes.c_size_t(0), 1), 0)


VERSION = _version()
complete = pytest.mark.skipif(
    VERSION < 3, reason=f"needs Landlock version 3, this kernel has {VERSION or 'none'}"
)
