"""Encoding and decoding against the specification's examples and against eth-abi."""

import contextlib
from typing import Any

import eth_abi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.onchain.abi import AbiError, call_data, decode, encode

WORD = 32

_ADDRESSES = st.binary(min_size=20, max_size=20)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "uint8": st.integers(0, 255),
    "uint112": st.integers(0, 2**112 - 1),
    "uint256": st.integers(0, 2**256 - 1),
    "int24": st.integers(-(2**23), 2**23 - 1),
    "int256": st.integers(-(2**255), 2**255 - 1),
    "bool": st.booleans(),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes": st.binary(max_size=100),
    "string": st.text(max_size=60),
    "uint256[]": st.lists(st.integers(0, 2**256 - 1), max_size=5),
    "bool[3]": st.lists(st.booleans(), min_size=3, max_size=3),
}


@st.composite
def _typed(draw: st.DrawFn) -> tuple[list[str], list[Any]]:
    kinds = draw(st.lists(st.sampled_from(sorted(_VALUES)), max_size=6))
    return kinds, [draw(_VALUES[kind]) for kind in kinds]


@given(_typed())
def test_agrees_with_eth_abi_both_ways(typed: tuple[list[str], list[Any]]) -> None:
    kinds, values = typed
    raw = eth_abi.encode(kinds, values)
    assert encode(kinds, values) == raw
    assert list(decode(kinds, raw)) == values


@given(_ADDRESSES)
def test_addresses_agree_with_eth_abi(raw: bytes) -> None:
    from eth_utils import to_checksum_address

    address = to_checksum_address(raw)
    assert encode(["address"], [address]) == eth_abi.encode(["address"], [address])
    assert decode(["address"], encode(["address"], [address])) == (address,)


def test_examples_of_the_specification() -> None:
    # docs.soliditylang.org, "Contract ABI Specification", Examples.
    assert call_data("baz(uint32,bool)", 69, True).hex() == (
        "cdcd77c0" + f"{69:064x}" + f"{1:064x}"
    )
    assert call_data("sam(bytes,bool,uint256[])", b"dave", True, [1, 2, 3]).hex() == (
        "a5643bf2"
        + "".join(f"{n:064x}" for n in (0x60, 1, 0xA0, 4))
        + "64617665".ljust(64, "0")
        + "".join(f"{n:064x}" for n in (3, 1, 2, 3))
    )
    assert call_data("totalSupply()").hex() == "18160ddd"


@given(st.sampled_from(sorted(_VALUES)), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(kind: str, data: bytes) -> None:
    with contextlib.suppress(AbiError):
        decode([kind, "address"], data)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("uint256", b""),
        ("uint256", bytes(31)),
        ("uint8", (256).to_bytes(WORD, "big")),
        ("int24", (1 << 24).to_bytes(WORD, "big")),
        ("bool", (2).to_bytes(WORD, "big")),
        ("address", b"\1" + bytes(31)),
        ("bytes4", bytes(31) + b"\1"),
        ("string", (2**255).to_bytes(WORD, "big") + bytes(WORD)),
        ("string", (32).to_bytes(WORD, "big") + (2**200).to_bytes(WORD, "big")),
        ("string", (32).to_bytes(WORD, "big") + (5).to_bytes(WORD, "big") + b"abcd"),
        ("uint256[]", (32).to_bytes(WORD, "big") + (2).to_bytes(WORD, "big") + bytes(WORD)),
    ],
)
def test_what_no_encoder_writes_is_refused(kind: str, data: bytes) -> None:
    with pytest.raises(AbiError):
        decode([kind], data)


def test_a_name_that_is_no_utf8_is_read_with_marks() -> None:
    assert decode(["string"], encode(["bytes"], [b"A\xff"])) == ("A\ufffd",)


@pytest.mark.parametrize(
    ("kind", "value"), [("uint8", 256), ("uint256", -1), ("bytes4", b"abc"), ("bool[3]", [True])]
)
def test_values_that_do_not_fit_are_refused(kind: str, value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the type is all that matters)
        encode([kind], [value])


@pytest.mark.parametrize("kind", ["uint7", "tuple", "uint264", "fixed128x18"])
def test_types_that_are_not_known_are_named(kind: str) -> None:
    with pytest.raises(ValueError, match="is not known"):
        encode([kind], [1])
