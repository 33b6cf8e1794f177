"""Any Ethereum-compatible node the user names, asked by JSON-RPC 2.0; it can only be read.

Form of the messages: jsonrpc.org/specification and ethereum.org/developers/docs/apis/json-rpc.
"""

import itertools
import json
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from engine.core.errors import KnownError
from engine.core.exchange import HttpError, Request
from engine.core.pace import Rate
from engine.core.steps import Step, unwatched
from engine.market.onchain.rpc import Call, MalformedReply, RpcError
from engine.market.sources.base import Fetch, read_json

SOURCE = "nodes"
BATCH = 100
"""Calls in one request; many nodes refuse more."""

_READS = (
    "eth_get",
    "eth_call",
    "eth_chainId",
    "eth_blockNumber",
    "eth_estimateGas",
    "eth_gasPrice",
)
# What is wrong is the key or the pace, not the call: asking in another way would not help.
_ALL_REFUSED = frozenset({401, 402, 403, 407, 429})
_RATE = Rate(20, 2.0)
_MAX_BYTES = 32 << 20


class JsonRpc:
    """One node; an `Rpc` for the on-chain reads. Safe to use from several threads."""

    def __init__(
        self,
        fetch: Fetch,
        url: str,
        chain_id: int | None = None,
        step: Step = unwatched,
    ) -> None:
        """chain_id: checked before the first call, if known.

        step: told that something is asked; what it raises ends the call.
        """
        self._fetch = fetch
        self._url = url
        self._chain_id = chain_id
        self._step = step
        self._checked = chain_id is None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def call(self, method: str, params: Sequence[Any]) -> Any:
        """The result of one call, unchecked. RpcError if the node refuses it, else KnownError."""
        self._check_chain()
        return self._one(method, params)

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results in the order of the calls; a refused one has its RpcError in its place."""
        self._check_chain()
        results: list[Any] = []
        for start in range(0, len(calls), BATCH):
            piece = calls[start : start + BATCH]
            try:
                results += self._some(piece)
            except RpcError:  # it takes no batches, or only smaller ones
                results += [self._attempt(*call) for call in piece]
        return results

    def chain(self) -> int:
        """The number of the node's chain (1 = Ethereum). Raises KnownError."""
        text = self._one("eth_chainId", [])
        try:
            return int(text, 16)
        except (TypeError, ValueError):
            raise MalformedReply("its chain has no number") from None

    def _check_chain(self) -> None:
        with self._lock:
            if self._checked:
                return
            found = self.chain()
            if found != self._chain_id:
                raise KnownError(
                    f"The node is on chain {found}, not on chain {self._chain_id}.",
                    "Correct its address or its chain.",
                )
            self._checked = True

    def _one(self, method: str, params: Sequence[Any]) -> Any:
        message = self._message(method, params)
        result = _result(self._send(message, method), message["id"])
        if isinstance(result, RpcError):
            raise result
        return result

    def _attempt(self, method: str, params: Sequence[Any]) -> Any:
        try:
            return self._one(method, params)
        except RpcError as error:
            return error

    def _some(self, calls: Sequence[Call]) -> list[Any]:
        messages = [self._message(method, params) for method, params in calls]
        counts = Counter(method for method, _ in calls)
        what = ", ".join(f"{method} ×{count}" for method, count in counts.items())
        replies = self._send(messages, what)
        if isinstance(replies, dict) and "error" in replies:
            raise _error(replies["error"])
        if not isinstance(replies, list):
            raise MalformedReply("it is not a list")
        # In any order, as the specification allows.
        answers = (reply for reply in replies if isinstance(reply, dict))
        by_id = {reply["id"]: reply for reply in answers if isinstance(reply.get("id"), int)}
        return [_result(by_id.get(message["id"]), message["id"]) for message in messages]

    def _message(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        if not method.startswith(_READS):
            raise ValueError(f"{method} is no read")
        return {
            "jsonrpc": "2.0",
            "id": next(self._numbers),
            "method": method,
            "params": list(params),
        }

    def _send(self, message: Any, what: str) -> Any:
        # The path may hold a key: the log gets the host and what was asked.
        shown = f"{shown_node(self._url)} {what}"
        body = json.dumps(message).encode()
        request = Request(
            SOURCE,
            self._url,
            body=body,
            shown=shown,
            plain=True,
            max_bytes=_MAX_BYTES,
            rate=_RATE,
        )
        try:
            return read_json(self._fetch(request, self._step).body, "the node")
        except HttpError as error:
            # Some nodes refuse a call by an error of HTTP and say why in its body.
            if b'"error"' not in error.body or error.status >= 500 or error.status in _ALL_REFUSED:
                raise
            refusal = read_json(error.body, "the node")
            raise _error(refusal.get("error") if isinstance(refusal, dict) else None) from error


def shown_node(url: str) -> str:
    """The address of a node without its path, which may hold a key; "" if it is no address."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _result(reply: Any, number: int) -> Any:
    """The result of a reply, or its RpcError, which may be to a call it could not read."""
    known = (number, None) if isinstance(reply, dict) and "error" in reply else (number,)
    if not isinstance(reply, dict) or reply.get("id") not in known:
        raise MalformedReply("a call was not answered")
    if reply.get("error") is not None:
        return _error(reply["error"])
    if "result" not in reply:
        raise MalformedReply("there is neither a result nor an error")
    return reply["result"]


def _error(error: Any) -> RpcError:
    code = error.get("code") if isinstance(error, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    if not isinstance(code, int) or not isinstance(message, str):
        raise MalformedReply("its error has an unknown form")
    return RpcError(code, message, error.get("data"))
