"""What the tests of training runs share: recipes and data of their own, and an end to what runs."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from engine.training_runs import process, recipes

FAKE = Path(__file__).with_name("fake_train.py")
RECIPE = r"""# Tunes a model on your dialogues.
#
#     assay-train sft MODEL --recipe recipes/sft.toml --data FILE --out work/x \
#         --held-out FILE
#
#     assay-train sft --recipe recipes/sft.toml --topk work/x
context = 128
out = "work/x"
"""
LOOP = "[loop]\nsteps = 1_000_000\nlog_steps = 1\nrows = 2\nthreads = 1\n"
PATIENCE = 150.0
"""Seconds in which even a very busy machine does what is waited for."""


def until(ready: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


@contextmanager
def training_package(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *, fake: bool = True
) -> Iterator[Path]:
    """A training package with one recipe; ends all runs below the folder afterwards.

    fake: fake_train.py runs instead of `assay-train`.
    """
    package = folder / "package"
    (package / "recipes").mkdir(parents=True)
    (package / "recipes" / "sft.toml").write_text(RECIPE + LOOP)
    monkeypatch.setattr(recipes, "_package", lambda: package)
    if fake:
        monkeypatch.setattr(recipes, "has_train_extra", lambda: True)
        monkeypatch.setattr(process, "PROGRAM", (sys.executable, str(FAKE)))
    try:
        yield package
    finally:
        for note in folder.rglob(process.PROCESS):
            end(note.parent)


def end(run: Path) -> None:
    """End a run at once."""
    noted = process.read_process(run)
    if noted is not None and noted.is_alive():
        with suppress(ProcessLookupError):
            os.killpg(noted.pid, signal.SIGKILL)
        until(lambda: not noted.is_alive())


def model_folder(folder: Path) -> Path:
    """What passes for a model where nothing reads it."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder


def data_file(folder: Path, manner: str = "wait") -> Path:
    """Data that tell fake_train.py what to do."""
    path = folder / f"{manner}.jsonl"
    path.write_text(manner)
    return path
