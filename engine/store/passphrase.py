"""Wrapping a database key under a passphrase: Argon2id (RFC 9106), then AES-256-GCM."""

import secrets
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from engine.core.errors import KnownError
from engine.store.snapshot import WrappedKey

MIN_LENGTH = 8
_ITERATIONS, _LANES, _MEMORY_KIB = 3, 4, 64 * 1024
# A made-up header must not make the program work for hours or fill the memory.
_MAX_ITERATIONS, _MAX_LANES, _MAX_MEMORY_KIB = 16, 16, 1024 * 1024
_PURPOSE = b"assay backup key 1"


def wrap(key: bytes, passphrase: str) -> WrappedKey:
    """The key under the passphrase; KnownError if the passphrase is too short."""
    if len(passphrase) < MIN_LENGTH:
        raise KnownError(f"A passphrase needs at least {MIN_LENGTH} characters.")
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    derived = _derive(passphrase, salt, _ITERATIONS, _LANES, _MEMORY_KIB)
    wrapped = AESGCM(derived).encrypt(nonce, key, _PURPOSE)
    return WrappedKey(_ITERATIONS, _LANES, _MEMORY_KIB, salt.hex(), nonce.hex(), wrapped.hex())


def unwrap(wrapped: WrappedKey, passphrase: str) -> bytes:
    """The key again; KnownError for a wrong passphrase or a damaged or absurd header."""
    try:
        if (
            not 1 <= wrapped.iterations <= _MAX_ITERATIONS
            or not 1 <= wrapped.lanes <= _MAX_LANES
            or not 8 * wrapped.lanes <= wrapped.memory <= _MAX_MEMORY_KIB
        ):
            raise ValueError("parameters out of range")
        salt, nonce, sealed = (
            bytes.fromhex(text) for text in (wrapped.salt, wrapped.nonce, wrapped.wrapped)
        )
        derived = _derive(passphrase, salt, wrapped.iterations, wrapped.lanes, wrapped.memory)
        return AESGCM(derived).decrypt(nonce, sealed, _PURPOSE)
    except InvalidTag as error:
        raise KnownError("The passphrase does not open this backup.", "Try again.") from error
    except (ValueError, TypeError) as error:
        raise KnownError("The backup is damaged.", "Use another backup.") from error


def _derive(passphrase: str, salt: bytes, iterations: int, lanes: int, memory: int) -> bytes:
    # The same passphrase typed on another system may be composed differently.
    secret = unicodedata.normalize("NFC", passphrase).encode()
    kdf = Argon2id(salt=salt, length=32, iterations=iterations, lanes=lanes, memory_cost=memory)
    return kdf.derive(secret)
