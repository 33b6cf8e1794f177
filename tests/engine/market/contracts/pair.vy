# pragma version 0.4.3
# What is read of a Uniswap v2 pair.

token0: public(address)
token1: public(address)
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
reserve0: uint112
reserve1: uint112


@deploy
def __init__(token0: address, token1: address, reserve0: uint112, reserve1: uint112):
    self.token0 = token0
    self.token1 = token1
    self.reserve0 = reserve0
    self.reserve1 = reserve1


@external
def share(holder: address, amount: uint256):
    self.totalSupply += amount
    self.balanceOf[holder] += amount


@external
@view
def getReserves() -> (uint112, uint112, uint32):
    return self.reserve0, self.reserve1, 1
