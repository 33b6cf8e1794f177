# pragma version 0.4.3
# An ERC-20 token that keeps a share of every transfer for its owner.

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

getOwner: public(address)
name: public(String[32])
symbol: public(String[16])
decimals: public(uint8)
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
percent: uint256


@deploy
def __init__(supply: uint256):
    self.getOwner = msg.sender
    self.name = "Taxed"
    self.symbol = "TAX"
    self.decimals = 9
    self.percent = 10
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply
    log Transfer(sender=empty(address), receiver=msg.sender, value=supply)


@internal
def _move(sender: address, receiver: address, amount: uint256):
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=sender, receiver=receiver, value=amount)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    tax: uint256 = amount * self.percent // 100
    if msg.sender == self.getOwner:
        tax = 0
    self._move(msg.sender, receiver, amount - tax)
    self._move(msg.sender, self.getOwner, tax)
    return True


@external
def setTax(percent: uint256):
    assert msg.sender == self.getOwner, "not the owner"
    self.percent = percent
