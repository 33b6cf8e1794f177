"""Nodes over JSON-RPC: calls, batches, chains, and nodes that misbehave."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from engine.core.errors import KnownError
from engine.core.exchange import Request
from engine.market.onchain.rpc import MalformedReply, Rpc, RpcError
from engine.market.sources.jsonrpc import BATCH, JsonRpc
from tests.engine.loopback import Handler
from tests.engine.market.source_data import fetching

ADDRESS = "0x00000000219ab540356cbb839cbe05303d7705fa"


def node(reply: Callable[[dict[str, Any]], Any]) -> Callable[[Handler], None]:
    """A node that answers each call by reply(call), batches in reverse order."""

    def answer(handler: Handler) -> None:
        asked = json.loads(handler.body)
        if isinstance(asked, list):
            handler.reply_json([reply(call) for call in reversed(asked)])
        else:
            handler.reply_json(reply(asked))

    return answer


def good(call: dict[str, Any]) -> dict[str, Any]:
    """An Ethereum node: chain 1, and each result says what was asked."""
    result = "0x1" if call["method"] == "eth_chainId" else [call["method"], *call["params"]]
    return {"jsonrpc": "2.0", "id": call["id"], "result": result}


def reverted(call: dict[str, Any]) -> dict[str, Any]:
    error = {"code": 3, "message": "execution reverted: no", "data": "0x08c379a0"}
    return {"jsonrpc": "2.0", "id": call["id"], "error": error}


def test_a_call_is_what_the_specification_says() -> None:
    with fetching(node(good)) as (server, fetch):
        rpc: Rpc = JsonRpc(fetch, server.url)
        result = rpc.call("eth_getBalance", [ADDRESS, "latest"])
    assert result == ["eth_getBalance", ADDRESS, "latest"]
    (asked,) = server.asked
    assert (asked.command, asked.headers["Content-Type"]) == ("POST", "application/json")
    assert json.loads(asked.body) == {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "eth_getBalance",
        "params": [ADDRESS, "latest"],
    }


def test_results_of_a_batch_come_in_the_order_of_the_calls() -> None:
    calls = [("eth_getCode", [str(number)]) for number in range(BATCH + 5)]
    with fetching(node(good)) as (server, fetch):
        results = JsonRpc(fetch, server.url).batch(calls)
    assert results == [["eth_getCode", str(number)] for number in range(BATCH + 5)]
    assert [len(json.loads(asked.body)) for asked in server.asked] == [BATCH, 5]


def test_an_empty_batch_asks_nothing() -> None:
    with fetching(node(good)) as (server, fetch):
        assert JsonRpc(fetch, server.url).batch([]) == []
        assert server.asked == []


def test_a_refused_call_is_raised_alone_and_in_place_in_a_batch() -> None:
    def reply(call: dict[str, Any]) -> dict[str, Any]:
        return reverted(call) if call["method"] == "eth_call" else good(call)

    with fetching(node(reply)) as (server, fetch):
        rpc = JsonRpc(fetch, server.url)
        with pytest.raises(RpcError) as caught:
            rpc.call("eth_call", [{}])
        first, second = rpc.batch([("eth_call", [{}]), ("eth_getCode", ["a"])])
    assert (caught.value.code, caught.value.data) == (3, "0x08c379a0")
    assert isinstance(first, RpcError)
    assert second == ["eth_getCode", "a"]


def test_the_chain_is_checked_once_before_the_first_call() -> None:
    with fetching(node(good)) as (server, fetch):
        rpc = JsonRpc(fetch, server.url, chain_id=1)
        rpc.call("eth_blockNumber", [])
        rpc.batch([("eth_blockNumber", [])])
        assert rpc.chain() == 1
    methods = [asked.body.count(b"eth_chainId") for asked in server.asked]
    assert methods == [1, 0, 0, 1]


def test_a_node_on_another_chain_is_not_asked_further() -> None:
    with fetching(node(good)) as (server, fetch):
        rpc = JsonRpc(fetch, server.url, chain_id=137)
        for _ in range(2):
            with pytest.raises(KnownError, match="on chain 1, not on chain 137"):
                rpc.call("eth_getBalance", [ADDRESS, "latest"])
    assert all(b"eth_chainId" in asked.body for asked in server.asked)


@pytest.mark.parametrize("method", ["eth_sendRawTransaction", "personal_unlockAccount", "eth_sign"])
def test_nothing_but_reading_is_possible(method: str) -> None:
    with fetching(node(good)) as (server, fetch):
        with pytest.raises(ValueError, match="no read"):
            JsonRpc(fetch, server.url).call(method, [])
        assert server.asked == []


@pytest.mark.parametrize(
    "reply",
    [
        lambda call: None,
        lambda call: [],
        lambda call: {"id": call["id"]},
        lambda call: {"id": call["id"] + 1, "result": 1},
        lambda call: {"id": None, "result": 1},
        lambda call: {"id": call["id"], "error": "no"},
        lambda call: {"id": call["id"], "error": {"code": "x", "message": "y"}},
    ],
)
def test_what_is_no_answer_is_told(reply: Callable[[dict[str, Any]], Any]) -> None:
    with fetching(node(reply)) as (server, fetch):
        rpc = JsonRpc(fetch, server.url)
        with pytest.raises(MalformedReply):
            rpc.call("eth_blockNumber", [])
        with pytest.raises(MalformedReply):
            rpc.batch([("eth_blockNumber", [])])


@pytest.mark.parametrize("text", ["latest", None, 1, "0xzz"])
def test_a_chain_without_a_number_is_told(text: object) -> None:
    with (
        fetching(node(lambda call: {"id": call["id"], "result": text})) as (server, fetch),
        pytest.raises(MalformedReply, match="no number"),
    ):
        JsonRpc(fetch, server.url).chain()


def test_a_node_that_refuses_everything_says_so_call_by_call() -> None:
    error = {"id": None, "error": {"code": -32600, "message": "not supported"}}
    with fetching(lambda handler: handler.reply_json(error)) as (server, fetch):
        (refused,) = JsonRpc(fetch, server.url).batch([("eth_blockNumber", [])])
    assert isinstance(refused, RpcError)
    assert len(server.asked) == 2, "the batch, then the call alone"


def test_a_node_that_sends_no_json_is_told() -> None:
    with (
        fetching(lambda handler: handler.reply(body=b"<html>")) as (server, fetch),
        pytest.raises(KnownError, match="not JSON"),
    ):
        JsonRpc(fetch, server.url).call("eth_blockNumber", [])


def test_the_log_gets_neither_the_path_nor_what_was_looked_at() -> None:
    seen: list[Request] = []

    def fetch(request: Request, step: object) -> Any:
        seen.append(request)
        raise KnownError("Nothing.")

    rpc = JsonRpc(fetch, "https://node.example:8545/v3/SECRET")
    for ask in (
        lambda: rpc.call("eth_getBalance", [ADDRESS]),
        lambda: rpc.batch([("eth_getCode", [ADDRESS])] * 3),
    ):
        with pytest.raises(KnownError, match="Nothing"):
            ask()
    assert [request.shown for request in seen] == [
        "https://node.example:8545 eth_getBalance",
        "https://node.example:8545 eth_getCode ×3",
    ]
    assert all(request.plain and request.source == "nodes" for request in seen)


@pytest.mark.parametrize("number", [[1], {}, "1", None])
def test_an_answer_that_does_not_say_to_what_is_malformed(number: object) -> None:
    with fetching(node(lambda call: good(call) | {"id": number})) as (server, fetch):
        rpc = JsonRpc(fetch, server.url)
        with pytest.raises(MalformedReply, match="a call was not answered"):
            rpc.batch([("eth_blockNumber", [])])
