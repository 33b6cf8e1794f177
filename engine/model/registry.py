"""The model files the user has: copied, linked or downloaded, each known by its checksum."""

import contextlib
import filecmp
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from engine.core.csvfile import NAME_LENGTH, clean_text
from engine.core.errors import KnownError
from engine.core.files import known_os_error, known_os_errors, sync_directory
from engine.core.paths import Paths
from engine.core.resources import resource
from engine.model.catalogue import STARTER_ID, CatalogueEntry, catalogue, with_own
from engine.model.download.files import DISK_RESERVE, DownloadFiles
from engine.model.gguf.header import GgufHeader, read_header
from engine.model.naming import model_name, quantization, readable
from engine.model.templates import choose_template
from engine.store.models import ModelRepo, StoredModel

CHUNK = 1 << 20
_SEPARATORS = re.compile(r"[/\\]")


class Reporter(Protocol):
    """What a copy tells about itself; core.jobs.Progress is one."""

    def report(self, fraction: float | None, text: str) -> None:
        """Progress 0…1 and one line."""

    def check(self) -> None:
        """Raise Cancelled if the user wants to stop."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A usable model file; id 0 is the starter that ships with Assay, which cannot be removed.

    file_name: what it was called before it was added. linked: its bytes are those of a file that
    the user keeps. trouble: why it cannot be used, as a sentence, or "".
    """

    id: int
    name: str
    path: Path
    size: int
    architecture: str
    quantization: str
    file_name: str
    sha256: str
    linked: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Bytes on the disk of the models folder. models: of files that only Assay has; parts: of
    downloads that are not finished; free: what is left there."""

    models: int
    parts: int
    free: int


def starter_path() -> Path:
    """The shipped starter model's file."""
    entry = next(entry for entry in catalogue() if entry.id == STARTER_ID)
    return resource("models", str(entry.file))


def described(number: int, path: Path, header: GgufHeader) -> ModelFile:
    """A model file by what its header says."""
    return ModelFile(
        number,
        model_name(header, path),
        path,
        header.size,
        header.architecture,
        quantization(header),
        clean_text(path.name, NAME_LENGTH),
        "",
    )


def _listed(row: StoredModel) -> ModelFile:
    meta = json.loads(row.meta_json)
    place = meta.get("place")
    return ModelFile(
        row.id,
        readable(row.name, f"Unnamed {row.arch} model"),
        Path(row.path),
        row.size,
        row.arch,
        meta.get("quantization", ""),
        meta["source"],
        row.sha256,
        place is not None,
        "" if place is None else _trouble(Path(row.path), place),
    )


def _trouble(path: Path, place: Mapping[str, Any]) -> str:
    """What has happened to a file of the user's since it was linked, as a sentence."""
    try:
        found = path.stat()
    except OSError:
        return f"The file {path} is not there any more; put it back or remove the model."
    if (found.st_size, found.st_mtime_ns) != (place["size"], place["changed"]):
        return f"The file {path} has changed since it was added; add it again."
    return ""


class Registry:
    """The starter and the files the user added."""

    def __init__(self, paths: Paths, repo: ModelRepo) -> None:
        self._paths = paths
        self._repo = repo

    def list(self) -> list[ModelFile]:
        """Every model whose file is there, the starter first if it is whole.

        A linked file that is gone is listed with its trouble: it is the user's to bring back.
        """
        files = []
        starter = starter_path()
        with contextlib.suppress(KnownError):  # missing or damaged: the others can still be used
            files.append(described(0, starter, read_header(starter)))
        rows = [_listed(row) for row in self._repo.list()]
        return files + [file for file in rows if file.linked or file.path.is_file()]

    def catalogue(self) -> tuple[tuple[CatalogueEntry, ...], tuple[str, ...]]:
        """The models that can be got, and a sentence for each own entry that is left out."""
        return with_own(self._paths.own_catalogue)

    def find(self, sha256: str) -> ModelFile | None:
        """The usable file with this checksum, if there is one."""
        usable = (file for file in self.list() if not file.trouble)
        return next((file for file in usable if file.id and file.sha256 == sha256), None)

    def add_file(self, source: Path, progress: Reporter, link: bool = False) -> ModelFile:
        """Check a GGUF file and register it; link: without a copy of it.

        A copy is named by the SHA-256 of what was written. A link is a second name for the same
        bytes where the file system allows that, so that the model stays if the first name is
        deleted; else the file is used from where it is. A file that is there already, the starter
        too, is not added again and keeps its name. Raises KnownError, or Cancelled by `progress`;
        nothing is left behind then.
        """
        header = read_header(source)
        name = model_name(header, source)
        place: dict[str, int] | None = None
        try:
            starter = starter_path()
            if starter.is_file() and filecmp.cmp(source, starter, shallow=False):
                return described(0, starter, header)
            if link:
                path, digest, place = self._link(source, header.size, name, progress)
            else:
                if shutil.disk_usage(self._paths.models).free < header.size + DISK_RESERVE:
                    raise KnownError(
                        f"There is not enough disk space for the model {name}.",
                        f"Free {(header.size + DISK_RESERVE) / 1e9:.1f} GB and try again, or "
                        "link the file instead of copying it.",
                    )
                path, digest = self._copy(source, header.size, name, progress)
        except OSError as error:
            raise known_os_error(f"add the model {name}", error) from error
        if link and (known := self.find(digest)) is not None:
            return known
        return self._register(path, digest, header, source.name, {"place": place} if place else {})

    def adopt(
        self, path: Path, sha256: str, header: GgufHeader, file_name: str, origin: Mapping[str, str]
    ) -> ModelFile:
        """Register a checked file that is in the models folder. origin: where it is from."""
        return self._register(path, sha256, header, file_name, {"origin": dict(origin)})

    def take(self, path: Path, sha256: str, name: str, origin: Mapping[str, object]) -> ModelFile:
        """Register a checked file of the data folder under a name, and move it to the models.

        Until it is registered the file is where it was, where the file system can give it two
        names; it is there again if it cannot be registered. Raises KnownError.
        """
        header = read_header(path)
        listed = self._is_listed(sha256)
        target = self._paths.models / f"{sha256}.gguf"
        with known_os_errors(f"add the model {name}"):
            if not (target.exists() and target.samefile(path)):
                second = self._paths.models / f".adding-{sha256[:16]}"
                second.unlink(missing_ok=True)
                try:
                    os.link(path, second)
                except OSError:  # a file system without such names
                    second = path
                os.replace(second, target)
                sync_directory(self._paths.models)
        more = {"origin": dict(origin)}
        file_name = f"{_SEPARATORS.sub('-', name)}.gguf"
        try:
            added = self._register(target, sha256, header, file_name, more, name)
        except BaseException:
            if not listed:
                with contextlib.suppress(OSError):
                    if not path.exists():
                        os.replace(target, path)
                    target.unlink(missing_ok=True)
            raise
        with contextlib.suppress(OSError):  # then it only has two names
            path.unlink(missing_ok=True)
        return added

    def origin(self, model_id: int) -> Mapping[str, object]:
        """Where a model is from, as it was registered; {} if that is not known. KnownError."""
        origin = json.loads(self._row(model_id).meta_json).get("origin", {})
        return origin if isinstance(origin, dict) else {}

    def freed_by(self, model_id: int) -> int:
        """Bytes that removing a model would free: none where the file has another name."""
        row = self._row(model_id)
        if not self._is_ours(row):
            return 0
        try:
            found = Path(row.path).stat()
        except OSError:
            return 0
        return found.st_size if found.st_nlink == 1 else 0

    def remove(self, model_id: int) -> int:
        """Delete an added model's file and its entry; returns the bytes freed.

        A file that is used from where the user keeps it stays. KnownError if there is no such
        model.
        """
        row, freed = self._row(model_id), self.freed_by(model_id)
        if self._is_ours(row):
            try:
                Path(row.path).unlink(missing_ok=True)
            except OSError as error:
                raise known_os_error(f"delete the model {row.name}", error) from error
        self._repo.remove(model_id)
        return freed

    def drop_unlisted(self, sha256: str) -> int:
        """Delete a file of the models folder that is no model, as a kill while it was registered
        leaves it; the bytes freed."""
        path = self._paths.models / f"{sha256}.gguf"
        if self._is_listed(sha256):
            return 0
        try:
            found = path.stat()
            path.unlink()
        except OSError:
            return 0
        return found.st_size if found.st_nlink == 1 else 0

    def disk_use(self) -> DiskUse:
        """What the models take."""
        models = self._paths.models
        own = sum(self.freed_by(row.id) for row in self._repo.list())
        parts = sum(part.bytes for part in DownloadFiles(self._paths.downloads).kept())
        return DiskUse(own, parts, shutil.disk_usage(models).free)

    def _row(self, model_id: int) -> StoredModel:
        row = next((row for row in self._repo.list() if row.id == model_id), None)
        if row is None:
            raise KnownError("This model is not in the list any more.")
        return row

    def _is_listed(self, sha256: str) -> bool:
        return any(row.sha256 == sha256 for row in self._repo.list())

    def _is_ours(self, row: StoredModel) -> bool:
        """Whether the file is in the models folder, and not where the user keeps it."""
        return Path(row.path).parent == self._paths.models

    def _register(
        self,
        path: Path,
        digest: str,
        header: GgufHeader,
        file_name: str,
        more: Mapping[str, object],
        name: str = "",
    ) -> ModelFile:
        known = self.find(digest)
        if known is not None and not name:
            file_name = known.file_name
        # What the file was called says more than its checksum, if it has no name of its own.
        file = described(0, path.with_name(file_name), header)
        file = replace(file, name=name or file.name)
        meta = {
            "template": choose_template(header),
            "source": file.file_name,
            "quantization": file.quantization,
            **more,
        }
        number = self._repo.add(
            file.name, digest, str(path), header.size, header.architecture, json.dumps(meta)
        )
        return replace(file, id=number, path=path, sha256=digest, linked="place" in more)

    def _copy(self, source: Path, size: int, name: str, progress: Reporter) -> tuple[Path, str]:
        folder = self._paths.models
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".adding-")
        try:
            with os.fdopen(handle, "wb") as target:
                digest = _read(source, size, f"Adding {name}", progress, target.write)
                target.flush()
                os.fsync(target.fileno())
            # What was copied is checked again: the source may have changed since.
            if read_header(Path(temporary)).size != size:
                raise KnownError("The file changed while it was copied.", "Try again.")
            path = folder / f"{digest}.gguf"
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        sync_directory(folder)
        return path, digest

    def _link(
        self, source: Path, size: int, name: str, progress: Reporter
    ) -> tuple[Path, str, dict[str, int] | None]:
        """The path to use, the checksum, and what the user's file was like; None if it is not used.

        Whoever writes to a file with two names changes it under both.
        """
        source = source.resolve()
        before = source.stat()
        digest = _read(source, size, f"Checking {name}", progress, lambda chunk: None)
        after = source.stat()
        facts = {"size": after.st_size, "changed": after.st_mtime_ns}
        if (before.st_size, before.st_mtime_ns) != (facts["size"], facts["changed"]):
            raise KnownError("The file changed while it was checked.", "Try again.")
        path = self._paths.models / f"{digest}.gguf"
        if path.exists() and not path.samefile(source):
            # It may be a second name too, of a file that was changed since.
            found = path.stat()
            if _read(path, found.st_size, f"Checking {name}", progress, lambda _: None) == digest:
                facts = {"size": found.st_size, "changed": found.st_mtime_ns}
                return path, digest, None if found.st_nlink == 1 else facts
            path.unlink()
        if not path.exists():
            try:
                os.link(source, path)
            except OSError:  # another file system, or one without such names
                return source, digest, facts
            sync_directory(self._paths.models)
        return path, digest, facts


class _Taker(Protocol):
    def __call__(self, chunk: bytes, /) -> object: ...


def _read(source: Path, size: int, text: str, progress: Reporter, take: _Taker) -> str:
    """Hand on all bytes of a file; returns their SHA-256."""
    digest = hashlib.sha256()
    done = 0
    with open(source, "rb") as file:
        while chunk := file.read(CHUNK):
            progress.check()
            digest.update(chunk)
            take(chunk)
            done += len(chunk)
            progress.report(min(done / size, 1.0), text)
    return digest.hexdigest()
