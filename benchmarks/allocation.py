"""Time and result of each allocation method, beside skfolio's where that is installed.

    .venv/bin/python -m benchmarks.allocation               11 assets, 1,460 simulated days
    .venv/bin/python -m benchmarks.allocation --assets 30
    PYTHON_WITH_SKFOLIO -m benchmarks.allocation --real     its 20 stocks, daily closes 1990-2022

Both get the same returns and a cap of 40 %. Beside the largest difference of a weight stands, for
what is found by search, how far the goal reached (variance, Sharpe ratio, CVaR, evenness of the
risk shares) is from skfolio's, relative to it; above zero is worse than skfolio's.
HRP may differ: skfolio orders the leaves of its tree in another way and cuts at the cap otherwise.
"""

import argparse
import importlib
import math
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.analytics.allocation.bounds import limits
from engine.analytics.allocation.covariance import sample_covariance
from engine.analytics.allocation.hrp import hrp
from engine.analytics.allocation.inverse_volatility import inverse_volatility
from engine.analytics.allocation.maximum_sharpe import maximum_sharpe
from engine.analytics.allocation.mean_cvar import mean_cvar
from engine.analytics.allocation.minimum_variance import minimum_variance
from engine.analytics.allocation.risk_parity import risk_parity

CAP = 0.4
Floats = np.ndarray[Any, np.dtype[np.float64]]


def simulated(rows: int, count: int) -> Floats:
    """Fat-tailed returns with one common factor, volatility from 2 to 6 % a day."""
    random = np.random.default_rng(2024)
    noise = 0.6 * random.standard_t(4, (rows, 1)) + 0.7 * random.standard_t(4, (rows, count))
    return 0.7 * noise * np.linspace(0.02, 0.06, count) + np.linspace(0.0002, 0.002, count)


def ours(returns: Floats) -> dict[str, Callable[[], Floats]]:
    """What is timed here: from the returns to the weights."""
    count = returns.shape[1]
    capped = limits([str(n) for n in range(count)], CAP)
    free = limits([str(n) for n in range(count)])

    def covariance() -> Floats:
        return sample_covariance(returns).matrix

    return {
        "inverse volatility": lambda: inverse_volatility(covariance(), free),
        "minimum variance": lambda: minimum_variance(covariance(), capped),
        "maximum Sharpe": lambda: maximum_sharpe(covariance(), returns.mean(axis=0), capped),
        "mean-CVaR": lambda: mean_cvar(returns, capped),
        "risk parity": lambda: risk_parity(covariance(), capped),
        "HRP": lambda: hrp(covariance(), capped),
    }


def peers(returns: Floats) -> dict[str, Callable[[], Floats]]:
    """The same from skfolio; empty where it is not installed."""
    try:
        models = importlib.import_module("skfolio.optimization")
        risk = importlib.import_module("skfolio").RiskMeasure
    except ImportError:
        return {}
    ratio = models.ObjectiveFunction.MAXIMIZE_RATIO
    made = {
        "inverse volatility": models.InverseVolatility(),
        "minimum variance": models.MeanRisk(max_weights=CAP),
        "maximum Sharpe": models.MeanRisk(
            objective_function=ratio, risk_measure=risk.STANDARD_DEVIATION, max_weights=CAP
        ),
        "mean-CVaR": models.MeanRisk(risk_measure=risk.CVAR, max_weights=CAP),
        "risk parity": models.RiskBudgeting(max_weights=CAP),
        "HRP": models.HierarchicalRiskParity(max_weights=CAP),
    }
    return {
        name: lambda model=model: np.asarray(model.fit(returns).weights_)
        for name, model in made.items()
    }


def goals(returns: Floats) -> dict[str, Callable[[Floats], float]]:
    """What the methods that search make as small as they can, computed plainly."""
    matrix = np.cov(returns, rowvar=False)
    worst = 0.05 * len(returns)  # days; skfolio's and our CVaR is of 95 %

    def cvar(weights: Floats) -> float:
        losses = np.sort(-(returns @ weights))[::-1]
        whole = math.floor(worst)
        return float((losses[:whole].sum() + (worst - whole) * losses[whole]) / worst)

    def uneven(weights: Floats) -> float:
        shares = weights * (matrix @ weights)
        return 1 + float(np.ptp(shares) / shares.sum())

    return {
        "minimum variance": lambda w: float(w @ matrix @ w),
        "maximum Sharpe": lambda w: -float(returns.mean(axis=0) @ w / math.sqrt(w @ matrix @ w)),
        "mean-CVaR": cvar,
        "risk parity": uneven,
    }


def seconds(work: Callable[[], Floats], runs: int) -> float:
    """The median time of a run, after one that does not count."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assets", type=int, default=11)
    parser.add_argument("--days", type=int, default=1460)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--real", action="store_true", help="the closes that come with skfolio")
    options = parser.parse_args()
    if options.real:
        closes = importlib.import_module("skfolio.datasets").load_sp500_dataset().to_numpy()
        returns = closes[1:] / closes[:-1] - 1
    else:
        returns = simulated(options.days, options.assets)
    print(f"{returns.shape[1]} assets, {len(returns):,} daily returns")
    others, reached = peers(returns), goals(returns)
    if not others:
        print("skfolio is not installed: no comparison.")
    for name, work in ours(returns).items():
        own = seconds(work, options.runs)
        line = f"{name:20} {own * 1e3:8.2f} ms"
        if name in others:
            other = seconds(others[name], options.runs)
            weights, theirs = work(), others[name]()
            line += f"   skfolio {other * 1e3:8.2f} ms, {other / own:7.1f} times as long"
            line += f"   weights within {np.abs(weights - theirs).max():.1e}"
            if goal := reached.get(name):
                line += f"   goal {(goal(weights) - goal(theirs)) / abs(goal(theirs)):+.1e}"
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
