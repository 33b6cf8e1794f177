"""The points of each criterion: 100 in all, from a range of what its known facts leave possible."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.analytics.scorecard.facts import HIGH_YIELD, UNREALISTIC_YIELD, Known
from engine.core.money import format_percent

Facts = Mapping[str, Known]
Points = tuple[Decimal, Decimal]  # the least and the most, as parts of the criterion's maximum

_NONE, _ALL = Decimal(0), Decimal(1)
_OPEN: Points = (_NONE, _ALL)
SEVERE_TAX = Decimal("0.5")
SEVERE_REPORTS = 2


@dataclass(frozen=True, slots=True)
class Criterion:
    """maximum: its points. facts: what it looks at. rate: the range. say: the reason in words."""

    name: str
    maximum: int
    facts: tuple[str, ...]
    rate: Callable[[Facts], Points]
    say: Callable[[Facts], str]


def _flag(name: str, bad: bool) -> Callable[[Facts], Points]:
    def rate(facts: Facts) -> Points:
        if name not in facts:
            return _OPEN
        part = _ALL if facts[name].value == bad else _NONE
        return part, part

    return rate


def _either(name: str, yes: str, no: str) -> Callable[[Facts], str]:
    return lambda facts: yes if facts[name].value else no


def _between(value: Decimal, none: str, full: str) -> Decimal:
    """0 at `none` and before, 1 at `full` and beyond, straight between."""
    low, high = Decimal(none), Decimal(full)
    return min(max((value - low) / (high - low), _NONE), _ALL)


def _number(facts: Facts, name: str) -> Decimal | None:
    return Decimal(facts[name].value) if name in facts else None


def _scale(name: str, none: str, full: str) -> Callable[[Facts], Points]:
    def rate(facts: Facts) -> Points:
        value = _number(facts, name)
        if value is None:
            return _OPEN
        part = _between(value, none, full)
        return part, part

    return rate


def _liquidity(facts: Facts) -> Points:
    share, days = _number(facts, "liquidity_locked"), _number(facts, "lock_days")
    lasting = None if days is None else _steps(days, ((30, "0"), (180, "0.5")), "1")
    best = (_ALL if share is None else share) * (_ALL if lasting is None else lasting)
    worst = _NONE if share is None or lasting is None else best
    return _ALL - min(best, _ALL), _ALL - min(worst, _ALL)


def _say_liquidity(facts: Facts) -> str:
    share, days = _number(facts, "liquidity_locked"), _number(facts, "lock_days")
    if share is None and days is None and not facts["some_locked"].value:
        return "It is not said how much of the liquidity is locked."
    part = "An unknown part" if share is None else format_percent(share, 0)
    lasting = "" if days is None else f", for {'a day' if days == 1 else f'{days} days'}"
    return f"{part} of the liquidity is locked{lasting}."


def _taxes(facts: Facts) -> Points:
    known = [t for name in ("buy_tax", "sell_tax") if (t := _number(facts, name)) is not None]
    least = max((_between(tax, "0.05", "0.25") for tax in known), default=_NONE)
    return least, least if len(known) == 2 else _ALL


def _say_taxes(facts: Facts) -> str:
    sell = _number(facts, "sell_tax")
    if sell is not None and sell >= SEVERE_TAX:
        return "It cannot be sold." if sell >= 1 else f"Selling costs {format_percent(sell, 0)}."
    kinds = {"buy_tax": "buying", "sell_tax": "selling"}
    costs = [
        f"{kind} costs {format_percent(tax, 1)} tax"
        for name, kind in kinds.items()
        if (tax := _number(facts, name)) is not None
    ]
    return f"{', '.join(costs).capitalize()}."


def _steps(value: Decimal, below: tuple[tuple[int, str], ...], rest: str) -> Decimal:
    """The part of the first limit the value is under."""
    return Decimal(next((part for limit, part in below if value < limit), rest))


def _age(facts: Facts) -> Points:
    days = _number(facts, "age_days")
    if days is None:
        return _OPEN
    part = _steps(days, ((8, "1"), (31, "0.7"), (181, "0.4"), (366, "0.1")), "0")
    return part, part


def _say_age(facts: Facts) -> str:
    days = int(facts["age_days"].value)
    return f"It was launched {'a day' if days == 1 else f'{days} days'} ago."


def _say_yield(facts: Facts) -> str:
    promised = Decimal(facts["promised_yield"].value)
    figure = "" if promised in (HIGH_YIELD, UNREALISTIC_YIELD) else f": {format_percent(promised)}"
    if promised >= 1:
        return f"It promises unrealistic gains{figure}."
    if promised > Decimal("0.2"):
        return f"It promises an extremely high yield{figure}."
    return f"The yield it promises is within what is usual{figure}."


def _reports(facts: Facts) -> Points:
    count = _number(facts, "scam_reports")
    if count is None:
        return _OPEN
    part = _steps(count, ((1, "0"), (SEVERE_REPORTS, "0.5")), "1")
    return part, part


def _say_reports(facts: Facts) -> str:
    count = int(facts["scam_reports"].value)
    if count >= SEVERE_REPORTS:
        return "There are multiple scam reports."
    return "There is a scam report." if count else "No scam reports are known."


CRITERIA: tuple[Criterion, ...] = (
    Criterion("audit", 6, ("audited",), _flag("audited", False),
              _either("audited", "It was audited.", "It was not audited.")),
    Criterion("team", 9, ("team_public",), _flag("team_public", False),
              _either("team_public", "The team is public.", "The team is anonymous.")),
    Criterion("ownership", 3, ("owner_active",), _flag("owner_active", True),
              _either("owner_active", "An owner still controls the contract.",
                      "Ownership was given up.")),
    Criterion("mint", 6, ("can_mint",), _flag("can_mint", True),
              _either("can_mint", "New tokens can be minted.", "No new tokens can be minted.")),
    Criterion("pause", 3, ("can_pause",), _flag("can_pause", True),
              _either("can_pause", "Transfers can be stopped.", "Transfers cannot be stopped.")),
    Criterion("proxy", 3, ("upgradable",), _flag("upgradable", True),
              _either("upgradable", "The code can be replaced.", "The code cannot be replaced.")),
    Criterion("liquidity lock", 10, ("liquidity_locked", "some_locked", "lock_days"),
              _liquidity, _say_liquidity),
    Criterion("holders", 8, ("top10_share",), _scale("top10_share", "0.2", "0.7"),
              lambda facts: "The ten largest wallets hold "
              f"{format_percent(Decimal(facts['top10_share'].value), 0)}."),
    Criterion("taxes", 10, ("buy_tax", "sell_tax"), _taxes, _say_taxes),
    Criterion("age", 9, ("age_days",), _age, _say_age),
    Criterion("yields", 11, ("promised_yield",), _scale("promised_yield", "0.2", "1"), _say_yield),
    Criterion("scam reports", 14, ("scam_reports",), _reports, _say_reports),
    Criterion("impersonation", 8, ("impersonation",), _flag("impersonation", True),
              _either("impersonation", "It poses as another token.",
                      "It does not pose as a known token.")),
)  # fmt: skip


def severe(facts: Facts) -> bool:
    """Whether one fact alone makes the risk high: no way to sell, an imposter, many reports."""
    return (
        (_number(facts, "sell_tax") or _NONE) >= SEVERE_TAX
        or (_number(facts, "scam_reports") or _NONE) >= SEVERE_REPORTS
        or bool(_number(facts, "impersonation"))
    )
