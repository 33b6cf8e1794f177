"""A node in the same process that answers whatever a test wants."""

from collections.abc import Callable, Sequence
from typing import Any

from engine.market.onchain.rpc import Call, RpcError

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
OTHER = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
THIRD = "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"


class FakeRpc:
    """answer: what is said to a method and its parameters; an exception is raised."""

    def __init__(self, answer: Callable[[str, Sequence[Any]], Any]) -> None:
        self._answer = answer
        self.asked: list[Call] = []

    def call(self, method: str, params: Sequence[Any]) -> Any:
        self.asked.append((method, params))
        reply = self._answer(method, params)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        replies = []
        for method, params in calls:
            try:
                replies.append(self.call(method, params))
            except RpcError as error:
                replies.append(error)
        return replies


def word(number: int) -> str:
    """32 bytes as a node sends them."""
    return f"0x{number:064x}"
