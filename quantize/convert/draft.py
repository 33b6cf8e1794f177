"""Output files in the making: they appear all together, and an interrupted run can go on.

Each file is written as .NAME.part beside its place. What is safely on the disk is told by a small
file, .NAME.state of the target: a key of what is converted and how, and how many tensors are
there. It is held locked while they are written. Whoever comes with another key begins anew.
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from engine.core.errors import Cancelled, KnownError
from engine.core.files import not_written, sync_directory, sync_file
from engine.core.locks import lock
from quantize.convert.divide import File
from quantize.output import NoSpace, check_space
from quantize.task import Interrupted
from quantize.writer import Tensor, header, write_tensor

SECONDS = 1.0  # between two notes of what is safe
FORMAT = b"assay-convert-1"  # to be changed when the same key comes to mean other bytes
_STATE = re.compile(FORMAT + rb" ([0-9a-f]{64}) (\d{9})\n")


def key_of(files: Sequence[File], sources: Iterable[Path]) -> str:
    """A key of what is to be written: all but the weights themselves, of these only their files'
    names, sizes and times of change. Raises OSError."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(header(file.metadata, file.tensors))
    for path in sorted(set(sources)):
        state = path.stat()
        digest.update(os.fsencode(path.resolve()))
        digest.update(f"\0{state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


@contextmanager
def drafted(target: Path, files: Sequence[File], key: str) -> Iterator["Draft"]:
    """Gives the files' draft; at the end they get their names.

    Stopped, or when the disk is full, what was written stays for the next run with this key, if
    it is a tensor at least; on any other exception it is removed. Raises Interrupted for
    Cancelled where something stays, and KnownError for OSError.
    """
    for path in (target, *(file.path for file in files)):
        if path.is_dir():
            raise KnownError(f"{path.name} is a folder.", "Give the name of the file to write.")
    try:
        with _opened(_beside(target, "state")) as state:
            try:
                lock(state)
            except OSError as error:
                raise KnownError(f"{target.name} is being written already.") from error
            draft = Draft(target, files, key, state)
            try:
                check_space(target, sum(file.size for file in files) - draft.size)
                yield draft
                draft.publish()
            except (Cancelled, NoSpace, OSError) as error:
                if not draft.keep():
                    draft.discard()
                elif isinstance(error, Cancelled):
                    raise Interrupted from error
                raise
            except BaseException:
                draft.discard()
                raise
    except OSError as error:
        raise not_written(target, error) from error


class Draft:
    """The files while they are written.

    state: the open file of what is safe; done: how many tensors, over all files, are there
    already; size: their bytes, headers included.
    """

    def __init__(self, target: Path, files: Sequence[File], key: str, state: BinaryIO) -> None:
        self._target, self._files, self._key, self._state = target, files, key, state
        self.done = self._found()
        self._saver = ThreadPoolExecutor(1)
        self._saving: Future[None] | None = None
        self._saved = time.monotonic()
        if not self.done:
            self._remove_parts()

    @property
    def size(self) -> int:
        """Bytes that are there already."""
        return sum(file.end(count) for file, count in self._shares() if count)

    def write(self, on_block: Callable[[Tensor, int], None]) -> None:
        """Write what is missing; on_block as of write_gguf. Raises OSError."""
        done = 0
        for file, there in self._shares():
            done += there
            if there == len(file.tensors):
                os.truncate(_part(file), file.end(there))
                continue
            with open(_part(file), "r+b" if there else "wb") as out:
                if there:
                    out.seek(file.end(there))
                    out.truncate()
                else:
                    out.write(header(file.metadata, file.tensors))
                try:
                    for tensor in file.tensors[there:]:
                        write_tensor(out, tensor, on_block)
                        done += 1
                        self._save_beside(out, done)
                finally:
                    if self._saving is not None:
                        wait([self._saving])  # it uses the file
                self._check()
                out.flush()
                self._save(out, done)

    def keep(self) -> bool:
        """Leave what is safe for the next run; whether there is anything."""
        self._saver.shutdown()
        return bool(self._found())

    def discard(self) -> None:
        """Remove all that was written."""
        self._saver.shutdown()
        self._remove_parts()
        with suppress(OSError):
            _beside(self._target, "state").unlink()

    def parts(self) -> list[Path]:
        """The files under the names they have until the end."""
        return [_part(file) for file in self._files]

    def publish(self) -> None:
        """Give the files their names, that of the first, by which the others are found, last."""
        for part in self.parts():
            sync_file(part)
        if len(self._files) > 1:
            self._files[0].path.unlink(missing_ok=True)
        renamed: list[File] = []
        try:
            for file in reversed(self._files):
                os.replace(_part(file), file.path)
                renamed.append(file)
        except OSError:
            for file in renamed:
                os.replace(file.path, _part(file))
            raise
        self.discard()
        sync_directory(self._target.parent)

    def _found(self) -> int:
        """How many tensors an earlier run has left that can be gone on with."""
        self._state.seek(0)
        match = _STATE.fullmatch(self._state.read(256))
        if match is None or match[1] != self._key.encode():
            return 0
        done = min(int(match[2]), sum(len(file.tensors) for file in self._files))
        for file, count in self._shares(done):
            try:
                if count and _part(file).stat().st_size < file.end(count):
                    return 0
            except OSError:
                return 0
        return done

    def _shares(self, done: int | None = None) -> Iterator[tuple[File, int]]:
        """Each file, and how many of its tensors are among the first `done` of all."""
        left = self.done if done is None else done
        for file in self._files:
            count = min(left, len(file.tensors))
            left -= count
            yield file, count

    def _save_beside(self, out: BinaryIO, done: int) -> None:
        """Now and then, let another thread wait for the disk and note what is safe then."""
        if time.monotonic() - self._saved < SECONDS or (
            self._saving is not None and not self._saving.done()
        ):
            return
        self._check()
        out.flush()
        self._saving = self._saver.submit(self._save, out, done)

    def _check(self) -> None:
        """Raise the OSError of the last note, if it had one."""
        if self._saving is not None:
            self._saving.result()

    def _save(self, out: BinaryIO, done: int) -> None:
        os.fsync(out.fileno())
        # One line that always has the same length, so that it needs no further room on the disk.
        self._state.seek(0)
        self._state.write(FORMAT + f" {self._key} {done:09}\n".encode())
        os.fsync(self._state.fileno())
        self._saved = time.monotonic()

    def _remove_parts(self) -> None:
        stem, name = re.escape(self._target.stem), re.escape(self._target.name)
        mine = re.compile(rf"\.({stem}-\d{{5}}-of-\d{{5}}\.gguf|{name})\.part")
        for path in self._target.parent.iterdir():
            if mine.fullmatch(path.name):
                path.unlink()


def _part(file: File) -> Path:
    return _beside(file.path, "part")


def _opened(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(f".{path.name}.{ending}")
