# pragma version 0.4.3
# What is read of a Uniswap v3 position manager and its factory, in one contract.

struct Position:
    token0: address
    token1: address
    low: int24
    high: int24
    liquidity: uint128
    last0: uint256
    last1: uint256
    owed0: uint128
    owed1: uint128

pool: address
kept: HashMap[uint256, Position]


@deploy
def __init__(pool: address):
    self.pool = pool


@external
def put(number: uint256, position: Position):
    self.kept[number] = position


@external
@view
def factory() -> address:
    return self


@external
@view
def getPool(token0: address, token1: address, fee: uint24) -> address:
    return self.pool if fee == 3000 else empty(address)


@external
@view
def positions(number: uint256) -> (uint96, address, address, address, uint24, int24, int24, uint128, uint256, uint256, uint128, uint128):
    p: Position = self.kept[number]
    assert p.token0 != empty(address), "Invalid token ID"
    return 0, empty(address), p.token0, p.token1, 3000, p.low, p.high, p.liquidity, p.last0, p.last1, p.owed0, p.owed1
