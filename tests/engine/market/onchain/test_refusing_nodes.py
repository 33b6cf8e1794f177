"""Nodes that refuse by an error of HTTP, or take no batches, through the program's client."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from engine.core.exchange import HttpError, Reply, Request
from engine.core.steps import Step
from engine.market.onchain.rpc import MalformedReply, RpcError
from engine.market.sources.jsonrpc import JsonRpc

TOO_LONG = {"code": -32005, "message": "range is too long"}


def _rpc(answer: Callable[[Any], Any]) -> JsonRpc:
    def fetch(request: Request, step: Step) -> Reply:
        assert request.body is not None
        return Reply(200, json.dumps(answer(json.loads(request.body))).encode(), "", "")

    return JsonRpc(fetch, "http://127.0.0.1:1/")


def _failing(status: int, body: bytes) -> JsonRpc:
    def fetch(request: Request, step: Step) -> Reply:
        raise HttpError("The node answered with an error.", "", status, body)

    return JsonRpc(fetch, "http://127.0.0.1:1/")


def test_the_reason_in_the_body_of_an_error_counts() -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": TOO_LONG}).encode()
    with pytest.raises(RpcError, match="range is too long"):
        _failing(400, body).call("eth_getLogs", [])


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"<html>"),
        (400, b""),
        # A hundred single calls in the place of a batch would make these worse.
        *((status, json.dumps({"error": TOO_LONG}).encode()) for status in (401, 403, 429, 503)),
    ],
)
def test_other_errors_stay_what_they_are(status: int, body: bytes) -> None:
    with pytest.raises(HttpError):
        _failing(status, body).call("eth_getLogs", [])


def test_an_error_of_unknown_form_is_said() -> None:
    with pytest.raises(MalformedReply):
        _failing(400, b'["error"]').call("eth_getLogs", [])


def test_a_node_without_batches_is_asked_one_by_one() -> None:
    def answer(message: Any) -> Any:
        if isinstance(message, list):
            return {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no batch"}}
        head = {"jsonrpc": "2.0", "id": message["id"]}
        refused = message["params"] == ["bad"]
        return head | ({"error": TOO_LONG} if refused else {"result": message["params"]})

    good, bad = _rpc(answer).batch([("eth_call", ["good"]), ("eth_call", ["bad"])])
    assert good == ["good"]
    assert isinstance(bad, RpcError)
