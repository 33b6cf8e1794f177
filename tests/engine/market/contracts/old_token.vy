# pragma version 0.4.3
# A token from before the standard was settled: bytes32 texts, transfers that return nothing.

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

name: public(bytes32)
symbol: public(bytes32)
decimals: public(uint256)
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])


@deploy
def __init__(name: bytes32, symbol: bytes32, supply: uint256):
    self.name = name
    self.symbol = symbol
    self.decimals = 6
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply


@external
def transfer(receiver: address, amount: uint256):
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=msg.sender, receiver=receiver, value=amount)
