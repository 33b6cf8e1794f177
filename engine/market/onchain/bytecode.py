"""What a contract's code shows: the functions it names, and whether it runs the code of others.

Code is walked as the machine finds its jump targets (Yellow Paper, 9.4.3): what stands behind an
unconditional stop is skipped up to the next JUMPDEST, because nothing can reach it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from engine.market.onchain.address import checksummed
from engine.market.onchain.keccak import selector

Power = Literal["owner", "mint", "pause", "blacklist", "fees", "upgrade", "roles"]
POWERS: tuple[Power, ...] = get_args(Power)

_FUNCTIONS: Mapping[Power, str] = {
    "owner": "owner() getOwner()",
    "mint": "mint(address,uint256) mint(uint256) mint(address) mint() issue(uint256) "
    "mintTo(address,uint256) mintTokens(uint256) mintTokens(address,uint256) "
    "generateTokens(address,uint256) configureMinter(address,uint256) addMinter(address) "
    "increaseSupply(uint256) mint(address,uint256,bytes)",
    "pause": "pause() unpause() setPaused(bool) pauseTrading() setTrading(bool) enableTrading() "
    "disableTrading() openTrading() setTradingEnabled(bool) tradingStatus(bool) freeze() stop() "
    "setTradingStatus(bool) pauseTransfers() setTransfersEnabled(bool)",
    "blacklist": "blacklist(address) unBlacklist(address) addBlackList(address) "
    "addBlacklist(address) removeBlackList(address) destroyBlackFunds(address) "
    "addToBlacklist(address) setBlacklist(address,bool) blacklist(address,bool) "
    "blacklistAddress(address,bool) setBlacklisted(address,bool) isBlacklisted(address) "
    "isBlackListed(address) blacklistAccount(address,bool) freeze(address) freezeAccount(address) "
    "freezeAccount(address,bool) addBots(address[]) setBots(address[]) blockBots(address[]) "
    "setBot(address,bool) manageBlacklist(address,bool) updateBlacklist(address,bool)",
    "fees": "setFee(uint256) setFees(uint256,uint256) setTax(uint256) setTaxes(uint256,uint256) "
    "setFees(uint256,uint256,uint256) setTaxes(uint256,uint256,uint256) setBuyFee(uint256) "
    "setSellFee(uint256) setBuyTax(uint256) setSellTax(uint256) setTaxFeePercent(uint256) "
    "setLiquidityFeePercent(uint256) updateFees(uint256,uint256) setParams(uint256,uint256) "
    "updateBuyFees(uint256,uint256,uint256) updateSellFees(uint256,uint256,uint256) "
    "setTransferFee(uint256) setTaxRate(uint256) setFeeRate(uint256) "
    "setFee(uint256,uint256) setTaxFee(uint256)",
    "upgrade": "upgradeTo(address) upgradeToAndCall(address,bytes) upgrade(address) "
    "setImplementation(address) proxiableUUID()",
    "roles": "hasRole(bytes32,address) grantRole(bytes32,address) getRoleAdmin(bytes32) "
    "revokeRole(bytes32,address) authority() setAuthority(address) admin() setAdmin(address)",
}  # fmt: skip
# Functions and errors of plain tokens, none of which gives anyone power over others' tokens.
_PLAIN = (
    "name() symbol() decimals() totalSupply() balanceOf(address) transfer(address,uint256) "
    "transferFrom(address,address,uint256) approve(address,uint256) allowance(address,address) "
    "increaseAllowance(address,uint256) decreaseAllowance(address,uint256) burn(uint256) "
    "burnFrom(address,uint256) nonces(address) DOMAIN_SEPARATOR() eip712Domain() version() "
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32) PERMIT_TYPEHASH() "
    "supportsInterface(bytes4) renounceOwnership() transferOwnership(address) "
    "pendingOwner() acceptOwnership() paused() cap() maxSupply() "
    "Error(string) Panic(uint256) ERC20InsufficientBalance(address,uint256,uint256) "
    "ERC20InvalidSender(address) ERC20InvalidReceiver(address) ERC20InvalidApprover(address) "
    "ERC20InvalidSpender(address) ERC20InsufficientAllowance(address,uint256,uint256) "
    "OwnableUnauthorizedAccount(address) OwnableInvalidOwner(address) "
    "ERC2612ExpiredSignature(uint256) ERC2612InvalidSigner(address,address) "
    "InvalidAccountNonce(address,uint256) ECDSAInvalidSignature() InvalidShortString() "
    "ECDSAInvalidSignatureLength(uint256) ECDSAInvalidSignatureS(bytes32) StringTooLong(string)"
)
_TRANSFERS = ("transfer(address,uint256)", "balanceOf(address)", "totalSupply()")
_MASK = b"\xff" * 4

_PUSH0, _PUSH3, _PUSH4, _PUSH32 = 0x5F, 0x62, 0x63, 0x7F
_EQ, _JUMPDEST = 0x14, 0x5B
_STOPS = frozenset([0x00, 0x56, 0xF3, 0xFD, 0xFE, 0xFF])
_DELEGATES = frozenset([0xF2, 0xF4])

_MINIMAL_HEAD = bytes.fromhex("363d3d373d3d3d363d73")
_MINIMAL_TAIL = bytes.fromhex("5af43d82803e903d91602b57fd5bf3")


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """selectors: the four-byte constants it compares or calls. delegates: runs others' code."""

    selectors: frozenset[bytes]
    delegates: bool

    def has(self, power: Power) -> bool:
        """Whether it names a function of this kind."""
        return bool(self.selectors & _selectors(_FUNCTIONS[power]))

    @property
    def unknown(self) -> int | None:
        """How many of its constants are no function known here; None if they cannot be told.

        Without the functions every token has among them, it finds its functions in another way.
        """
        if not self.selectors >= _selectors(" ".join(_TRANSFERS)):
            return None
        return len(self.selectors - _known())


def examine(code: bytes) -> CodeFacts:
    """Walk the code of a contract."""
    selectors, delegates = set(), False
    for opcode, value, following in _instructions(code):
        if opcode == _PUSH4 and value != _MASK:
            selectors.add(value)
        elif opcode == _PUSH3 and following == _EQ:
            selectors.add(b"\0" + value)
        delegates = delegates or opcode in _DELEGATES
    return CodeFacts(frozenset(selectors), delegates)


def minimal_proxy(code: bytes) -> str | None:
    """Whose code an EIP-1167 proxy runs, for good; None if it is none."""
    if code[:10] == _MINIMAL_HEAD and code[30:] == _MINIMAL_TAIL:
        return checksummed(code[10:30])
    return None


def _instructions(code: bytes) -> Iterator[tuple[int, bytes, int | None]]:
    """Reachable instructions: opcode, what it pushes, the byte after it."""
    at, reachable = 0, True
    while at < len(code):
        opcode = code[at]
        size = opcode - _PUSH0 if _PUSH0 < opcode <= _PUSH32 else 0
        end = at + 1 + size
        reachable = reachable or opcode == _JUMPDEST
        if reachable:
            value = code[at + 1 : end].ljust(size, b"\0")
            yield opcode, value, code[end] if end < len(code) else None
        reachable = reachable and opcode not in _STOPS
        at = end


@cache
def _selectors(signatures: str) -> frozenset[bytes]:
    return frozenset(map(selector, signatures.split()))


@cache
def _known() -> frozenset[bytes]:
    return _selectors(" ".join((_PLAIN, *_FUNCTIONS.values())))
