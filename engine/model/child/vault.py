"""Conversation states on disk: encrypted, and readable only where they belong.

File: "AKV1", a nonce of 12 bytes, and AES-256-GCM over the count of tokens (8 bytes,
little-endian), the tokens (4 bytes each) and the library's own state. What the state belongs to
(model, template, settings, build) is authenticated with it: another one's cannot be read, and
nothing that was changed ever reaches the library, which would believe it.
"""

import contextlib
import os
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.core.errors import Cancelled, KnownError
from engine.core.files import known_os_error
from engine.model.child.state_layout import State

MAGIC = b"AKV1"
NONCE, TAG = 12, 16
CHUNK = 1 << 20  # at a time: the interpreter is held for as long as one takes to encrypt
_COUNT = struct.Struct("<Q")


class Permit:
    """Allows a file to be written or read; may be withdrawn on another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._valid = True

    def withdraw(self) -> None:
        """From now on nothing is changed, and what goes on ends soon."""
        with self._lock:
            self._valid = False

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Within, it is not withdrawn. Raises Cancelled where it was."""
        with self._lock:
            if not self._valid:
                raise Cancelled
            yield

    def check(self) -> None:
        """Raise Cancelled where it was withdrawn."""
        with self.held():
            pass


def save_state(
    path: Path, key: bytes, bound: str, tokens: list[int], state: State, permit: Permit
) -> None:
    """Write a state in place of the file, which is whole at every moment.

    Raises KnownError, Cancelled.
    """
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415  (few children need it)
        Cipher,
        algorithms,
        modes,
    )

    nonce = os.urandom(NONCE)
    encryptor = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(MAGIC + _bytes(bound))
    temporary = path.with_suffix(".writing")
    try:
        permit.check()
        with open(temporary, "wb") as file:
            file.write(MAGIC + nonce)
            file.write(encryptor.update(_COUNT.pack(len(tokens))))
            file.write(encryptor.update(np.asarray(tokens, "<i4").tobytes()))
            for start in range(0, state.size, CHUNK):
                permit.check()
                file.write(encryptor.update(state[start : start + CHUNK].data))
            file.write(encryptor.finalize() + encryptor.tag)
        with permit.held():
            os.replace(temporary, path)
    except (OSError, Cancelled) as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, Cancelled):
            raise
        raise known_os_error("keep what the model has read", error) from error


def load_state(
    path: Path, key: bytes, bound: str, permit: Permit
) -> tuple[list[int], State] | None:
    """The tokens and the state of a file; None where it is not there or not this one's.

    Raises KnownError where it cannot be read or is larger than memory, and Cancelled.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415  (as above)
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415
        Cipher,
        algorithms,
        modes,
    )

    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size - len(MAGIC) - NONCE - TAG
            if size < _COUNT.size or file.read(len(MAGIC)) != MAGIC:
                return None
            decryptor = Cipher(algorithms.AES(key), modes.GCM(file.read(NONCE))).decryptor()
            decryptor.authenticate_additional_data(MAGIC + _bytes(bound))
            plain: State = np.empty(size, np.uint8)
            for start in range(0, size, CHUNK):
                permit.check()
                data = file.read(min(CHUNK, size - start))
                if len(data) < min(CHUNK, size - start):
                    return None
                decryptor.update_into(data, plain[start : start + len(data)].data)
            decryptor.finalize_with_tag(file.read(TAG))
    except InvalidTag:
        return None
    except FileNotFoundError:
        return None
    except (OSError, MemoryError) as error:
        raise KnownError(
            "What the model had read of this chat could not be loaded.", "It is read again."
        ) from error
    (count,) = _COUNT.unpack(plain[: _COUNT.size].tobytes())
    end = _COUNT.size + 4 * count
    return plain[_COUNT.size : end].view("<i4").tolist(), plain[end:]


def _bytes(bound: str) -> bytes:
    """The words as bytes: names of files among them need not be Unicode."""
    return bound.encode(errors="surrogatepass")
