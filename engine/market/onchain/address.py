"""Addresses: 20 bytes, written in hex with the checksum of EIP-55 in the case of the letters."""

import re
from functools import lru_cache

from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.market.onchain.keccak import keccak256

ZERO = "0x" + "0" * 40
BURN = frozenset({ZERO, "0x000000000000000000000000000000000000dEaD"})
"""Where coins go that are meant never to come back."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def parse_address(text: str) -> str:
    """The address in EIP-55 form; KnownError if it is none or its mixed case does not check."""
    stripped = text.strip()
    if not _ADDRESS.fullmatch(stripped):
        raise KnownError(
            f"“{clean_text(text, 50)}” is not an address.",
            "An address is 0x and 40 hexadecimal digits.",
        )
    checked = checksummed(bytes.fromhex(stripped[2:]))
    digits = stripped[2:]
    if stripped != checked and digits not in (digits.lower(), digits.upper()):
        raise KnownError(
            f"The address {stripped} has a typing error: its checksum does not fit.",
            "Copy it again.",
        )
    return checked


@lru_cache(maxsize=65_536)
def checksummed(raw: bytes) -> str:
    """The 20 bytes as text; a letter is upper case where the digest's digit is 8 or more."""
    digits = raw.hex()
    digest = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        char.upper() if int(digest[i], 16) >= 8 else char for i, char in enumerate(digits)
    )


def short(address: str) -> str:
    """For people: "0x5aAe…eAed"."""
    return f"{address[:6]}…{address[-4:]}"
