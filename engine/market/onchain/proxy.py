"""Whether the code of a contract is its own for good: proxies of EIP-1167, EIP-1967, EIP-1822."""

from dataclasses import dataclass

from engine.core.errors import KnownError
from engine.market.onchain.address import ZERO, checksummed
from engine.market.onchain.bytecode import CodeFacts, examine, minimal_proxy
from engine.market.onchain.keccak import keccak256
from engine.market.onchain.state import ChainState, Read

IMPLEMENTATION_SLOT = int.from_bytes(keccak256(b"eip1967.proxy.implementation"), "big") - 1
BEACON_SLOT = int.from_bytes(keccak256(b"eip1967.proxy.beacon"), "big") - 1
UUPS_SLOT = int.from_bytes(keccak256(b"PROXIABLE"), "big")
ZEPPELIN_SLOT = int.from_bytes(keccak256(b"org.zeppelinos.proxy.implementation"), "big")


@dataclass(frozen=True, slots=True)
class Structure:
    """The code that runs when a contract is called.

    implementation: the contract whose code that is, if not its own. replaceable: whether someone
    can change it; None if it cannot be told. code: what it shows, of both where there are two;
    None if it could not be read.
    """

    implementation: str | None
    replaceable: bool | None
    code: CodeFacts | None


def structure(state: ChainState, address: str) -> Structure:
    """Look at the code and the slots of proxies. KnownError if there is no code, or no node."""
    code = state.code(address)
    if not code:
        raise KnownError(
            f"There is no contract at {address} on this chain.", "Check the address and the node."
        )
    fixed = minimal_proxy(code)
    if fixed is None:
        return _own(state, address, examine(code))
    try:
        below = _own(state, fixed, examine(state.code(fixed)))
    except KnownError:
        return Structure(fixed, None, None)
    return Structure(fixed, below.replaceable, below.code)


def _own(state: ChainState, address: str, code: CodeFacts) -> Structure:
    slots = (IMPLEMENTATION_SLOT, UUPS_SLOT, ZEPPELIN_SLOT, BEACON_SLOT)
    try:
        *direct, beacon = state.storage(address, slots)
    except KnownError:
        return Structure(None, True if code.has("upgrade") else None, code)
    target = next((at for value in direct if (at := _address(value)) != ZERO), None)
    if target is None and _address(beacon) != ZERO:
        [target] = state.ask([Read(_address(beacon), "implementation()", (), ("address",))])
        if target in (None, ZERO):
            return Structure(None, True, None)
    if target is None:
        settled = True if code.has("upgrade") else None if code.delegates else False
        return Structure(None, settled, code)
    return Structure(target, True, _joined(state, code, target))


def _joined(state: ChainState, code: CodeFacts, target: str) -> CodeFacts | None:
    try:
        below = examine(state.code(target))
    except KnownError:
        return None
    return CodeFacts(code.selectors | below.selectors, True)


def _address(value: int) -> str:
    return checksummed((value % (1 << 160)).to_bytes(20, "big"))
