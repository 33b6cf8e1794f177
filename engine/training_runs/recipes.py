"""The recipes that ship with the training package, and what each needs to be told."""

import importlib.util
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core.errors import KnownError

_OPTIONAL = "held_out"
_TITLES = {
    "model": "Model folder",
    "data": "Training data",
    "held_out": "Held-out data (may be left out)",
    "teacher": "Folder of the teacher model",
    "reference": "Folder of the reference model",
    "reward_model": "Folder of the reward model",
    "prompts": "Prompts",
}
"""The settings that name a file or folder even where a recipe leaves them empty."""
_COMMAND = r"assay-train\s+([a-z][a-z0-9-]*)\s+--recipe\s+\S*\b{}"
_UNTIL = re.compile(r"\d+(\.\d+)?[smh]?")
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to train. name: of the file, and of the method where a file serves several; text: what
    it does, as its first comment says; places: settings that name a file or folder, with what the
    recipe has for them."""

    name: str
    method: str
    path: Path
    text: str
    places: Mapping[str, str]


def recipes() -> list[Recipe]:
    """All that ship and train a model, by name; none where the training package is not there."""
    package = _package()
    files = sorted((package / "recipes").glob("*.toml")) if package else []
    return [one for path in files for one in read_recipe(path)]


def find_recipe(name: str) -> Recipe:
    """A recipe by its name or file; KnownError if there is none."""
    path = Path(name).expanduser().absolute()
    if path.suffix == ".toml":
        found = read_recipe(path)
    else:
        found = [one for one in recipes() if one.name == name]
    if not found:
        raise KnownError(f"There is no recipe {name}.", "`assay training recipes` lists them.")
    return found[0]


def read_recipe(path: Path) -> list[Recipe]:
    """What a file can be used for: a recipe for each method that trains a model.

    Its comments name the methods, as "assay-train METHOD --recipe FILE"; else its name is the
    method. Raises KnownError if it cannot be read.
    """
    try:
        text = path.read_bytes()[:_LARGEST].decode("utf-8")
        document = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise KnownError(f"{path.name} is no recipe: {error}") from error
    named = re.findall(_COMMAND.format(re.escape(path.name)), text)
    methods = list(dict.fromkeys(named)) or [path.stem]
    shared = {key: value for key, value in document.items() if key not in methods}
    tables = {method: shared | document.get(method, {}) for method in methods}
    trained = {method: table for method, table in tables.items() if "loop" in table}
    comment = next((line for line in text.splitlines() if line.startswith("#")), "")
    return [
        Recipe(
            f"{path.stem}/{method}" if len(trained) > 1 else path.stem,
            method,
            path,
            comment.strip("# "),
            dict(_places(table)),
        )
        for method, table in trained.items()
    ]


def check(recipe: Recipe, values: Mapping[str, str], out: Path, until: str) -> dict[str, str]:
    """The settings to start with, each place as a whole path; KnownError that names what is wrong.

    values: settings by key, "" for those left as the recipe has them.
    """
    if until and not _UNTIL.fullmatch(until):
        raise KnownError(f"{until} is no time limit.", "Write it as 90m or 8h.")
    settings = {key: value for key, value in values.items() if value}
    for key, proposed in recipe.places.items():
        text = settings.get(key) or proposed
        place = Path(text).expanduser().absolute()
        if text and place.exists():
            settings[key] = str(place)
        elif key == _OPTIONAL and not values.get(key):
            settings[key] = ""
        else:
            there = f"{place} is not there" if text else "it is missing"
            raise KnownError(f"{title(key)}: {there}.", "Choose another.")
        if key == "model" and not (place / "config.json").is_file():
            raise KnownError(f"{place} holds no model (there is no config.json).")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise KnownError(f"There is something in {out} already.", "Choose another folder.")
    return settings


def title(key: str) -> str:
    """A setting in words."""
    return _TITLES.get(key) or key.replace("_", " ").replace(".", ": ").capitalize()


def has_train_extra() -> bool:
    """Whether the libraries that training needs are installed; nothing is loaded to see it."""
    return importlib.util.find_spec("torch") is not None and _package() is not None


def _package() -> Path | None:
    spec = importlib.util.find_spec("training")
    places = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(places))) if places else None


def _places(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Texts that name a file or folder, but for the folder of the run."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _places(value, f"{prefix}{key}.")
        elif isinstance(value, str) and key != "out" and ("/" in value or key in _TITLES):
            yield prefix + key, value
