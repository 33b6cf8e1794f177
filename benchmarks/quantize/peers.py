"""llama.cpp's own tools of one source folder, and what a run of either side costs."""

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_LOOK = 0.01  # seconds between looks at the memory


@dataclass(frozen=True, slots=True)
class LlamaCpp:
    """source: llama.cpp's folder, its tools built in build/bin. Its converter runs in this same
    interpreter, which needs torch, transformers and sentencepiece for it."""

    source: Path

    def tool(self, name: str) -> Path:
        """A program that was built, such as llama-quantize."""
        return self.source / "build" / "bin" / name

    def convert(
        self, folder: Path, target: Path, kind: str, pre: str, *more: str
    ) -> list[str | Path]:
        """The command that converts; pre: the tokenizer's name should it not know it."""
        program = [sys.executable, ROOT / "benchmarks" / "quantize" / "peer_convert.py"]
        settings = ["--outtype", kind.lower(), "--outfile", target, *more]
        return [*program, self.source, pre, *settings, folder]

    def read(self, path: Path) -> Any:
        """A GGUF file by llama.cpp's own reader: a gguf.GGUFReader."""
        folder = str(self.source / "gguf-py")
        if folder not in sys.path:
            sys.path.insert(0, folder)
        from gguf import GGUFReader  # noqa: PLC0415 (of that folder)

        return GGUFReader(path)


def parser(description: str) -> argparse.ArgumentParser:
    """The options every comparison has."""
    result = argparse.ArgumentParser(description=description.splitlines()[0])
    result.add_argument("--llama-cpp", type=Path, required=True, help="its source folder")
    result.add_argument("--work", type=Path, help="folder for files, kept if given")
    return result


def tools(options: argparse.Namespace) -> LlamaCpp:
    """The tools that the options name."""
    return LlamaCpp(options.llama_cpp.absolute())


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock and of processor time, bytes of memory at their most (resident, of the
    program and its children together), and what was printed."""

    seconds: float
    processor: float
    peak: int
    output: str


def run(command: Sequence[str | Path], threads: int = 1) -> Cost:
    """Run a program to its end; SystemExit with the end of its output if it fails."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    process = subprocess.Popen(
        [str(part) for part in command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    peaks = [0]
    watcher = threading.Thread(target=_watch, args=(process, peaks))
    watcher.start()
    assert process.stdout is not None
    output = process.stdout.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{command[0]} failed:\n{output[-2000:]}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, max(peaks), output)


def _watch(process: "subprocess.Popen[bytes]", peaks: list[int]) -> None:
    while process.returncode is None:
        peaks.append(sum(_resident(number) for number in _family(process.pid)))
        time.sleep(_LOOK)


def _family(number: int) -> list[int]:
    """A process and its children and theirs."""
    try:
        children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
    except OSError:  # it has just ended
        return []
    return [number, *(one for child in children for one in _family(int(child)))]


def _resident(number: int) -> int:
    try:
        return int(Path(f"/proc/{number}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, IndexError):
        return 0
