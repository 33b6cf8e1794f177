"""The recipes that ship with the training package, and what each needs to be told."""

import importlib.util
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core.errors import KnownError

_HELD_OUT = "held_out"
_TITLES = {
    "model": "Model folder",
    "data": "Training data",
    _HELD_OUT: "Held-out data",
    "teacher": "Folder of the teacher model",
    "reference": "Folder of the reference model",
    "reward_model": "Folder of the reward model",
    "prompts": "Prompts",
}
"""The settings that name a file or folder even where a recipe leaves them empty."""
_COMMAND = r"assay-train\s+([a-z][a-z0-9-]*)\s+([A-Z]+\s+)?--recipe\s+\S*\b{}(.*)"
_FLAG = re.compile(r"--([a-z_.-]+)\s+(\S+)")
_NOT_ASKED = frozenset({"out", "until", "recipe"})
_UNTIL = re.compile(r"\d+(\.\d+)?[smh]")
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to train. name: of the file, and of the method where a file serves several; text: what
    it does, as its first comment says; places: settings that name a file or folder, with what the
    recipe or its comment proposes; optional: those of them that may be left out."""

    name: str
    method: str
    path: Path
    text: str
    places: Mapping[str, str]
    optional: frozenset[str]


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

    Its comments show the commands, as "assay-train METHOD --recipe FILE --data …", whose flags are
    asked for too; without any its name is the method. Raises KnownError if it cannot be read.
    """
    try:
        text = path.read_bytes()[:_LARGEST].decode("utf-8")
        document = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise KnownError(f"{path.name} is no recipe: {error}") from error
    shown = re.sub(r"\\\n#\s*", "", text)  # commands may go on in the next line
    commands: dict[str, dict[str, str]] = {}
    for method, model, flags in re.findall(_COMMAND.format(re.escape(path.name)), shown):
        asked = {"model": ""} if model else {}
        asked |= {key.replace("-", "_"): value for key, value in _FLAG.findall(flags)}
        # Of several commands for a method the later ones are alternatives.
        commands.setdefault(method, asked)
    commands = commands or {path.stem: {}}
    shared = {key: value for key, value in document.items() if key not in commands}
    tables = {method: shared | document.get(method, {}) for method in commands}
    trained = {method: table for method, table in tables.items() if "loop" in table}
    found = []
    for method, table in trained.items():
        name = f"{path.stem}/{method}" if len(trained) > 1 else path.stem
        own, asked = dict(_places(table)), commands[method]
        optional = {key for key, value in own.items() if not value} | {_HELD_OUT}
        # Words in capitals stand for what is to be filled in.
        places = {k: "" if v.isupper() else v for k, v in asked.items() if k not in _NOT_ASKED}
        comment = _comment(text, method)
        found.append(Recipe(name, method, path, comment, places | own, frozenset(optional)))
    return found


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
        elif key in recipe.optional and not values.get(key):
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


def _comment(text: str, method: str) -> str:
    """The first sentence of the comment above a method's table, else of the first comment."""
    blocks = rf"((?:^#.*\n)+)(?=\[{re.escape(method)}\])", r"((?:^# .*(?:\n|\Z))+)"
    found = next(filter(None, (re.search(block, text, re.MULTILINE) for block in blocks)), None)
    words = " ".join(re.sub("^#", "", found[0], flags=re.MULTILINE).split()) if found else ""
    return re.split(r"(?<=[.!?]) ", words)[0]


def _package() -> Path | None:
    spec = importlib.util.find_spec("training")
    places = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(places))) if places else None


def _places(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Texts that name a file or folder, but for the folder of the run."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _places(value, f"{prefix}{key}.")
        elif isinstance(value, str) and key not in _NOT_ASKED and ("/" in value or key in _TITLES):
            yield prefix + key, value
