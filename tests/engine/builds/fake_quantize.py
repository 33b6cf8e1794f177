"""Stands in for `assay-quantize` where its work would take long: all but the work is the real one.

Output files, JSON lines and signals are those of quantize.cli. $FAKE_QUANTIZE is a folder: each
command is noted in calls.txt, the process of one that waits in pid.txt. Of the files there
"wait-COMMAND" lets it wait until the file is gone, half of its output written, "deaf-COMMAND" the
same without hearing SIGTERM; "fail-COMMAND" ends it with a sentence, "crash-COMMAND" with a
traceback; "fill-COMMAND" names a file that it first fills the disk with.
"""

import argparse
import contextlib
import hashlib
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import KnownError
from quantize import cli
from quantize.outcome import Outcome
from quantize.output import atomic_output
from quantize.task import Task

HELP = "a stand-in"
CONTROL = Path(os.environ["FAKE_QUANTIZE"])
SIZE = 200_000


@dataclass(frozen=True, slots=True)
class Done(Outcome):
    """Some of the figures of most commands."""

    size: int = SIZE
    tokens: int = 24_064
    bits_per_weight: float = 5.25

    @property
    def sentence(self) -> str:
        return "Done."


@dataclass(frozen=True, slots=True)
class Compared(Done):
    """The same of the one that compares."""

    files: tuple[dict[str, object], ...] = ({"memory": 1, "comparison": {"agreement": 0.96}},)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs=argparse.REMAINDER)


def run(options: argparse.Namespace, task: Task) -> Outcome:
    name = options.command
    with (CONTROL / "calls.txt").open("a") as calls:
        calls.write(" ".join([name, *options.words]) + "\n")
    if (fill := CONTROL / f"fill-{name}").exists():
        with open(fill.read_text(), "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
    if (CONTROL / f"fail-{name}").exists():
        raise KnownError("The weights are missing.", "Get them.")
    if (CONTROL / f"crash-{name}").exists():
        raise RuntimeError("no such tensor")
    target = Path(options.words[3 if name == "compare" else 1])
    with atomic_output(target) as temporary:
        data = content(name, Path(options.words[0]))
        with temporary.open("wb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            wait(name, task)
            file.write(data[len(data) // 2 :])
    if name == "search":
        target.with_suffix(".recipe.json").write_text('{"type": "Q4_K_M", "tensors": {}}')
    return Compared() if name == "compare" else Done()


def content(name: str, source: Path) -> bytes:
    """What is written: a model for the commands that make one, else what depends on the source."""
    if name in ("quantize", "search"):
        return (CONTROL / "model.gguf").read_bytes()
    paths = sorted(source.glob("*.safetensors")) if source.is_dir() else [source]
    data = b"".join(path.read_bytes() for path in paths)
    return hashlib.sha256(name.encode() + data).digest() * (SIZE // 32)


def wait(name: str, task: Task) -> None:
    task.report(0.5, "Half of it")
    deaf, waiting = CONTROL / f"deaf-{name}", CONTROL / f"wait-{name}"
    if deaf.exists():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if deaf.exists() or waiting.exists():
        (CONTROL / "pid.txt").write_text(str(os.getpid()))
    while deaf.exists() or waiting.exists():
        task.check()
        time.sleep(0.01)


if __name__ == "__main__":
    cli.import_module = lambda name: sys.modules["__main__"]  # type: ignore[attr-defined]
    raise SystemExit(cli.main())
