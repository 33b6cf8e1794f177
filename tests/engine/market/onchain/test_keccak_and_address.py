"""Keccak-256 and EIP-55 against published vectors and against eth-utils."""

import pytest
from eth_utils import keccak, to_checksum_address
from hypothesis import example, given
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.market.onchain.address import BURN, checksummed, parse_address, short
from engine.market.onchain.keccak import keccak256, selector


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        ("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        ("testing", "5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02"),
    ],
)
def test_keccak_vectors(text: str, digest: str) -> None:
    assert keccak256(text.encode()).hex() == digest


@given(st.binary(max_size=600))
@example(bytes(135))
@example(bytes(136))
@example(bytes(137))
def test_keccak_agrees_with_eth_utils(data: bytes) -> None:
    assert keccak256(data) == keccak(data)


@pytest.mark.parametrize(
    ("signature", "digits"),
    [
        ("transfer(address,uint256)", "a9059cbb"),
        ("balanceOf(address)", "70a08231"),
        ("totalSupply()", "18160ddd"),
        ("owner()", "8da5cb5b"),
        ("getReserves()", "0902f1ac"),
        ("slot0()", "3850c7bd"),
        ("positions(uint256)", "99fbab88"),
        ("upgradeToAndCall(address,bytes)", "4f1ef286"),
    ],
)
def test_selectors(signature: str, digits: str) -> None:
    assert selector(signature).hex() == digits


# The examples of EIP-55.
CHECKED = (
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
)


@pytest.mark.parametrize("address", CHECKED)
def test_addresses_are_written_with_their_checksum(address: str) -> None:
    assert parse_address(f" {address.lower()} ") == address
    assert parse_address("0x" + address[2:].upper()) == address
    assert parse_address(address) == address


@given(st.binary(min_size=20, max_size=20))
def test_checksum_agrees_with_eth_utils(raw: bytes) -> None:
    assert checksummed(raw) == to_checksum_address(raw)


@pytest.mark.parametrize(
    "text", ["", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x" + "g" * 40, "0x" + "1" * 41]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(KnownError, match="is not an address"):
        parse_address(text)


def test_a_typing_error_is_noticed() -> None:
    with pytest.raises(KnownError, match="typing error"):
        parse_address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD")


def test_burn_addresses_are_in_the_form_everything_is_compared_in() -> None:
    assert {parse_address(one.lower()) for one in BURN} == BURN
    assert short(CHECKED[4]) == "0x5aAe…eAed"
