"""Models: which there are, which one answers, loading it early and in the background."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from engine.core.errors import Cancelled, KnownError
from engine.core.events import DataChanged, Event, ModelStateChanged
from engine.core.jobs import Job, JobPool, Progress
from engine.model.catalogue import CatalogueEntry
from engine.model.chat import LocalChat
from engine.model.client import ModelClient
from engine.model.crash_marker import CrashMarker, not_again
from engine.model.gguf.header import GgufHeader, read_header
from engine.model.loading import LoadRefused
from engine.model.naming import model_name, readable
from engine.model.registry import ModelFile, Registry, described, starter_path
from engine.service.adapters import AdapterArea
from engine.service.drafts import DraftArea
from engine.service.measuring import Measuring
from engine.service.model_loading import LoadChoices
from engine.service.settings import Settings
from engine.store.documents import DocumentRepo

_log = logging.getLogger(__name__)

ModelState = Literal["none", "loading", "ready", "failed", "busy"]

NOT_ADDED = -1
"""The id of a file that is used from where it is, without a copy in the models folder."""
_POLL_SECONDS = 0.05
_SHOW_SECONDS = 0.05
"""A load's progress is told no more often than this."""
WITHOUT = "Until then answers are worked out without a model."
"""Ends what is told of a model that cannot be loaded."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """What the model is doing; notice is one sentence for the user or ""."""

    state: ModelState
    name: str
    notice: str


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model file; in_use: it is the one that answers. id: 0 is the starter, or NOT_ADDED.

    file_name: what its file was called, where name and quantization do not tell it from others.
    linked: its bytes are those of a file that the user keeps. trouble: why it cannot be used, as a
    sentence, or "". frees: bytes that removing it gives back.
    """

    id: int
    name: str
    path: Path
    size: int
    architecture: str
    in_use: bool
    quantization: str
    file_name: str
    linked: bool = False
    trouble: str = ""
    frees: int = 0


class ModelArea:
    """The model that answers, and the files there are."""

    def __init__(
        self,
        registry: Registry,
        settings: Settings,
        jobs: JobPool,
        publish: Callable[[Event], None],
        warm_up: Callable[[ModelClient], None],
        documents: DocumentRepo,
        path: Path | None = None,
        folder: Path | None = None,
        states: Path | None = None,
    ) -> None:
        """warm_up: called with the client after each load, on the loading thread.

        path: use this file instead of the one in the settings; folder: where it is kept how
        models run here and which one crashed, None = nowhere; states: what the model has read
        of chats, see ModelClient.
        """
        self._registry = registry
        self._settings = settings
        self._jobs = jobs
        self._publish = publish
        self._warm_up = warm_up
        self._path = path
        self._lock = threading.Lock()
        self._status = ModelStatus("none", "", "")
        self._lent: Path | None = None
        self._marker = CrashMarker(folder / "model-loading.json") if folder is not None else None
        self._choices = LoadChoices(settings, folder)
        self._measuring = Measuring(self._measure)
        self._wanted = (Path(), "")
        self._shown = 0.0
        self._closing = False
        self._client = ModelClient(self._on_state, states)
        self.adapters = AdapterArea(documents, self.chosen, lambda: self._client, publish)
        self.drafts = DraftArea(documents, registry, self.chosen, self._load_again, publish)
        self._loader: ThreadPoolExecutor | None = None
        self._loading: Future[None] | None = None
        settings.on_change(self._on_setting)

    def start(self) -> None:
        """Load the chosen model in the background, now and whenever the choice changes."""
        with self._lock:
            chosen = self.chosen()
            if self._loader is None:
                # The second one interrupts a load when another model is chosen meanwhile.
                self._loader = ThreadPoolExecutor(2, thread_name_prefix="model-loader")
                if chosen != self._path and self._marker and self._marker.is_for(chosen):
                    self._loading = self._loader.submit(self._not_again, chosen)
                    return
            self._loading = self._loader.submit(self._load, chosen)

    def current(self) -> ModelStatus:
        """What the model is doing."""
        with self._lock:
            return self._status

    def chosen(self) -> Path:
        """The file that answers, or is to."""
        return self._lent or self.choice()

    def choice(self) -> Path:
        """The file that is chosen for all chats that have none of their own."""
        if self._path is not None:
            return self._path
        value = self._settings.text("model")
        return Path(value) if value else starter_path()

    def client(self, cancel: threading.Event) -> ModelClient | None:
        """The client once the model is loaded; None if there is none, or on cancel."""
        with self._lock:
            loading = self._loading
        while loading is not None and not cancel.is_set():
            try:
                loading.result(_POLL_SECONDS)
                break
            except NotYet:
                continue
        return self._client if self._client.loaded is not None else None

    def own_template(self) -> str:
        """The chat template the loaded model's file brings, where that is none that Assay knows and
        is used; else "". It is a stranger's program, to be shown to the user."""
        with suppress(KnownError):  # nothing is loaded, or the file is gone
            return LocalChat(self._client).own_template
        return ""

    def running(self) -> ModelClient | None:
        """The client, if there is a model in memory now."""
        return self._client if self._client.is_running() else None

    def held(self) -> int:
        """Bytes of memory that become available when another model is loaded instead."""
        return self._client.held()

    def factor(self, header: GgufHeader) -> float:
        """What models of this size really use here, as a multiple of the estimate."""
        return self._choices.factor(header)

    def list(self) -> list[ListedModel]:
        """All model files, the starter first."""
        chosen = self.chosen()
        files = self._registry.list()
        if not any(file.path == chosen for file in files):
            with suppress(KnownError):  # it is gone or no model: loading it says so
                files.append(described(NOT_ADDED, chosen, read_header(chosen)))
        named = Counter((file.name, file.quantization) for file in files)
        return [
            ListedModel(
                file.id,
                file.name,
                file.path,
                file.size,
                file.architecture,
                file.path == chosen,
                file.quantization,
                file.file_name if named[file.name, file.quantization] > 1 else "",
                file.linked,
                file.trouble,
                self._registry.freed_by(file.id) if file.id > 0 else 0,
            )
            for file in files
        ]

    def use(self, which: Path | int) -> str:
        """Answer with this file, or with the model of this number (0 is the starter), from now on.

        Returns the model's name. Raises KnownError if it is no usable model.
        """
        value, path = self._resolve(which)
        header = read_header(path)
        self._path = self._lent = None
        name = self._name(path, header)
        if self._settings.text("model") != value:
            self._settings.set("model", value)
        elif self._loader is not None:
            self.start()
        return name

    def lend(self, which: str) -> bool:
        """Answer with a model of one chat's own, leaving the choice as it is; "" ends that.

        which: the number of a listed model, or a path. Returns whether another one has to be
        loaded, which has begun then. Raises KnownError if it is no usable model.
        """
        path: Path | None = None
        if which:
            number = which.isascii() and which.isdigit()
            _, path = self._resolve(int(which) if number else Path(which))
            read_header(path)
        before = self.chosen()
        self._lent = path
        if self.chosen() == before or self._loader is None:
            return False
        self.start()
        return True

    def add_file(self, path: Path, link: bool = False) -> Job[ModelFile]:
        """Check a GGUF file and copy it into the models folder; link: use it without a copy."""

        def add(progress: Progress) -> ModelFile:
            added = self._registry.add_file(path, progress, link)
            self._publish(DataChanged(frozenset({"models"})))
            return added

        return self._jobs.submit(f"Adding {path.name}", add)

    def remove(self, model_id: int) -> int:
        """Delete an added model and its file; the starter answers if it was in use.

        Returns the bytes freed.
        """
        path = next((model.path for model in self.list() if model.id == model_id), None)
        if path is not None and path == self._lent:
            self._lent = None
            if self._loader is not None:
                self.start()
        if path == self.choice():
            self._settings.set("model", "")
        freed = self._registry.remove(model_id)
        if path is not None:
            self.adapters.forget(path)
            self.drafts.forget(path)
        self._publish(DataChanged(frozenset({"models"})))
        return freed

    def tuned(self) -> bool:
        """Whether it is known how the chosen model runs fastest here."""
        try:
            header = read_header(self.chosen())
        except KnownError:
            return True
        return not self._choices.worth_measuring(header)

    def tune(self) -> Job[bool]:
        """Find out how the chosen model runs fastest here, and run it so; half a minute or so."""
        path = self.chosen()
        header = read_header(path)
        tuner = self._choices.tuner

        def measure(progress: Progress) -> bool:
            if tuner is None or not tuner.measure(path, header, progress.step):
                return False
            if self.chosen() == path and self._loader is not None:
                self.start()
            return True

        return self._jobs.submit(f"Measuring {self._name(path, header)}", measure)

    def catalogue(self) -> tuple[CatalogueEntry, ...]:
        """Models that can be got, the user's own last."""
        return self._registry.catalogue()[0]

    def close(self) -> None:
        """End the model; a load that is under way is given up."""
        self._closing = True
        self._measuring.close()
        self._client.close()
        if self._loader is not None:
            self._loader.shutdown(wait=True, cancel_futures=True)
            # A load that had not begun by then may have begun since.
            self._client.close()

    def _load(self, path: Path) -> None:
        if path != self.chosen():
            return
        self._wanted = (path, readable(path.stem, "The chosen model"))
        try:
            if path == starter_path() and not path.is_file():
                raise KnownError("The starter model is missing.", "Add a model.")
            header = read_header(path)
            self._wanted = (path, self._name(path, header))
            self._load_marked(path, header)
        except KnownError as error:
            if self._client.loaded is not None:
                self._client.close()  # the one before it, which was not chosen any more
            self._show("failed", f"{error} {WITHOUT}")
            return
        except Cancelled:
            return
        self._choices.loaded(self._client)
        try:
            refused = self.adapters.apply()
            self._warm_up(self._client)
            if refused:
                self._show("ready", refused)
        except (KnownError, Cancelled) as error:
            # Else it is the closing, or the choice of another, that ended it.
            if not self._closing and path == self.chosen():
                _log.warning("the model could not be warmed up: %s", type(error).__name__)

    def _load_marked(self, path: Path, header: GgufHeader) -> None:
        """Load a model; if that ends everything, or the child, it is remembered."""

        def check() -> None:
            if self._closing or path != self.chosen():
                raise Cancelled

        options = self._choices.options(path, header, self._client.close, self.held(), check)
        draft, left_out = self.drafts.for_load(path, header)
        options = replace(options, draft=draft, notice=f"{options.notice} {left_out}".strip())
        if self._marker is None:
            self._client.load(path, options)
            return
        self._marker.set(path)
        try:
            self._client.load(path, options)
        except KnownError as error:
            refused = error.__cause__
            if not (isinstance(refused, LoadRefused) and refused.died):
                self._marker.clear(path)
            raise
        except Cancelled:
            self._marker.clear(path)
            raise
        self._marker.clear(path)

    def _measure(self) -> Job[bool] | None:
        """Measure the model that is loaded, unless that was done or does not help."""
        return None if self.tuned() else self.tune()

    def _not_again(self, path: Path) -> None:
        name = readable(path.stem, "The chosen model")
        with suppress(KnownError):
            name = self._name(path, read_header(path))
        self._wanted = (path, name)
        self._show("failed", f"{not_again(name)} {WITHOUT}")

    def _name(self, path: Path, header: GgufHeader) -> str:
        """What the list calls this file; the name of an added one is no longer that of its file."""
        names = (file.name for file in self._registry.list() if file.path == path)
        return next(names, model_name(header, path))

    def _resolve(self, which: Path | int) -> tuple[str, Path]:
        """The value of the setting for a model, and its file. Raises KnownError."""
        if isinstance(which, Path):
            return str(which.absolute()), which.absolute()
        file = next((file for file in self._registry.list() if file.id == which), None)
        if file is None:
            raise KnownError(f"There is no model with the number {which}.", "List the models.")
        if file.trouble:
            raise KnownError(file.trouble)
        return ("" if file.id == 0 else str(file.path)), file.path

    def _on_setting(self, key: str) -> None:
        if key in ("model", "context_tokens"):
            self._publish(DataChanged(frozenset({"models"})))
            self._load_again()

    def _load_again(self) -> None:
        if self._loader is not None:
            self.start()

    def _on_state(self, state: ModelState, notice: str) -> None:
        if state == "ready":
            self._measuring.idle()
        else:
            self._measuring.busy()
        self._show(state, notice)

    def _show(self, state: ModelState, notice: str) -> None:
        loaded = self._client.loaded
        path, name = self._wanted
        if loaded is not None and loaded.path != path:
            name = loaded.name
        status = ModelStatus(state, name, notice)
        now = time.monotonic()
        with self._lock:
            again = status.state == self._status.state == "loading"
            news = not again or now - self._shown >= _SHOW_SECONDS
            self._status = status
            if news:
                self._shown = now
        if news:
            self._publish(ModelStateChanged(status.state, status.name, status.notice))
