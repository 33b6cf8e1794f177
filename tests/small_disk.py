"""A small file system of its own, to fill."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk_at(place: Path, size: int) -> Iterator[Path]:
    """A new folder on a file system of so many bytes; the test is skipped without root."""
    place.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(place))
    if (
        shutil.which("mount") is None
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
