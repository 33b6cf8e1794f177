"""What is written down of a build, in its folder: enough to go on with it after any end."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.builds.stages import figures_of, stages_of
from engine.core.builds import BuildOrder, BuildSource
from engine.core.errors import KnownError
from engine.core.files import write_atomic

FILE = "build.json"
FORMAT = "assay build 1"
_LARGEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Output:
    """A file that a stage has made: bytes and SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Made:
    """What a finished stage has left.

    files: by their names in the folder; inputs: SHA-256 of what it was made from, by the stage
    that made that; result: what the program said of it.
    """

    files: Mapping[str, Output]
    inputs: Mapping[str, str]
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """A build.

    path: of the source on this computer, "" if it has none; sizes: bytes expected of the stages'
    files, for the disk; memory: bytes needed while it runs; fetch: files to get from the Hub;
    fetched: those that are there; stamps: the source's files when its hash, source.version, was
    worked out; done: finished stages; failed: the stage that failed; notice: why it failed or what
    the user should know; runner: the process that runs it and when that began, (0, "") if none
    does; model: its number in the library.
    """

    order: BuildOrder
    source: BuildSource
    path: str
    sizes: Mapping[str, int]
    memory: int
    fetch: tuple[str, ...] = ()
    fetched: Mapping[str, Output] = field(default_factory=dict)
    stamps: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    done: Mapping[str, Made] = field(default_factory=dict)
    failed: str = ""
    notice: str = ""
    runner: tuple[int, str] = (0, "")
    model: int | None = None

    def with_made(self, stage: str, made: Made) -> "Record":
        """The same with one more stage finished."""
        return replace(self, done={**self.done, stage: made}, failed="")


def write_record(folder: Path, record: Record) -> None:
    """Write it down for certain. Raises KnownError."""
    document = {"format": FORMAT, **asdict(record)}
    write_atomic(folder / FILE, json.dumps(document, indent=1, default=str).encode())


def read_record(folder: Path) -> Record:
    """Read it. Raises KnownError if it is missing or damaged."""
    try:
        with open(folder / FILE, "rb") as file:
            values = json.loads(file.read(_LARGEST))
        if values.pop("format") != FORMAT:
            raise ValueError("format")
        record = _record(values)
        _check(record)
        return record
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise KnownError(
            f"What was written down of the build {folder.name} cannot be read.", "Delete the build."
        ) from error


def _record(values: dict[str, Any]) -> Record:
    order, done = values.pop("order"), values.pop("done")
    size, began = values.pop("runner")
    return Record(
        order=BuildOrder(**{**order, "texts": tuple(map(Path, order["texts"]))}),
        source=BuildSource(**values.pop("source")),
        fetch=tuple(values.pop("fetch")),
        fetched=_outputs(values.pop("fetched")),
        stamps={name: (stamp[0], stamp[1]) for name, stamp in values.pop("stamps").items()},
        done={
            name: Made(_outputs(made["files"]), made["inputs"], made["result"])
            for name, made in done.items()
        },
        runner=(size, began),
        **values,
    )


def _check(record: Record) -> None:
    """Raise an error unless what others rely on is there, so that one record that was changed by
    hand does not hide all builds."""
    order = record.order
    if {
        type(one) for one in (order.name, order.source, order.target, record.path, record.notice)
    } != {str}:
        raise ValueError("text")
    stages = stages_of(record.order, record.source)
    for stage in stages:
        if stage.makes and stage.name in record.done:
            made = record.done[stage.name]
            if stage.makes[0] not in made.files:
                raise ValueError(stage.name)
            if stage in stages[-2:]:  # those that are shown
                figures_of(made.result)


def _outputs(values: dict[str, Any]) -> dict[str, Output]:
    return {name: Output(**one) for name, one in values.items()}
