"""The whole program in processes of its own, on a temporary data folder."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import keyring
import pytest
from keyring.backends import fail

from engine.cli import main
from tests.engine.builds.building import is_alive

ROOT = Path(__file__).parents[2]
HEADER = (
    "date,kind,account,asset_in,amount_in,asset_out,amount_out,fee_asset,fee_amount,to_account,"
    "value,value_currency,note\n"
)
ASSAY = (sys.executable, "-m", "engine.cli")

BUILDING = (sys.executable, "-m", "tests.engine.builds.building")

Run = Callable[..., subprocess.CompletedProcess[str]]
Begin = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder of the test's own, and no keyring, here and in the processes it starts."""
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def assay() -> Run:
    """Runs `assay`; checks that no traceback is shown. Extra: program, prefix, stdin, before."""

    def run(
        *args: str | Path,
        program: tuple[str, ...] = ASSAY,
        prefix: tuple[str, ...] = (),
        stdin: str = "",
        env: dict[str, str] | None = None,
        before: Callable[[], None] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*prefix, *program, *args],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            env=os.environ | (env or {}),
            preexec_fn=before,
            cwd=ROOT,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def assay_here(capsys: pytest.CaptureFixture[str]) -> Run:
    """The same in this process, which is quicker."""

    def run(*args: str | Path) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        status = main([str(arg) for arg in args])
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(args, status, out, err)

    return run


@pytest.fixture
def benchmark_script() -> Callable[[str], ModuleType]:
    """Loads a module of benchmarks/ by name."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # its dataclasses look for it there
        spec.loader.exec_module(module)
        return module

    return load


def transactions(rows: int, first: int = 0) -> str:
    """A CSV file of so many purchases, all different."""
    lines = (
        f"2025-01-01 00:00:00,buy,Kraken,BTC,1.{row:08},USD,{row + 1},,,,,,\n"
        for row in range(first, first + rows)
    )
    return HEADER + "".join(lines)


@pytest.fixture
def begun() -> Iterator[Begin]:
    """Starts `assay models build` in processes that do not outlive the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(
        *arguments: str | Path, program: tuple[str, ...] = BUILDING
    ) -> "subprocess.Popen[bytes]":
        command = [*program, "models", "build", *map(str, arguments)]
        quiet = subprocess.DEVNULL
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=quiet, stderr=quiet))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


def killed(running: "subprocess.Popen[bytes]") -> None:
    assert running.poll() is None
    running.kill()
    assert running.wait() == -signal.SIGKILL


def models(assay_here: Run) -> list[Path]:
    """The files of all models but the starter's."""
    found = json.loads(assay_here("models", "--json").stdout)
    return [Path(one["path"]) for one in found if one["id"] > 0]


def working(folder: Path, command: str = "") -> list[int]:
    """The processes whose words name a folder, and a command of `assay-quantize`."""
    named = f"quantize.cli\0{command}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            words = path.read_bytes()
            if str(folder).encode() in words and named in words:
                found.append(int(path.parent.name))
    return [pid for pid in found if is_alive(pid)]
