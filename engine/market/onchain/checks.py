"""What a token's contract can do to its holders, read from its code and tried in simulations."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.core.errors import KnownError
from engine.market.onchain.address import BURN, ZERO
from engine.market.onchain.age import age_days
from engine.market.onchain.bytecode import POWERS, CodeFacts, Power
from engine.market.onchain.erc20 import Token, read_tokens
from engine.market.onchain.holders import Concentration, concentration
from engine.market.onchain.logs import Blocks, transfer_logs
from engine.market.onchain.proxy import Structure, structure
from engine.market.onchain.simulation import FRESH, Trial, round_trip, try_transfer
from engine.market.onchain.state import ChainState, Read

RECENT_BLOCKS = 1_000
"""How far back holders are looked for when none are named."""
_TRIED_HOLDERS = 3


@dataclass(frozen=True, slots=True)
class Taxes:
    """buy, sell: trials against the pool. move: between accounts, where no pool is named."""

    buy: Trial
    sell: Trial
    move: Trial | None


@dataclass(frozen=True, slots=True)
class TokenChecks:
    """What was found out at one block; None is not known.

    owner: who owner() or getOwner() names. renounced: whether that is nobody. powers: what the
    code lets somebody do: True if a function of that kind is there, False if every function is
    known and none is of that kind. unknown: functions of unknown purpose. age_days: since the
    contract was made.
    """

    token: Token
    block: int
    source: str
    owner: str | None
    renounced: bool | None
    structure: Structure
    powers: dict[Power, bool | None]
    unknown: int | None
    concentration: Concentration | None
    taxes: Taxes
    age_days: int | None


def check_token(
    state: ChainState, address: str, holders: Sequence[str] = (), pool: str | None = None
) -> TokenChecks:
    """Look at a token. holders: wallets to look at and to try sales from, the last receivers if
    none are named. pool: where it is traded; without it no purchase or sale can be tried.

    KnownError if the node cannot be reached, or is gone in the middle, or there is no contract;
    what else cannot be found out is None.
    """
    built = structure(state, address)
    [token] = read_tokens(state, [address])
    owner = _owner(state, address)
    sellers = [*holders] or _receivers(state, address)
    apart = BURN | {address, owner, pool}
    sellers = [one for one in sellers if one not in apart][:_TRIED_HOLDERS]
    pools = () if pool is None else (pool,)
    return TokenChecks(
        token=token,
        block=state.block,
        source=state.source,
        owner=owner,
        renounced=None if owner is None else owner in BURN,
        structure=built,
        powers={power: _power(built.code, power) for power in POWERS},
        unknown=built.code.unknown if built.code else None,
        concentration=concentration(state, address, token.supply, holders, (*pools, address)),
        taxes=_taxes(state, address, sellers, pool),
        age_days=age_days(state, address),
    )


def _power(code: CodeFacts | None, power: Power) -> bool | None:
    if code is None:
        return None
    if code.has(power):
        return True
    # A proxy's functions are all known only as long as nobody replaces its code.
    return False if code.unknown == 0 and not code.delegates else None


def _owner(state: ChainState, address: str) -> str | None:
    reads = [Read(address, name, (), ("address",)) for name in ("owner()", "getOwner()")]
    answers = [one for one in state.ask(reads) if one is not None]
    # If two names contradict each other, the one that can act counts.
    return next((one for one in answers if one not in BURN), answers[0] if answers else None)


def _receivers(state: ChainState, address: str) -> list[str]:
    """Who was sent the token last, the newest first."""
    blocks = Blocks(max(state.block - RECENT_BLOCKS + 1, 0), state.block)
    try:
        logs = transfer_logs(state.rpc, blocks, token=address)
    except KnownError:
        return []
    return list(dict.fromkeys(log.recipient for log in reversed(logs) if log.recipient != ZERO))


def _taxes(state: ChainState, address: str, sellers: Sequence[str], pool: str | None) -> Taxes:
    if pool is None:
        untried = Trial(None, "No pool was named, so no trade was tried.")
        moved = [try_transfer(state, address, one, FRESH) for one in sellers]
        return Taxes(untried, untried, _worst_of(moved))
    buy, sold_new = round_trip(state, address, pool)
    if buy.tax is None:
        buy = try_transfer(state, address, pool, FRESH)
    sold = _worst_of([try_transfer(state, address, one, pool) for one in sellers])
    return Taxes(buy, _sale(sold_new, sold), None)


def _worst_of(trials: Sequence[Trial]) -> Trial:
    """Of several holders: blocked only if all are, else the highest tax that was measured."""
    free = [one for one in trials if not one.blocked]
    if not trials:
        return Trial(None, "No holder is known to try it with.")
    if not free:
        return trials[0]
    measured = [one for one in free if one.tax is not None]
    return max(measured, key=lambda one: one.tax or Decimal(0), default=free[0])


def _sale(new: Trial, old: Trial) -> Trial:
    """A sale, from the trial with a new account and those with holders: the worse of the two.

    If only one of them can sell it is not known: some tokens let chosen holders sell, others bar
    buyers after their purchase.
    """
    if old.tax is None and new.blocked:
        return Trial(None, f"{new.how} {old.how}")
    if new.tax is None or old.tax is None:
        return old if new.tax is None else new
    if new.blocked != old.blocked:
        able, unable = ("a new account", "holders") if old.blocked else ("a holder", "new accounts")
        return Trial(None, f"In the simulation {able} can sell, and {unable} cannot.")
    return new if new.tax >= old.tax else old
