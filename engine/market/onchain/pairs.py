"""Pools of the Uniswap v2 kind: reserves, price, and what a share of the pool is worth in coins.

H. Adams et al., "Uniswap v2 Core" (2020): a holder of s of S shares owns s / S of both reserves.
"""

from dataclasses import dataclass
from decimal import Decimal

from engine.core.errors import KnownError
from engine.market.onchain.erc20 import Token, holdings, read_tokens
from engine.market.onchain.state import ChainState, Read


@dataclass(frozen=True, slots=True)
class Pair:
    """A pool of two tokens; reserves in whole tokens, supply of shares in units."""

    address: str
    token0: Token
    token1: Token
    reserve0: Decimal
    reserve1: Decimal
    supply: int
    source: str

    @property
    def price(self) -> Decimal | None:
        """Of the first token in the second; None for an empty pool."""
        return self.reserve1 / self.reserve0 if self.reserve0 else None


@dataclass(frozen=True, slots=True)
class PairShare:
    """A holder's part of a pool: its fraction, and the tokens it stands for."""

    pair: Pair
    holder: str
    share: Decimal
    amount0: Decimal
    amount1: Decimal


def read_pair(state: ChainState, address: str) -> Pair:
    """The pool now. KnownError if there is none, or its tokens do not say their decimals."""
    replies = state.ask_all(
        [
            Read(address, "token0()", (), ("address",)),
            Read(address, "token1()", (), ("address",)),
            Read(address, "getReserves()", (), ("uint112", "uint112", "uint32")),
            Read(address, "totalSupply()"),
        ]
    )
    if any(reply is None for reply in replies):
        raise KnownError(f"{address} is no pool of the Uniswap v2 kind on this chain.")
    (first,), (second,), (units0, units1, _), (supply,) = (reply or () for reply in replies)
    token0, token1 = read_tokens(state, [first, second])
    reserve0, reserve1 = token0.amount(units0), token1.amount(units1)
    if reserve0 is None or reserve1 is None:
        raise KnownError("A token of this pool does not say how many decimals it has.")
    return Pair(address, token0, token1, reserve0, reserve1, supply, state.source)


def read_share(state: ChainState, pair: Pair, holder: str) -> PairShare:
    """What a holder's shares stand for. KnownError if the pool does not say."""
    [held] = holdings(state, pair.address, [holder])
    if held is None or held > pair.supply:
        raise KnownError("The pool does not say how many shares this address has.")
    share = Decimal(held) / Decimal(pair.supply) if pair.supply else Decimal(0)
    return PairShare(pair, holder, share, pair.reserve0 * share, pair.reserve1 * share)
