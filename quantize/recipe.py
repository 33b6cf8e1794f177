"""Recipes: which type each weight of a certain file is stored as, to be repeated byte for byte."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.core.errors import KnownError
from engine.core.files import known_os_error
from quantize.jsonfile import read_object
from quantize.quantize import Mix
from quantize.types import IMPORTANCE_TYPES, TYPES, WEIGHT_TYPES

FORMAT = "assay-quantize recipe 1"
MAX_RECIPE = 4 << 20
WRITTEN_BY = "Recipes are written by `assay-quantize search`."


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a file was quantized.

    source, importance: SHA-256 of the full-precision file and of the importance matrix; type: the
    file's label; tensors: name → type; predicted: mean divergence expected [nats], or the error
    where no divergence was measured; size: bytes of the file.
    """

    source: str
    importance: str
    type: str
    tensors: dict[str, str]
    predicted: float
    size: int

    def mix(self, importance: Path) -> Mix:
        """What the quantizer is told; importance: the matrix's file."""
        overrides = [(f"^{re.escape(name)}$", kind) for name, kind in self.tensors.items()]
        return Mix(self.type, tuple(overrides), importance)


def write_recipe(path: Path, recipe: Recipe) -> None:
    """Write a recipe as JSON. Raises OSError."""
    text = json.dumps({"format": FORMAT, **asdict(recipe)}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; raises KnownError for anything else."""
    if not path.exists():
        raise KnownError(f"There is no file {path}.", WRITTEN_BY)
    values = read_object(path, MAX_RECIPE, again=WRITTEN_BY)
    tensors = values.get("tensors")
    try:
        if values.pop("format", None) != FORMAT or not isinstance(tensors, dict):
            raise ValueError("format")
        recipe = Recipe(
            str(values["source"]),
            str(values["importance"]),
            str(values["type"]),
            {str(name): str(kind) for name, kind in tensors.items()},
            float(str(values["predicted"])),
            int(str(values["size"])),
        )
        known = recipe.type in TYPES + IMPORTANCE_TYPES
        if not known or not set(recipe.tensors.values()) <= set(WEIGHT_TYPES):
            raise ValueError("type")
    except (KeyError, ValueError) as error:
        raise KnownError(
            f"{path.name} is not a recipe of this version.",
            WRITTEN_BY,
        ) from error
    return recipe


def replay(path: Path, source: Path, importance: Path | None) -> Mix:
    """The mix of a recipe, after a look at what it is to be made from. Raises KnownError."""
    recipe = read_recipe(path)
    if importance is None:
        raise KnownError("A recipe needs its importance matrix.", "Give it with --imatrix.")
    for file, expected in ((source, recipe.source), (importance, recipe.importance)):
        if file_hash(file) != expected:
            raise KnownError(
                f"{file.name} is not the file this recipe was made for.",
                "The result would be another; search again.",
            )
    return recipe.mix(importance)


def file_hash(path: Path) -> str:
    """SHA-256 of a file. Raises KnownError."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise known_os_error(f"read {path.name}", error) from error
