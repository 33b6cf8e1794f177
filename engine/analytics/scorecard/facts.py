"""What is known about a token, from whom, and how several sources become one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Literal

Evidence = Literal["claimed", "user", "measured"]
Value = bool | int | Decimal

HIGH_YIELD = Decimal("0.8")
UNREALISTIC_YIELD = Decimal(10)
CANNOT_SELL = Decimal(1)


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What one source says; None = it does not say. Shares, taxes and yields are fractions.

    evidence: "claimed" by a text about the token, entered by the "user", or "measured" from the
    chain. team_public: the people are named. owner_active: an owner can still act on the contract.
    upgradable: the code can be replaced (proxy). liquidity_locked: share of the pool that is locked
    or burnt, lock_days: for how long still. some_locked: a lock is said, not of how much.
    top10_share: held by the ten largest wallets, pools and burn addresses left out. sell_tax: 1 if
    one cannot sell. promised_yield: a year; words alone count as HIGH_YIELD or UNREALISTIC_YIELD.
    impersonation: poses as another token.
    backed, roadmap: said in its favour; they have no points, for anyone can say them.
    """

    evidence: Evidence = "user"
    audited: bool | None = None
    team_public: bool | None = None
    owner_active: bool | None = None
    can_mint: bool | None = None
    can_pause: bool | None = None
    upgradable: bool | None = None
    liquidity_locked: Decimal | None = None
    some_locked: bool | None = None
    lock_days: int | None = None
    top10_share: Decimal | None = None
    buy_tax: Decimal | None = None
    sell_tax: Decimal | None = None
    age_days: int | None = None
    promised_yield: Decimal | None = None
    scam_reports: int | None = None
    impersonation: bool | None = None
    backed: bool | None = None
    roadmap: bool | None = None


# Of two values of these, the lower is the riskier; of all others the higher.
PROTECTIVE = frozenset(
    "audited team_public liquidity_locked some_locked lock_days age_days backed roadmap".split()
)
FIELDS = tuple(f.name for f in fields(TokenFacts) if f.name != "evidence")


@dataclass(frozen=True, slots=True)
class Known:
    """One value of a fact and the best evidence for it."""

    value: Value
    evidence: Evidence


def merge(sources: Sequence[TokenFacts]) -> Mapping[str, Known]:
    """The facts of all sources by name; those nobody states are missing.

    What was measured beats what was said; of several values with equal standing the riskiest holds.
    """
    merged: dict[str, Known] = {}
    for name in FIELDS:
        found = [
            Known(value, source.evidence)
            for source in sources
            if (value := getattr(source, name)) is not None
        ]
        if found:
            merged[name] = max(found, key=lambda known: _standing(name, known))
    return merged


def riskier(name: str, one: Value, other: Value) -> Value:
    """The riskier of two values of a fact."""
    return min(one, other) if name in PROTECTIVE else max(one, other)


def _standing(name: str, known: Known) -> tuple[bool, Decimal, bool]:
    risk = Decimal(known.value)
    return (
        known.evidence == "measured",
        -risk if name in PROTECTIVE else risk,
        known.evidence == "user",
    )
