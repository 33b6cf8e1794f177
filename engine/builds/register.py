"""A built file becomes a model of the library, with where it comes from."""

import json
from pathlib import Path
from typing import Any

from engine.builds.files import Files
from engine.builds.record import Output, Record
from engine.builds.stages import FULL, IMATRIX, MODEL, RECIPE, figures_of, stages_of
from engine.core.errors import KnownError
from engine.model.registry import ModelFile, Registry

_LARGEST_RECIPE = 4 << 20


def built_file(record: Record) -> Output | None:
    """What the finished file is; None while there is none."""
    last = stages_of(record.order, record.source)[-2:]
    if not all(stage.name in record.done for stage in last):
        return None
    return record.done[last[0].name].files[MODEL]


def register(folder: Path, record: Record, registry: Registry) -> ModelFile:
    """Put the built file into the library, where it replaces the one in the folder.

    A file that is not the one that was built is refused. Killed at any moment it is there as a
    whole, here or there, and can be registered again. Raises KnownError.
    """
    built = built_file(record)
    if built is None:
        raise KnownError(f"{record.order.name} is not built yet.", "Go on with the build first.")
    path = folder / MODEL
    if not path.exists() and (known := registry.find(built.sha256)) is not None:
        return known
    if not Files(folder).same(MODEL, built):
        raise KnownError(
            "The built file is not what it was when it was built.", "Go on with the build."
        )
    return registry.take(path, built.sha256, record.order.name, provenance(folder, record))


def provenance(folder: Path, record: Record) -> dict[str, object]:
    """Where a built model comes from: source, recipe, importance matrix, figures."""
    last = stages_of(record.order, record.source)[-2:]
    results = [record.done[stage.name].result for stage in last]
    files = {name: one.sha256 for made in record.done.values() for name, one in made.files.items()}
    return {
        "kind": record.source.kind,
        "source": record.source.place,
        "version": record.source.version,
        "licence": record.source.licence,
        "target": record.order.target,
        "full": files.get(FULL, record.source.version),
        "imatrix": files.get(IMATRIX, ""),
        "recipe": _recipe(folder, record),
        "figures": {name: one for result in results for name, one in figures_of(result).items()},
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
