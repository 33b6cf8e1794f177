"""Pools of the Uniswap v2 kind and positions of the v3 kind against hand-made values."""

from decimal import Decimal

import pytest

from engine.core.errors import KnownError
from engine.market.onchain.pairs import read_pair, read_share
from engine.market.onchain.positions import fee_growth_inside, read_position
from tests.engine.market.evm_node import EvmNode
from tests.engine.market.onchain.token_world import BUYER, Latest, Range, shared

Q96, Q128 = 2**96, 2**128


def _pair(node: EvmNode, reserve0: int, reserve1: int) -> str:
    tokens = shared(node, "ETHER", 18), shared(node, "DOLLAR", 6)
    types = ("address", "address", "uint112", "uint112")
    return node.deploy("pair", types, (*tokens, reserve0, reserve1))


def test_reserves_price_and_share(node: EvmNode, latest: Latest) -> None:
    pool = _pair(node, 50 * 10**18, 100_000 * 10**6)
    holder = node.accounts[BUYER]
    node.send(pool, "share(address,uint256)", (holder, 30))
    node.send(pool, "share(address,uint256)", (node.accounts[3], 90))
    state = latest()
    pair = read_pair(state, pool)
    assert (pair.token0.symbol, pair.token1.symbol) == ("ETHER", "DOLLAR")
    assert (pair.reserve0, pair.reserve1, pair.price) == (50, 100_000, 2_000)
    share = read_share(state, pair, holder)
    assert (share.share, share.amount0, share.amount1) == (Decimal("0.25"), Decimal("12.5"), 25_000)
    assert pair.source == f"on-chain, block {state.block}"


def test_an_empty_pool_has_no_price(node: EvmNode, latest: Latest) -> None:
    pool = _pair(node, 0, 0)
    pair = read_pair(latest(), pool)
    assert pair.price is None
    assert read_share(latest(), pair, node.accounts[BUYER]).share == 0


def test_what_is_no_pool_is_said(node: EvmNode, latest: Latest) -> None:
    token = shared(node, "ETHER", 18)
    with pytest.raises(KnownError, match="no pool of the Uniswap v2 kind"):
        read_pair(latest(), token)
    hostile = node.deploy("hostile_token")
    types = ("address", "address", "uint112", "uint112")
    odd = node.deploy("pair", types, (hostile, token, 1, 1))
    with pytest.raises(KnownError, match="decimals"):
        read_pair(latest(), odd)


# Ticks and roots of TickMath.sol: 1.0001^(tick/2) * 2^96, rounded up, as published in its tests.
MIN_TICK, MIN_ROOT = -887_272, 4_295_128_739
MAX_TICK, MAX_ROOT = 887_272, 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342


def test_the_ends_of_all_prices_are_those_of_the_contract(node: EvmNode, latest: Latest) -> None:
    made = Range(node, MIN_TICK, MAX_TICK, 10**15)
    made.price(Q96, 0)
    found = read_position(latest(), made.manager, 7)
    scale = Decimal(10) ** 12  # 18 and 6 decimals
    roots = [(limit / scale).sqrt() * Q96 for limit in (found.limits.low, found.limits.high)]
    assert 0 <= MIN_ROOT - roots[0] < 1
    # The contract takes it from the inverse, of which it has 64 binary digits.
    assert abs(MAX_ROOT - roots[1]) / MAX_ROOT < Decimal("1e-19")
    assert found.fee == Decimal("0.003")


def _contract_amounts(root: int, low: int, high: int, liquidity: int) -> tuple[int, int]:
    """LiquidityAmounts.getAmountsForLiquidity in whole numbers, as the contract has it."""
    at = min(max(root, low), high)
    amount0 = (liquidity << 96) * (high - at) // high // at if at < high else 0
    return amount0, liquidity * (at - low) // Q96


# 2,000 dollars an ether: 2000 * 10^6 / 10^18; the tick is floor(log(2e-9) / log(1.0001)).
ROOT_2000, TICK_2000 = 3_543_191_142_285_914_205_922_034, -200_312


@pytest.mark.parametrize(
    ("low", "high", "in_range"),
    [(-201_000, -199_000, True), (-199_000, -198_000, False), (-203_000, -201_000, False),
     (TICK_2000, TICK_2000 + 60, True), (TICK_2000 - 60, TICK_2000, False)],
)  # fmt: skip
def test_amounts_are_those_of_the_contract(
    node: EvmNode, latest: Latest, low: int, high: int, in_range: bool
) -> None:
    liquidity = 10**16
    made = Range(node, low, high, liquidity)
    made.price(ROOT_2000, TICK_2000)
    found = read_position(latest(), made.manager, 7)
    roots = [int((Decimal("1.0001") ** tick).sqrt() * Q96) for tick in (low, high)]
    expected = _contract_amounts(ROOT_2000, *roots, liquidity)
    # The contract rounds its roots to 96 binary digits.
    units0, units1 = found.amount0 * 10**18, found.amount1 * 10**6
    assert abs(units0 - expected[0]) <= max(Decimal(expected[0]) * Decimal("1e-15"), 1)
    assert abs(units1 - expected[1]) <= 1
    assert found.in_range is in_range
    assert abs(found.price - 2_000) < Decimal("1e-9")
    assert (units0 == 0, units1 == 0) == (high <= TICK_2000, low > TICK_2000)


def test_fees_grow_inside_the_range_only() -> None:
    limits = (-10, 10)
    # Inside: all of 100, less 20 below and 30 above.
    assert fee_growth_inside(0, limits, 100, (20, 30)) == 50
    # Below and above the range what is kept outside is turned round.
    assert fee_growth_inside(-11, limits, 100, (20, 10)) == 10
    assert fee_growth_inside(10, limits, 100, (20, 90)) == 70
    # Counters run over, as the contract lets them.
    assert fee_growth_inside(0, limits, 5, (2**256 - 10, 5)) == 10


def test_fees_owed(node: EvmNode, latest: Latest) -> None:
    made = Range(node, -201_000, -199_000, 10**12)
    made.price(ROOT_2000, TICK_2000)
    node.send(made.pool, "set_growth(uint256,uint256)", (100 * Q128, 7 * Q128))
    node.send(made.pool, "set_tick(int24,uint256,uint256)", (-201_000, 20 * Q128, Q128))
    node.send(made.pool, "set_tick(int24,uint256,uint256)", (-199_000, 30 * Q128, Q128))
    made.put(10**12, last=(45 * Q128, 2**256 - Q128), owed=(11, 2_000_000))
    found = read_position(latest(), made.manager, 7)
    # (100 - 20 - 30 - 45) * 10^12 + 11 units, and (7 - 1 - 1 + 1) * 10^12 + 2 * 10^6.
    assert found.fees0 == Decimal(5 * 10**12 + 11) / 10**18
    assert found.fees1 == Decimal(6 * 10**12 + 2 * 10**6) / 10**6


def test_positions_that_cannot_be_read_are_said(node: EvmNode, latest: Latest) -> None:
    made = Range(node, -100, 100, 10**12)
    with pytest.raises(KnownError, match="no position 8"):
        read_position(latest(), made.manager, 8)
    for number in (-1, 2**256):
        with pytest.raises(KnownError, match="is no number of a position"):
            read_position(latest(), made.manager, number)
    with pytest.raises(KnownError, match="no position 7"):
        read_position(latest(), made.pool, 7)
    with pytest.raises(KnownError, match="no price yet"):
        read_position(latest(), made.manager, 7)
    odd = Range(node, 100, -100, 10**12)
    with pytest.raises(KnownError, match="makes no sense"):
        read_position(latest(), odd.manager, 7)
