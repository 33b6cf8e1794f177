"""The server's switch, its key, and where it listens."""

import http.client
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import pytest

from engine.core.errors import KnownError
from engine.net import listen
from engine.service import Service
from tests.engine.memory_keyring import MemoryKeyring
from tests.engine.service.conftest import plain_text


def ask(address: str, path: str, key: str) -> tuple[int, Any]:
    host, _, port = address.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def free_port() -> int:
    with listen("127.0.0.1", 0) as sock:
        return int(sock.getsockname()[1])


def test_it_is_off_until_it_is_switched_on(service: Service) -> None:
    service.serving.follow()
    assert service.serving.state().running is False
    service.settings.set("server_port", free_port())
    assert service.serving.state().running is False
    service.settings.set("server", True)
    state = service.serving.state()
    assert state.running
    status, body = ask(state.address, "/v1/models", service.serving.key())
    assert (status, body) == (200, {"object": "list", "data": []})
    assert ask(state.address, "/v1/models", "wrong")[0] == 401
    service.settings.set("server", False)
    assert service.serving.state().running is False
    with pytest.raises(ConnectionRefusedError):
        ask(state.address, "/health", "")


def test_another_port(service: Service) -> None:
    service.settings.set("server_port", free_port())
    service.settings.set("server", True)
    service.serving.follow()
    before = service.serving.state().address
    service.settings.set("server_port", free_port())
    after = service.serving.state().address
    assert before != after
    assert ask(after, "/health", "")[0] == 503


def test_a_port_that_is_taken(service: Service) -> None:
    with listen("127.0.0.1", 0) as sock:
        service.settings.set("server_port", sock.getsockname()[1])
        service.settings.set("server", True)
        service.serving.follow()
        state = service.serving.state()
        assert not state.running
        assert state.trouble
        with pytest.raises(KnownError):
            service.serving.start()


def test_the_key_is_in_the_encrypted_database_where_there_is_no_keyring(service: Service) -> None:
    key = service.serving.key()
    assert len(key) > 40
    assert service.serving.key() == key
    assert key in plain_text(service)
    assert key.encode() not in service.paths.database.read_bytes()


def test_the_key_is_in_the_keyring_where_there_is_one(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = service.serving.key()
    memory = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", memory)
    key = service.serving.renew_key()
    assert key in memory.kept.values()
    assert key not in plain_text(service)
    assert before not in plain_text(service)
    memory.locked = True
    with pytest.raises(KnownError, match="keyring"):
        service.serving.key()


def test_a_new_key_locks_out_the_old_one(service: Service) -> None:
    state = service.serving.start(port=0)
    old = service.serving.key()
    new = service.serving.renew_key()
    assert service.serving.state().address == state.address
    assert ask(state.address, "/v1/models", old)[0] == 401
    assert ask(state.address, "/v1/models", new)[0] == 200


def test_it_answers_with_the_chosen_model(
    open_service: Callable[..., Service], tiny_model: Path
) -> None:
    service = open_service(tiny_model)
    service.models.start()
    state = service.serving.start(port=0)
    deadline = time.monotonic() + 20
    while ask(state.address, "/health", "")[0] != 200 and time.monotonic() < deadline:
        time.sleep(0.02)
    (model,) = ask(state.address, "/v1/models", service.serving.key())[1]["data"]
    assert model["id"] == "tiny"
    service.serving.stop()
    service.serving.stop()
