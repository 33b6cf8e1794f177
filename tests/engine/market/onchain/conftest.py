"""One node for all tests of on-chain reads, asked by the program's own client."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.core.clock import SystemClock
from engine.core.pace import Rate
from engine.market.sources.jsonrpc import JsonRpc
from engine.net import Client
from tests.engine.market.evm_node import EvmNode
from tests.engine.market.onchain.token_world import Latest

_FAST = Rate(10_000, 10_000.0)


@pytest.fixture(scope="session")
def shared_node() -> Iterator[EvmNode]:
    node = EvmNode()
    yield node
    node.close()


@pytest.fixture
def node(shared_node: EvmNode) -> Iterator[EvmNode]:
    """The node as it should be, whatever a test has switched off."""
    yield shared_node
    shared_node.overrides, shared_node.most_blocks = True, 10_000
    shared_node.asked.clear()


@pytest.fixture
def rpc(node: EvmNode) -> JsonRpc:
    client = Client(lambda source: True, lambda exchange: None, SystemClock())
    # This node may be asked as often as it can answer.
    return JsonRpc(lambda ask, step: client.fetch(replace(ask, rate=_FAST), step), node.url)


@pytest.fixture
def latest(rpc: JsonRpc) -> Latest:
    return Latest(rpc)
