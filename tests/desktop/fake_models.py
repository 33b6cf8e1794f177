"""What the Models page talks to beside the models: downloads, adapters, servers; all in memory."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from engine.core.errors import KnownError
from engine.core.events import DataChanged, EventBus, JobProgress
from engine.core.jobs import Job, JobPool
from engine.model.catalogue import catalogue
from engine.service import (
    Adapter,
    CatalogueEntry,
    DiskUse,
    DownloadOffer,
    DownloadStatus,
    Endpoint,
    EndpointChecked,
    ModelFile,
    ModelFit,
    RemoteModel,
    ServerState,
)
from engine.service.model_fit import Memory, fit_of

GB = 1_000_000_000
HUB = "huggingface.co"


class FakeDownloads:
    """Downloads that are moved on by hand."""

    def __init__(self, bus: EventBus, jobs: JobPool) -> None:
        self._bus = bus
        self._jobs = jobs
        self.memory = Memory(5 * GB, 8 * GB)
        self.statuses: dict[str, DownloadStatus] = {}
        self.asked: list[tuple[str, str]] = []
        self.refused: tuple[str, ...] = ()
        self.numbers: dict[str, int] = {}
        self.token = ""
        self.use = DiskUse(2_500_000_000, 0, 120 * GB)

    def catalogue(self) -> tuple[tuple[CatalogueEntry, ...], tuple[str, ...]]:
        return catalogue(), self.refused

    def fits(self) -> dict[str, ModelFit]:
        return {entry.id: fit_of(entry, self.memory) for entry in catalogue()}

    def added(self) -> dict[str, int]:
        return dict(self.numbers)

    def host(self) -> str:
        return HUB

    def list(self) -> list[DownloadStatus]:
        return list(self.statuses.values())

    def disk_use(self) -> DiskUse:
        return self.use

    def look(self, which: str) -> Job[DownloadOffer]:
        def found(_: object) -> DownloadOffer:
            if which.count("/") < 2:
                raise KnownError("There is no such file on the Hub.", "Look at its name again.")
            return DownloadOffer(
                "Big", "a/b", which, "", 4 * GB, "", False, "llama", "Q4_K_M",
                5 * GB, 5 * GB, 100 * GB, None, "",
            )  # fmt: skip

        return self._jobs.submit("Asking", found)

    def start(self, which: str) -> str:
        self.asked.append(("start", which))
        entry = next((one for one in catalogue() if one.id == which), None)
        name = entry.name if entry else which
        status = DownloadStatus("k1", name, which, "r/n", "f.gguf", "asking", 0, 0)
        self.statuses["k1"] = status
        self._tell()
        return "k1"

    def move(self, **values: object) -> None:
        """Let the download be somewhere else."""
        self.statuses["k1"] = replace(self.statuses["k1"], **values)  # type: ignore[arg-type]
        self._bus.publish(JobProgress("download-k1", "Downloading", None, "", done=False))

    def end(self) -> None:
        """Let the download end well."""
        del self.statuses["k1"]
        self._bus.publish(JobProgress("download-k1", "Downloading", 1.0, "", done=True))
        self._tell()

    def wait(self, key: str) -> SimpleNamespace:
        return SimpleNamespace(id=0, name="Qwen3 4B")

    def pause(self, key: str) -> None:
        self.asked.append(("pause", key))
        self.move(state="paused")

    def resume(self, key: str) -> None:
        self.asked.append(("resume", key))
        self.move(state="fetching", notice="")

    def cancel(self, key: str) -> int:
        self.asked.append(("cancel", key))
        self.statuses.clear()
        self._tell()
        return 0

    def has_token(self) -> bool:
        return bool(self.token)

    def set_token(self, token: str) -> None:
        self.token = token

    def forget_token(self) -> None:
        self.token = ""

    def _tell(self) -> None:
        self._bus.publish(DataChanged(frozenset({"models"})))


class FakeAdapters:
    """Adapters in a list; "bad" ones are refused."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self.adapters: list[Adapter] = []

    def list(self) -> list[Adapter]:
        return list(self.adapters)

    def add(self, path: Path) -> Adapter:
        if "bad" in path.name:
            raise KnownError("This GGUF file is not an adapter.", "Choose a LoRA adapter.")
        self.adapters.append(Adapter(path, path.stem))
        self._tell()
        return self.adapters[-1]

    def change(self, path: Path, scale: float | None = None, on: bool | None = None) -> None:
        self.adapters = [
            replace(
                one,
                scale=one.scale if scale is None else scale,
                on=one.on if on is None else on,
            )
            if one.path == path
            else one
            for one in self.adapters
        ]
        self._tell()

    def remove(self, path: Path) -> None:
        self.adapters = [one for one in self.adapters if one.path != path]
        self._tell()

    def _tell(self) -> None:
        self._bus.publish(DataChanged(frozenset({"models"})))


class FakeDrafts:
    """Models that could guess ahead, and the one that does."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self.found: list[ModelFile] = []
        self.path: Path | None = None

    def choices(self) -> list[ModelFile]:
        return list(self.found)

    def chosen(self) -> Path | None:
        return self.path

    def choose(self, model_id: int | None) -> str:
        self.path = next((one.path for one in self.found if one.id == model_id), None)
        self._bus.publish(DataChanged(frozenset({"models"})))
        return ""


class FakeEndpoints:
    """Model servers in a dict; all have the same models."""

    def __init__(self, bus: EventBus, jobs: JobPool) -> None:
        self._bus = bus
        self._jobs = jobs
        self.kept: dict[str, Endpoint] = {}
        self.keys: dict[str, str] = {}
        self.models = (RemoteModel("llama-70b", 32_768), RemoteModel("qwen-32b", 0))

    def list(self) -> list[Endpoint]:
        return list(self.kept.values())

    def add(self, name: str, url: str, model: str = "", key: str = "") -> Endpoint:
        if name in self.kept:
            raise KnownError(f"There is a model server called {name} already.")
        self._put(Endpoint(name, url, model, has_key=bool(key)))
        self.keys[name] = key
        return self.kept[name]

    def change(
        self, name: str, url: str | None = None, model: str | None = None, key: str | None = None
    ) -> Endpoint:
        old = self.kept[name]
        self._put(replace(old, url=url or old.url, model=old.model if model is None else model))
        if key is not None:
            self.keys[name] = key
        return self.kept[name]

    def remove(self, name: str) -> None:
        del self.kept[name]
        self._tell()

    def switch(self, name: str, on: bool) -> None:
        self._put(replace(self.kept[name], on=on))

    def allow(self, name: str, portfolio: bool) -> None:
        self._put(replace(self.kept[name], may_send_portfolio=portfolio))

    def check(self, name: str) -> Job[EndpointChecked]:
        def asked(_: object) -> EndpointChecked:
            if not self.models:
                raise KnownError(f"{name} does not answer.", "Is it running?")
            return EndpointChecked(self.kept[name], self.models)

        return self._jobs.submit(f"Asking {name}", asked)

    def _put(self, endpoint: Endpoint) -> None:
        self.kept[endpoint.name] = endpoint
        self._tell()

    def _tell(self) -> None:
        self._bus.publish(DataChanged(frozenset({"documents"})))


class FakeServing:
    """A server that is told what to say of itself."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self.now = ServerState(False, "", 0, "")
        self.keys = ["assay-first"]

    def state(self) -> ServerState:
        return self.now

    def become(self, now: ServerState) -> None:
        """Let it be something else."""
        self.now = now
        self._bus.publish(DataChanged(frozenset({"settings"})))

    def key(self) -> str:
        return self.keys[-1]

    def renew_key(self) -> str:
        self.keys.append("assay-second")
        self._bus.publish(DataChanged(frozenset({"settings"})))
        return self.keys[-1]
