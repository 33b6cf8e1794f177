"""Output folders that appear whole or not at all."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import not_written, sync_directory, sync_file
from quantize.convert.folder import check_files
from quantize.output import check_space

MAX_COMPANION = 256 << 20
# What a model's folder holds beside its weights and config.json.
_COMPANIONS = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "generation_config.json",
    "chat_template.jinja",
)
_LICENCES = ("LICENSE*", "LICENCE*", "NOTICE*")


def require_new(target: Path) -> None:
    """Raise KnownError unless a folder can be made there: nothing is there, or an empty folder."""
    try:
        taken = target.exists() and not (target.is_dir() and not any(target.iterdir()))
    except OSError as error:
        raise not_written(target, error) from error
    if taken:
        raise KnownError(f"There is something at {target} already.", "Choose another place.")


@contextlib.contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Gives a temporary folder beside `target` to fill; at the end it becomes `target`.

    On any exception it is removed and nothing is at `target`. OSErrors become KnownErrors.
    """
    require_new(target)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        temporary.mkdir()
        try:
            yield temporary
            for path in temporary.rglob("*"):
                if path.is_file():
                    sync_file(path)
                elif path.is_dir():
                    sync_directory(path)
            sync_directory(temporary)
            os.replace(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)  # gone when renamed
        sync_directory(target.parent)
    except OSError as error:
        raise not_written(target, error) from error


def companions(folder: Path) -> list[Path]:
    """The tokenizer, the settings and the licence in a model's folder. Raises KnownError."""
    found = [folder / name for name in _COMPANIONS]
    found += [path for pattern in _LICENCES for path in sorted(folder.glob(pattern))]
    files = [path for path in found if path.is_file()]
    check_files(folder, files)
    for path in files:
        if path.stat().st_size > MAX_COMPANION:
            raise KnownError(
                f"{path.name} is larger than any such file should be.", "Get the model again."
            )
    return files


def link_or_copy(source: Path, target: Path) -> bool:
    """Put a file at another place without a copy if the disk allows; returns whether it did.

    Raises KnownError if a copy does not fit, and OSError.
    """
    try:
        os.link(source.resolve(), target)
        return True
    except OSError:  # another disk, or one without links
        check_space(target, source.stat().st_size)
        shutil.copyfile(source, target)
        return False
