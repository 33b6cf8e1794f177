"""Is what lies in a model's folder made of ordinary files of its own?"""

import stat
from collections.abc import Iterable
from pathlib import Path

from engine.core.errors import KnownError
from quantize.jsonfile import FETCH_AGAIN

CARD = "README.md"
HUGGING_FACE = "Give a Hugging Face folder: the one with config.json and the weights."
_READ = (".json", ".jinja", ".safetensors")


def require_folder(folder: Path, hint: str) -> None:
    """Raise KnownError unless there is such a folder."""
    if folder.is_dir():
        return
    if folder.exists():
        raise KnownError(f"{folder} is a file, not a folder.", hint)
    raise KnownError(f"There is no folder {folder}.", hint)


def check_folder(folder: Path) -> None:
    """check_files() of all that a conversion may read."""
    check_files(folder, [path for path in folder.iterdir() if path.name.endswith((*_READ, CARD))])


def check_files(folder: Path, files: Iterable[Path]) -> None:
    """Raise KnownError for links that lead out of the folder, pipes and devices. Raises OSError.

    Links may lead to where the Hugging Face cache keeps files: from snapshots/REVISION to blobs.
    """
    homes = [folder.resolve()]
    if homes[0].parent.name == "snapshots":
        homes.append(homes[0].parent.parent / "blobs")
    for path in files:
        if not path.exists():
            continue
        if not any(path.resolve().is_relative_to(home) for home in homes):
            raise KnownError(
                f"{path.name[:60]} is a link to a place outside the model's folder.",
                "Copy the file itself into the folder if you trust it.",
            )
        if not stat.S_ISREG(path.stat().st_mode):
            raise KnownError(f"{path.name[:60]} is not a file.", FETCH_AGAIN)
