"""Builds: from a source to a smaller, compared model, stopped and resumed at will."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine.builds.needs import check_disk, check_libraries, check_memory
from engine.builds.record import Record
from engine.builds.register import built_file, register
from engine.builds.run import BuildRun, Surroundings
from engine.builds.shelf import Shelf, checked_name, is_copy, key_of
from engine.builds.source import expanded
from engine.builds.stages import MODEL
from engine.builds.status import status_of, unreadable
from engine.builds.target import parse_target
from engine.core.builds import BuildLook, BuildOrder, BuildSource, BuildStatus
from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.core.jobs import Job, JobPool, Progress
from engine.core.paths import Paths
from engine.model.registry import ModelFile, Registry
from engine.service.build_look import Looking, look_of
from engine.service.build_trial import ask_once
from engine.service.downloads import DownloadArea
from engine.service.model_fit import Memory
from engine.service.models import ModelArea
from engine.service.settings import Settings
from engine.service.training import TrainingArea


class BuildArea:
    """The builds of a data folder; one is at work at a time, others wait for it.

    DataChanged({"builds"}) is published when a stage or a state changes, JobProgress (job_id
    "build-KEY") while a stage runs.
    """

    def __init__(
        self,
        paths: Paths,
        registry: Registry,
        models: ModelArea,
        downloads: DownloadArea,
        training: TrainingArea,
        settings: Settings,
        jobs: JobPool,
        publish: Callable[[Event], None],
        read_only: Callable[[], bool],
    ) -> None:
        """read_only: whether nothing can be changed now."""
        self._root = paths.root
        self._paths = paths
        self._registry = registry
        self._models = models
        self._settings = settings
        self._jobs = jobs
        self._publish = publish
        self._read_only = read_only
        self._shelf = Shelf(paths.builds)
        self._looking = Looking(downloads.hub, training)
        self._around = Surroundings(publish, downloads.hub, downloads.pace)
        self._lock = threading.Lock()
        self._runs: dict[str, tuple[BuildRun, Future[None]]] = {}
        self._executor: ThreadPoolExecutor | None = None

    def look(self, source: str) -> Job[BuildLook]:
        """What a source is and what can be made of it; asks the Hub for OWNER/NAME only."""

        def work(progress: Progress) -> BuildLook:
            found = self._looking.look(source, progress.step)
            return look_of(found, Memory.now(self._models.held()), self._root)

        return self._jobs.submit(f"Looking at {source}", work)

    def sources(self) -> list[BuildSource]:
        """What is at hand: own training runs that have a model, and unfinished downloads of builds.

        Takes no time, so that sizes are 0 where they would have to be worked out.
        """
        begun = []
        for key in self._shelf.known():
            with suppress(KnownError):
                record = self._shelf.read(key)
                if record.source.kind == "hub" and not record.done:
                    begun.append(record.source)
        return [*self._looking.runs(), *begun]

    def start(self, order: BuildOrder) -> str:
        """Begin a build and return its key; a build of this name that is not finished goes on if
        the order is the same. Raises KnownError where disk, memory or a library is missing; then
        nothing was begun. A source on the Hub that was not looked at before is asked for here."""
        self._check_writable()
        key = key_of(checked_name(order.name))
        if key in self._shelf.known():
            _check_same(self._shelf.read(key).order, order)
            self.resume(key)
            return key
        record, folder = self._looking.record(order), self._shelf.folder(key)
        check_libraries(folder, record)
        check_memory(record, Memory.now(self._models.held()).total)
        check_disk(self._root, folder, record)
        self._shelf.create(record)
        self._begin(key)
        return key

    def resume(self, key: str) -> None:
        """Go on at the first stage whose output is missing; harmless if it runs. KnownError."""
        self._check_writable()
        status = self._status(key)
        if status.state in ("running", "stopping", "registered"):
            return
        record, folder = self._shelf.read(key), self._shelf.folder(key)
        check_libraries(folder, record)
        check_disk(self._root, folder, record)
        self._begin(key)

    def stop(self, key: str) -> None:
        """End the running stage; those that are done stay. Harmless if it does not run."""
        self._end(key, at_once=False)

    def delete(self, key: str) -> int:
        """Stop a build and delete its folder, the model in the library stays; bytes freed."""
        self._check_writable()
        self._end(key, at_once=True)
        self._await(key)
        made = self._model_files(key)
        freed = self._shelf.delete(key)
        freed += sum(self._registry.drop_unlisted(one) for one in made)
        with self._lock:
            self._runs.pop(key, None)
        self._changed()
        return freed

    def list(self) -> "list[BuildStatus]":
        """All builds by name, the finished ones too until they are deleted."""
        return [self._status(key) for key in self._shelf.known()]

    def find(self, name: str) -> BuildStatus | None:
        """The build of a name, or the one whose record cannot be read by the name of its folder."""
        keys = (key_of(" ".join(name.split())), name)
        return next((self._status(key) for key in self._shelf.known() if key in keys), None)

    def wait(self, key: str) -> BuildStatus:
        """How a build is once it does not run any more. KnownError if there is none."""
        self._await(key)
        self._shelf.read(key)
        return self._status(key)

    def try_out(self, key: str, text: str) -> Job[str]:
        """Ask the built file one question before it is registered; the answer."""
        record = self._shelf.read(key)
        path = self._built_path(key, record)
        title = f"Asking {record.order.name}"
        return self._jobs.submit(title, lambda progress: ask_once(path, text, progress))

    def register(self, key: str, use: bool) -> int:
        """Put the built file into the library; its number there, or that of the same file there.

        use: answer with it from now on.
        What only making it needed is deleted. Harmless when called twice. Raises KnownError if it
        is not built.
        """
        self._check_writable()
        status = self._status(key)
        if status.state in ("running", "stopping"):
            raise KnownError(f"{status.order.name} is being built.", "Wait for it or stop it.")
        number = status.model
        if number is None:
            record = self._shelf.read(key)
            number = register(self._shelf.folder(key), record, self._registry).id
            self._shelf.write(key, replace(record, model=number))
            with self._lock:
                self._runs.pop(key, None)
            self._publish(DataChanged(frozenset({"builds", "models"})))
        if use:
            self._models.use(number)
            if self._settings.text("answers_from"):
                self._settings.set("answers_from", "")
        return number

    def origin(self, model: int) -> Mapping[str, object]:
        """Where a model of the library was built from, {} for others. Raises KnownError."""
        return self._registry.origin(model)

    def close(self) -> None:
        """Stop all builds; what is done is kept."""
        with self._lock:
            runs = [run for run, _ in self._runs.values()]
            executor, self._executor = self._executor, None
        for run in runs:
            run.stop(at_once=True)
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)

    def _begin(self, key: str) -> None:
        record = self._shelf.read(key)
        with self._lock:
            if key in self._runs and not _is_over(*self._runs[key]):
                return
            if self._executor is None:
                # One thread: it must outlive the programs that it starts, and two builds at once
                # would only take memory and processor from each other.
                self._executor = ThreadPoolExecutor(1, thread_name_prefix="build")
            run = BuildRun(self._shelf.folder(key), record, self._around)
            self._runs[key] = run, self._executor.submit(run.work)
        self._changed()

    def _end(self, key: str, at_once: bool) -> None:
        with self._lock:
            found = self._runs.get(key)
        if found is None or _is_over(*found):
            return
        run, future = found
        run.stop(at_once)
        if future.cancel():  # its turn had not come
            self._changed()

    def _await(self, key: str) -> None:
        with self._lock:
            found = self._runs.get(key)
        if found is not None:
            with suppress(CancelledError):
                found[1].result()

    def _status(self, key: str) -> BuildStatus:
        with self._lock:
            found = self._runs.get(key)
        try:
            # What an ended run could not write down, on a full disk, it still knows.
            record = found[0].record if found is not None else self._shelf.read(key)
            run = found[0] if found is not None and not _is_over(*found) else None
            waits = found is not None and run is not None and not found[1].running()
            folder = self._shelf.folder(key)
            return status_of(folder, record, run, waits, self._known(folder, record))
        except KnownError as error:
            return unreadable(key, str(error))

    def _known(self, folder: Path, record: Record) -> ModelFile | None:
        """The built model in the library, unless it was removed from there."""
        built = built_file(record)
        if built is None or (record.model is None and (folder / MODEL).exists()):
            return None  # a file that went was taken, though a kill may have kept that unwritten
        return self._registry.find(built.sha256)

    def _model_files(self, key: str) -> set[str]:
        """The SHA-256 of the model that was made, as far as that can be read."""
        try:
            done = self._shelf.read(key).done.values()
        except KnownError:
            return set()
        return {made.files[MODEL].sha256 for made in done if MODEL in made.files}

    def _built_path(self, key: str, record: Record) -> Path:
        """The built file, here or in the library. Raises KnownError."""
        built = built_file(record)
        if built is None:
            raise KnownError(
                f"{record.order.name} is not built yet.", "Go on with the build first."
            )
        path = self._shelf.folder(key) / MODEL
        return path if path.exists() else self._paths.models / f"{built.sha256}.gguf"

    def _check_writable(self) -> None:
        if self._read_only():
            raise KnownError("Nothing can be built while the data cannot be changed.")

    def _changed(self) -> None:
        self._publish(DataChanged(frozenset({"builds"})))


def _check_same(before: BuildOrder, now: BuildOrder) -> None:
    """Raise KnownError unless an order is the one that a build was begun with."""
    places = {now.source, str(expanded(Path(now.source)).absolute())}
    aims = parse_target(before.target), parse_target(now.target)
    texts = len(before.texts) == len(now.texts) and all(map(is_copy, before.texts, now.texts))
    if before.source not in places or aims[0] != aims[1] or not texts:
        raise KnownError(
            f"There is a build of {before.name} from another source, with another aim or other "
            "texts.",
            "Choose another name, or delete that build.",
        )


def _is_over(run: BuildRun, future: Future[None]) -> bool:
    return run.ended.is_set() or future.cancelled()
