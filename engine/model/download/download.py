"""Fetches one file of a model: stopped and gone on with at will, kept only if it is the right one.

One stream, written in pieces: after each the bytes and then the state file are forced onto the
disk, so that whatever ends the program costs the last piece at most. To go on, what is there is
read again for its checksum, and the host is asked for the rest only if it is still the same file.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, Protocol

from engine.core.errors import KnownError
from engine.core.files import known_os_error, sync_directory
from engine.model.download.files import DISK_RESERVE, DownloadFiles, DownloadState, key_of
from engine.model.download.hub_file import Changed, HubFile, Passing, Place
from engine.model.download.pace import Pace
from engine.model.download.writer import Digest, Writer
from engine.model.gguf.header import read_header

if TYPE_CHECKING:
    from engine.model.download.hub import Hub, Part

PIECE = 16 << 20  # bytes between two forced writes
CHUNK = 1 << 16
TRIES_AT_FIRST, TRIES_LATER = 4, 8
"""How often in a row the Hub may fail before anything came, and after."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
_CHANGED = "The file on the Hub has changed since, so the download begins anew."
_ADVANCE = 1 << 20  # so many bytes make the failures before forgotten
_MOST_RESTARTS = 3

Phase = Literal["asking", "checking", "fetching", "waiting", "verifying"]


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a download is. speed: bytes a second; left: seconds, None if not known; notice:
    what the user should know of it, or ""."""

    phase: Phase
    done: int
    size: int
    speed: float
    left: float | None
    notice: str


class Watcher(Protocol):
    """Whoever follows a download."""

    def check(self) -> None:
        """Called many times a second; what it raises ends the download, the part is kept."""

    def tell(self, advance: Advance) -> None:
        """How far it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch. sha256, size: what it must be, None for what the Hub says it is."""

    place: Place
    name: str
    entry: str = ""
    sha256: str | None = None
    size: int | None = None

    @property
    def key(self) -> str:
        """The name of its part."""
        return key_of(self.place.repo, self.place.file, self.place.revision)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole, checked file. commit: of the Hub's repository, "" if not known; checked: it had
    the checksum that the catalogue or the Hub named."""

    path: Path
    sha256: str
    commit: str
    checked: bool


class Download:
    """One file on its way into a folder."""

    def __init__(
        self,
        hub: "Hub",
        files: DownloadFiles,
        target: Path,
        wanted: Wanted,
        pace: Pace,
        name: Callable[[str], str] = "{}.gguf".format,
        verify: Callable[[Path], object] = read_header,
    ) -> None:
        """target: the folder that the whole file goes to, on the file system of the parts; name:
        what it is called there, by its checksum; verify: raises KnownError if it is of no use."""
        self._hub = hub
        self._files = files
        self._target = target
        self._wanted = wanted
        self._pace = pace
        self._name = name
        self._verify = verify
        self._part = files.part(wanted.key)
        self._notice = ""
        self._watch: Watcher

    def run(self, watch: Watcher, inspect: Callable[[Place, int], None] | None = None) -> Fetched:
        """Fetch what is missing, check all of it, move it into place; the state stays.

        inspect: called with the exact place and the size before the first byte; may refuse it.
        Raises KnownError, and what `watch` raises; the part is kept unless it is wrong.
        """
        self._watch = watch
        with self._files.locked(self._wanted.key):
            self._tell("asking", 0, self._wanted.size or 0)
            state = self._files.read(self._wanted.key)
            file = self._patiently(lambda: self._look(state))
            self._check_wanted(file)
            if file.sha256 and (ready := self._already_there(file)):
                return ready
            state = self._continued(state, file)
            if inspect is not None and not state.done:
                place = self._wanted.place
                inspect(place.at(state.commit) if state.commit else place, state.size)
            self._check_space(state.size - state.done)
            for _ in range(_MOST_RESTARTS):
                try:
                    state, digest = self._fetch(state)
                    return self._finish(state, digest)
                except Changed as error:
                    state = self._anew(error)
            raise KnownError("The file on the Hub keeps changing.", "Try again later.")

    def _look(self, state: DownloadState | None) -> HubFile:
        """What the Hub says now: of the commit that was begun, if it still has that."""
        place = self._wanted.place
        if state is not None and state.commit:
            try:
                return self._hub.look(place.at(state.commit), self._step)
            except Passing:
                raise
            except KnownError:
                pass  # the history was rewritten: what there is now counts
        return self._hub.look(place, self._step)

    def _check_wanted(self, file: HubFile) -> None:
        """Refuse before the first byte what cannot be the file of the catalogue."""
        wanted = self._wanted
        other = wanted.sha256 and file.sha256 and wanted.sha256 != file.sha256
        if other or (wanted.size and wanted.size != file.size):
            raise KnownError(
                f"The Hub's file {wanted.place.file} is not the one that the catalogue names, so "
                "it was not downloaded.",
                "It was exchanged, or the mirror is wrong. Get it from another place, or wait for "
                "a newer catalogue.",
            )

    def _already_there(self, file: HubFile) -> Fetched | None:
        """The file if it is in place already: an earlier run was ended just before its end."""
        path = self._target / self._name(str(file.sha256))
        try:
            if path.stat().st_size != file.size:
                return None
            with open(path, "rb") as whole:
                digest = self._hashed(whole, file.size, "verifying")
        except OSError:
            return None
        if digest.hexdigest() != file.sha256:
            return None
        self._verify(path)
        return Fetched(path, str(file.sha256), file.commit, True)

    def _continued(self, state: DownloadState | None, file: HubFile) -> DownloadState:
        """The state to go on from: the one that was kept if the file is still the same."""
        if state is not None and (state.tag, state.size) == (file.tag, file.size):
            if state.done and state.named and self._part.exists():
                return replace(state, commit=file.commit)
            return self._begun(file)
        if state is not None and state.done:
            self._notice = _CHANGED
        return self._begun(file)

    def _begun(self, file: HubFile) -> DownloadState:
        place, wanted = self._wanted.place, self._wanted
        state = DownloadState(
            place.repo,
            place.file,
            place.revision,
            wanted.entry,
            wanted.name,
            file.commit,
            file.tag,
            "",
            file.size,
            wanted.sha256 or file.sha256 or "",
            0,
        )
        self._files.write(wanted.key, state)
        return state

    def _anew(self, why: KnownError) -> DownloadState:
        """Begin again with what the Hub has now."""
        file = self._patiently(lambda: self._hub.look(self._wanted.place, self._step))
        self._check_wanted(file)
        self._notice = why.sentence
        return self._begun(file)

    def _check_space(self, missing: int) -> None:
        free = shutil.disk_usage(self._files.folder).free
        if free < missing + DISK_RESERVE:
            raise KnownError(
                f"There is not enough disk space for {self._wanted.name}.",
                f"Free {(missing + DISK_RESERVE - free) / 1e9:.1f} GB and try again; what was "
                "downloaded is kept.",
            )

    def _fetch(self, state: DownloadState) -> tuple[DownloadState, Digest]:
        """Get what is missing; the state and the checksum of all bytes. Raises Changed."""
        try:
            handle = os.open(self._part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(handle, "r+b") as part:
                part.truncate(state.done)
                digest = self._hashed(part, state.done, "checking")
                writer = Writer(self._files, self._wanted.key, part, state, digest)
                self._fill(writer)
                return writer.state, writer.digest
        except OSError as error:
            raise known_os_error(f"download {self._wanted.name}", error) from error

    def _fill(self, writer: Writer) -> None:
        """Ask for the rest again and again until it is there."""
        failed, before = 0, writer.done
        while writer.done < writer.state.size:
            try:
                with self._opened(writer) as part:
                    self._copy(part, writer)
            except Passing as error:
                if writer.done - before >= _ADVANCE:
                    failed, before = 0, writer.done
                failed += 1
                self._wait_or_raise(error, failed, writer.done, writer.state.size)
            finally:
                writer.save()

    def _opened(self, writer: Writer) -> "Part":
        """The rest of the file. Raises Changed if it is another one by now."""
        if writer.done and not writer.state.named:
            self._notice = "The host does not say which file it is, so it begins anew."
            writer.restart()
        state = writer.state
        place = self._wanted.place
        place = place.at(state.commit) if state.commit else place
        part = self._hub.open(place, writer.done, state.host_tag, self._step)
        if (part.file.tag, part.file.size) != (state.tag, state.size):
            part.close()
            raise Changed(_CHANGED)
        if part.start not in (0, writer.done):
            part.close()
            raise Passing("The host sent another part of the file than was asked for.")
        if part.start != writer.done:
            self._notice = "The host could not go on where it stopped, so it begins anew."
            writer.restart()
        writer.state = replace(writer.state, host_tag=part.tag)
        return part

    def _copy(self, part: "Part", writer: Writer) -> None:
        size, unsaved = writer.state.size, 0
        while writer.done < size:
            chunk = part.read(self._pace.chunk(CHUNK))
            if not chunk:
                raise Passing("The file broke off.")
            if writer.done + len(chunk) > size:
                writer.restart()
                raise KnownError("The host sent more than the file has.", "Try again later.")
            writer.write(chunk)
            unsaved += len(chunk)
            self._tell("fetching", writer.done, size)
            if unsaved >= PIECE:
                writer.save()
                unsaved = 0
                self._check_space(0)
            self._pace.took(len(chunk), self._watch.check)

    def _finish(self, state: DownloadState, digest: Digest) -> Fetched:
        """Check the whole file and give it its name."""
        found, expected = digest.hexdigest(), self._wanted.sha256 or state.sha256
        if expected and found != expected:
            self._files.discard(self._wanted.key)
            raise KnownError(
                f"What was downloaded is not {self._wanted.name}: its checksum is another one. It "
                "was deleted.",
                "Try again. If it happens again, what is between here and the Hub changes files.",
            )
        try:
            self._verify(self._part)
        except KnownError:
            self._files.discard(self._wanted.key)
            raise
        path = self._target / self._name(found)
        try:
            os.replace(self._part, path)
            sync_directory(self._target)
        except OSError as error:
            raise known_os_error(f"keep {self._wanted.name}", error) from error
        return Fetched(path, found, state.commit, bool(expected))

    def _hashed(self, file: IO[bytes], size: int, phase: Phase) -> Digest:
        """The checksum of the first bytes of a file, which is then read up to there."""
        digest = hashlib.sha256()
        done = 0
        while done < size:
            self._watch.check()
            chunk = file.read(min(1 << 20, size - done))
            if not chunk:
                raise OSError("the file is shorter than it was")
            digest.update(chunk)
            done += len(chunk)
            self._tell(phase, done, size)
        self._pace.rest()
        return digest

    def _patiently(self, ask: Callable[[], HubFile]) -> HubFile:
        failed = 0
        while True:
            try:
                return ask()
            except Passing as error:
                failed += 1
                self._wait_or_raise(error, failed, 0, self._wanted.size or 0)

    def _wait_or_raise(self, error: Passing, failed: int, done: int, size: int) -> None:
        """Wait before the next try, longer each time; raise the error if it was the last."""
        if failed >= (TRIES_LATER if done else TRIES_AT_FIRST) or error.wait > LONGEST_WAIT:
            raise error
        seconds = max(error.wait, min(FIRST_WAIT * 2.0 ** (failed - 1), LONGEST_WAIT))
        self._watch.tell(
            Advance("waiting", done, size, 0.0, None, f"{error.sentence} It is tried again.")
        )
        self._pace.wait(seconds, self._watch.check)

    def _tell(self, phase: Phase, done: int, size: int) -> None:
        speed = self._pace.speed() if phase == "fetching" else 0.0
        left = self._pace.seconds_left(size - done) if phase == "fetching" else None
        self._watch.tell(Advance(phase, done, size, speed, left, self._notice))

    def _step(self, fraction: float, text: str) -> None:
        self._watch.check()
