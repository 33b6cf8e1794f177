"""Building a model: what is asked for, what is known before it begins, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Target = str
"""What the file is to be: "Q4_K_M" (a type), "4.5bpw" or "2.4GiB" (a search)."""
SourceKind = Literal["hub", "folder", "file", "run"]
StageState = Literal["waiting", "running", "done", "failed"]
BuildState = Literal["running", "stopping", "stopped", "failed", "built", "registered"]


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """What to build. name: in the library; source: OWNER/NAME or OWNER/NAME@REVISION of the Hub, a
    folder, a .gguf file or the name of a training run; texts: calibration texts beside our own."""

    name: str
    source: str
    target: Target
    texts: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class BuildSource:
    """Where a model comes from. place: what BuildOrder.source is to be; parameters, bytes: 0 where
    not known; bytes: of the weights as they are there; licence: "" if none is named; version: the
    Hub's commit, else the SHA-256 of what is there once a build has read it, and "" before."""

    kind: SourceKind
    place: str
    name: str
    architecture: str
    parameters: int
    bytes: int
    licence: str
    version: str


@dataclass(frozen=True, slots=True)
class BuildChoice:
    """A result that can be had. size: bytes of the file; memory: bytes it needs when it answers
    with the context of the look; both are estimates until it is built."""

    target: Target
    size: int
    memory: int
    fits: Literal["fits", "tight", "too large"]
    recommended: bool


@dataclass(frozen=True, slots=True)
class BuildLook:
    """What is known before a build. disk, memory: bytes needed while building (of the largest
    choice); notice: what the user should know of it, as sentences, or ""; context: tokens of
    conversation that the choices' memory is for."""

    source: BuildSource
    choices: tuple[BuildChoice, ...]
    disk: int
    disk_free: int
    memory: int
    memory_free: int
    notice: str
    context: int


@dataclass(frozen=True, slots=True)
class StageStatus:
    """A stage of a build. name: "fetch", "convert", "calibrate", "quantize" or "search", "compare";
    title: the same in words; fraction: 0…1, None if not known; text: one line, of a failed one
    why."""

    name: str
    title: str
    state: StageState
    fraction: float | None
    text: str


@dataclass(frozen=True, slots=True)
class BuildStatus:
    """How far a build is. notice: why it failed, or what the user should know, or ""; model: its
    number in the library once it is registered; figures: what the comparison found, by name;
    report: the comparison as an HTML file; size: bytes of the built file, 0 before there is one."""

    key: str
    order: BuildOrder
    state: BuildState
    stages: tuple[StageStatus, ...]
    notice: str
    model: int | None
    figures: Mapping[str, float]
    report: Path | None
    size: int
