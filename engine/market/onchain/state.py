"""One chain as of one block, so that what is read together belongs together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.core.errors import KnownError
from engine.market.onchain import abi, hexdata
from engine.market.onchain.rpc import Call, MalformedReply, Rpc, RpcError

Override = Mapping[str, Mapping[str, str]]
"""Code to be put at addresses for the time of one call: {address: {"code": "0x…"}}."""


@dataclass(frozen=True, slots=True)
class Read:
    """One view function to call: Read("0x…", "balanceOf(address)", (holder,), ("uint256",))."""

    to: str
    signature: str
    values: tuple[Any, ...] = ()
    returns: tuple[str, ...] = ("uint256",)


@dataclass(frozen=True, slots=True)
class ChainState:
    """Reads of a node at one block. Methods raise KnownError; `ask` has None for refusals."""

    rpc: Rpc
    block: int

    @classmethod
    def latest(cls, rpc: Rpc) -> "ChainState":
        """The newest block the node knows."""
        return cls(rpc, hexdata.quantity(rpc.call("eth_blockNumber", []), "block number"))

    @property
    def source(self) -> str:
        """Where figures read here come from."""
        return f"on-chain, block {self.block}"

    def balance(self, address: str) -> int:
        """The native coin of an address, in its smallest unit."""
        return hexdata.quantity(
            self.rpc.call("eth_getBalance", [address, hex(self.block)]), "balance"
        )

    def code(self, address: str) -> bytes:
        """The code of a contract; empty for an account."""
        return hexdata.data(self.rpc.call("eth_getCode", [address, hex(self.block)]), "code")

    def storage(self, address: str, slots: Sequence[int]) -> list[int]:
        """What a contract keeps in these slots."""
        calls = [("eth_getStorageAt", [address, hex(slot), hex(self.block)]) for slot in slots]
        return [hexdata.quantity(_accepted(one), "storage") for one in self.batch(calls)]

    def execute(
        self, to: str, data: bytes, sender: str | None = None, override: Override | None = None
    ) -> bytes:
        """What a call returns. RpcError if it is reverted, or the node knows no overrides."""
        calling = {"from": sender} if sender else {}
        params: list[Any] = [
            calling | {"to": to, "data": hexdata.to_data(data)},
            hex(self.block),
        ]
        if override is not None:
            params.append(override)
        return hexdata.data(self.rpc.call("eth_call", params), "reply of the contract")

    def ask(self, reads: Sequence[Read]) -> list[Any]:
        """The first value each function returns, in one batch; None where there is none.

        None covers a revert, an empty or malformed reply. KnownError if the node cannot be reached,
        which says nothing about a contract.
        """
        return [None if values is None else values[0] for values in self.ask_all(reads)]

    def ask_all(self, reads: Sequence[Read]) -> list[tuple[Any, ...] | None]:
        """The same with all values each function returns."""
        calls = [
            (
                "eth_call",
                [
                    {
                        "to": one.to,
                        "data": hexdata.to_data(abi.call_data(one.signature, *one.values)),
                    },
                    hex(self.block),
                ],
            )
            for one in reads
        ]
        try:
            replies = self.batch(calls)
        except (RpcError, MalformedReply):
            return [None] * len(reads)
        return [_decoded(one, reply) for one, reply in zip(reads, replies, strict=True)]

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """As many replies as calls, a refused one as its RpcError. KnownError."""
        replies = self.rpc.batch(calls)
        if len(replies) != len(calls):
            raise MalformedReply(f"{len(replies)} replies to {len(calls)} questions")
        return replies


def _accepted(reply: Any) -> Any:
    if isinstance(reply, RpcError):
        raise reply
    return reply


def _decoded(read: Read, reply: Any) -> tuple[Any, ...] | None:
    try:
        return abi.decode(read.returns, hexdata.data(_accepted(reply), "reply of the contract"))
    except (KnownError, abi.AbiError):
        return None
