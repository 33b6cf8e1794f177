"""What arrives of a transfer, found out by trying it in a call that changes nothing.

The node is asked to run small programs in the place of the sender's code ("state override", third
parameter of eth_call). A node that knows no overrides still runs the bare transfer in the sender's
name: that tells whether it goes through, not what arrives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.core.errors import KnownError
from engine.market.onchain.abi import call_data
from engine.market.onchain.address import checksummed
from engine.market.onchain.keccak import keccak256
from engine.market.onchain.rpc import RpcError
from engine.market.onchain.state import ChainState, Read

FRESH = checksummed(keccak256(b"assay: an address nobody has used")[12:])
"""An account that owns nothing, as a new buyer's."""

LEAST_AMOUNT = 1_000
"""Smaller amounts hide a tax in the rounding."""
_PART = 1_000
_SOLD_PART = 10
"""A tenth of what was bought is sold, which a tax on the purchase leaves to sell."""
_BLOCKED = Decimal(1)
_REVERTS = ("revert", "invalid opcode", "execution failed")

# Makes calls of 100 bytes each (target, then 68 bytes of data) one after the other and returns
# three words per call: success, the first word of the reply, the size of the reply.
_CALLER = bytes.fromhex(
    "60006080"  # i = 0, o = 128
    "5b36821015603f57"  # while i < calldatasize:
    "604482602001600037"  # copy the 68 bytes of data to 0
    "60008160200152"  # mem[o + 32] = 0
    "60208160200160446000600086355af18152"  # mem[o] = call(target, 0, 68, o + 32, 32)
    "3d8160400152"  # mem[o + 64] = returndatasize
    "6060019060640190600456"  # o += 96, i += 100
    "5b608090036080f3"  # return mem[128:o]
)
# Passes what it is told on to the token and gives back its reply, or reverts as the token did.
_FORWARD_HEAD = bytes.fromhex("36600060003760206000366000600073")
_FORWARD_TAIL = bytes.fromhex("5af115602e573d6000f35b60006000fd")


@dataclass(frozen=True, slots=True)
class Trial:
    """tax: the share of a transfer that does not arrive, 1 if nothing can be moved; None: unknown.

    how: one sentence on what was tried and what came of it.
    """

    tax: Decimal | None
    how: str

    @property
    def blocked(self) -> bool:
        """Whether nothing can be moved."""
        return self.tax == _BLOCKED


@dataclass(frozen=True, slots=True)
class _Reply:
    success: bool
    word: int
    size: int

    @property
    def moved(self) -> bool:
        """Whether a transfer says it went through: true, or nothing as some old tokens do."""
        return self.success and (self.size == 0 or self.word == 1)


def try_transfer(state: ChainState, token: str, sender: str, recipient: str) -> Trial:
    """Try to move a thousandth of what the sender holds. KnownError if the node is gone."""
    [held] = state.ask([Read(token, "balanceOf(address)", (sender,))])
    if held is None:
        return Trial(None, "The token does not say what the sender holds.")
    amount = min(held, max(held // _PART, LEAST_AMOUNT))
    if amount == 0:
        return Trial(None, "The sender holds none of it.")
    replies = _moved(state, token, sender, recipient, amount)
    if replies is None or not replies[2].moved:
        return _bare(state, token, sender, recipient, amount, overridden=replies is not None)
    if amount < LEAST_AMOUNT:
        return Trial(None, "A transfer goes through, but the amount is too small to see a tax.")
    sent, received = replies[0].word - replies[3].word, replies[4].word - replies[1].word
    return _tax(sent, received, "A transfer")


def round_trip(state: ChainState, token: str, pool: str) -> tuple[Trial, Trial]:
    """A purchase and a sale by a new account, in one call: the pool sends, the account sends back.

    The pool's own code is out of the way meanwhile, which some tokens stumble over: a sale that
    fails here proves nothing by itself.
    """
    [held] = state.ask([Read(token, "balanceOf(address)", (pool,))])
    amount = (held or 0) // _PART
    if amount < LEAST_AMOUNT * _SOLD_PART:
        unknown = Trial(None, "The pool holds too little of the token to try it.")
        return unknown, unknown
    override = {
        pool: {"code": "0x" + _CALLER.hex()},
        FRESH: {"code": "0x" + (_FORWARD_HEAD + _raw(token) + _FORWARD_TAIL).hex()},
    }
    own, new = _held(token, pool), _held(token, FRESH)
    buy = (token, call_data("transfer(address,uint256)", FRESH, amount))
    sell = (FRESH, call_data("transfer(address,uint256)", pool, amount // _SOLD_PART))
    replies = _run(state, pool, [own, new, buy, own, new, sell, own, new], override)
    if replies is None:
        unknown = Trial(None, "The node cannot simulate a purchase (no state overrides).")
        return unknown, unknown
    bought, sold = replies[2], replies[5]
    if not bought.moved:
        reason = "A purchase from the pool fails in the simulation."
        return Trial(None, reason), Trial(None, reason)
    buying = _tax(
        replies[0].word - replies[3].word, replies[4].word - replies[1].word, "A purchase"
    )
    if not sold.moved:
        return buying, Trial(_BLOCKED, "A new account cannot sell what it bought.")
    return buying, _tax(
        replies[4].word - replies[7].word, replies[6].word - replies[3].word, "A sale"
    )


def _moved(
    state: ChainState, token: str, sender: str, recipient: str, amount: int
) -> list[_Reply] | None:
    """Both balances, the transfer, both balances again; None if the node knows no overrides."""
    own, other = _held(token, sender), _held(token, recipient)
    move = (token, call_data("transfer(address,uint256)", recipient, amount))
    override = {sender: {"code": "0x" + _CALLER.hex()}}
    return _run(state, sender, [own, other, move, own, other], override)


def _bare(
    state: ChainState, token: str, sender: str, recipient: str, amount: int, overridden: bool
) -> Trial:
    """In the sender's name, as it is. overridden: whether it failed from the program before."""
    silent = Trial(None, "The node does not say whether a transfer goes through.")
    failed = Trial(_BLOCKED, "A transfer fails.")
    try:
        data = call_data("transfer(address,uint256)", recipient, amount)
        reply = state.execute(token, data, sender=sender)
    except RpcError as error:
        return failed if _reverted(error) else silent
    except KnownError:
        return silent
    if 0 < len(reply) < 32:
        return silent
    if reply and int.from_bytes(reply[:32], "big") != 1:
        return failed
    if overridden:
        return Trial(None, "A transfer fails from a contract and goes through from an account.")
    return Trial(None, "A transfer goes through; the node cannot measure what arrives.")


def _tax(sent: int, received: int, what: str) -> Trial:
    if sent <= 0 and received <= 0:
        return Trial(_BLOCKED, f"{what} moves nothing.")
    if sent <= 0 or received < 0:
        return Trial(None, f"{what} changes the balances in an unusual way.")
    tax = max(1 - Decimal(received) / Decimal(sent), Decimal(0)).quantize(Decimal("0.0001"))
    return Trial(tax.normalize(), f"{what} delivers {received} of {sent} units.")


def _held(token: str, holder: str) -> tuple[str, bytes]:
    return token, call_data("balanceOf(address)", holder)


def _run(
    state: ChainState,
    place: str,
    calls: Sequence[tuple[str, bytes]],
    override: dict[str, dict[str, str]],
) -> list[_Reply] | None:
    """The calls made by the program at `place`; None if it was not run, or a balance failed."""
    data = b"".join(bytes(12) + _raw(to) + what.ljust(68, b"\0") for to, what in calls)
    try:
        reply = state.execute(place, data, override=override)
    except KnownError:
        return None
    if len(reply) != 96 * len(calls):
        return None
    words = [int.from_bytes(reply[at : at + 32], "big") for at in range(0, len(reply), 32)]
    replies = [_Reply(words[i] == 1, *words[i + 1 : i + 3]) for i in range(0, len(words), 3)]
    balances = [r for r, (_, what) in zip(replies, calls, strict=True) if len(what) == 36]
    return replies if all(r.success and r.size == 32 for r in balances) else None


def _reverted(error: RpcError) -> bool:
    """Whether the contract refused, not the node (code 3: execution reverted, as Geth has it)."""
    return error.code == 3 or any(word in error.message.lower() for word in _REVERTS)


def _raw(address: str) -> bytes:
    return bytes.fromhex(address[2:])
