"""The stages of a build: what each reads, makes and runs; the one place with command lines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.builds.target import Aim, parse_target
from engine.core.builds import BuildOrder, BuildSource

FETCHED, PARTS = "source", "parts"
"""The folders of what is fetched from the Hub."""
FULL, IMATRIX, MODEL, RECIPE = "full.gguf", "imatrix.gguf", "model.gguf", "model.recipe.json"
REPORT = "report.html"
FEEDBACK_UP_TO = 100_000_000
"""Weights of a model that is rounded with feedback: minutes there, and not yet measured beyond."""
SOURCE = "source"
"""Under this name the hash of a local source is an input."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A step. needs: the stages whose files it reads; makes: its files, of which those that are
    not named first may be missing; command: the words for `assay-quantize`, none for the stage that
    fetches."""

    name: str
    title: str
    needs: tuple[str, ...]
    makes: tuple[str, ...]
    command: Callable[["Place"], list[str]] | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a build's files are. path: of the source on this computer."""

    folder: Path
    order: BuildOrder
    source: BuildSource
    path: str

    @property
    def checkpoint(self) -> Path:
        """The folder to convert."""
        return self.folder / FETCHED if self.source.kind == "hub" else Path(self.path)

    @property
    def full(self) -> Path:
        """The model in full precision."""
        return Path(self.path) if self.source.kind == "file" else self.folder / FULL

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)


def stages_of(order: BuildOrder, source: BuildSource) -> tuple[Stage, ...]:
    """The stages in the order in which they run."""
    aim = parse_target(order.target)
    full = () if source.kind == "file" else ("convert",)
    matters = ("calibrate",) if aim.is_calibrated else ()
    small = "search" if aim.is_search else "quantize"
    stages: list[Stage] = []
    if source.kind == "hub":
        stages.append(Stage("fetch", "Download", (), (), None))
    if full:
        needs = ("fetch",) if source.kind == "hub" else ()
        stages.append(Stage("convert", "Convert", needs, (FULL,), _convert))
    if matters:
        stages.append(Stage("calibrate", "Calibrate", full, (IMATRIX,), _calibrate))
    if aim.is_search:
        made = (MODEL, RECIPE)
        stages.append(Stage(small, "Search", full + matters, made, lambda at: _search(at, aim)))
    else:
        stages.append(
            Stage(small, "Quantize", full + matters, (MODEL,), lambda at: _quantize(at, aim))
        )
    stages.append(Stage("compare", "Compare", (*full, small), (REPORT,), _compare))
    return tuple(stages)


def stage_text(name: str, made: Mapping[str, Any], size: int) -> str:
    """What a finished stage has done, in a few words. made: what the program said; size: bytes."""
    in_mb = f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
    match name:
        case "calibrate":
            return f"{made.get('tokens', 0):,} tokens read"
        case "quantize" | "search":
            return f"{in_mb}, {made.get('bits_per_weight', 0.0):.2f} bits per weight"
        case "compare":
            return f"the same likeliest token at {figures_of(made).get('agreement', 0.0):.1%}"
    return in_mb


def figures_of(made: Mapping[str, Any]) -> dict[str, float]:
    """The numbers among what the program said; of a comparison those of the built file."""
    if files := made.get("files"):
        first = dict(files[0])
        memory = {"memory": first.get("memory"), "context": made.get("context")}
        made = {**memory, **(first.get("comparison") or {})}
    return {key: float(one) for key, one in made.items() if type(one) in (int, float)}


def _convert(at: Place) -> list[str]:
    return ["convert", str(at.checkpoint), at[FULL]]


def _calibrate(at: Place) -> list[str]:
    return ["imatrix", str(at.full), at[IMATRIX], *_texts(at)]


def _quantize(at: Place, aim: Aim) -> list[str]:
    calibrated = ["--imatrix", at[IMATRIX]] if aim.is_calibrated else []
    feedback = ["--feedback", *_texts(at)] if aim.is_calibrated and _is_small(at) else []
    return ["quantize", str(at.full), at[MODEL], *aim.flags, *calibrated, *feedback]


def _search(at: Place, aim: Aim) -> list[str]:
    feedback = ["--feedback"] if _is_small(at) else []
    matrix = ["--imatrix", at[IMATRIX]]
    return ["search", str(at.full), at[MODEL], *aim.flags, *matrix, *feedback, *_texts(at)]


def _is_small(at: Place) -> bool:
    return 0 < at.source.parameters <= FEEDBACK_UP_TO


def _compare(at: Place) -> list[str]:
    return ["compare", str(at.full), at[MODEL], "--report", at[REPORT]]


def _texts(at: Place) -> list[str]:
    return ["--text", *map(str, at.order.texts)] if at.order.texts else []
