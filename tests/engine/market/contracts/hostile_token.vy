# pragma version 0.4.3
# Answers that are made to hurt whoever shows them; a balance for everybody.

@external
@view
def name() -> Bytes[64]:
    return b"\xff\xfe Evil\x1b[2J \xe2\x80\xaegnp.exe"


@external
@view
def symbol() -> String[640]:
    return "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


@external
@view
def decimals() -> uint256:
    return max_value(uint256)


@external
@view
def totalSupply() -> uint256:
    return max_value(uint256)


@external
@view
def balanceOf(holder: address) -> uint256:
    return max_value(uint256)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    return True


@external
@view
def owner():
    raise "no"


@external
@view
def getOwner() -> uint256:
    return max_value(uint256)
