"""What a build could be of a source, and what it would take: before anything begins."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.builds.facts import Facts
from engine.builds.hub_source import hub_facts
from engine.builds.needs import can_convert, disk_free
from engine.builds.record import Record
from engine.builds.shelf import checked_name, text_bytes
from engine.builds.source import expanded, local_facts, named_source
from engine.builds.target import parse_target
from engine.core.builds import BuildChoice, BuildLook, BuildOrder, BuildSource
from engine.core.errors import KnownError
from engine.core.steps import Step, unwatched
from engine.model.download.files import DISK_RESERVE
from engine.service.model_fit import Memory
from engine.service.training import TrainingArea

if TYPE_CHECKING:
    from engine.model.download.hub import Hub


@dataclass(frozen=True, slots=True)
class Looked:
    """A source that was looked at. path: on this computer, or ""; fetch: files to get."""

    facts: Facts
    path: str
    fetch: tuple[str, ...]


class Looking:
    """Looks at sources; what the Hub has said is remembered for the build that follows."""

    def __init__(self, hub: Callable[[], "Hub"], training: TrainingArea) -> None:
        self._hub = hub
        self._training = training
        self._lock = threading.Lock()
        self._remembered: dict[str, Looked] = {}

    def look(self, text: str, step: Step) -> Looked:
        """What a source is now. Raises KnownError, and what `step` raises."""
        source, path = named_source(text, self._model_of)
        if source.kind != "hub":
            return Looked(local_facts(source, path), path, ())
        facts, fetch = hub_facts(self._hub(), source, step)
        with self._lock:
            self._remembered[source.place] = Looked(facts, "", fetch)
        return Looked(facts, "", fetch)

    def record(self, order: BuildOrder) -> Record:
        """A build that has not begun. Raises KnownError for an order that cannot be carried out."""
        aim = parse_target(order.target)
        name = checked_name(order.name)
        texts = tuple(path.absolute() for path in map(expanded, order.texts))
        for path in texts:
            text_bytes(path)
        source, _ = named_source(order.source, self._model_of)
        with self._lock:
            looked = self._remembered.get(source.place)
        looked = looked or self.look(order.source, unwatched)
        facts = looked.facts
        whole = max(facts.full, facts.source.bytes)
        if aim.size > whole and facts.source.parameters:
            raise KnownError(
                f"{order.target} is more than the model itself takes, which is {_size(whole)}.",
                "Choose a smaller size.",
            )
        sizes = {"search" if aim.is_search else "quantize": facts.size(aim)}
        if source.kind != "file":
            sizes["convert"] = facts.full
        if facts.download:
            sizes["fetch"] = facts.download
        settled = replace(order, name=name, source=source.place, texts=texts)
        memory = facts.memory_building(aim)
        return Record(settled, facts.source, looked.path, sizes, memory, looked.fetch)

    def runs(self) -> list[BuildSource]:
        """The training runs that have a model."""
        found = (run for run, _ in self._training.list() if run.model is not None)
        return [BuildSource("run", run.name, run.name, "", 0, 0, "", "") for run in found]

    def _model_of(self, name: str) -> Path | None:
        for run, _ in self._training.list():
            if name == run.name and run.model is not None:
                return run.model
        return None


def look_of(looked: Looked, memory: Memory, root: Path) -> BuildLook:
    """What can be made of it here; root: a folder of the disk that it would be made on."""
    facts, made = looked.facts, looked.facts.source.kind != "file"
    choices = []
    for target in facts.aims():
        size = facts.size(parse_target(target))
        needed = facts.memory(size)
        choices.append(BuildChoice(target, size, needed, memory.words(needed), False))
    fitting = {choice.target for choice in choices if choice.fits == "fits"}
    best = next((one for one in facts.preferred() if one in fitting), "")
    largest = parse_target(facts.aims()[0])
    disk = facts.disk(largest, made) + DISK_RESERVE
    building = max(facts.memory_building(parse_target(target)) for target in facts.aims())
    free = disk_free(root)
    return BuildLook(
        facts.source,
        tuple(replace(one, recommended=one.target == best) for one in choices),
        disk,
        free,
        building,
        memory.free,
        _notice(made and not can_convert(), disk > free, building, memory),
        facts.context,
    )


def _notice(unable: bool, full: bool, building: int, memory: Memory) -> str:
    found = []
    if unable:
        found.append(
            "Converting needs libraries that are not installed: `pip install 'assay[train]'`."
        )
    if full:
        found.append("There is not enough disk space for the largest of these.")
    if building > memory.total:
        found.append("This computer has too little memory to build it.")
    elif building > memory.free:
        found.append("Memory is tight: close other programs before you build it.")
    return " ".join(found)


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"
