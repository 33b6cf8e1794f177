"""The models people can get: resources/catalogue.json, and after it the user's own list."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.errors import KnownError
from engine.core.resources import resource
from engine.model.catalogue_file import CatalogueEntry, read_catalogue
from engine.model.fit.memory import context_table, memory_needed
from engine.model.gguf.header import GgufHeader, TensorInfo
from engine.model.gguf.types import TENSOR_TYPES
from engine.model.templates import QWEN3_THINKING, choose_template

if TYPE_CHECKING:
    from engine.model.chat import Sampling

__all__ = [
    "STARTER_ID",
    "CatalogueEntry",
    "catalogue",
    "imagined",
    "memory_by_context",
    "settings_for",
    "with_own",
]

STARTER_ID = "starter"
USUAL_CONTEXT = 4096
_ROOM = 500_000_000  # for a model whose shape is not known: context, scratch space, process
_USUAL: Mapping[str, float] = {"temperature": 0.7, "top_k": 40, "top_p": 0.95, "min_p": 0.05}
"""For a model of which nothing is known."""
_QWEN_THINKING: Mapping[str, float] = {"temperature": 0.6, "top_k": 20, "top_p": 0.95}
_QWEN_DIRECT: Mapping[str, float] = {"temperature": 0.7, "top_k": 20, "top_p": 0.8}
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]")
# What newer files say of themselves, and what that is called here.
_IN_HEADER = {"temp": "temperature", "top_k": "top_k", "top_p": "top_p", "min_p": "min_p"}


@cache
def catalogue() -> tuple[CatalogueEntry, ...]:
    """Assay's own entries, the starter first."""
    entries, refused = read_catalogue(resource("catalogue.json"), own=False)
    if refused:
        raise ValueError(refused[0])
    return tuple(_weighed(entry) for entry in entries)


def with_own(path: Path) -> tuple[tuple[CatalogueEntry, ...], tuple[str, ...]]:
    """All entries, those of the user's file at path last, and a sentence for each left out."""
    ours = catalogue()
    if not path.exists():
        return ours, ()
    try:
        own, refused = read_catalogue(path, own=True)
    except KnownError as error:
        return ours, (str(error),)
    known = {entry.id for entry in ours}
    for entry in own:
        if entry.id in known:
            refused.append(f"Your own model {entry.id} is left out: Assay has one of that id.")
    return ours + tuple(_weighed(one) for one in own if one.id not in known), tuple(refused)


def memory_by_context(entry: CatalogueEntry) -> tuple[tuple[int, int], ...]:
    """What longer conversations cost: tokens of context, from the usual number up to the model's
    own, and bytes of memory; nothing where the model's shape is not known."""
    if not (entry.shape and entry.size):
        return ()
    doubled = (USUAL_CONTEXT << step for step in range(8))
    contexts = [n_ctx for n_ctx in doubled if n_ctx <= entry.context]
    table = context_table(imagined(entry), contexts)
    return tuple((n_ctx, needed.total) for n_ctx, needed in table)


def settings_for(
    header: GgufHeader,
    name: str,
    thinking: bool | None = None,
    entries: Sequence[CatalogueEntry] | None = None,
) -> "Sampling":
    """How to sample from a model: as the catalogue says, else its file, else its family.

    name: what it is called, for files that have no name inside. thinking: None is what the model
    does by itself. entries: Assay's own if None.
    """
    from engine.model.chat import Sampling  # noqa: PLC0415  (it builds on this module)

    values = {**_USUAL, "min_p": 0.0, **_values(header, name, thinking, entries)}
    return Sampling(
        temperature=values["temperature"],
        top_k=int(values["top_k"]),
        top_p=values["top_p"],
        min_p=values["min_p"],
        presence_penalty=values.get("presence_penalty", 0.0),
        frequency_penalty=values.get("frequency_penalty", 0.0),
        repeat_penalty=values.get("repeat_penalty", 1.0),
        seed=None,
    )


def _values(
    header: GgufHeader,
    name: str,
    thinking: bool | None,
    entries: Sequence[CatalogueEntry] | None,
) -> Mapping[str, float]:
    entry = _known(header, name, catalogue() if entries is None else entries)
    if entry is not None:
        # Where the makers named one set only, the model can do no other.
        thought, direct = entry.thinking, entry.direct
        if found := (direct or thought) if thinking is False else (thought or direct):
            return found
    if said := _said(header):
        return said
    if header.architecture.startswith("qwen3"):
        always = choose_template(header) == QWEN3_THINKING
        return _QWEN_THINKING if always or thinking is not False else _QWEN_DIRECT
    return _USUAL


def _known(
    header: GgufHeader, name: str, entries: Sequence[CatalogueEntry]
) -> CatalogueEntry | None:
    """The entry whose name is the longest that the model's name begins with or contains."""
    for called in (header.name, name):
        plain = _plain(called)
        found = [
            entry
            for entry in entries
            if _plain(entry.name) in plain and entry.architecture == header.architecture
        ]
        if found:
            return max(found, key=lambda entry: len(_plain(entry.name)))
    return None


def _said(header: GgufHeader) -> Mapping[str, float]:
    """The sampling a file recommends for itself, if all it says makes sense."""
    values: dict[str, float] = {}
    for key, ours in _IN_HEADER.items():
        value = header.metadata.get(f"general.sampling.{key}")
        high = {"temperature": 2.0, "top_k": 1000.0}.get(ours, 1.0)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high:
            return {}
        values[ours] = value
    return values


def _plain(name: str) -> str:
    return _NOT_IN_NAMES.sub("", name.lower())


def _weighed(entry: CatalogueEntry) -> CatalogueEntry:
    """The entry with the memory it needs, worked out from its shape where that is known."""
    if entry.shape and entry.size:
        needed = memory_needed(imagined(entry), USUAL_CONTEXT).total
        return replace(entry, memory=needed)
    return replace(entry, memory=entry.memory or (entry.size or 0) + _ROOM)


def imagined(entry: CatalogueEntry) -> GgufHeader:
    """A header with the numbers of the shape, and the file's size as one tensor."""
    return imagined_header(entry.architecture, entry.shape, entry.size or 0)


def imagined_header(architecture: str, shape: Mapping[str, int], size: int) -> GgufHeader:
    """The same of a model that is in no catalogue; shape: numbers by their keys in a header."""
    metadata: dict[str, object] = {"general.architecture": architecture}
    metadata |= {f"{architecture}.{key}": number for key, number in shape.items()}
    kind = next(iter(TENSOR_TYPES.values()))
    return GgufHeader(3, metadata, (TensorInfo("weights", (size,), kind, 0, size),), size)
