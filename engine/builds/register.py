"""A built file becomes a model of the library, with where it comes from."""

import json
from pathlib import Path
from typing import Any

from engine.builds.files import Files
from engine.builds.plan import is_built
from engine.builds.record import Output, Record
from engine.builds.stages import (
    FETCHED,
    FULL,
    IMATRIX,
    MODEL,
    PARTS,
    RECIPE,
    figures_of,
    stages_of,
)
from engine.core.errors import KnownError
from engine.model.registry import ModelFile, Registry

_LARGEST_RECIPE = 4 << 20


def built_file(record: Record) -> Output | None:
    """What the finished file is; None while there is none of what the source is now."""
    stages = stages_of(record.order, record.source)
    return record.done[stages[-2].name].files[MODEL] if is_built(stages, record) else None


def register(folder: Path, record: Record, registry: Registry) -> ModelFile:
    """Put the built file into the library, where it replaces the one in the folder.

    A file that is not the one that was built is refused. Killed at any moment it is there as a
    whole, here or there, and can be registered again. A file that is in the library under another
    name keeps that. What only making it needed is deleted. Raises KnownError.
    """
    built = built_file(record)
    if built is None:
        raise KnownError(f"{record.order.name} is not built yet.", "Go on with the build first.")
    path = folder / MODEL
    known = registry.find(built.sha256)
    if (known is None or path.exists()) and not Files(folder).same(MODEL, built):
        raise KnownError(
            "The built file is not what it was when it was built.", "Go on with the build."
        )
    _tidy(folder)  # before: a kill after it leaves what is registered again, and nothing else
    if known is not None and (known.name != record.order.name or not path.exists()):
        Files(folder).discard((MODEL,))
        return known
    return registry.take(path, built.sha256, record.order.name, provenance(folder, record))


def _tidy(folder: Path) -> None:
    """Free what only making the file needed, if a kill has left it: the weights that were fetched,
    the file in full precision, what was half written. A source of the user's own is not here."""
    files = Files(folder)
    files.discard((FETCHED, PARTS, FULL, *(path.name for path in folder.glob(f".{FULL}.*"))))
    files.remove_leftovers()


def provenance(folder: Path, record: Record) -> dict[str, object]:
    """Where a built model comes from: source, recipe, importance matrix, the user's texts by their
    SHA-256, figures."""
    last = stages_of(record.order, record.source)[-2:]
    figures: dict[str, float] = {}
    for stage in last:
        figures |= figures_of(record.done[stage.name].result)
    texts = [path.name for path in record.order.texts]
    files = {name: one.sha256 for made in record.done.values() for name, one in made.files.items()}
    return {
        "kind": record.source.kind,
        "source": record.source.place,
        "version": record.source.version,
        "licence": record.source.licence,
        "target": record.order.target,
        "full": files.get(FULL, record.source.version),
        "imatrix": files.get(IMATRIX, ""),
        "texts": [one.sha256 for one in Files(folder).made(texts).values()],
        "feedback": figures.get("error_left", 1.0) < 1,
        "recipe": _recipe(folder, record),
        "figures": figures,
    }


def _recipe(folder: Path, record: Record) -> Any:
    path = folder / RECIPE
    try:
        if path.exists():
            with open(path, "rb") as file:
                return json.loads(file.read(_LARGEST_RECIPE))
    except (OSError, ValueError, RecursionError):
        return {}
    return {"type": record.order.target}
