"""How far a build is, for people: from its record and the run that may be at work on it."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.builds.plan import is_built
from engine.builds.record import Record
from engine.builds.stages import MODEL, REPORT, Stage, figures_of, stage_text, stages_of
from engine.core.builds import BuildOrder, BuildState, BuildStatus, StageState, StageStatus
from engine.model.registry import ModelFile
from engine.training_runs.process import began

if TYPE_CHECKING:
    from engine.builds.run import BuildRun


def status_of(
    folder: Path, record: Record, run: "BuildRun | None", waits: bool, known: ModelFile | None
) -> BuildStatus:
    """run: the one at work, if there is one here; waits: for another build to end; known: its file
    in the library."""
    stages = stages_of(record.order, record.source)
    # It may have been removed from the library.
    built = is_built(stages, record) and (folder / MODEL).is_file()
    small = record.done.get(stages[-2].name)
    figures: dict[str, float] = {}
    for stage in stages[-2:]:
        figures |= figures_of(record.done[stage.name].result) if stage.name in record.done else {}
    report = folder / REPORT
    notice = "Waits until another build is done." if waits else record.notice
    if known is not None and known.name != record.order.name:
        notice = f"{notice} The same file is in your models as {known.name}.".lstrip()
    return BuildStatus(
        folder.name,
        record.order,
        _state(record, run, built, known is not None),
        tuple(_stage(stage, record, run) for stage in stages),
        notice,
        known.id if known is not None else None,
        figures,
        report if report.is_file() else None,
        small.files[MODEL].size if small is not None else 0,
    )


def unreadable(key: str, notice: str) -> BuildStatus:
    """A build of which nothing is known, to be deleted."""
    return BuildStatus(key, BuildOrder(key, "", ""), "failed", (), notice, None, {}, None, 0)


def _state(record: Record, run: "BuildRun | None", built: bool, registered: bool) -> BuildState:
    if run is not None:
        return "stopping" if run.stopping else "running"
    pid, since = record.runner
    if since and began(pid) == since and pid != os.getpid():
        return "running"
    if registered:
        return "registered"
    if record.failed:
        return "failed"
    return "built" if built else "stopped"


def _stage(stage: Stage, record: Record, run: "BuildRun | None") -> StageStatus:
    found = StageStatus(stage.name, stage.title, "waiting", None, "")
    if run is not None and run.stage == stage.name:
        return replace(found, state="running", fraction=run.fraction, text=run.text)
    if (made := record.done.get(stage.name)) is not None:
        size = sum(output.size for output in made.files.values())
        text = stage_text(stage.name, made.result, size)
        return replace(found, state="done", fraction=1.0, text=text)
    state: StageState = "failed" if record.failed == stage.name and run is None else "waiting"
    return replace(found, state=state, text=record.notice if state == "failed" else "")
