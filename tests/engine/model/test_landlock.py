"""What a process may still change once Landlock is in force, and what the kernel is told."""

import ctypes
import errno
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import landlock_here
import pytest

from engine.core.errors import KnownError
from engine.model import landlock
from engine.model.client import GenerateRequest, ModelClient

ROOT = Path(__file__).parents[3]

# From linux/landlock.h, written down here again.
FIRST = 0x1FF2  # write file; remove folder, file; make device, folder, file, socket, pipe, …, link
REFER, TRUNCATE = 0x2000, 0x4000
SPECIAL = 0x1E40  # devices, sockets, pipes and links among them
WRITE = 0x2


def run(code: str, *arguments: Path) -> str:
    """What Python code in a fresh process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A folder and a file that may be changed, and a folder that may not."""
    inside, outside, single = tmp_path / "inside", tmp_path / "outside", tmp_path / "single"
    for folder in (inside, outside):
        (folder / "sub").mkdir(parents=True)
        (folder / "file").write_text("as it was")
    single.write_text("as it was")
    return inside, single, outside


TRY_EVERYTHING = """
import os, sys, threading
from pathlib import Path
from engine.model.landlock import confine
inside, single, outside = map(Path, sys.argv[1:])
print(repr(confine([inside, single, inside.parent / "missing"])))

def attempt(name, action):
    try:
        action()
    except OSError as error:
        print(name, type(error).__name__, error.errno)
    else:
        print(name, "done")

def everything(place):
    file, at = place / "file", place.name
    attempt(f"{at} read", file.read_text)
    attempt(f"{at} open", lambda: open(file, "r+").close())
    attempt(f"{at} append", lambda: open(file, "a").close())
    attempt(f"{at} empty", lambda: os.truncate(file, 0))
    attempt(f"{at} create", lambda: (place / "new").write_text("x"))
    attempt(f"{at} folder", lambda: (place / "more").mkdir())
    attempt(f"{at} rename", lambda: os.rename(file, place / "other"))
    attempt(f"{at} delete", lambda: os.unlink(place / ("other" if at == "inside" else "file")))
    attempt(f"{at} remove", lambda: (place / "sub").rmdir())
    attempt(f"{at} link", lambda: os.symlink("x", place / "link"))
    attempt(f"{at} pipe", lambda: os.mkfifo(place / "pipe"))

thread = threading.Thread(target=everything, args=(outside,))
thread.start(); thread.join()
everything(inside)
attempt("single open", lambda: single.write_text("changed"))
attempt("single delete", single.unlink)
attempt("null", lambda: open(os.devnull, "w").close())
(inside / "file").write_text("x")
attempt("move out", lambda: os.rename(inside / "file", outside / "moved"))
attempt("link out", lambda: os.link(inside / "file", outside / "linked"))
attempt("proc", lambda: open(f"/proc/{os.getppid()}/comm", "w").close())
"""


@landlock_here.complete
def test_only_the_given_places_can_be_changed(places: tuple[Path, Path, Path]) -> None:
    _, single, outside = places
    first, *lines = run(TRY_EVERYTHING, *places).splitlines()
    assert first == "''"
    said = dict(line.rsplit(" ", 1) if line.endswith("done") else _split(line) for line in lines)
    allowed = {name for name, outcome in said.items() if outcome == "done"}
    changes = ("open", "append", "empty", "create", "folder", "rename", "delete", "remove")
    expected = {"outside read", "inside read", "single open", "null"}
    assert allowed == expected | {f"inside {change}" for change in changes}
    denied = {outcome for name, outcome in said.items() if name not in allowed}
    assert denied <= {f"PermissionError {errno.EACCES}", f"OSError {errno.EXDEV}"}
    assert sorted(path.name for path in outside.iterdir()) == ["file", "sub"]
    assert (outside / "file").read_text() == "as it was"
    assert single.read_text() == "changed"


def _split(line: str) -> tuple[str, str]:
    name, kind, number = line.rsplit(" ", 2)
    return name, f"{kind} {number}"


@pytest.mark.skipif(landlock_here.VERSION < 6, reason="signals since version 6 of Landlock")
def test_no_signal_reaches_another_process() -> None:
    code = """
import os
from engine.model.landlock import confine
os.kill(os.getppid(), 0)
assert confine([]) == ""
os.kill(os.getpid(), 0)
try:
    os.kill(os.getppid(), 0)
except PermissionError:
    print("denied")
"""
    assert run(code) == "denied\n"


LLAMA_THAT_WRITES = """
import os, sys
try:
    open(os.environ["HOME"] + "/taken", "w")
except PermissionError:
    os.write(2, b"denied")
else:
    os.write(2, b"written")
os._exit(0)
"""


@landlock_here.complete
@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("engine.model.child.main", ()),
        ("engine.model.child.main", ("states",)),
        ("engine.model.child.devices", ()),
        ("engine.model.child.probe", ("x.gguf", "--seconds", "1", "--memory", "1000000000")),
    ],
)
def test_llama_cpp_finds_itself_locked_in(
    module: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """In each process that loads it, from its first line on."""
    (tmp_path / "llama_cpp").mkdir()
    (tmp_path / "llama_cpp" / "__init__.py").touch()
    (tmp_path / "llama_cpp" / "llama_cpp.py").write_text(LLAMA_THAT_WRITES)
    (tmp_path / "states").mkdir()
    given = [str(tmp_path / one) if one == "states" else one for one in arguments]
    stdin, open_end = os.pipe()  # they end with it
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, str(os.getpid()), *given],
            cwd=ROOT,
            env={"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)},
            stdin=stdin,
            capture_output=True,
            timeout=30,
            check=False,
        )
    finally:
        os.close(stdin)
        os.close(open_end)
    assert done.stderr == b"denied"
    assert not (tmp_path / "taken").exists()


@landlock_here.complete
def test_the_model_child_writes_to_its_folder_alone(
    tiny_model: Path, places: tuple[Path, Path, Path]
) -> None:
    inside, _, outside = places
    client = ModelClient(lambda state, notice: None, inside)
    try:
        client.load(tiny_model)
        list(client.generate(GenerateRequest("alpha beta " * 20, max_tokens=2, session="s")))
        assert client.save_session("s", inside / "kept", bytes(32), "") > 0
        assert (inside / "kept").exists()
        for place in (outside / "file", outside / "new", tiny_model):
            before = tiny_model.read_bytes()
            with pytest.raises(KnownError, match="keep what the model has read"):
                client.save_session("s", place, bytes(32), "")
            assert tiny_model.read_bytes() == before
        attempts, reason = client.prove_sandbox()
        assert client.count("alive") > 0
    finally:
        client.close()
    assert reason == ""
    assert {"create a file", "change a file", "remove a folder"} <= {a.action for a in attempts}
    assert all(attempt.denied for attempt in attempts)
    assert sorted(path.name for path in outside.iterdir()) == ["file", "sub"]


@landlock_here.complete
def test_without_a_folder_nothing_is_saved(tiny_model: Path, tmp_path: Path) -> None:
    client = ModelClient(lambda state, notice: None)
    try:
        client.load(tiny_model)
        list(client.generate(GenerateRequest("alpha beta " * 20, max_tokens=2, session="s")))
        with pytest.raises(KnownError, match="keep what the model has read"):
            client.save_session("s", tmp_path / "kept", bytes(32), "")
    finally:
        client.close()


class Kernel:
    """Plays a kernel with this version of Landlock; negative: an error number instead."""

    def __init__(self, version: int, refuses: int = 0) -> None:
        self.version = version
        self.refuses = refuses
        self.size = 0
        self.ruleset: tuple[int, int, int] = (0, 0, 0)
        self.rules: list[int] = []
        self.done: list[str] = []

    def syscall(self, number: int, *arguments: object) -> int:
        if number == self.refuses:
            ctypes.set_errno(errno.EPERM)
            return -1
        if number == 446:
            self.done.append("restricted")
            return 0
        if number == 445:
            pointer = ctypes.cast(arguments[2], ctypes.POINTER(ctypes.c_uint64))  # type: ignore[arg-type]
            self.rules.append(pointer[0])
            return 0
        if arguments[0] is None:
            ctypes.set_errno(max(-self.version, 0))
            return self.version if self.version > 0 else -1
        self.size = arguments[1].value  # type: ignore[attr-defined]
        fields = ctypes.cast(arguments[0], ctypes.POINTER(ctypes.c_uint64 * 3)).contents  # type: ignore[arg-type]
        self.ruleset = (fields[0], fields[1], fields[2])
        return os.open(os.devnull, os.O_RDONLY)

    def prctl(self, *arguments: int) -> int:
        self.done.append(f"prctl {arguments[:2]}")
        return 0


Play = Callable[[Kernel], Kernel]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Puts a played kernel in the place of the real one."""

    def put(kernel: Kernel) -> Kernel:
        monkeypatch.setattr(sys, "platform", "linux")
        there = {name: getattr(ctypes, name) for name in dir(ctypes)}
        there["CDLL"] = lambda *args, **kwargs: kernel
        monkeypatch.setattr(landlock, "ctypes", SimpleNamespace(**there))
        return kernel

    return put


@pytest.mark.skipif(sys.platform != "linux", reason="opens places as Linux does")
@pytest.mark.parametrize(
    ("version", "files", "size", "scopes"),
    [
        (1, FIRST, 8, 0),
        (2, FIRST | REFER, 8, 0),
        (3, FIRST | REFER | TRUNCATE, 8, 0),
        (5, FIRST | REFER | TRUNCATE, 8, 0),
        (6, FIRST | REFER | TRUNCATE, 24, 2),
        (9, FIRST | REFER | TRUNCATE, 24, 2),
    ],
)
def test_each_kernel_is_asked_for_what_it_knows(
    play: Play, tmp_path: Path, version: int, files: int, size: int, scopes: int
) -> None:
    kernel = play(Kernel(version))
    reason = landlock.confine([tmp_path, tmp_path / "missing"])
    assert reason == "" if version >= 3 else "from being emptied" in reason
    assert (kernel.size, kernel.ruleset) == (size, (files, 0, scopes))
    assert kernel.rules == [WRITE | files & TRUNCATE, files & ~SPECIAL]  # /dev/null, the folder
    assert kernel.done == ["prctl (38, 1)", "restricted"]


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        (Kernel(-errno.ENOSYS), "this kernel does not offer Landlock (Function not implemented)"),
        (Kernel(-errno.EOPNOTSUPP), "this kernel does not offer Landlock (Operation not supp"),
        (Kernel(7, refuses=446), "refused by this system (Operation not permitted)"),
        (Kernel(7, refuses=445), "refused by this system (Operation not permitted)"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="opens places as Linux does")
def test_the_reason_is_told(play: Play, kernel: Kernel, words: str) -> None:
    play(kernel)
    assert landlock.confine([]).startswith(words)


def test_elsewhere_the_files_are_not_protected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert landlock.confine([]) == "not available on Darwin"


def test_drivers_may_write_to_cards_where_there_are_any(tmp_path: Path) -> None:
    dev = tmp_path / "dev"
    (dev / "shm").mkdir(parents=True)
    assert landlock.card_files(tmp_path) == []
    (dev / "dri").mkdir()
    for name in ("nvidia0", "nvidiactl", "nvidia-uvm", "sda"):
        (dev / name).touch()
    found = {str(path.relative_to(tmp_path)) for path in landlock.card_files(tmp_path)}
    nvidia = {"dev/nvidia0", "dev/nvidiactl", "dev/nvidia-uvm"}
    assert found == {"dev/dri", *nvidia, "dev/shm", "proc/self"}
