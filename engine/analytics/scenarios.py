"""What crashes of the past, or changes the user has written down, would do to a portfolio today.

A scenario gives each asset a change of price. What it has no change for takes the median change of
its coins, times the asset's beta where one is given; fiat money and stablecoins keep their value.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Any, Literal

from engine.core.errors import KnownError
from engine.core.fields import FieldError, read_number, read_symbol
from engine.core.money import to_text
from engine.core.records import FIAT

_ZERO = Decimal(0)
_LARGEST_RISE = Decimal(10_000)

# fmt: off
STABLECOINS = frozenset({
    "USDT", "USDC", "DAI", "BUSD", "TUSD", "USDP", "FRAX", "GUSD", "LUSD", "FDUSD", "PYUSD",
    "USDS", "USDE", "USD1", "GHO", "CRVUSD", "EURC", "EURT", "UST", "USTC",
})
# fmt: on
"""They are no coins of the median, and keep their value where no change is stated."""

Basis = Literal["own prices", "stated", "stablecoin", "money", "beta", "median", "others"]
"""Where a change is from: the user's prices of the window, the scenario, what keeps its value, the
median of the scenario's coins (times beta), or what the user has set for all other assets."""

Close = Callable[[str, date], Decimal | None]
"""The close of an asset on exactly that day, or None."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Changes of price as fractions by asset, from the close of `start` to that of `end`.

    others: the change of every other asset; None = the median of the coins. dates: None if the
    scenario never was.
    """

    name: str
    changes: Mapping[str, Decimal]
    others: Decimal | None = None
    start: date | None = None
    end: date | None = None

    @property
    def typical(self) -> Decimal:
        """The median change of the scenario's coins, stablecoins and money aside; 0 of none."""
        coins = [change for asset, change in self.changes.items() if _is_coin(asset)]
        return median(coins) if coins else _ZERO


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """One asset before and after; change is a fraction."""

    asset: str
    before: Decimal
    after: Decimal
    change: Decimal
    basis: Basis


@dataclass(frozen=True, slots=True)
class Replay:
    """The portfolio before and after, the largest loss first; relative = change / before.

    unpriced: what is held but has no price, and so is in none of the figures.
    """

    scenario: Scenario
    before: Decimal
    after: Decimal
    rows: tuple[ReplayRow, ...]
    unpriced: tuple[str, ...]

    @property
    def change(self) -> Decimal:
        """After less before."""
        return self.after - self.before

    @property
    def relative(self) -> Decimal:
        """The change as a fraction of the value before."""
        return self.change / self.before

    @property
    def assumed(self) -> tuple[str, ...]:
        """The assets whose change is the median's, with or without a beta."""
        return tuple(row.asset for row in self.rows if row.basis in ("median", "beta"))


def replay(
    scenario: Scenario,
    held: Mapping[str, Decimal | None],
    *,
    own: Mapping[str, Decimal] | None = None,
    betas: Mapping[str, Decimal] | None = None,
) -> Replay:
    """The values after a scenario.

    held: the value of each asset, in one currency; None without a price. own: changes measured in
    the user's prices (`own_changes`), which go before the stated ones. betas: to the typical coin,
    for assets without a change. Nothing falls by more than 100 %. KnownError without any value.
    """
    values = {asset: value for asset, value in held.items() if value is not None}
    before = sum(values.values(), _ZERO)
    if before <= 0:
        raise KnownError("The portfolio has no value to change.", "Import transactions and prices.")
    rows = []
    for asset, value in values.items():
        change, basis = _change(scenario, asset, own or {}, betas or {})
        change = max(change, Decimal(-1))
        rows.append(ReplayRow(asset, value, value * (1 + change), change, basis))
    rows.sort(key=lambda row: (row.after - row.before, row.asset))
    after = sum((row.after for row in rows), _ZERO)
    unpriced = tuple(asset for asset in held if asset not in values)
    return Replay(scenario, before, after, tuple(rows), unpriced)


def own_changes(scenario: Scenario, assets: Iterable[str], close: Close) -> dict[str, Decimal]:
    """The changes of the scenario's window in the user's own prices, where both days have one."""
    if scenario.start is None or scenario.end is None:
        return {}
    found = {}
    for asset in assets:
        first, last = close(asset, scenario.start), close(asset, scenario.end)
        if first and last is not None:
            found[asset] = last / first - 1
    return found


def read_history(text: str) -> tuple[Scenario, ...]:
    """The scenarios of the shipped table, in its order; "#" begins a comment.

    Columns: scenario, start, end, asset, change_percent. ValueError or FieldError if malformed.
    """
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    windows: dict[str, tuple[date, date]] = {}
    changes: dict[str, dict[str, Decimal]] = {}
    for row in csv.DictReader(lines, strict=True):
        name, asset = row["scenario"], row["asset"]
        window = (date.fromisoformat(row["start"]), date.fromisoformat(row["end"]))
        if windows.setdefault(name, window) != window or asset in changes.setdefault(name, {}):
            raise ValueError(f"{name}: two windows, or {asset} twice")
        changes[name][asset] = _fraction(row["change_percent"])
    return tuple(
        Scenario(name, moved, None, *windows[name]) for name, moved in changes.items() if moved
    )


def scenario_to_body(scenario: Scenario) -> dict[str, Any]:
    """A scenario of the user's as JSON can hold it: percents as texts."""
    return {
        "changes": {asset: to_text(change * 100) for asset, change in scenario.changes.items()},
        "others": None if scenario.others is None else to_text(scenario.others * 100),
    }


def scenario_from_body(name: str, body: Mapping[str, Any]) -> Scenario:
    """A scenario of the user's: {"changes": {"BTC": "-50"}, "others": "-60"}, in percent.

    others: the change of everything else, 0 if left out, None for the median of the changes.
    KnownError for what is no scenario.
    """
    stated = body.get("changes", {})
    if not isinstance(stated, Mapping):
        raise KnownError(f"The scenario {name} must give assets with a change each.")
    others = body.get("others", "0")
    try:
        changes = {read_symbol(str(asset)): _fraction(str(stated[asset])) for asset in stated}
        rest = None if others is None else _fraction(str(others))
    except (ValueError, FieldError) as error:
        raise KnownError(
            f"The scenario {name} cannot be read: {error}.",
            "Write changes in percent, such as BTC -50; a fall is at most -100.",
        ) from error
    if not changes and not rest:
        raise KnownError(
            f"The scenario {name} changes nothing.", "Give at least one asset and its change."
        )
    return Scenario(name, changes, rest)


def _change(
    scenario: Scenario, asset: str, own: Mapping[str, Decimal], betas: Mapping[str, Decimal]
) -> tuple[Decimal, Basis]:
    if asset in own:
        return own[asset], "own prices"
    if asset in scenario.changes:
        return scenario.changes[asset], "stated"
    if asset in FIAT:
        return _ZERO, "money"
    if asset in STABLECOINS:
        return _ZERO, "stablecoin"
    if scenario.others is not None:
        return scenario.others, "others"
    if asset in betas:
        return scenario.typical * betas[asset], "beta"
    return scenario.typical, "median"


def _is_coin(asset: str) -> bool:
    return asset not in STABLECOINS and asset not in FIAT


def _fraction(text: str) -> Decimal:
    percent = read_number(text, "change")
    if not -100 <= percent <= _LARGEST_RISE:
        raise ValueError(f"a change of {text} % is not possible")
    return percent / 100
