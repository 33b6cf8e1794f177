"""What happens to the child process becomes a sentence."""

import resource
from pathlib import Path

import pytest
from tiny_models import TEXT

from engine.core.errors import KnownError
from quantize.child import run_job
from quantize.imatrix import collect
from quantize.task import Task


def test_a_child_that_is_killed_while_it_writes(
    tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line is no answer, and no crash either."""
    child = tmp_path / "python"
    child.write_text('#!/bin/sh\nread line\nprintf \'{"result": {"a\'\nkill -9 $$\n')
    child.chmod(0o755)
    monkeypatch.setattr("quantize.child.sys.executable", str(child))
    with pytest.raises(KnownError, match="not enough free memory"):
        run_job("plan", {}, task, share=(0.0, 1.0))


def test_a_disk_that_is_full_when_the_child_writes(
    gguf: Path, tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.txt").write_text(TEXT)
    monkeypatch.setattr("quantize.calibration.OWN", tmp_path / "own.txt")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(KnownError, match="the file would be too big"):
            collect(gguf, tmp_path / "imatrix.gguf", [], task)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["own.txt"]
