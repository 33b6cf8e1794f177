"""Keys of online sources: in the keyring or nowhere."""

import keyring
import pytest
from keyring.backends import fail

from engine.core.errors import KnownError
from engine.market.sources import secrets
from tests.engine.memory_keyring import MemoryKeyring


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    return backend


def test_a_key_is_kept_given_back_and_forgotten(memory: MemoryKeyring) -> None:
    assert secrets.get_key("coingecko") == ""
    secrets.set_key("coingecko", "  CG-abc \n")
    assert memory.kept == {("assay-online", "coingecko"): "CG-abc"}
    assert secrets.get_key("coingecko") == "CG-abc"
    secrets.delete_key("coingecko")
    secrets.delete_key("coingecko")
    assert memory.kept == {}


@pytest.mark.parametrize("key", ["", " ", "a b", "a\r\nHost: x", "é", "x" * 301])
def test_what_is_no_key_is_refused(memory: MemoryKeyring, key: str) -> None:
    with pytest.raises(KnownError, match="not a key"):
        secrets.set_key("coingecko", key)
    assert memory.kept == {}


def test_without_a_keyring_there_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())
    with pytest.raises(KnownError, match="no keyring") as caught:
        secrets.set_key("coingecko", "CG-abc")
    assert caught.value.hint
    assert secrets.get_key("coingecko") == ""
    secrets.delete_key("coingecko")


def test_a_locked_keyring_is_told(memory: MemoryKeyring) -> None:
    memory.locked = True
    for ask in (
        lambda: secrets.get_key("coingecko"),
        lambda: secrets.set_key("coingecko", "CG-abc"),
        lambda: secrets.delete_key("coingecko"),
    ):
        with pytest.raises(KnownError, match="does not answer"):
            ask()


def test_a_keyring_that_does_not_keep_is_no_keyring(
    memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "set_password", lambda *args: None)
    with pytest.raises(KnownError, match="no keyring"):
        secrets.set_key("coingecko", "CG-abc")
