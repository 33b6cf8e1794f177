"""Removes what a kill or a power cut left half made in the data folder."""

import contextlib
import shutil

from engine.core.paths import Paths

_PATTERNS = (
    ".assay-new-*",
    ".assay-restore-*",
    ".assay.key.*",
    "backups/.assay-backup-*",
    "models/.adding-*",
    "builds/.new-*",
    "builds/.gone-*",
)


def remove_leftovers(paths: Paths) -> None:
    """Delete unfinished copies, among them models of gigabytes; to be called under the lock.

    What cannot be deleted stays: it costs space, nothing else.
    """
    for pattern in _PATTERNS:
        for place in paths.root.glob(pattern):
            with contextlib.suppress(OSError):
                if place.is_dir() and not place.is_symlink():
                    shutil.rmtree(place)
                else:
                    place.unlink()
