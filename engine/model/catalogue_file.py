"""Reads the entries of a catalogue of models, ours or the user's, and checks every field.

What is refused is said in one sentence each; the other entries are kept.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core.errors import KnownError
from engine.core.files import known_os_error

LARGEST = 1 << 20  # bytes of a catalogue
MOST_ENTRIES = 500
HUB_PAGE = "https://huggingface.co/"

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
FILE = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._+-]{0,99}/){0,4}[A-Za-z0-9][A-Za-z0-9._+-]{0,194}")
REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
SHA256 = re.compile(r"[0-9a-f]{64}")
_KEYS = frozenset(
    "id name repo file revision size sha256 licence quantization architecture context "
    "shape memory thinking direct note".split()
)
_SHAPE = frozenset(
    "block_count embedding_length attention.head_count attention.head_count_kv "
    "attention.key_length attention.value_length feed_forward_length".split()
)
_SAMPLING = {
    "temperature": (0.0, 2.0),
    "top_k": (0, 1000),
    "top_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "presence_penalty": (-2.0, 2.0),
    "frequency_penalty": (-2.0, 2.0),
    "repeat_penalty": (0.5, 2.0),
}


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A known model.

    repo, file, revision: where it is on the Hub, None where there is no file to fetch; sha256,
    size (bytes): of that file, None where only the Hub knows; context: tokens the model was
    trained for, 0 if not known; shape: the numbers of its architecture as in a GGUF header;
    memory: bytes it needs with 4,096 tokens of context; thinking, direct: the sampling its makers
    recommend with and without thinking, None where it cannot do that; own: the user's own entry;
    note: what it is good for.
    """

    id: str
    name: str
    repo: str | None
    file: str | None
    revision: str
    size: int | None
    sha256: str | None
    licence: str
    quantization: str
    architecture: str
    context: int
    shape: Mapping[str, int]
    memory: int
    thinking: Mapping[str, float] | None
    direct: Mapping[str, float] | None
    note: str
    own: bool = False

    @property
    def page(self) -> str | None:
        """Where people can read about it."""
        return f"{HUB_PAGE}{self.repo}" if self.repo else None

    @property
    def pinned(self) -> bool:
        """Whether the exact file is known by its checksum; else the Hub's is taken."""
        return self.sha256 is not None

    @property
    def can_be_fetched(self) -> bool:
        """Whether there is a file to download."""
        return self.repo is not None and self.file is not None


def read_catalogue(path: Path, own: bool) -> tuple[list[CatalogueEntry], list[str]]:
    """The entries of a file and a sentence for each that cannot be used.

    own: it is the user's. Raises KnownError if the file is no list of entries at all.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
        rows = json.loads(data) if len(data) <= LARGEST else None
    except OSError as error:
        raise known_os_error(f"read the catalogue {path.name}", error) from error
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list) or len(rows) > MOST_ENTRIES:
        raise KnownError(
            f"The catalogue {path} is not a JSON list of models.",
            "Correct it or delete it; the models that Assay knows are listed without it.",
        )
    entries: dict[str, CatalogueEntry] = {}
    refused: list[str] = []
    for number, row in enumerate(rows, 1):
        try:
            entry = _entry(row, own)
            if entry.id in entries:
                raise _Wrong(f"there is another one with the id {entry.id}")
            entries[entry.id] = entry
        except _Wrong as error:
            refused.append(f"Entry {number} of {path.name} is left out: {error}.")
    return list(entries.values()), refused


class _Wrong(Exception):
    """What is wrong with an entry, in a few words."""


def _entry(row: Any, own: bool) -> CatalogueEntry:
    if not isinstance(row, dict):
        raise _Wrong("it is not an object")
    if unknown := sorted(set(row) - _KEYS):
        raise _Wrong(f"it has an unknown field {unknown[0][:40]!a}")
    repo = _matching(row, "repo", REPO)
    file = _matching(row, "file", FILE)
    if file is not None and not file.lower().endswith(".gguf"):
        raise _Wrong("its file does not end in .gguf")
    size = _whole(row, "size", 1 << 45)
    shape = row.get("shape") or {}
    if not isinstance(shape, dict) or (shape and set(shape) != _SHAPE):
        raise _Wrong("its shape lacks a number or has one too many")
    name = _text(row, "name", 80)
    if not name:
        raise _Wrong("it has no name")
    return CatalogueEntry(
        id=_matching(row, "id", _ID) or _missing("id"),
        name=name,
        repo=repo,
        file=file,
        revision=_matching(row, "revision", REVISION) or "main",
        size=size,
        sha256=_matching(row, "sha256", SHA256),
        licence=_text(row, "licence", 80) or "not stated",
        quantization=_text(row, "quantization", 20),
        architecture=_text(row, "architecture", 40),
        context=_whole(row, "context", 1 << 30) or 0,
        shape={key: _whole(shape, key, 1 << 24) or _missing(key) for key in shape},
        memory=_whole(row, "memory", 1 << 45) or 0,
        thinking=_sampling(row, "thinking"),
        direct=_sampling(row, "direct"),
        note=_text(row, "note", 400),
        own=own,
    )


def _missing(key: str) -> Any:
    raise _Wrong(f"it has no {key}")


def _matching(row: Mapping[str, Any], key: str, pattern: re.Pattern[str]) -> str | None:
    value = row.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not pattern.fullmatch(value) or ".." in value:
        raise _Wrong(f"its {key} is not one that can be used")
    return value


def _text(row: Mapping[str, Any], key: str, longest: int) -> str:
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise _Wrong(f"its {key} is not a line of at most {longest} characters")
    return value.strip()


def _whole(row: Mapping[str, Any], key: str, most: int) -> int | None:
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
        raise _Wrong(f"its {key} is not a whole number above 0 that can be")
    return value


def _number(row: Mapping[str, Any], key: str, low: float, high: float) -> float:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _Wrong(f"its {key} is not a number")
    if not low <= value <= high:
        raise _Wrong(f"its {key} does not lie between {low} and {high}")
    return value


def _sampling(row: Mapping[str, Any], key: str) -> Mapping[str, float] | None:
    value = row.get(key)
    if value is None:
        return None
    if not isinstance(value, dict) or not value or not set(value) <= set(_SAMPLING):
        raise _Wrong(f"its sampling for {key} is not a list of known settings")
    if not isinstance(value.get("top_k", 0), int):
        raise _Wrong("its top_k is not a whole number")
    return {one: _number(value, one, *_SAMPLING[one]) for one in value}
