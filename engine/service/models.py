"""Models: which there are, which one answers, loading it early and in the background."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.core.errors import Cancelled, KnownError
from engine.core.events import DataChanged, Event, ModelStateChanged
from engine.core.jobs import Job, JobPool, Progress
from engine.model.catalogue import CatalogueEntry, catalogue
from engine.model.client import ModelClient
from engine.model.gguf import GgufHeader, read_header
from engine.model.naming import model_name, readable
from engine.model.registry import ModelFile, Registry, described, starter_path
from engine.service.settings import Settings

_log = logging.getLogger(__name__)

ModelState = Literal["none", "loading", "ready", "failed", "busy"]

NOT_ADDED = -1
"""The id of a file that is used from where it is, without a copy in the models folder."""
_POLL_SECONDS = 0.05
_SHOW_SECONDS = 0.05
"""A load's progress is told no more often than this."""
_WITHOUT = "Until then answers are worked out without a model."


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
    """

    id: int
    name: str
    path: Path
    size: int
    architecture: str
    in_use: bool
    quantization: str
    file_name: str


class ModelArea:
    """The model that answers, and the files there are."""

    def __init__(
        self,
        registry: Registry,
        settings: Settings,
        jobs: JobPool,
        publish: Callable[[Event], None],
        warm_up: Callable[[ModelClient], None],
        path: Path | None = None,
    ) -> None:
        """warm_up: called with the client after each load, on the loading thread.

        path: use this file instead of the one in the settings.
        """
        self._registry = registry
        self._settings = settings
        self._jobs = jobs
        self._publish = publish
        self._warm_up = warm_up
        self._path = path
        self._lock = threading.Lock()
        self._status = ModelStatus("none", "", "")
        self._wanted = (Path(), "")
        self._shown = 0.0
        self._client = ModelClient(self._on_state)
        self._loader: ThreadPoolExecutor | None = None
        self._loading: Future[None] | None = None
        settings.on_change(self._on_setting)

    def start(self) -> None:
        """Load the chosen model in the background, now and whenever the choice changes."""
        with self._lock:
            if self._loader is None:
                # The second one interrupts a load when another model is chosen meanwhile.
                self._loader = ThreadPoolExecutor(2, thread_name_prefix="model-loader")
            self._loading = self._loader.submit(self._load, self.chosen())

    def current(self) -> ModelStatus:
        """What the model is doing."""
        with self._lock:
            return self._status

    def chosen(self) -> Path:
        """The file that answers, or is to."""
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
            )
            for file in files
        ]

    def use(self, which: Path | int) -> str:
        """Answer with this file, or with the model of this number (0 is the starter), from now on.

        Returns the model's name. Raises KnownError if it is no usable model.
        """
        value, path = self._resolve(which)
        header = read_header(path)
        self._path = None
        name = self._name(path, header)
        if self._settings.text("model") != value:
            self._settings.set("model", value)
        elif self._loader is not None:
            self.start()
        return name

    def add_file(self, path: Path) -> Job[ModelFile]:
        """Check a GGUF file and copy it into the models folder."""

        def add(progress: Progress) -> ModelFile:
            added = self._registry.add_file(path, progress)
            self._publish(DataChanged(frozenset({"models"})))
            return added

        return self._jobs.submit(f"Adding {path.name}", add)

    def remove(self, model_id: int) -> None:
        """Delete an added model and its file; the starter answers if it was in use."""
        if any(model.id == model_id and model.in_use for model in self.list()):
            self._settings.set("model", "")
        self._registry.remove(model_id)
        self._publish(DataChanged(frozenset({"models"})))

    def catalogue(self) -> tuple[CatalogueEntry, ...]:
        """Models that can be got."""
        return catalogue()

    def close(self) -> None:
        """End the model; a load that is under way is given up."""
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
            self._wanted = (path, self._name(path, read_header(path)))
            self._client.load(path)
        except KnownError as error:
            self._show("failed", f"{error} {_WITHOUT}")
        except Cancelled:
            return
        try:
            self._warm_up(self._client)
        except (KnownError, Cancelled) as error:
            _log.warning("the model could not be warmed up: %s", type(error).__name__)

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
        return ("" if file.id == 0 else str(file.path)), file.path

    def _on_setting(self, key: str) -> None:
        if key == "model":
            self._publish(DataChanged(frozenset({"models"})))
            if self._loader is not None:
                self.start()

    def _on_state(self, state: ModelState, notice: str) -> None:
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
