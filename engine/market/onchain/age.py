"""When a contract came to be, from a node that still knows the past."""

from datetime import UTC, datetime

from engine.core.errors import KnownError
from engine.market.onchain import hexdata
from engine.market.onchain.rpc import MalformedReply, Rpc
from engine.market.onchain.state import ChainState

_AT_ONCE = 16
"""Blocks asked about in one request."""


def block_time(rpc: Rpc, block: int) -> datetime:
    """When a block was made, in UTC. KnownError."""
    raw = rpc.call("eth_getBlockByNumber", [hex(block), False])
    if not isinstance(raw, dict):
        raise MalformedReply(f"block {block} is missing")
    return moment(hexdata.quantity(raw.get("timestamp"), "time of a block"))


def moment(seconds: int) -> datetime:
    """Seconds after 1970 as a time in UTC. MalformedReply for what is no time."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise MalformedReply("the time of a block is out of range") from None


def age_days(state: ChainState, address: str) -> int | None:
    """Whole days from the contract's first block to this one; None from a node without history.

    The first block with code is found by trying a few blocks at a time. A node that has dropped
    the old states refuses; one that says that there was no code makes it look younger, not older.
    """
    low, high = 0, state.block
    try:
        while low < high:
            step = max((high - low) // _AT_ONCE, 1)
            tried = range(low, high, step)
            calls = [("eth_getCode", [address, hex(block)]) for block in tried]
            for at, code in zip(tried, state.batch(calls), strict=True):
                if hexdata.data(code, "code"):
                    high = at
                    break
                low = at + 1
        return max((block_time(state.rpc, state.block) - block_time(state.rpc, low)).days, 0)
    except KnownError:
        return None
