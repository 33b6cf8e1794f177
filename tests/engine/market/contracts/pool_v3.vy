# pragma version 0.4.3
# What is read of a Uniswap v3 pool, set by hand.

feeGrowthGlobal0X128: public(uint256)
feeGrowthGlobal1X128: public(uint256)
root: uint160
tick: int24
outside0: HashMap[int24, uint256]
outside1: HashMap[int24, uint256]


@external
def set_price(root: uint160, tick: int24):
    self.root = root
    self.tick = tick


@external
def set_growth(grown0: uint256, grown1: uint256):
    self.feeGrowthGlobal0X128 = grown0
    self.feeGrowthGlobal1X128 = grown1


@external
def set_tick(tick: int24, outside0: uint256, outside1: uint256):
    self.outside0[tick] = outside0
    self.outside1[tick] = outside1


@external
@view
def slot0() -> (uint160, int24, uint16, uint16, uint16, uint8, bool):
    return self.root, self.tick, 0, 1, 1, 0, True


@external
@view
def ticks(tick: int24) -> (uint128, int128, uint256, uint256, int56, uint160, uint32, bool):
    return 1, 1, self.outside0[tick], self.outside1[tick], 0, 0, 0, True
