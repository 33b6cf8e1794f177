"""Where the database key is kept: in the system's keyring if it works, else in a 0600 file.

The small file assay.key is always there: it holds the key, or the name under which the keyring
holds it, so that a data folder can be moved. Covered: other users of the computer, damage. Not
covered: with the key in the file, somebody who has this disk.
"""

import json
import logging
import secrets
import uuid

from engine.core.errors import KnownError
from engine.core.files import create_atomic, known_os_error, write_atomic
from engine.core.paths import Paths
from engine.store.connection import KEY_BYTES

_SERVICE = "assay"
_log = logging.getLogger(__name__)


def load_or_create_key(paths: Paths) -> tuple[bytes, str]:
    """The key of 32 bytes, and a plain phrase saying where it is kept.

    Made anew only where there is neither a key nor a database. Raises KnownError if a database
    is there but its key is not, or the key cannot be read.
    """
    if not paths.key_file.exists():
        if paths.database.exists():
            raise KnownError(
                "The key of the database is missing, so the database cannot be opened.",
                f"Put {paths.key_file.name} back into {paths.root}, or restore a backup.",
            )
        # Two copies of the program may start at once: the first file stays.
        create_atomic(paths.key_file, _new_key_file())
    return _load(paths)


def replace_key(paths: Paths) -> bytes:
    """Make a new key for this device although there is a database it will not open."""
    write_atomic(paths.key_file, _new_key_file())
    return _load(paths)[0]


def _new_key_file() -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    name = uuid.uuid4().hex
    if _store_in_keyring(name, key):
        fields = {"version": 1, "place": "keyring", "name": name}
    else:
        fields = {"version": 1, "place": "file", "key": key.hex()}
    return json.dumps(fields).encode() + b"\n"


def _load(paths: Paths) -> tuple[bytes, str]:
    try:
        fields = json.loads(paths.key_file.read_bytes())
        if paths.key_file.stat().st_mode & 0o077:
            paths.key_file.chmod(0o600)
        in_keyring = fields["place"] == "keyring"
        key = bytes.fromhex(_from_keyring(fields["name"]) if in_keyring else fields["key"])
        if len(key) != KEY_BYTES:
            raise ValueError("wrong length")
    except OSError as error:
        raise known_os_error(f"read the key file {paths.key_file}", error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise KnownError(
            f"The key file {paths.key_file} is damaged.",
            "Put a copy of it back, or restore a backup.",
        ) from error
    if in_keyring:
        return key, "in this system's keyring"
    return key, (
        f"in the file {paths.key_file}, which only your user account can read; "
        "this does not protect the data from somebody who has this disk"
    )


def _store_in_keyring(name: str, key: bytes) -> bool:
    """Whether the keyring took the key and gives it back."""
    try:
        import keyring  # noqa: PLC0415  (optional, and slow to load)

        keyring.set_password(_SERVICE, name, key.hex())
        return bool(keyring.get_password(_SERVICE, name) == key.hex())
    except Exception as error:  # noqa: BLE001  (its many backends raise errors of their own)
        _log.info("no keyring, the key goes to a file: %s", type(error).__name__)
        return False


def _from_keyring(name: str) -> str:
    hint = "Unlock or start the keyring, or restore a backup."
    try:
        import keyring  # noqa: PLC0415  (optional, and slow to load)

        text = keyring.get_password(_SERVICE, name)
    except Exception as error:
        raise KnownError("The keyring that holds the key does not answer.", hint) from error
    if text is None:
        raise KnownError("The keyring does not hold the key of the database.", hint)
    return str(text)
