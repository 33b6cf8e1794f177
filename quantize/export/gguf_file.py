"""A finished GGUF file that is put where other programs look for it."""

from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from engine.model.gguf.header import GgufHeader, read_header


def read_model(model: Path) -> GgufHeader:
    """The header of a whole model's file. Raises KnownError."""
    try:
        if not model.is_file():
            if model.is_dir():
                raise KnownError(
                    f"{model} is a folder, not a file.",
                    "Give a .gguf file; `assay-quantize convert` makes one of a model's folder.",
                )
            raise KnownError(f"There is no file {model}.", "Give a .gguf file.")
    except OSError as error:
        raise known_os_error(f"read {model.name}", error) from error
    header = read_header(model)
    parts = header.metadata.get("split.count")
    if isinstance(parts, int) and parts > 1:
        raise KnownError(
            f"{model.name} is one of {parts} parts of a model.", "Export a model in one file."
        )
    if header.metadata.get("general.type", "model") != "model":
        raise KnownError(f"{model.name} is no model that can chat.", "Choose a model's file.")
    return header


def simple_name(header: GgufHeader, model: Path) -> str:
    """The model's name in small letters, digits, dots and hyphens."""
    letters = [one if one.isascii() and one.isalnum() else "-" for one in header.name or model.stem]
    parts = [part for part in "".join(letters).lower().split("-") if part]
    return "-".join(parts)[:60].strip("-") or "model"
