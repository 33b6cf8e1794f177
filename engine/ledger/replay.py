"""Replays a scenario on holdings, with the changes and betas that the user's prices give."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import numpy as np

from engine.analytics.benchmark import aligned_returns, beta
from engine.analytics.scenarios import Replay, Scenario, own_changes, read_history, replay
from engine.core.errors import KnownError
from engine.core.records import FIAT
from engine.core.resources import resource
from engine.ledger.pricing import Floats, Prices

_BETA_DAYS = timedelta(days=365)
_LEAST_COINS = 3
"""The typical coin is the median of at least so many."""

Closes = tuple[list[date], Floats]


@cache
def shipped_scenarios() -> tuple[Scenario, ...]:
    """The crashes that ship with the program, the oldest first."""
    return read_history(resource("scenarios", "history.csv").read_text("utf-8"))


def replay_holdings(
    scenario: Scenario,
    held: Mapping[str, Decimal | None],
    prices: Prices,
    currency: str,
    on: date,
) -> Replay:
    """`scenarios.replay` with the changes and the betas that the user's prices give.

    held: the value of each asset in `currency`, None without a price. on: betas are of the year up
    to this day. Raises KnownError as `replay` does.
    """

    def close(asset: str, day: date) -> Decimal | None:
        point = prices.quote(asset, currency, day)
        return point.close if point and point.day == day else None

    own = own_changes(scenario, (asset for asset in held if asset != currency), close)
    other = [asset for asset in held if asset not in scenario.changes and asset not in FIAT]
    betas: dict[str, Decimal] = {}
    if scenario.others is None and other:
        betas = _betas(other, scenario.changes, prices, currency, on)
    return replay(scenario, held, own=own, betas=betas)


def _betas(
    assets: Iterable[str], coins: Iterable[str], prices: Prices, currency: str, on: date
) -> dict[str, Decimal]:
    """Betas to the typical coin, whose daily return is the median of those of `coins`."""

    def closes(asset: str) -> Closes:
        return prices.closes(asset, currency, on - _BETA_DAYS, on)

    market = _typical([closes(coin) for coin in coins])
    found = {}
    for asset in assets:
        _, own, theirs = aligned_returns(*closes(asset), *market)
        try:
            found[asset] = Decimal(str(beta(own, theirs).value))
        except KnownError:
            continue  # too few days or prices that never moved: the median stands in
    return found


def _typical(series: Iterable[Closes]) -> Closes:
    """An index whose daily return is the median of those of the series that have one."""
    returns: dict[date, list[float]] = {}
    for days, closes in series:
        for index in range(1, len(days)):
            if (days[index] - days[index - 1]).days == 1:
                moved = closes[index] / closes[index - 1] - 1.0
                returns.setdefault(days[index], []).append(moved)
    kept = sorted(day for day, values in returns.items() if len(values) >= _LEAST_COINS)
    if not kept:
        return [], np.empty(0)
    steps = np.array([1.0 + np.median(returns[day]) for day in kept])
    return [kept[0] - timedelta(1), *kept], np.concatenate(([1.0], np.cumprod(steps)))
