"""Runs damaged cases one after the other and sees what they do."""

import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from unittest import mock

from benchmarks.quantize.hostile_files import DIALOGUES, command, make_good
from benchmarks.quantize.hostile_folders import damaged, read_folder
from engine.core.errors import Cancelled, KnownError
from quantize.child import run_job
from quantize.convert import convert
from quantize.jobs import Arguments, Result
from quantize.screen import printable
from quantize.task import Task

LIMIT = 10.0  # seconds of the processor, children included
HUNG = 60.0  # seconds by the clock, on a machine that does other things too
FOLDERS = 0.7  # share of the cases
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = ("os.rename", "os.link", "os.symlink", "os.remove", "os.mkdir", "os.rmdir")
JOBS = ("convert", "quantize", "imatrix", "compare", "costs")  # modules that give jobs to a child


class NotRun(KnownError):
    """A stand-in for what the child would have said of a file that was accepted."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a case. outcome: "done", "accepted" (not given to a child), "refused",
    "hung" or "crash"; sentence: as a person sees it; seconds: by the clock, used: of the
    processor; trouble: what must not have been, or ""."""

    case: int
    words: str
    outcome: str
    sentence: str
    seconds: float
    used: float
    trouble: str


@dataclass
class Witness:
    """Sees every attempt of this process to change files outside the allowed places."""

    allowed: tuple[str, ...]
    on: bool = False
    seen: list[str] = field(default_factory=list)

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Called by the interpreter."""
        if not self.on or not (event == "open" or event in CHANGES):
            return
        flags = arguments[2] if event == "open" else WRITING
        if not isinstance(flags, int) or not flags & WRITING:
            return
        if event != "open" and arguments[-1] != -1:
            return  # by a folder's descriptor: only tempfile does so, for what it has made
        paths = arguments[:2] if event in CHANGES[:3] else arguments[:1]
        for path in paths:
            if isinstance(path, (str, bytes)):
                place = os.path.abspath(os.fsdecode(path))
                if place != tempfile.gettempdir() and not place.startswith(self.allowed):
                    self.seen.append(f"{event} {place}")


class Bench:
    """Runs the cases of a seed in a folder.

    models, adapter: good ones; children: how many cases are really given to child processes.
    """

    def __init__(
        self, work: Path, models: list[Path], adapter: Path, seed: int, children: int
    ) -> None:
        self._place, self._seed, self._children = work / "case", seed, children
        self._models = [read_folder(path) for path in models]
        self._adapter = read_folder(adapter)
        (work / "good").mkdir(exist_ok=True)
        self._good = make_good(work / "good")
        scratch = os.path.join(tempfile.gettempdir(), "assay-")
        self._witness = Witness((str(self._place / "out"), scratch, "/dev/null"))
        sys.addaudithook(self._witness)
        self._used = False

    def run(self, index: int) -> Verdict:
        """Do one case."""
        shutil.rmtree(self._place, ignore_errors=True)
        dice = random.Random(f"{self._seed} {index}")
        if dice.random() < FOLDERS:
            words, target, work = self._folder(dice)
        else:
            words, work = command(self._good, self._place, self._seed, index)
            target = self._place / "out" / "out.gguf"
        before = _listing(self._place)
        begin, used = time.monotonic(), sum(os.times()[:4])
        outcome, sentence = self._try(work)
        seconds, used = time.monotonic() - begin, sum(os.times()[:4]) - used
        trouble = self._trouble(outcome, sentence, before, target)
        if used > LIMIT:
            trouble = trouble or "too slow"
        return Verdict(index, words, outcome, sentence, seconds, used, trouble)

    def _folder(self, dice: random.Random) -> tuple[str, Path, Callable[[Task], object]]:
        case = damaged(self._models, self._adapter, dice)
        case.place(self._place)
        target = self._place / "out" / case.target
        adapter = self._place / "adapter" if case.merge else None
        return (
            f"convert: {', '.join(case.done)}",
            target,
            lambda task: convert(self._place / "model", target, case.kind, task, adapter),
        )

    def _try(self, work: Callable[[Task], object]) -> tuple[str, str]:
        task = Task(lambda _fraction, _text: None)
        timer = threading.Timer(HUNG, task.stop)
        timer.start()
        try:
            with self._jobs():
                self._witness.on = True
                work(task)
            outcome, sentence = "done", ""
        except NotRun:
            outcome, sentence = "accepted", ""
        except KnownError as error:
            outcome, sentence = "refused", printable(error.sentence)
        except Cancelled:
            outcome, sentence = "hung", ""
        except BaseException as error:  # noqa: BLE001 (what this is looking for)
            outcome, sentence = "crash", repr(error)[:300]
        finally:
            self._witness.on = False
            timer.cancel()
        return outcome, sentence

    def _trouble(self, outcome: str, sentence: str, before: dict[str, str], target: Path) -> str:
        seen, self._witness.seen = self._witness.seen, []
        if seen:
            return f"changed files elsewhere: {seen[0]}"
        after = _listing(self._place)
        made = {str(target), str(target.with_suffix(".recipe.json"))} if outcome == "done" else ()
        changed = {path for path in before.keys() | after if before.get(path) != after.get(path)}
        if wrong := changed.difference(made):
            return f"changed {min(wrong)}"
        if outcome == "refused" and not sentence.endswith("."):
            return "not a sentence"
        return outcome if outcome in ("crash", "hung") else ""

    def _jobs(self) -> ExitStack:
        """While inside, jobs are really given to a child or, after enough cases, to a stand-in."""
        self._children -= self._used
        self._used = False
        stack = ExitStack()
        stack.enter_context(mock.patch("quantize.calibration.OWN", self._good.folder / DIALOGUES))
        for name in JOBS:
            stack.enter_context(mock.patch(f"quantize.{name}.run_job", self._job))
        return stack

    def _job(
        self, name: str, arguments: Arguments, task: Task, share: tuple[float, float]
    ) -> Result:
        self._used = True
        if self._children > 0:
            return run_job(name, arguments, task, share)
        if name != "verify":
            raise NotRun("Not run.")
        return {"tokens": 1, "misread": 0}


def as_line(verdict: Verdict) -> dict[str, object]:
    """For JSON."""
    return asdict(verdict)


def _listing(folder: Path) -> dict[str, str]:
    """Every file with its kind, size and time of change."""
    found = {}
    for path in folder.rglob("*"):
        state = path.lstat()
        changed = 0 if path.is_dir() else state.st_mtime_ns
        found[str(path)] = f"{state.st_mode} {state.st_ino} {state.st_size} {changed}"
    return found
