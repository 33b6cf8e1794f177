"""Positions of the Uniswap v3 kind: what is in them now, in which range, and the fees owed.

H. Adams et al., "Uniswap v3 Core" (2021): prices are 1.0001^tick (6.1); amounts from liquidity and
range (6.2.1, engine.analytics.defi.concentrated); fees from the growth inside the range (6.3, 6.4).
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.analytics.defi.concentrated import PriceRange, amounts
from engine.core.errors import KnownError
from engine.market.onchain.address import ZERO
from engine.market.onchain.erc20 import Token, read_tokens
from engine.market.onchain.state import ChainState, Read

MAX_TICK = 887_272

_Q96, _Q128, _Q256 = Decimal(2**96), 2**128, 2**256
_TICK = Decimal("1.0001")
_POSITION = (
    "uint96", "address", "address", "address", "uint24", "int24", "int24", "uint128", "uint256",
    "uint256", "uint128", "uint128",
)  # fmt: skip
_SLOT0 = ("uint160", "int24", "uint16", "uint16", "uint16", "uint32", "bool")
_GROWTHS = ("uint128", "int128", "uint256", "uint256")


@dataclass(frozen=True, slots=True)
class Position:
    """A position now; prices are of the first token in the second, amounts in whole tokens.

    liquidity: as the pool counts it. fee: the pool's, a fraction. fees0, fees1: not yet collected.
    """

    token_id: int
    pool: str
    token0: Token
    token1: Token
    fee: Decimal
    limits: PriceRange
    price: Decimal
    in_range: bool
    liquidity: int
    amount0: Decimal
    amount1: Decimal
    fees0: Decimal
    fees1: Decimal
    source: str


def read_position(state: ChainState, manager: str, token_id: int) -> Position:
    """The position of this number. KnownError if there is none, or its pool cannot be read."""
    if not 0 <= token_id < _Q256:
        raise KnownError(f"{token_id} is no number of a position.", "It counts from 1.")
    position, factory = state.ask_all(
        [
            Read(manager, "positions(uint256)", (token_id,), _POSITION),
            Read(manager, "factory()", (), ("address",)),
        ]
    )
    if position is None or factory is None:
        raise KnownError(
            f"There is no position {token_id} at {manager} on this chain.",
            "Check its number and the node.",
        )
    _, _, first, second, fee, low, high, liquidity, *accounts = position
    if not -MAX_TICK <= low < high <= MAX_TICK:
        raise KnownError(f"The range of position {token_id} makes no sense.")
    [pool] = state.ask(
        [Read(factory[0], "getPool(address,address,uint24)", (first, second, fee), ("address",))]
    )
    if pool in (None, ZERO):
        raise KnownError(f"The pool of position {token_id} cannot be found.")
    slot, grown, *ticks = _pool(state, pool, low, high)
    token0, token1 = read_tokens(state, [first, second])
    if token0.decimals is None or token1.decimals is None:
        raise KnownError("A token of this pool does not say how many decimals it has.")
    root, tick = Decimal(slot[0]) / _Q96, slot[1]
    if not root:
        raise KnownError("The pool of this position has no price yet.")
    scale = Decimal(1).scaleb(token0.decimals - token1.decimals)
    held = amounts(Decimal(liquidity), root * root, PriceRange(_TICK**low, _TICK**high))
    fees = _fees(tick, (low, high), liquidity, accounts, grown, ticks)
    return Position(
        token_id=token_id,
        pool=pool,
        token0=token0,
        token1=token1,
        fee=Decimal(fee).scaleb(-6),
        limits=PriceRange(_TICK**low * scale, _TICK**high * scale),
        price=root * root * scale,
        in_range=low <= tick < high,
        liquidity=liquidity,
        amount0=_whole(held.x, token0.decimals),
        amount1=_whole(held.y, token1.decimals),
        fees0=_whole(Decimal(fees[0]), token0.decimals),
        fees1=_whole(Decimal(fees[1]), token1.decimals),
        source=state.source,
    )


def fee_growth_inside(
    tick: int,
    limits: tuple[int, int],
    grown: int,
    outside: tuple[int, int],
) -> int:
    """Fees per liquidity within a range, ever, times 2^128; equations 6.17 to 6.19, modulo 2^256.

    grown: all fees per liquidity. outside: on the other side of the low and of the high tick.
    """
    below = outside[0] if tick >= limits[0] else grown - outside[0]
    above = outside[1] if tick < limits[1] else grown - outside[1]
    return (grown - below - above) % _Q256


def _pool(state: ChainState, pool: str, low: int, high: int) -> tuple[Any, ...]:
    """Price and tick, fees per liquidity of both tokens, and what the ends of the range keep."""
    replies = state.ask_all(
        [
            Read(pool, "slot0()", (), _SLOT0),
            Read(pool, "feeGrowthGlobal0X128()"),
            Read(pool, "feeGrowthGlobal1X128()"),
            Read(pool, "ticks(int24)", (low,), _GROWTHS),
            Read(pool, "ticks(int24)", (high,), _GROWTHS),
        ]
    )
    if any(reply is None for reply in replies):
        raise KnownError(f"{pool} is no pool of the Uniswap v3 kind on this chain.")
    slot, grown0, grown1, at_low, at_high = (reply or () for reply in replies)
    return slot, (grown0[0], grown1[0]), at_low, at_high


def _fees(
    tick: int,
    limits: tuple[int, int],
    liquidity: int,
    accounts: list[int],
    grown: tuple[int, int],
    ticks: list[tuple[int, ...]],
) -> tuple[int, int]:
    """Units of both tokens: what was put aside before, and what has grown since then."""
    last, owed = accounts[:2], accounts[2:]
    inside = [
        fee_growth_inside(tick, limits, grown[i], (ticks[0][2 + i], ticks[1][2 + i]))
        for i in (0, 1)
    ]
    new = [liquidity * ((inside[i] - last[i]) % _Q256) // _Q128 for i in (0, 1)]
    return owed[0] + new[0], owed[1] + new[1]


def _whole(units: Decimal, decimals: int) -> Decimal:
    return Decimal(int(units)).scaleb(-decimals)
