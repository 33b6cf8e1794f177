"""From an investor's profile to a method and its limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from engine.analytics.allocation.allocate import Method
from engine.analytics.allocation.bounds import Bounds, limits
from engine.core.errors import KnownError

SHORT_YEARS = 1.0
MEDIUM_YEARS = 3.0
RETURNS_FOR_MEANS = 365


class Risk(IntEnum):
    """How much loss the investor bears."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2


class Objective(StrEnum):
    """What the money is for."""

    PRESERVE = "preserve"
    BALANCE = "balance"
    GROW = "grow"


# The rows rise from little loss to much return; HRP and risk parity need no forecast of returns.
METHODS = {
    Objective.PRESERVE: (Method.MEAN_CVAR, Method.MEAN_CVAR, Method.MINIMUM_VARIANCE),
    Objective.BALANCE: (Method.MINIMUM_VARIANCE, Method.RISK_PARITY, Method.HRP),
    Objective.GROW: (Method.RISK_PARITY, Method.HRP, Method.MAXIMUM_SHARPE),
}
CAPS = (0.25, 0.40, 0.60)
_ROOM = 1.5


@dataclass(frozen=True, slots=True)
class Profile:
    """What an investor wants.

    horizon: years until the money is needed. cap: the largest weight of any one asset, None for
    the risk level's own. caps, floors: limits of single assets. excluded: assets not wanted. All
    weights are fractions.
    """

    risk: Risk
    horizon: float
    objective: Objective
    cap: float | None = None
    caps: Mapping[str, float] = field(default_factory=dict)
    floors: Mapping[str, float] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """The assets that take part, how to divide the money among them, and one sentence per reason.

    cap: the largest weight of an asset without a limit of its own.
    """

    assets: tuple[str, ...]
    method: Method
    bounds: Bounds
    cap: float
    reasons: tuple[str, ...]


def profile_to_body(profile: Profile) -> dict[str, Any]:
    """Risk, horizon, objective, cap and what is excluded, as JSON can hold them; cap in percent."""
    return {
        "risk": profile.risk.name.lower(),
        "horizon": f"{profile.horizon:g}",
        "objective": str(profile.objective),
        "cap": None if profile.cap is None else f"{profile.cap * 100:g}",
        "excluded": sorted(profile.excluded),
    }


def profile_from_body(body: Mapping[str, Any]) -> Profile:
    """A profile of {"risk": "high", "horizon": "10", "objective": "grow", "cap": "40",
    "excluded": ["DOGE"]}; what is left out is medium, 5 years, balance, no cap, nothing.

    KnownError for what is no profile.
    """
    unknown = sorted(set(body) - {"risk", "horizon", "objective", "cap", "excluded"})
    cap = body.get("cap")
    try:
        if unknown:
            raise ValueError(unknown[0])
        found = Profile(
            Risk[str(body.get("risk", "medium")).upper()],
            float(body.get("horizon", 5)),
            Objective(str(body.get("objective", "balance"))),
            None if cap is None else float(cap) / 100,
            excluded=frozenset(str(asset).upper() for asset in body.get("excluded", ())),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise KnownError(
            f"The profile cannot be read: {error}.",
            "Write risk high, horizon 10, objective grow, cap 40, excluded DOGE; risk is low, "
            "medium or high, the objective preserve, balance or grow.",
        ) from error
    if not 0 < found.horizon <= 100 or not (found.cap is None or 0 < found.cap <= 1):
        raise KnownError(
            "The horizon must be from 0 to 100 years and the cap from 0 to 100 %.",
            "Give others.",
        )
    return found


def fit(profile: Profile, assets: Sequence[str], observations: int) -> Plan:
    """The method and limits for a profile.

    The risk level is lowered to LOW for a horizon under SHORT_YEARS and to at most MEDIUM under
    MEDIUM_YEARS; level and objective then choose from METHODS, the level from CAPS. Maximum
    Sharpe rests on mean returns, so with fewer than RETURNS_FOR_MEANS daily returns HRP takes its
    place. With few assets the level's cap is raised to 1.5 / k, so that there is a choice left.
    observations: how many daily returns there are. Raises KnownError for a horizon that is not
    positive, if no asset is left, and as `limits` does.
    """
    if profile.horizon <= 0:
        raise KnownError("The horizon must be longer than nothing.", "Give it in years.")
    kept = tuple(name for name in assets if name not in profile.excluded)
    if not kept:
        raise KnownError("The profile excludes all of these assets.", "Allow at least one.")
    reasons: list[str] = []
    level = _level(profile, reasons)
    method = METHODS[profile.objective][level]
    reasons.append(
        f"The objective “{profile.objective}” at {level.name.lower()} risk takes {method}."
    )
    if method is Method.MAXIMUM_SHARPE and observations < RETURNS_FOR_MEANS:
        method = Method.HRP
        reasons.append(
            f"{observations} daily returns say too little about mean returns "
            f"(at least {RETURNS_FOR_MEANS} are wanted), so HRP is used instead."
        )
    cap = profile.cap
    if cap is None:
        cap = max(CAPS[level], min(1.0, _ROOM / len(kept)))
        reasons.append(f"No asset may be more than {cap:.0%} at this risk and number of assets.")
    caps = {name: value for name, value in profile.caps.items() if name not in profile.excluded}
    # A floor above the general cap is the investor's own wish for that asset.
    raised = {name: max(cap, least) for name, least in profile.floors.items()}
    bounds = limits(kept, cap, raised | caps, profile.floors)
    return Plan(kept, method, bounds, cap, tuple(reasons))


def _level(profile: Profile, reasons: list[str]) -> Risk:
    most = Risk.HIGH
    if profile.horizon < SHORT_YEARS:
        most = Risk.LOW
    elif profile.horizon < MEDIUM_YEARS:
        most = Risk.MEDIUM
    if profile.risk > most:
        reasons.append(
            f"The money is needed in {profile.horizon:g} years, too soon to make up for a deep "
            f"fall: the risk is lowered from {profile.risk.name.lower()} to {most.name.lower()}."
        )
    return min(profile.risk, most)
