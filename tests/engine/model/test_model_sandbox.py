"""What the kernel denies the child."""

import ctypes
import mmap
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.model import sandbox
from engine.model.client import ModelClient

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in sandbox.MACHINES,
    reason="the filter is for Linux on x86-64 and AArch64",
)


def in_child(code: str) -> int:
    """Exit status of Python code run in a fresh process; negative = signal."""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode


def test_the_self_test_finds_everything_denied() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine.model.sandbox"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert len(lines) == 12
    assert all(line.startswith("denied  ") for line in lines)


def test_without_the_filter_the_same_attempts_are_not_denied() -> None:
    assert not any(attempt.denied for attempt in sandbox.attempt_all())


def test_the_running_model_child_cannot_open_a_socket(client: ModelClient) -> None:
    attempts, reason = client.prove_sandbox()
    assert reason == ""
    names = {attempt.action for attempt in attempts}
    assert {"AF_INET stream socket", "AF_INET6 datagram socket", "io_uring"} <= names
    assert all(attempt.denied for attempt in attempts)


def test_python_code_in_the_child_gets_a_permission_error() -> None:
    code = """
from engine.model.sandbox import lock
assert lock() == ""
import socket, subprocess, sys, threading
tried = []
def attempt():
    for call in (
        lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
        lambda: socket.socketpair(),
        lambda: subprocess.run(["/bin/true"]),
    ):
        try:
            call()
        except PermissionError:
            tried.append(True)
thread = threading.Thread(target=attempt)
thread.start(); thread.join()
attempt()
sys.exit(0 if len(tried) == 8 else 3)
"""
    assert in_child(code) == 0


@pytest.mark.skipif(platform.machine() != "x86_64", reason="uses an x86 instruction")
def test_a_system_call_of_a_foreign_architecture_ends_the_process() -> None:
    """`int 0x80` enters the kernel as 32-bit code, whose numbers mean other calls."""

    def call_getpid_the_old_way() -> None:
        memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        memory.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20; int 0x80; ret
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        ctypes.CFUNCTYPE(ctypes.c_int)(address)()

    child = os.fork()
    if child == 0:
        if sandbox.lock() == "":
            call_getpid_the_old_way()
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGSYS


def test_memory_and_core_dumps_are_limited() -> None:
    code = """
import os, resource, sys
from engine.model.sandbox import harden, limit_memory
harden(os.getppid())
limit_memory(200 << 20)
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
try:
    bytearray(400 << 20)
except MemoryError:
    sys.exit(0)
sys.exit(3)
"""
    assert in_child(code) == 0


def test_a_child_whose_parent_is_already_gone_ends() -> None:
    code = "from engine.model.sandbox import harden; harden(1 << 22); raise SystemExit(3)"
    assert in_child(code) == 0


def test_elsewhere_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert sandbox.lock() == "not available on riscv64 processors"
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert sandbox.lock() == "not available on Darwin"
