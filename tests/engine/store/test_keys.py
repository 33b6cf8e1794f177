"""The key: in the keyring if that works, else in a private file; never made twice."""

import builtins
import json
import stat
import threading
from typing import Any

import pytest

from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.store.keys import load_or_create_key, replace_key


class Keyring:
    """A keyring in memory that can be broken."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self.locked = False
        self.deaf = False

    def set_password(self, service: str, name: str, password: str) -> None:
        self._answer()
        if not self.deaf:
            self.held[service, name] = password

    def get_password(self, service: str, name: str) -> str | None:
        self._answer()
        return self.held.get((service, name))

    def _answer(self) -> None:
        if self.locked:
            raise RuntimeError("locked")


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    fake = Keyring()
    monkeypatch.setattr("keyring.set_password", fake.set_password)
    monkeypatch.setattr("keyring.get_password", fake.get_password)
    return fake


def check_file(paths: Paths) -> None:
    key, place = load_or_create_key(paths)
    assert len(key) == 32
    assert key.hex() in paths.key_file.read_text()
    assert stat.S_IMODE(paths.key_file.stat().st_mode) == 0o600
    assert str(paths.key_file) in place
    assert "does not protect the data from somebody who has this disk" in place
    assert load_or_create_key(paths) == (key, place)


def test_without_a_keyring_the_key_is_in_a_private_file(paths: Paths) -> None:
    check_file(paths)


def test_without_the_keyring_package(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def no_keyring(name: str, *rest: Any) -> Any:
        if name.startswith("keyring"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", no_keyring)
    check_file(paths)


@pytest.mark.parametrize("fault", ["locked", "deaf"])
def test_a_keyring_that_does_not_keep_it(paths: Paths, keyring: Keyring, fault: str) -> None:
    setattr(keyring, fault, True)
    check_file(paths)


def test_with_a_keyring_only_its_name_is_on_the_disk(paths: Paths, keyring: Keyring) -> None:
    key, place = load_or_create_key(paths)
    assert place == "in this system's keyring"
    assert list(keyring.held.values()) == [key.hex()]
    assert key.hex() not in paths.key_file.read_text()
    assert load_or_create_key(paths) == (key, place)
    moved = Paths(paths.root.with_name("moved"))
    paths.root.rename(moved.root)
    assert load_or_create_key(moved) == (key, place)


def test_a_keyring_that_stops_working_is_one_sentence(paths: Paths, keyring: Keyring) -> None:
    load_or_create_key(paths)
    keyring.locked = True
    with pytest.raises(KnownError, match="does not answer"):
        load_or_create_key(paths)
    keyring.locked = False
    for entry in keyring.held:
        keyring.held[entry] = "ab" * 16
    with pytest.raises(KnownError, match="is damaged"):
        load_or_create_key(paths)
    keyring.held.clear()
    with pytest.raises(KnownError, match="does not hold the key"):
        load_or_create_key(paths)


def test_a_missing_key_is_never_made_again(paths: Paths) -> None:
    paths.database.write_bytes(b"data")
    for _ in range(2):
        with pytest.raises(KnownError, match="key of the database is missing"):
            load_or_create_key(paths)
        assert not paths.key_file.exists()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"place": 1}', b'{"place": "keyring"}'),
        *(b'{"place": "file", "key": %s}' % key for key in (b'"abcd"', b'"zz"', b"5")),
    ],
)
def test_a_damaged_key_file_is_one_sentence_and_stays(paths: Paths, content: bytes) -> None:
    paths.key_file.write_bytes(content)
    with pytest.raises(KnownError, match="is damaged"):
        load_or_create_key(paths)
    assert paths.key_file.read_bytes() == content


def test_a_key_file_that_cannot_be_read_is_one_sentence(paths: Paths) -> None:
    paths.key_file.mkdir()
    with pytest.raises(KnownError, match="Could not read the key file"):
        load_or_create_key(paths)


def test_a_key_file_for_all_to_read_is_made_private(paths: Paths) -> None:
    load_or_create_key(paths)
    paths.key_file.chmod(0o644)
    load_or_create_key(paths)
    assert stat.S_IMODE(paths.key_file.stat().st_mode) == 0o600


def test_keys_differ_and_can_be_replaced(paths: Paths) -> None:
    first, _ = load_or_create_key(paths)
    second = replace_key(paths)
    assert first != second == load_or_create_key(paths)[0]
    assert json.loads(paths.key_file.read_text())["version"] == 1


def test_copies_started_at_once_agree_on_one_key(paths: Paths) -> None:
    start = threading.Barrier(8)
    keys = set()

    def load() -> None:
        start.wait()
        keys.add(load_or_create_key(paths)[0])

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 1
