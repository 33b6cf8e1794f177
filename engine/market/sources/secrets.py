"""Keys for online sources: in the system's keyring and nowhere else, so never in the database."""

import re
from typing import Any

from engine.core.errors import KnownError

_SERVICE = "assay-online"
_KEY = re.compile(r"[!-~]{1,300}")
_NO_KEYRING = KnownError(
    "There is no keyring on this system, so Assay cannot keep a key.",
    "Start the keyring of your desktop (GNOME Keyring, KWallet, macOS Keychain), or do without.",
)


def get_key(name: str) -> str:
    """The key kept under a name, "" if there is none or no keyring. KnownError if it is locked."""
    keyring = _keyring()
    try:
        return keyring.get_password(_SERVICE, name) or ""
    except keyring.errors.NoKeyringError:
        return ""
    except keyring.errors.KeyringError as error:
        raise _locked() from error


def set_key(name: str, key: str) -> None:
    """Keep a key; KnownError if it is not one, or there is no keyring that keeps it."""
    stripped = key.strip()
    if not _KEY.fullmatch(stripped):
        raise KnownError("That is not a key.", "A key has no blanks and up to 300 characters.")
    keyring = _keyring()
    try:
        keyring.set_password(_SERVICE, name, stripped)
        kept = keyring.get_password(_SERVICE, name) == stripped
    except keyring.errors.NoKeyringError:
        raise _NO_KEYRING from None
    except keyring.errors.KeyringError as error:
        raise _locked() from error
    if not kept:
        raise _NO_KEYRING


def delete_key(name: str) -> None:
    """Forget a key; harmless if there is none."""
    keyring = _keyring()
    try:
        keyring.delete_password(_SERVICE, name)
    except (keyring.errors.NoKeyringError, keyring.errors.PasswordDeleteError):
        return
    except keyring.errors.KeyringError as error:
        raise _locked() from error


def _locked() -> KnownError:
    return KnownError("The keyring does not answer.", "Unlock it and try again.")


def _keyring() -> Any:
    import keyring  # noqa: PLC0415  (slow to load)
    import keyring.errors  # noqa: PLC0415

    return keyring
