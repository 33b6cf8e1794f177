"""What the on-chain reads ask of a JSON-RPC client, and the two ways a node disappoints."""

from collections.abc import Sequence
from typing import Any, Protocol

from engine.core.csvfile import clean_text
from engine.core.errors import KnownError

Call = tuple[str, Sequence[Any]]
"""A method and its parameters, such as ("eth_getCode", ["0x…", "latest"])."""

_SHOWN_MESSAGE = 120


class RpcError(KnownError):
    """The node answered with an error object.

    code, message: as the node gave them. data: of a revert, what the contract returned as hex.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"The node refused: {clean_text(message, _SHOWN_MESSAGE)}")
        self.code = code
        self.message = message
        self.data = data


class MalformedReply(KnownError):
    """The node answered with something that is no answer to the question."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The node's answer cannot be read: {what}.", "Try another node.")


class Rpc(Protocol):
    """One node. Replies are the bare `result` values, unchecked: the node is not trusted.

    Both raise KnownError when the node cannot be reached or breaks the protocol.
    """

    def call(self, method: str, params: Sequence[Any]) -> Any:
        """The result of one call; RpcError if the node refuses it."""
        ...

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results in the order of the calls; a refused one has its RpcError in its place."""
        ...
