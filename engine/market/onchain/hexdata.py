"""Hex values of JSON-RPC: quantities ("0x1b4") and data ("0x00ff"), read with suspicion."""

import re
from typing import Any

from engine.market.onchain.rpc import MalformedReply

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
MAX_BYTES = 4 * 1024 * 1024
"""More than any contract's code or reply has."""


def to_data(value: bytes) -> str:
    """Bytes as a node wants them."""
    return "0x" + value.hex()


def quantity(value: Any, what: str) -> int:
    """A number of at most 256 bits; what names it for MalformedReply."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise MalformedReply(f"the {what} is not a number")
    return int(value, 16)


def data(value: Any, what: str, size: int | None = None) -> bytes:
    """Bytes, exactly `size` if given; what names them for MalformedReply."""
    if not isinstance(value, str) or len(value) > 2 + 2 * MAX_BYTES or not _DATA.fullmatch(value):
        raise MalformedReply(f"the {what} is not in hexadecimal")
    raw = bytes.fromhex(value[2:])
    if size is not None and len(raw) != size:
        raise MalformedReply(f"the {what} has {len(raw)} bytes instead of {size}")
    return raw
