"""Risk measures against empyrical and skfolio: how far apart and how much faster; bar: 1e-6.

    .venv/bin/python -m benchmarks.risk                      simulated returns
    .venv/bin/python -m benchmarks.risk --prices FILE.csv    real closes

Peers that cannot be imported are named and left out. Where a peer has another convention (252 days,
a ratio per day, a return instead of a loss) it is told ours, or its figure is scaled to ours within
the measured call. Our historical figures are VaR and CVaR in one call, a peer's is one of them.
Both sides get the same arrays; calls alternate; medians.
"""

import argparse
import csv
import importlib
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.analytics import benchmark, ratios, rolling, tail
from engine.analytics.bootstrap import interval, sharpe_rows
from engine.analytics.drawdowns import depths
from engine.analytics.moments import mean_and_deviation, skew_and_kurtosis
from engine.analytics.returns import Floats, simple_returns

BAR = 1e-6
YEAR = 365
WINDOW = 90


@dataclass(frozen=True, slots=True)
class Pair:
    """One measure: ours, a peer's name and its way to the same figure."""

    name: str
    ours: Callable[[], Any]
    peer: str
    theirs: Callable[[], Any]


def peers() -> dict[str, Any]:
    """The modules of the peers that can be imported."""
    found = {}
    for name, module in (("empyrical", "empyrical"), ("skfolio", "skfolio.measures")):
        try:
            found[name] = importlib.import_module(module)
        except ImportError:
            print(f"{name} cannot be imported and is left out.")
    return found


def pairs(r: Floats, b: Floats, found: dict[str, Any]) -> Iterator[Pair]:
    """What is compared with the peers that are there."""
    root = YEAR**0.5
    if e := found.get("empyrical"):
        days = {"annualization": YEAR}
        free = ratios.daily_rate(0.05)
        yield Pair("Sharpe", lambda: ratios.sharpe(r, 0.05).value, "empyrical",
                   lambda: e.sharpe_ratio(r, free, **days))  # fmt: skip
        yield Pair("Sortino", lambda: ratios.sortino(r).value, "empyrical",
                   lambda: e.sortino_ratio(r, **days))  # fmt: skip
        yield Pair("Calmar", lambda: ratios.calmar(r).value, "empyrical",
                   lambda: e.calmar_ratio(r, **days))  # fmt: skip
        yield Pair("information ratio", lambda: ratios.information_ratio(r, b).value, "empyrical",
                   lambda: e.excess_sharpe(r, b) * root)  # fmt: skip
        yield Pair("historical VaR", lambda: tail.historical(r).var, "empyrical",
                   lambda: -e.value_at_risk(r, 0.05))  # fmt: skip
        yield Pair("beta", lambda: benchmark.beta(r, b).value, "empyrical", lambda: e.beta(r, b))
        yield Pair("alpha", lambda: benchmark.alpha(r, b, 0.05).value, "empyrical",
                   lambda: e.alpha(r, b, free, **days))  # fmt: skip
        yield Pair("tracking error", lambda: benchmark.tracking_error(r, b).value, "empyrical",
                   lambda: e.annual_volatility(r - b, **days))  # fmt: skip
        yield Pair("rolling Sharpe", lambda: rolling.rolling_sharpe(r, WINDOW), "empyrical",
                   lambda: e.roll_sharpe_ratio(r, WINDOW, **days))  # fmt: skip
        yield Pair("rolling beta", lambda: rolling.rolling_beta(r, b, WINDOW), "empyrical",
                   lambda: e.roll_beta(r, b, WINDOW))  # fmt: skip
    if s := found.get("skfolio"):
        trials = np.array([0.2, -0.4, 1.1, 0.7, 1.6])
        wealth = np.concatenate(([1.0], np.cumprod(1.0 + r)))
        yield Pair("deviation", lambda: mean_and_deviation(r, "deviation")[1], "skfolio",
                   lambda: s.standard_deviation(r))  # fmt: skip
        yield Pair("skewness, kurtosis", lambda: skew_and_kurtosis(r), "skfolio",
                   lambda: (s.skew(r), s.kurtosis(r)))  # fmt: skip
        yield Pair("historical CVaR", lambda: tail.historical(r).cvar, "skfolio",
                   lambda: s.cvar(r, 0.95))  # fmt: skip
        yield Pair("drawdown series", lambda: depths(wealth)[1:], "skfolio",
                   lambda: -s.get_drawdowns(r, compounded=True))  # fmt: skip
        yield Pair("probabilistic Sharpe", lambda: ratios.probabilistic_sharpe(r, 1.0).value,
                   "skfolio", lambda: s.probabilistic_sharpe_ratio(r, 1.0 / root))  # fmt: skip
        yield Pair("deflated Sharpe", lambda: ratios.deflated_sharpe(r, trials).value, "skfolio",
                   lambda: s.deflated_sharpe_ratio(r, trials / root))  # fmt: skip


def seconds(calls: tuple[Callable[[], Any], ...], runs: int) -> list[float]:
    """The median time of each call; the calls take turns."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(runs):
        for times, call in zip(taken, calls, strict=True):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    return [statistics.median(times) for times in taken]


def closes(path: Path, column: int) -> Floats:
    """The numbers of one column, counted from 0; lines without one there, as a header, are left."""
    values = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            try:
                values.append(float(row[column]))
            except (ValueError, IndexError):
                continue
    return np.array(values)


def simulated(days: int, seed: int) -> Floats:
    """Daily returns with fat tails, within 30 % and around 0.1 %."""
    return np.clip(np.random.default_rng(seed).standard_t(5, days) * 0.025, -0.3, 0.3) + 0.001


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prices", type=Path, help="CSV of daily closes, oldest first")
    parser.add_argument("--column", type=int, default=4, help="of the close, from 0 (default 4)")
    parser.add_argument("--days", type=int, default=1460, help="simulated returns (default 1460)")
    parser.add_argument("--runs", type=int, default=200, help="calls per median (default 200)")
    options = parser.parse_args()
    if options.prices:
        r = simple_returns(closes(options.prices, options.column))
    else:
        r = simulated(options.days, 1)
    b = 0.5 * r + simulated(len(r), 2)
    source = options.prices.name if options.prices else "simulated"
    print(f"{len(r)} daily returns ({source}; the benchmark series is simulated)")
    worst = 0.0
    found = peers()
    if found:
        print(f"{'measure':<21}{'peer':<11}{'difference':>11}{'ours':>11}{'peer':>11}{'ratio':>8}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for pair in pairs(r, b, found):
            gap = float(np.max(np.abs(np.asarray(pair.ours()) - np.asarray(pair.theirs()))))
            worst = max(worst, gap) if np.isfinite(gap) else np.inf
            ours, theirs = seconds((pair.ours, pair.theirs), options.runs)
            print(
                f"{pair.name:<21}{pair.peer:<11}{gap:>11.1e}{ours * 1e6:>8.1f} µs"
                f"{theirs * 1e6:>8.1f} µs{theirs / ours:>7.1f}x"
            )
    (alone,) = seconds((lambda: interval(r, sharpe_rows),), 3)
    print(f"bootstrap interval of the Sharpe ratio, 2000 samples: {alone * 1e3:.0f} ms")
    if found:
        print(f"largest difference {worst:.1e}, bar {BAR:.0e}")
    return 0 if worst <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
