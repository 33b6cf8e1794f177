"""The user's Ethereum nodes: kept, asked, and their keys kept apart."""

import json
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.service import Service
from engine.service.nodes import Node
from tests.engine.loopback import Handler, Loopback, serving
from tests.engine.memory_keyring import MemoryKeyring
from tests.engine.service.conftest import plain_text

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    return backend


@pytest.fixture
def node() -> Iterator[Loopback]:
    """A node on chain 137."""

    def answer(handler: Handler) -> None:
        call = json.loads(handler.body)
        result = "0x89" if call["method"] == "eth_chainId" else "0x10"
        handler.reply_json({"jsonrpc": "2.0", "id": call["id"], "result": result})

    with serving(answer) as server:
        yield server


def test_a_node_is_asked_for_its_chain_and_kept(service: Service, node: Loopback) -> None:
    service.online.switch("nodes", True)
    nodes = service.online.nodes
    assert nodes.add("home", node.url).future.result() == Node("home", node.url, 137)
    assert nodes.all() == [Node("home", node.url, 137)]
    assert nodes.rpc("home").call("eth_blockNumber", []) == "0x10"
    nodes.remove("home")
    assert nodes.all() == []
    for gone in (lambda: nodes.remove("home"), lambda: nodes.rpc("home")):
        with pytest.raises(KnownError):
            gone()


def test_a_node_that_does_not_answer_is_not_kept(service: Service) -> None:
    service.online.switch("nodes", True)
    with pytest.raises(KnownError, match="refused the connection"):
        service.online.nodes.add("home", "http://127.0.0.1:1").future.result()
    assert service.online.nodes.all() == []


def test_a_key_is_put_into_the_address_and_kept_in_the_keyring(
    service: Service, paths: Paths, node: Loopback, memory: MemoryKeyring
) -> None:
    service.online.switch("nodes", True)
    url = f"{node.url}/v3/{{key}}"
    service.online.nodes.add("home", url, KEY).future.result()
    service.online.nodes.rpc("home").call("eth_blockNumber", [])
    assert {asked.path for asked in node.asked} == {f"/v3/{KEY}"}
    assert service.online.nodes.all() == [Node("home", url, 137)]
    assert KEY not in repr(service.online.requests())
    assert list(memory.kept.values()) == [KEY]
    assert KEY not in plain_text(service)
    service.online.nodes.remove("home")
    assert memory.kept == {}
    service.close()
    files: list[Path] = [file for file in paths.root.rglob("*") if file.is_file()]
    assert all(KEY.encode() not in file.read_bytes() for file in files)


def test_a_key_goes_with_its_node_and_not_before(
    service: Service, node: Loopback, memory: MemoryKeyring
) -> None:
    service.online.switch("nodes", True)
    nodes, url = service.online.nodes, f"{node.url}/v3/{{key}}"
    nodes.add("home", url, KEY).future.result()
    nodes.add("other", node.url).future.result()
    memory.locked = True
    nodes.remove("other")
    with pytest.raises(KnownError, match="keyring does not answer"):
        nodes.remove("home")
    assert [one.name for one in nodes.all()] == ["home"]
    memory.locked = False
    nodes.add("home", node.url).future.result()
    assert memory.kept == {}, "an address without a key leaves none behind"


@pytest.mark.parametrize(
    ("name", "url", "key"),
    [
        ("", "http://127.0.0.1", ""),
        ("a" * 41, "http://127.0.0.1", ""),
        ("a\nb", "http://127.0.0.1", ""),
        ("home", "127.0.0.1:8545", ""),
        ("home", "ws://127.0.0.1", ""),
        ("home", "https://[::1", ""),
        ("home", "https://user:word@node.example", ""),
        ("home", f"https://node.example/v3/{KEY}", ""),
        ("home", f"https://node.example/?apikey={KEY}", ""),
        ("home", "https://node.example/v3/{key}", ""),
        ("home", "https://node.example/", KEY),
        # The host stands in the log, and a name is looked up for all to read.
        ("home", "https://{key}.node.example/", KEY),
        ("home", "https://{key}.node.example/{key}", KEY),
        ("home", "https://node.example/#{key}", KEY),
        ("home", "http://node.example/{key}", KEY),
        ("home", "https://:word@node.example/", ""),
        ("home", f"https://node.example/#{KEY}", ""),
    ],
)
def test_what_is_no_address_or_holds_a_key_is_refused(
    service: Service, name: str, url: str, key: str
) -> None:
    service.online.switch("nodes", True)
    with pytest.raises(KnownError) as caught:
        service.online.nodes.add(name, url, key)
    assert caught.value.hint
    assert service.online.requests() == []
