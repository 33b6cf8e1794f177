"""ERC-20 tokens: what they say about themselves, what somebody holds of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.core.csvfile import clean_text
from engine.market.onchain.state import ChainState, Read

MAX_DECIMALS = 77
"""10^78 is more than a token can count to."""
NAME_LENGTH, SYMBOL_LENGTH = 60, 20

# Signature, values, returns. The texts are asked for twice: early tokens give bytes32.
_FIELDS: tuple[tuple[str, tuple[Any, ...], tuple[str, ...]], ...] = (
    ("name()", (), ("string",)),
    ("name()", (), ("bytes32",)),
    ("symbol()", (), ("string",)),
    ("symbol()", (), ("bytes32",)),
    ("decimals()", (), ("uint256",)),
    ("totalSupply()", (), ("uint256",)),
)
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Token:
    """A token by its own account, which nobody has checked; "" and None where it does not say."""

    address: str
    name: str = ""
    symbol: str = ""
    decimals: int | None = None
    supply: int | None = None

    @property
    def total(self) -> Decimal | None:
        """The supply in whole tokens."""
        return self.amount(self.supply)

    def amount(self, units: int | None) -> Decimal | None:
        """Whole tokens for a number of units, exact; None without units or decimals."""
        if units is None or self.decimals is None:
            return None
        return scaled(units, self.decimals)


def scaled(units: int, decimals: int) -> Decimal:
    """units / 10^decimals with every digit, however many there are."""
    return Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -decimals))


def read_tokens(state: ChainState, addresses: Sequence[str]) -> list[Token]:
    """What each token says, in one batch. KnownError if the node is gone, whatever they answer."""
    reads = [Read(address, *field) for address in addresses for field in _FIELDS]
    answers = iter(state.ask(reads))
    return [_token(address, *(next(answers) for _ in _FIELDS)) for address in addresses]


def holdings(state: ChainState, token: str, holders: Sequence[str]) -> list[int | None]:
    """Units each of them holds; None where the token does not say."""
    return state.ask([Read(token, "balanceOf(address)", (one,)) for one in holders])


def _token(address: str, *answers: Any) -> Token:
    name, name32, symbol, symbol32, decimals, supply = answers
    known = decimals if decimals is not None and decimals <= MAX_DECIMALS else None
    return Token(
        address,
        _text(name, name32, NAME_LENGTH),
        _text(symbol, symbol32, SYMBOL_LENGTH),
        known,
        supply,
    )


def _text(text: str | None, fixed: bytes | None, limit: int) -> str:
    """A name from a string, or from the 32 bytes of the first tokens."""
    if text is None and fixed is not None:
        text = fixed.rstrip(b"\0").decode("utf-8", errors="replace")
    return _BLANKS.sub(" ", clean_text((text or "")[: 4 * limit], limit))
