"""Tells what a file is that is not a GGUF model of a version Assay reads."""

from engine.core.errors import KnownError
from engine.model.gguf.values import damaged

VERSIONS = (2, 3)
BELIEVABLE = 99
CHOOSE = "Choose another file, or download this one again."

_ARCHIVES = (
    b"PK\3\4",
    b"\x1f\x8b",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",
    b"BZh",
)
_BEFORE_GGUF = (b"lmgg", b"fmgg", b"tjgg", b"algg")  # GGML, GGMF, GGJT, GGLA
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<script")
_POINTER = b"version https://git-lfs"


def check_kind(start: bytes, size: int) -> None:
    """Raise KnownError unless a file of `size` bytes that starts like this is a GGUF file."""
    if start.startswith(b"GGUF"):
        return
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not size:
        raise KnownError("This file is empty.", "Download the model again.")
    if start.startswith(_BEFORE_GGUF):
        raise KnownError(
            "This model file is in a format that was given up in 2023.",
            "Get the model as a GGUF file.",
        )
    if start.startswith(_ARCHIVES):
        raise KnownError(
            "This file is a packed archive, not a GGUF model.",
            "Unpack it and choose the file that ends in .gguf.",
        )
    if start.startswith(_POINTER):
        raise KnownError(
            "This file only says where a model lies (a Git LFS pointer); it is not the model.",
            "Download the model file itself.",
        )
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < size:
        raise KnownError(
            "This is a model in the safetensors format, not a GGUF model.",
            "Get the model as a GGUF file, or convert it.",
        )
    if text.startswith(_PAGES):
        raise KnownError(
            "This file is a web page, not a GGUF model.",
            "Download the model again; the site may want you to log in first.",
        )
    raise KnownError("This file is not a GGUF model.", CHOOSE)


def check_version(version: int) -> None:
    """Raise KnownError unless Assay reads this version of the format."""
    if version in VERSIONS:
        return
    if version and version & 0xFFFF == 0:
        raise KnownError(
            "This model file is a version for big-endian computers.",
            "Get the model in its usual, little-endian form.",
        )
    if version < min(VERSIONS):
        raise KnownError(
            f"This model file is of GGUF version {version}, which is not used any more.",
            "Get a newer file of the model.",
        )
    if version > BELIEVABLE:
        raise damaged("its version is impossible")
    raise KnownError(
        f"This model file is of GGUF version {version}, which Assay does not know yet.",
        "Update Assay, or get the model in GGUF version 3.",
    )
