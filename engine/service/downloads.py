"""Models from the Hub: what one is, fetching it, stopping, going on, and what is half there.

Nothing is asked unless the user asks for it here: a download that was begun is not gone on with
by itself at the next start. Every request is told to the log, as the source "models".
"""

import logging
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.core.clock import Clock
from engine.core.errors import Cancelled, KnownError
from engine.core.events import DataChanged, Event
from engine.core.exchange import Exchange
from engine.core.jobs import Job, JobPool, Progress
from engine.core.paths import Paths
from engine.core.steps import Step
from engine.core.webaddress import checked_address
from engine.market.sources import secrets
from engine.model.catalogue import USUAL_CONTEXT, CatalogueEntry, imagined
from engine.model.download.download import Download, Wanted
from engine.model.download.files import DownloadFiles
from engine.model.download.hub_file import Passing, Place
from engine.model.download.pace import Pace
from engine.model.fit.memory import memory_needed
from engine.model.gguf.header import GgufHeader, read_header
from engine.model.gguf.remote import read_remote_header
from engine.model.naming import quantization
from engine.model.registry import DiskUse, ModelFile, Registry
from engine.service.download_offer import Offer, begun_file, wanted_file
from engine.service.download_run import DownloadStatus, Paused, Run, stopped
from engine.service.model_fit import Fit, Memory, fit_of
from engine.service.settings import Settings
from engine.store.requests import RequestRepo

if TYPE_CHECKING:
    from engine.model.download.hub import Hub

_log = logging.getLogger(__name__)

AT_ONCE = 2
"""How many files are fetched at the same time."""
_STOPPED = "Stopped."


class DownloadArea:
    """Fetches model files that the user asks for."""

    def __init__(
        self,
        paths: Paths,
        registry: Registry,
        settings: Settings,
        requests: RequestRepo,
        jobs: JobPool,
        clock: Clock,
        publish: Callable[[Event], None],
        held: Callable[[], int] = lambda: 0,
        factor: Callable[[GgufHeader], float] = lambda header: 1.0,
    ) -> None:
        """held: tells how many bytes of memory the model loaded now would give back; factor: what
        models of a size really use, as a multiple of the estimate."""
        self._held = held
        self._factor = factor
        self._paths = paths
        self._registry = registry
        self._settings = settings
        self._requests = requests
        self._jobs = jobs
        self._clock = clock
        self._publish = publish
        self._files = DownloadFiles(paths.downloads)
        self._lock = threading.Lock()
        self._running: dict[str, Run] = {}
        self._ended: dict[str, Run] = {}
        self._failed: dict[str, DownloadStatus] = {}
        self._executor: ThreadPoolExecutor | None = None

    def catalogue(self) -> tuple[tuple[CatalogueEntry, ...], tuple[str, ...]]:
        """The models that can be got, and a sentence for each own entry that is left out."""
        return self._registry.catalogue()

    def fits(self) -> dict[str, Fit]:
        """By id, how the models of the catalogue fit into this computer's memory."""
        memory = Memory.now(self._held())
        return {
            entry.id: fit_of(entry, memory, self._factor(imagined(entry)))
            for entry in self.catalogue()[0]
            if entry.memory
        }

    def added(self) -> dict[str, int]:
        """By id, the numbers of the models of the catalogue that are here already."""
        numbers = {file.sha256: file.id for file in self._registry.list() if not file.trouble}
        entries = self.catalogue()[0]
        return {one.id: numbers[one.sha256] for one in entries if one.sha256 in numbers}

    def host(self) -> str:
        """Who is asked for model files."""
        return checked_address(self._settings.text("model_hub"), plain=True).netloc

    def look(self, which: str) -> Job[Offer]:
        """Ask the Hub what a file is: its size and, from its first bytes, what it needs.

        which: an id of the catalogue, or OWNER/NAME/FILE.gguf, with @REVISION if need be.
        """
        wanted = wanted_file(which, self.catalogue()[0])
        return self._jobs.submit(f"Asking for {wanted.name}", lambda job: self._offer(wanted, job))

    def start(self, which: str) -> str:
        """Fetch a file, or go on with it; returns the key of the download. Raises KnownError."""
        return self._begin(wanted_file(which, self.catalogue()[0]))

    def resume(self, key: str) -> None:
        """Go on with a download that was stopped or failed. KnownError if there is none."""
        state = self._files.read(key)
        if state is None:
            failed = self._failed.get(key)
            if failed is None:
                raise KnownError("This download cannot be gone on with.", "Delete it.")
            self.start(failed.entry or f"{failed.repo}/{failed.file}")
            return
        self._begin(begun_file(state, self.catalogue()[0]))

    def pause(self, key: str) -> None:
        """Stop a download and keep what is there; harmless if it does not run."""
        self._stop(key, Paused)

    def cancel(self, key: str) -> int:
        """Stop a download and delete what is there; returns the bytes freed."""
        self._stop(key, Cancelled)
        self._failed.pop(key, None)
        self._ended.pop(key, None)
        freed = self._files.discard(key)
        self._tell_all()
        return freed

    def list(self) -> list[DownloadStatus]:
        """What is being fetched, has failed, or is half there."""
        with self._lock:
            found = {key: run.status for key, run in self._running.items()}
        for part in self._files.kept():
            if part.key in found:
                continue
            if part.state is None and not part.bytes:
                continue
            status, failed = stopped(part.key, part.state, part.bytes), self._failed.get(part.key)
            found[part.key] = (
                replace(status, state="failed", notice=failed.notice) if failed else status
            )
        for key, failed in list(self._failed.items()):
            found.setdefault(key, failed)
        return list(found.values())

    def wait(self, key: str) -> ModelFile:
        """The added model once it is there. Raises what ended the download, Cancelled if the user
        did."""
        with self._lock:
            run = self._running.get(key) or self._ended.get(key)
        if run is None:
            raise KnownError("This download does not run.")
        try:
            return run.future.result()
        except CancelledError:  # before its turn had come
            raise Cancelled from None

    def disk_use(self) -> DiskUse:
        """What models and half downloads take, and what is left."""
        return self._registry.disk_use()

    def has_token(self) -> bool:
        """Whether the keyring has an access token for the Hub. KnownError if it is locked."""
        return bool(secrets.get_key(self._token_name()))

    def set_token(self, token: str) -> None:
        """Keep an access token, in the keyring only; it is sent to this Hub alone."""
        secrets.set_key(self._token_name(), token)

    def forget_token(self) -> None:
        """Delete the token from the keyring; harmless if there is none."""
        secrets.delete_key(self._token_name())

    def close(self) -> None:
        """Stop all downloads; what is there is kept."""
        with self._lock:
            runs = list(self._running.values())
            executor, self._executor = self._executor, None
        for run in runs:
            run.stop(Paused)
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)

    def _begin(self, wanted: Wanted) -> str:
        if self._requests.read_only:
            raise KnownError("Nothing can be downloaded while the data cannot be changed.")
        key = wanted.key
        with self._lock:
            if key in self._running:
                return key
            if self._executor is None:
                self._executor = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="download")
            place = wanted.place
            status = DownloadStatus(
                key, wanted.name, wanted.entry, place.repo, place.file, "queued", 0, 0
            )
            run = Run(status, self._publish)
            self._running[key] = run
            self._failed.pop(key, None)
            run.future = self._executor.submit(self._work, run, wanted)
        self._tell_all()
        return key

    def _work(self, run: Run, wanted: Wanted) -> ModelFile:
        last = _STOPPED
        try:
            added = self._fetched(run, wanted)
            last = ""
        except (Paused, Cancelled):
            raise Cancelled from None
        except KnownError as error:
            last = str(error)
            raise
        except Exception as error:
            last = "This did not work because of an error in Assay."
            _log.error("a download failed: %s", type(error).__name__, exc_info=error)
            raise
        finally:
            if last not in ("", _STOPPED):
                failed = replace(run.status, state="failed", notice=last, left=None)
                self._failed[wanted.key] = failed
            with self._lock:
                self._running.pop(wanted.key, None)
                self._ended[wanted.key] = run
            run.finish(last)
            self._tell_all()
        return added

    def _fetched(self, run: Run, wanted: Wanted) -> ModelFile:
        run.check()
        if wanted.sha256 and (known := self._registry.find(wanted.sha256)):
            self._files.discard(wanted.key)
            return known
        pace = self.pace()
        hub = self.hub()
        download = Download(hub, self._files, self._paths.models, wanted, pace)
        fetched = download.run(run, lambda place, size: self._inspect(hub, place, size, run))
        place = wanted.place
        origin = {
            "repo": place.repo,
            "file": place.file,
            "commit": fetched.commit,
            "entry": wanted.entry,
            "checked": "yes" if fetched.checked else "no",
        }
        file_name = place.file.rpartition("/")[2]
        added = self._registry.adopt(
            fetched.path, fetched.sha256, read_header(fetched.path), file_name, origin
        )
        self._files.discard(wanted.key)
        return added

    def _inspect(self, hub: "Hub", place: Place, size: int, run: Run) -> None:
        """Refuse what is no usable model before the first of its gigabytes comes."""
        try:
            self._header(hub, place, size, lambda fraction, text: run.check())
        except Passing:
            return  # the host knows no ranges: the file is checked when it is there

    def _offer(self, wanted: Wanted, job: Progress) -> Offer:
        hub, place = self.hub(), wanted.place
        file = hub.look(place, job.step)
        entries = {entry.id: entry for entry in self.catalogue()[0]}
        entry = entries.get(wanted.entry)
        digest = wanted.sha256 or file.sha256 or ""
        known = self._registry.find(digest) if digest else None
        offer = Offer(
            wanted.name,
            place.repo,
            place.file,
            entry.licence if entry else "",
            file.size,
            digest,
            wanted.sha256 is not None,
            entry.architecture if entry else "",
            entry.quantization if entry else "",
            entry.memory if entry else 0,
            Memory.now(self._held()).free,
            shutil.disk_usage(self._paths.models).free,
            known.id if known else None,
            "",
        )
        try:
            exact = place.at(file.commit) if file.commit else place
            header = self._header(hub, exact, file.size, job.step)
        except Passing as error:
            return replace(offer, notice=f"What it needs could not be found out: {error.sentence}")
        return replace(
            offer,
            architecture=header.architecture,
            quantization=quantization(header),
            memory=int(memory_needed(header, USUAL_CONTEXT).total * self._factor(header)),
        )

    def _header(self, hub: "Hub", place: Place, size: int, step: Step) -> GgufHeader:
        def read_range(start: int, length: int) -> bytes:
            return hub.read_range(place, start, length, step)

        return read_remote_header(read_range, size)

    def hub(self) -> "Hub":
        """The Hub of the settings, with the user's token; each request goes to the log."""
        # Where nothing is asked for, not even the means of opening a connection are loaded.
        from engine.model.download.hub import Hub  # noqa: PLC0415

        return Hub(
            lambda: not self._requests.read_only,
            self._note,
            self._clock,
            self._settings.text("model_hub"),
            secrets.get_key(self._token_name()),
        )

    def pace(self) -> Pace:
        """As fast as the settings allow."""
        return Pace(lambda: 1000 * int(self._settings.get("download_limit")))

    def _note(self, exchange: Exchange) -> None:
        self._requests.add(exchange)

    def _token_name(self) -> str:
        """A token is bound to its host: another one in the settings does not get it."""
        return f"hub:{self.host()}"

    def _stop(self, key: str, how: type[BaseException]) -> None:
        with self._lock:
            run = self._running.get(key)
        if run is None:
            return
        run.stop(how)
        if run.future.cancel():  # it had not begun
            with self._lock:
                self._running.pop(key, None)
            run.finish(_STOPPED)
            self._tell_all()
            return
        wait((run.future,))

    def _tell_all(self) -> None:
        self._publish(DataChanged(frozenset({"models"})))
