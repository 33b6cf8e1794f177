# pragma version 0.4.3
# An ERC-20 token whose owner can mint, pause and bar holders.

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

owner: public(address)
name: public(String[32])
symbol: public(String[16])
decimals: public(uint8)
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
paused: public(bool)
isBlacklisted: public(HashMap[address, bool])


@deploy
def __init__(supply: uint256):
    self.owner = msg.sender
    self.name = "Powers"
    self.symbol = "PWR"
    self.decimals = 18
    self._mint(msg.sender, supply)


@internal
def _mint(receiver: address, amount: uint256):
    self.totalSupply += amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=empty(address), receiver=receiver, value=amount)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    assert not self.paused, "paused"
    assert not self.isBlacklisted[msg.sender], "barred"
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=msg.sender, receiver=receiver, value=amount)
    return True


@external
def mint(receiver: address, amount: uint256):
    assert msg.sender == self.owner, "not the owner"
    self._mint(receiver, amount)


@external
def pause():
    assert msg.sender == self.owner, "not the owner"
    self.paused = True


@external
def unpause():
    assert msg.sender == self.owner, "not the owner"
    self.paused = False


@external
def blacklist(account: address):
    assert msg.sender == self.owner, "not the owner"
    self.isBlacklisted[account] = True


@external
def renounceOwnership():
    assert msg.sender == self.owner, "not the owner"
    self.owner = empty(address)
