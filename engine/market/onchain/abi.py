"""The contract ABI, as far as reads of tokens and pools need it.

Types: uintN, intN, address, bool, bytesN, bytes, string, and arrays T[] and T[n] of the static
ones. Source: Solidity's "Contract ABI Specification". Decoding is strict: what no honest encoder
writes (dirty padding, offsets outside the data) is an AbiError.
"""

import re
from collections.abc import Sequence
from typing import Any

from engine.market.onchain.address import checksummed, parse_address
from engine.market.onchain.keccak import selector

_WORD = 32
_ARRAY = re.compile(r"(?P<item>[a-z]+[0-9]*)\[(?P<count>[0-9]{0,3})\]")
_INTEGER = re.compile(r"(?P<sign>u?)int(?P<bits>[0-9]{1,3})")
_BYTES = re.compile(r"bytes(?P<size>[0-9]{1,2})")


class AbiError(ValueError):
    """Data that do not hold the values they should."""


def call_data(signature: str, *values: Any) -> bytes:
    """The data of a call, such as call_data("transfer(address,uint256)", to, 5)."""
    inside = signature[signature.index("(") + 1 : -1]
    return selector(signature) + encode(inside.split(",") if inside else (), values)


def encode(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """Values in a row, as arguments of a call; ValueError for one that does not fit its type."""
    heads: list[bytes] = []
    tail = b""
    start = sum(_head_size(kind) for kind in types)
    for kind, value in zip(types, values, strict=True):
        if _is_dynamic(kind):
            heads.append((start + len(tail)).to_bytes(_WORD, "big"))
            tail += _encode_dynamic(kind, value)
        else:
            heads.append(_encode_static(kind, value))
    return b"".join(heads) + tail


def decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values: int, bool, bytes, str (addresses in EIP-55 form), lists of these. AbiError.

    What is no UTF-8 in a string becomes U+FFFD: names of tokens are often made to hurt.
    """
    values, at = [], 0
    for kind in types:
        if _is_dynamic(kind):
            values.append(_decode_dynamic(kind, data, _number(data, at)))
        else:
            values.append(_decode_static(kind, data, at))
        at += _head_size(kind)
    return tuple(values)


def _is_dynamic(kind: str) -> bool:
    return kind in ("string", "bytes") or kind.endswith("[]")


def _head_size(kind: str) -> int:
    array = _ARRAY.fullmatch(kind)
    return _WORD * int(array["count"]) if array and array["count"] else _WORD


def _encode_dynamic(kind: str, value: Any) -> bytes:
    if array := _ARRAY.fullmatch(kind):
        items = b"".join(_encode_static(array["item"], item) for item in value)
        return len(value).to_bytes(_WORD, "big") + items
    raw = value.encode() if kind == "string" else bytes(value)
    return len(raw).to_bytes(_WORD, "big") + raw + bytes(-len(raw) % _WORD)


def _encode_static(kind: str, value: Any) -> bytes:
    if array := _ARRAY.fullmatch(kind):
        if len(value) != int(array["count"]):
            raise ValueError(f"{kind} holds {array['count']} values")
        return b"".join(_encode_static(array["item"], item) for item in value)
    if kind == "address":
        return bytes(12) + bytes.fromhex(parse_address(value)[2:])
    if match := _BYTES.fullmatch(kind):
        if len(value) != int(match["size"]):
            raise ValueError(f"{kind} holds {match['size']} bytes")
        return bytes(value) + bytes(_WORD - len(value))
    low, high = _limits(kind)
    if not low <= int(value) <= high:
        raise ValueError(f"{value} is out of range for {kind}")
    return (int(value) % (1 << 256)).to_bytes(_WORD, "big")


def _decode_dynamic(kind: str, data: bytes, at: int) -> Any:
    length = _number(data, at)
    start = at + _WORD
    if array := _ARRAY.fullmatch(kind):
        if length > (len(data) - start) // _WORD:
            raise AbiError("an array is longer than the data")
        return [_decode_static(array["item"], data, start + _WORD * i) for i in range(length)]
    if length > len(data) - start:
        raise AbiError("a text is longer than the data")
    raw = data[start : start + length]
    return raw.decode("utf-8", errors="replace") if kind == "string" else raw


def _decode_static(kind: str, data: bytes, at: int) -> Any:
    if array := _ARRAY.fullmatch(kind):
        places = range(at, at + _WORD * int(array["count"]), _WORD)
        return [_decode_static(array["item"], data, place) for place in places]
    word = _word(data, at)
    if kind == "address":
        if any(word[:12]):
            raise AbiError("an address has more than 20 bytes")
        return checksummed(word[12:])
    if match := _BYTES.fullmatch(kind):
        size = int(match["size"])
        if any(word[size:]):
            raise AbiError(f"{kind} has more than {size} bytes")
        return word[:size]
    low, high = _limits(kind)
    number = int.from_bytes(word, "big", signed=low < 0)
    if not low <= number <= high:
        raise AbiError(f"a number is out of range for {kind}")
    return bool(number) if kind == "bool" else number


def _limits(kind: str) -> tuple[int, int]:
    if kind == "bool":
        return 0, 1
    match = _INTEGER.fullmatch(kind)
    if match is None or int(match["bits"]) not in range(8, 257, 8):
        raise ValueError(f"the type {kind} is not known")
    bits = int(match["bits"])
    return (0, (1 << bits) - 1) if match["sign"] else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def _word(data: bytes, at: int) -> bytes:
    word = data[at : at + _WORD]
    if len(word) != _WORD:
        raise AbiError("the data end too early")
    return word


def _number(data: bytes, at: int) -> int:
    """An offset or a length: small, or it cannot be meant."""
    number = int.from_bytes(_word(data, at), "big")
    if number > len(data):
        raise AbiError("an offset or a length is outside the data")
    return number
