"""What the kernel denies the child."""

import ctypes
import mmap
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import landlock_here
import pytest

from engine.model import attempts, sandbox
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
    whole = landlock_here.VERSION >= 3
    assert done.returncode == (0 if whole else 1)
    if not whole:
        assert lines.pop(0).startswith("not enforced here: changing files: this kernel")
    assert len(lines) == (16 if whole else 12)
    assert all(line.startswith("denied  ") for line in lines)


def test_without_the_filter_the_same_attempts_are_not_denied() -> None:
    assert not any(attempt.denied for attempt in attempts.attempt_calls())
    assert not any(attempt.denied for attempt in attempts.attempt_files())
    assert not list(Path.home().glob(".assay-attempt-*"))


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_the_application_cannot_be_looked_into_where_the_kernel_has_no_landlock() -> None:
    """As another user than root, whom nothing keeps out: a process and its child."""
    program = """
import ctypes, os, sys
from engine.model.sandbox import PR_SET_DUMPABLE, shield
if os.getuid() == 0:
    os.setuid(65534)
ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as a program begins
STEP
if (child := os.fork()) == 0:
    try:
        os.open(f"/proc/{os.getppid()}/mem", os.O_RDONLY)
    except PermissionError:
        os._exit(7)
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert in_child(program.replace("STEP", "shield()")) == 7
    if not Path("/proc/sys/kernel/yama").exists():
        assert in_child(program.replace("STEP", "")) == 0


def test_the_running_model_child_cannot_open_a_socket(client: ModelClient) -> None:
    tried, reason = client.prove_sandbox()
    assert reason == "" or reason.startswith("changing files: ")
    names = {attempt.action for attempt in tried}
    assert {"AF_INET stream socket", "AF_INET6 datagram socket", "io_uring"} <= names
    assert all(attempt.denied for attempt in tried)


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


def test_memory_files_and_core_dumps_are_limited() -> None:
    code = """
import os, resource, sys
from engine.model.sandbox import harden, limit_memory, lock_in
harden(os.getppid())
limit_memory(200 << 20)
lock_in()
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
assert resource.getrlimit(resource.RLIMIT_FSIZE) == (200 << 20, 200 << 20)
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (512, 512)
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


@pytest.mark.parametrize(
    ("calls", "files", "reason"),
    [
        ("", "", ""),
        ("not available on Darwin", "not available on Darwin", "not available on Darwin"),
        ("", "no Landlock", "changing files: no Landlock"),
        ("no filter", "", "sockets and programs: no filter"),
        ("no filter", "none", "sockets and programs: no filter; changing files: none"),
    ],
)
def test_what_is_not_in_force_is_told_and_not_tried(
    calls: str, files: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "attempt_calls", lambda: [attempts.Attempt("call", denied=True)])
    monkeypatch.setattr(sandbox, "attempt_files", lambda: [attempts.Attempt("file", denied=True)])
    monkeypatch.setattr(sandbox, "attempt_parent", lambda: [])
    locked = sandbox.Locked(calls, files)
    assert locked.reason == reason
    tried = {attempt.action for attempt in locked.attempts()}
    assert tried == {name for name, why in (("call", calls), ("file", files)) if not why}
