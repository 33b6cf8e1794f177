"""The model files the user has: added by checksum, kept in the models folder."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from engine.core.csvfile import NAME_LENGTH, clean_text
from engine.core.errors import KnownError
from engine.core.files import known_os_error, sync_directory
from engine.core.paths import Paths
from engine.core.resources import resource
from engine.model.catalogue import STARTER_ID, catalogue
from engine.model.gguf import GgufHeader, read_header
from engine.model.naming import model_name, quantization, readable
from engine.model.templates import choose_template
from engine.store.models import ModelRepo, StoredModel

CHUNK = 1 << 20
RESERVE = 256 << 20  # disk space that stays free


class Reporter(Protocol):
    """What a copy tells about itself; core.jobs.Progress is one."""

    def report(self, fraction: float | None, text: str) -> None:
        """Progress 0…1 and one line."""

    def check(self) -> None:
        """Raise Cancelled if the user wants to stop."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A usable model file; id 0 is the starter that ships with Assay, which cannot be removed.

    file_name: what it was called before it was added.
    """

    id: int
    name: str
    path: Path
    size: int
    architecture: str
    quantization: str
    file_name: str
    sha256: str


def starter_path() -> Path:
    """The shipped starter model's file."""
    entry = next(entry for entry in catalogue() if entry.id == STARTER_ID)
    return resource("models", entry.file)


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
    return ModelFile(
        row.id,
        readable(row.name, f"Unnamed {row.arch} model"),
        Path(row.path),
        row.size,
        row.arch,
        meta.get("quantization", ""),
        meta["source"],
        row.sha256,
    )


class Registry:
    """The starter and the files the user added."""

    def __init__(self, paths: Paths, repo: ModelRepo) -> None:
        self._paths = paths
        self._repo = repo

    def list(self) -> list[ModelFile]:
        """Every model whose file is there, the starter first if it is whole."""
        files = []
        starter = starter_path()
        with contextlib.suppress(KnownError):  # missing or damaged: the others can still be used
            files.append(described(0, starter, read_header(starter)))
        return files + [_listed(row) for row in self._repo.list() if Path(row.path).is_file()]

    def add_file(self, source: Path, progress: Reporter) -> ModelFile:
        """Check a GGUF file, copy it into the models folder and register it.

        The copy is named by the SHA-256 of what was written. Raises KnownError, or Cancelled by
        `progress`; nothing is left behind then.
        """
        header = read_header(source)
        name = model_name(header, source)
        try:
            if shutil.disk_usage(self._paths.models).free < header.size + RESERVE:
                raise KnownError(
                    f"There is not enough disk space for the model {name}.",
                    f"Free {(header.size + RESERVE) / 1e9:.1f} GB and try again.",
                )
            path, digest = self._copy(source, header.size, name, progress)
        except OSError as error:
            raise known_os_error(f"add the model {name}", error) from error
        file = described(0, source, header)
        meta = {
            "template": choose_template(header),
            "source": file.file_name,
            "quantization": file.quantization,
        }
        number = self._repo.add(
            name, digest, str(path), header.size, header.architecture, json.dumps(meta)
        )
        return replace(file, id=number, path=path, sha256=digest)

    def remove(self, model_id: int) -> None:
        """Delete an added model's file and its entry; KnownError if there is none."""
        row = next((row for row in self._repo.list() if row.id == model_id), None)
        if row is None:
            raise KnownError("This model is not in the list any more.")
        try:
            Path(row.path).unlink(missing_ok=True)
        except OSError as error:
            raise known_os_error(f"delete the model {row.name}", error) from error
        self._repo.remove(model_id)

    def _copy(self, source: Path, size: int, name: str, progress: Reporter) -> tuple[Path, str]:
        folder = self._paths.models
        digest = hashlib.sha256()
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".adding-")
        try:
            with os.fdopen(handle, "wb") as target, open(source, "rb") as file:
                done = 0
                while chunk := file.read(CHUNK):
                    progress.check()
                    digest.update(chunk)
                    target.write(chunk)
                    done += len(chunk)
                    progress.report(min(done / size, 1.0), f"Adding {name}")
                target.flush()
                os.fsync(target.fileno())
            # What was copied is checked again: the source may have changed since.
            if read_header(Path(temporary)).size != size:
                raise KnownError("The file changed while it was copied.", "Try again.")
            path = folder / f"{digest.hexdigest()}.gguf"
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        sync_directory(folder)
        return path, digest.hexdigest()
