"""How much of a token a few wallets hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.market.onchain.address import BURN
from engine.market.onchain.erc20 import holdings
from engine.market.onchain.state import ChainState

_TOP = 10


@dataclass(frozen=True, slots=True)
class Concentration:
    """The ten largest of the wallets asked about; shares are fractions of the supply.

    share: what they hold. exact: whether no other wallet can be among the ten largest; if not,
    the true share of the ten largest is at least this.
    """

    share: Decimal
    exact: bool
    wallets: int


def concentration(
    state: ChainState, token: str, supply: int | None, holders: Sequence[str], pools: Sequence[str]
) -> Concentration | None:
    """Of these holders, pools and burn addresses not counted; None if it cannot be told."""
    apart = sorted(BURN | set(pools))
    wallets = [one for one in dict.fromkeys(holders) if one not in apart]
    if not supply or not wallets:
        return None
    held = holdings(state, token, [*wallets, *apart])
    known = [units for units in held if units is not None]
    if len(known) < len(held) or sum(known) > supply:
        return None
    largest = sorted(known[: len(wallets)], reverse=True)[:_TOP]
    tenth = largest[-1] if len(largest) == _TOP else 0
    return Concentration(
        share=Decimal(sum(largest)) / Decimal(supply),
        exact=supply - sum(known) <= tenth,
        wallets=len(wallets),
    )
