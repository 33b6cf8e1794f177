"""What the user names as a source: a training run, a folder, a GGUF file, a model on the Hub."""

from collections.abc import Callable
from pathlib import Path

from engine.builds.facts import Facts
from engine.builds.local import file_facts, folder_facts
from engine.core.builds import BuildSource, SourceKind
from engine.core.errors import KnownError
from engine.model.catalogue_file import REPO, REVISION

Runs = Callable[[str], Path | None]
"""The model's folder of a training run by its name; None if there is no such run."""


def named_source(text: str, runs: Runs) -> tuple[BuildSource, str]:
    """A source as far as its name tells, and its path, "" on the Hub. Raises KnownError."""
    text = text.strip()
    if (model := runs(text)) is not None:
        return _source("run", text, text), str(model)
    path = expanded(Path(text)).absolute()
    kind = _kind(path) if text else ""
    if kind == "folder":
        return _source("folder", str(path), path.name), str(path)
    if kind == "file":
        if path.suffix.lower() != ".gguf":
            raise KnownError(f"{path.name} is no GGUF file.", "Choose that or a model's folder.")
        return _source("file", str(path), path.stem), str(path)
    repo, at, revision = text.partition("@")
    known = REVISION.fullmatch(revision) if at else True
    if REPO.fullmatch(repo) and known and ".." not in text:
        return _source("hub", text, repo.partition("/")[2]), ""
    raise KnownError(
        f"There is no model {text[:80]!r}.",
        "Name a folder, a .gguf file, a training run, or OWNER/NAME on the Hub.",
    )


def local_facts(source: BuildSource, path: str) -> Facts:
    """What a source on this computer is. Raises KnownError."""
    if source.kind == "file":
        return file_facts(source, Path(path))
    return folder_facts(source, Path(path))


def expanded(path: Path) -> Path:
    """The path with the home folder that "~" stands for, if there is such a user."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _kind(path: Path) -> str:
    """What is there: "folder", "file", or "" if nothing is, as nothing can be under long names."""
    try:
        return "folder" if path.is_dir() else "file" if path.is_file() else ""
    except OSError:
        return ""


def _source(kind: SourceKind, place: str, name: str) -> BuildSource:
    return BuildSource(kind, place, name, "", 0, 0, "", "")
