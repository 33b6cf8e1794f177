"""Which stages of a build are still to be run, found from what is there; and what can go."""

from collections.abc import Callable, Mapping

from engine.builds.record import Made, Output, Record
from engine.builds.stages import REPORT, SOURCE, Stage

Same = Callable[[str, Output], bool]
"""Whether a file of the folder is still what a stage has made."""


def to_run(stages: tuple[Stage, ...], record: Record, same: Same) -> tuple[Stage, ...]:
    """The stages whose files are missing, are not what they were, or were made from other ones.

    A file that nothing needs any more may be gone. Of what is to run only the first is certain:
    where it makes the same again, the rest stays as it is.
    """
    stale = _stale(stages, record)
    # The last two leave what is wanted: the model, and how it compares.
    wanted = {stage.name for stage in stages[-2:]}
    found = []
    for stage in reversed(stages):
        if stage.name in wanted and (
            stage.name in stale or not _whole(record.done[stage.name], same)
        ):
            found.append(stage)
            wanted.update(stage.needs)
    return tuple(reversed(found))


def is_built(stages: tuple[Stage, ...], record: Record) -> bool:
    """Whether the built file and its comparison were made from what the source is now."""
    return not _stale(stages, record) & {stage.name for stage in stages[-2:]}


def inputs_of(stage: Stage, record: Record) -> Mapping[str, str]:
    """The hashes of what a stage would be made from now, by the stage that made it."""
    hashes = {name: record.done[name] for name in stage.needs if name in record.done}
    inputs = {
        f"{name}/{file}": one.sha256
        for name, made in hashes.items()
        for file, one in made.files.items()
        if file != REPORT
    }
    if not any(need in ("fetch", "convert") for need in stage.needs):
        inputs[SOURCE] = record.source.version
    return inputs


def spare_files(stages: tuple[Stage, ...], left: tuple[Stage, ...], record: Record) -> list[str]:
    """Files that no stage left to run reads, and that are not wanted in themselves."""
    read = {need for stage in left for need in stage.needs}
    return [
        name
        for stage in stages
        if stage.name in ("fetch", "convert") and stage.name not in read
        for name in (record.done[stage.name].files if stage.name in record.done else ())
    ]


def _stale(stages: tuple[Stage, ...], record: Record) -> set[str]:
    """The stages that have made nothing, or made it from something else."""
    stale: set[str] = set()
    for stage in stages:
        made = record.done.get(stage.name)
        behind = any(one in stale for one in stage.needs)
        if made is None or behind or dict(made.inputs) != inputs_of(stage, record):
            stale.add(stage.name)
    return stale


def _whole(made: Made, same: Same) -> bool:
    return all(same(name, output) for name, output in made.files.items())
