"""Whether a build can be made here: libraries, disk and memory, before anything begins."""

import importlib.util
import shutil
from pathlib import Path

from engine.builds.record import Record
from engine.builds.stages import stages_of
from engine.core.errors import KnownError
from engine.core.files import known_os_errors
from engine.model.download.files import DISK_RESERVE

_CONVERTING = "tokenizers"


def check_libraries(record: Record) -> None:
    """Raise KnownError if what a stage needs is not installed; nothing is loaded to see it."""
    names = {stage.name for stage in stages_of(record.order, record.source)}
    if "convert" in names - record.done.keys() and not can_convert():
        raise KnownError(
            "Converting needs libraries that are not installed.",
            "Install them with `pip install 'assay[train]'`.",
        )


def can_convert() -> bool:
    """Whether the libraries for converting are there."""
    return importlib.util.find_spec(_CONVERTING) is not None


def check_disk(root: Path, record: Record) -> None:
    """Raise KnownError if the rest of a build does not fit; root: a folder of that disk."""
    missing = disk_needed(record) + DISK_RESERVE - disk_free(root)
    if missing > 0:
        raise KnownError(
            f"There is not enough disk space to build {record.order.name}.",
            f"Free {missing / 1e9:.1f} GB and try again.",
        )


def disk_needed(record: Record) -> int:
    """Bytes that the stages that are not done will write."""
    there = sum(output.size for output in record.fetched.values())
    left = (size for name, size in record.sizes.items() if name not in record.done)
    return max(0, sum(left) - there)


def disk_free(root: Path) -> int:
    """Bytes free where the builds are."""
    with known_os_errors("look at the disk"):
        return shutil.disk_usage(root).free


def check_memory(record: Record, total: int) -> None:
    """Raise KnownError if a build needs more memory than this computer has; total: its bytes."""
    if record.memory > total:
        raise KnownError(
            f"Building {record.order.name} needs {record.memory / 1e9:.1f} GB of memory, and this "
            f"computer has {total / 1e9:.1f} GB.",
            "Choose a smaller model.",
        )
