"""One method beside equal weight and HRP, with the figures that compare them."""

import math
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from engine.analytics.allocation.bounds import Bounds
from engine.analytics.allocation.covariance import Covariance, ledoit_wolf, sample_covariance
from engine.analytics.allocation.equal_weight import equal_weight
from engine.analytics.allocation.hrp import hrp
from engine.analytics.allocation.inverse_volatility import inverse_volatility
from engine.analytics.allocation.maximum_sharpe import maximum_sharpe
from engine.analytics.allocation.mean_cvar import mean_cvar, tail_loss
from engine.analytics.allocation.minimum_variance import minimum_variance
from engine.analytics.allocation.risk_parity import risk_parity, risk_shares
from engine.analytics.allocation.sample import Sample
from engine.analytics.returns import Floats
from engine.analytics.risk import DAYS_PER_YEAR

TAIL = 0.05


class Method(StrEnum):
    """How the weights are found."""

    EQUAL_WEIGHT = "equal weight"
    INVERSE_VOLATILITY = "inverse volatility"
    MINIMUM_VARIANCE = "minimum variance"
    MAXIMUM_SHARPE = "maximum Sharpe"
    MEAN_CVAR = "mean-CVaR"
    RISK_PARITY = "risk parity"
    HRP = "HRP"


@dataclass(frozen=True, slots=True)
class Allocation:
    """Weights in the order of the assets, and what the mix, rebalanced daily, did in the sample.

    weights, risk_shares: fractions that add up to 1. mean_return: mean daily return * 365.
    volatility: annual, fraction. sharpe: of the returns above the risk-free rate. cvar: mean loss
    of the worst 5 % of days, a positive fraction of one day.
    """

    method: Method
    weights: tuple[float, ...]
    risk_shares: tuple[float, ...]
    mean_return: float
    volatility: float
    sharpe: float
    cvar: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The chosen method beside equal weight and HRP within the same bounds.

    n, first, last: how many daily returns and from when to when. risk_free: annual, fraction.
    shrinkage: the weight of the target in the covariance that the methods used, 0…1.
    """

    assets: tuple[str, ...]
    chosen: Allocation
    equal_weight: Allocation
    hrp: Allocation
    n: int
    first: date
    last: date
    risk_free: float
    shrinkage: float
    warnings: tuple[str, ...]


def allocate(
    sample: Sample, method: Method, bounds: Bounds, *, shrink: bool = True, risk_free: float = 0.0
) -> Comparison:
    """The weights of `method` and, for comparison, of equal weight and HRP.

    shrink: Ledoit-Wolf covariance instead of the sample's. risk_free: annual rate, a fraction.
    The figures use the sample covariance in either case. Raises KnownError as `maximum_sharpe`.
    """
    covariance = ledoit_wolf(sample.returns) if shrink else sample_covariance(sample.returns)
    found = {
        each: _describe(
            sample, each, weights_by(each, sample, covariance, bounds, risk_free), risk_free
        )
        for each in {method, Method.EQUAL_WEIGHT, Method.HRP}
    }
    return Comparison(
        assets=sample.assets,
        chosen=found[method],
        equal_weight=found[Method.EQUAL_WEIGHT],
        hrp=found[Method.HRP],
        n=len(sample.returns),
        first=sample.first,
        last=sample.last,
        risk_free=risk_free,
        shrinkage=covariance.shrinkage,
        warnings=sample.warnings,
    )


def weights_by(
    method: Method, sample: Sample, covariance: Covariance, bounds: Bounds, risk_free: float
) -> Floats:
    """The weights of one method. risk_free: annual, used by maximum Sharpe alone."""
    match method:
        case Method.EQUAL_WEIGHT:
            return equal_weight(bounds)
        case Method.INVERSE_VOLATILITY:
            return inverse_volatility(covariance.matrix, bounds)
        case Method.MINIMUM_VARIANCE:
            return minimum_variance(covariance.matrix, bounds)
        case Method.MAXIMUM_SHARPE:
            return maximum_sharpe(covariance.matrix, sample.means - _daily(risk_free), bounds)
        case Method.MEAN_CVAR:
            return mean_cvar(sample.returns, bounds, TAIL)
        case Method.RISK_PARITY:
            return risk_parity(covariance.matrix, bounds)
        case Method.HRP:
            return hrp(covariance.matrix, bounds)


def _describe(sample: Sample, method: Method, weights: Floats, risk_free: float) -> Allocation:
    results = sample.returns @ weights
    deviation = float(np.std(results, ddof=1))
    excess = float(results.mean()) - _daily(risk_free)
    covariance = sample_covariance(sample.returns).matrix
    return Allocation(
        method=method,
        weights=tuple(weights.tolist()),
        risk_shares=tuple(risk_shares(covariance, weights).tolist()),
        mean_return=float(results.mean()) * DAYS_PER_YEAR,
        volatility=deviation * math.sqrt(DAYS_PER_YEAR),
        sharpe=excess / deviation * math.sqrt(DAYS_PER_YEAR),
        cvar=tail_loss(sample.returns, weights, TAIL).loss,
    )


def _daily(annual: float) -> float:
    return float((1.0 + annual) ** (1.0 / DAYS_PER_YEAR) - 1.0)
