"""Whether a build can be made here: libraries, disk and memory, before anything begins."""

import importlib.util
import shutil
from pathlib import Path

from engine.builds.plan import to_run
from engine.builds.record import Output, Record
from engine.builds.stages import FETCHED, FULL, PARTS, Stage, stages_of
from engine.core.errors import KnownError
from engine.core.files import known_os_errors
from engine.model.download.files import DISK_RESERVE

_CONVERTING = "tokenizers"


def check_libraries(folder: Path, record: Record) -> None:
    """Raise KnownError if what a stage needs is not installed; nothing is loaded to see it.

    folder: of the build, which may not be there yet.
    """
    left = {stage.name for stage in _left(folder, record)}
    if "convert" in left and not can_convert():
        raise KnownError(
            "Converting needs libraries that are not installed.",
            "Install them with `pip install 'assay[train]'`.",
        )


def can_convert() -> bool:
    """Whether the libraries for converting are there."""
    return importlib.util.find_spec(_CONVERTING) is not None


def check_disk(root: Path, folder: Path, record: Record) -> None:
    """Raise KnownError if the rest of a build does not fit; root: a folder of that disk."""
    missing = disk_needed(folder, record) + DISK_RESERVE - disk_free(root)
    if missing > 0:
        raise KnownError(
            f"There is not enough disk space to build {record.order.name}.",
            f"Free {missing / 1e9:.1f} GB and try again.",
        )


def disk_needed(folder: Path, record: Record) -> int:
    """Bytes that the stages that are left will write, beside what is there of their files."""
    needed = 0
    for stage in _left(folder, record):
        begun = [folder / name for name in stage.makes]
        if stage.name == "fetch":
            begun = [*folder.glob(f"{FETCHED}/*"), *folder.glob(f"{PARTS}/*")]
        elif stage.name == "convert":
            begun += folder.glob(f".{FULL}.*")
        there = sum(_size(path) for path in begun)
        needed += max(0, record.sizes.get(stage.name, 0) - there)
    return needed


def _left(folder: Path, record: Record) -> tuple[Stage, ...]:
    """The stages to run as far as the sizes of the files tell, which takes no time."""

    def same(name: str, output: Output) -> bool:
        return _size(folder / name) == output.size

    return to_run(stages_of(record.order, record.source), record, same)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


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
