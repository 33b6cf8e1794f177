"""Time of each allocation method, beside skfolio's where that is installed.

    python benchmarks/allocation.py                 11 assets, 1,460 simulated daily returns
    python benchmarks/allocation.py --assets 30

Both get the same returns and a cap of 40 %; the largest difference of a weight is printed too.
HRP may differ: skfolio orders the leaves of its tree in another way.
"""

import argparse
import importlib
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

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
    options = parser.parse_args()
    returns = simulated(options.days, options.assets)
    others = peers(returns)
    if not others:
        print("skfolio is not installed: no comparison.")
    for name, work in ours(returns).items():
        own = seconds(work, options.runs)
        line = f"{name:20} {own * 1e3:8.2f} ms"
        if name in others:
            other = seconds(others[name], options.runs)
            apart = float(np.abs(work() - others[name]()).max())
            line += f"   skfolio {other * 1e3:8.2f} ms, {other / own:7.1f} times as long"
            line += f"   largest difference of a weight {apart:.1e}"
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
