"""A build on its thread: stage after stage, each written down when it is done."""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.builds.files import Files
from engine.builds.hub_source import fetch
from engine.builds.local import source_hash, stamps_of
from engine.builds.plan import inputs_of, spare_files, to_run
from engine.builds.record import Made, Output, Record, write_record
from engine.builds.stages import FETCHED, PARTS, REPORT, Place, Stage, stages_of
from engine.builds.tool import Tool
from engine.core.errors import Cancelled, KnownError
from engine.core.events import DataChanged, Event, JobProgress
from engine.model.download.download import Advance
from engine.model.download.pace import Pace
from engine.training_runs.process import began

if TYPE_CHECKING:
    from engine.model.download.hub import Hub

_log = logging.getLogger(__name__)

CHANGED = "The source has changed since, so the build began anew."
_TELL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a build needs of the service; the Hub is made when something is to be fetched."""

    publish: Callable[[Event], None]
    hub: Callable[[], "Hub"]
    pace: Callable[[], Pace]


class BuildRun:
    """One build at work. stage, fraction, text: what it does now; ended: set when it has ended."""

    def __init__(self, folder: Path, record: Record, around: Surroundings) -> None:
        self.key = folder.name
        self.record = record
        self.stage = ""
        self.fraction: float | None = None
        self.text = ""
        self.ended = threading.Event()
        self._folder = folder
        self._around = around
        self._tool = Tool(folder)
        self._stages = stages_of(record.order, record.source)
        self._files = Files(folder, self._reading)
        self._told = 0.0
        self._finishing = self._at_once = False

    @property
    def stopping(self) -> bool:
        """Whether it was told to end."""
        return self._tool.stopped

    def stop(self, at_once: bool = False) -> None:
        """Ask it to end; at_once: leave the running stage no time to do so."""
        self._at_once = self._at_once or at_once
        self._tool.stop(at_once)
        self._changed()

    def work(self) -> None:
        """Run what is to be run. Raises nothing: how it ended is in the record."""
        notice, failed, text = "", "", "Stopped."
        try:
            self._tool.check()
            self._note(runner=(os.getpid(), began(os.getpid())), failed="", notice="")
            self._files.remove_leftovers()
            self._settle()
            while left := self._left():
                self._run(left[0])
            self._remove_spare()
            text = ""
        except Cancelled:
            pass
        except KnownError as error:
            notice = text = str(error)
            failed = self.stage or self._stages[0].name
        except Exception as error:  # noqa: BLE001  (a bug: the record says so, the log what)
            notice = text = "This did not work because of an error in Assay."
            failed = self.stage or self._stages[0].name
            _log.error("a build failed: %s", type(error).__name__, exc_info=error)
        self.stage = ""
        self._files.remove_leftovers()
        kept = replace(self.record, failed=failed, notice=notice or self.record.notice)
        self.record = replace(kept, runner=(0, ""))
        with suppress(KnownError, OSError):  # on a full disk; it is in memory all the same
            write_record(self._folder, self.record)
        self.ended.set()
        self._event(None if text else 1.0, text, done=True)
        self._changed()

    # What a download asks of its watcher.

    def check(self) -> None:
        """Raise Cancelled if it is to end."""
        self._tool.check()

    def tell(self, advance: Advance) -> None:
        """How far a download is."""
        text = f"{advance.done / 1e9:.2f} of {advance.size / 1e9:.2f} GB"
        if advance.phase == "waiting":
            text = advance.notice
        elif advance.speed:
            text += f", {advance.speed / 1e6:.1f} MB/s"
        self._tell(advance.done / advance.size if advance.size else None, text)

    def _settle(self) -> None:
        """Find out whether the source is still what it was, and which version it is."""
        if not self.record.path:
            return
        place = Path(self.record.path)
        known = self.record.source.version
        if known and not place.exists():
            return  # what was made of it may be all that is needed
        stamps = stamps_of(place)
        if known and stamps == self.record.stamps:
            return

        def tell(done: int, total: int) -> None:
            self.check()
            self._tell(done / total if total else None, "Reading the source")

        version = source_hash(place, stamps, tell)
        notice = CHANGED if known and known != version else self.record.notice
        source = replace(self.record.source, version=version)
        self._note(source=source, stamps=stamps, notice=notice)

    def _run(self, stage: Stage) -> None:
        """Run one stage and write down what it made."""
        self.stage, self.fraction, self.text = stage.name, None, ""
        self.record = replace(
            self.record, done={k: v for k, v in self.record.done.items() if k != stage.name}
        )
        self._changed()
        inputs = inputs_of(stage, self.record)
        if stage.command is None:
            made = self._fetch()
        else:
            place = Place(self._folder, self.record.order, self.record.source, self.record.path)
            self._files.remove(stage.makes)
            try:
                result = self._tool.run(stage.command(place), self._tell)
            except KnownError:
                self._check_inputs(stage)
                raise
            self._check_source(stage)
            made = Made(self._finished(stage), inputs, result)
        self.record = self.record.with_made(stage.name, replace(made, inputs=inputs))
        write_record(self._folder, self.record)
        self._remove_spare()
        self._changed()

    def _finished(self, stage: Stage) -> Mapping[str, Output]:
        """What a stage has made; a stop waits for it: the work of hours is not thrown away."""
        self._finishing = True
        try:
            return self._files.made(stage.makes)
        finally:
            self._finishing = False

    def _fetch(self) -> Made:
        """Get what is missing from the Hub; each file that is whole is written down."""
        there = {
            name: output
            for name, output in self.record.fetched.items()
            if self._files.same(f"{FETCHED}/{name}", output)
        }
        self._note(fetched=there)
        target, parts = self._folder / FETCHED, self._folder / PARTS
        total = self.record.sizes.get("fetch", 0)
        for name, output in fetch(
            self._around.hub(),
            self.record.source,
            self.record.fetch,
            there,
            target,
            parts,
            total,
            self,
            self._around.pace,
        ):
            self._note(fetched={**self.record.fetched, name: output})
        files = {f"{FETCHED}/{name}": one for name, one in self.record.fetched.items()}
        return Made(files, {}, {})

    def _check_source(self, stage: Stage) -> None:
        """Raise KnownError if the source was written to while a stage may have read it."""
        if "fetch" in stage.needs or "convert" in stage.needs or not self.record.path:
            return
        if stamps_of(Path(self.record.path)) != self.record.stamps:
            raise KnownError(
                "The source changed while it was read.", "Go on when nothing writes to it any more."
            )

    def _check_inputs(self, stage: Stage) -> None:
        """Raise KnownError if a stage has failed because a file that was made for it is gone."""
        for name in stage.needs:
            for file, output in self.record.done[name].files.items():
                if file != REPORT and not self._files.same(file, output):
                    raise KnownError(
                        f"{file}, which was made before, is gone or damaged.",
                        "Go on with the build to make it again.",
                    )

    def _left(self) -> tuple[Stage, ...]:
        return to_run(self._stages, self.record, self._files.same)

    def _remove_spare(self) -> None:
        """Delete what no stage reads any more."""
        left = self._left()
        self._files.discard(spare_files(self._stages, left, self.record))
        if not any(stage.name == "fetch" or "fetch" in stage.needs for stage in left):
            self._files.discard((FETCHED, PARTS))

    def _reading(self, fraction: float) -> None:
        if self._at_once or not self._finishing:
            self.check()
        self._tell(self.fraction, f"Checking what is there: {fraction:.0%}")

    def _note(self, **values: Any) -> None:
        """Write something down. Raises KnownError."""
        self.record = replace(self.record, **values)
        write_record(self._folder, self.record)

    def _tell(self, fraction: float | None, text: str) -> None:
        self.fraction, self.text = fraction, text
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS:
            self._told = now
            names = [stage.name for stage in self._stages]
            at = names.index(self.stage) if self.stage else 0
            self._event((at + (fraction or 0.0)) / len(names), text, done=False)

    def _event(self, fraction: float | None, text: str, done: bool) -> None:
        title = f"Building {self.record.order.name}"
        self._around.publish(JobProgress(f"build-{self.key}", title, fraction, text, done))

    def _changed(self) -> None:
        self._around.publish(DataChanged(frozenset({"builds"})))
