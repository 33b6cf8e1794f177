"""Return for risk: Sharpe, Sortino, Calmar, information ratio, and how sure a Sharpe ratio is.

Conventions: see `engine.analytics`. Rates are annual fractions and become daily ones by
(1 + rate)^(1/365) - 1. Every Sharpe ratio that goes in or comes out is annual (daily * sqrt(365)),
but for `sharpe_probability` and `track_record`, which are the papers' formulas per observation.
"""

import math
from statistics import NormalDist

import numpy as np

from engine.analytics.moments import mean_and_deviation, skew_and_kurtosis
from engine.analytics.returns import Floats
from engine.analytics.risk import DAYS_PER_YEAR
from engine.analytics.samples import Figure, checked
from engine.core.errors import KnownError

ROOT_YEAR = math.sqrt(DAYS_PER_YEAR)
_NORMAL = NormalDist()
_EULER = 0.5772156649015329
"""The Euler-Mascheroni constant."""


def daily_rate(annual: float) -> float:
    """The daily fraction that compounds to an annual one. KnownError at -100 % a year or less."""
    if annual <= -1.0:
        raise KnownError("A yearly rate must be above -100 %.", "Give another rate.")
    return float((1.0 + annual) ** (1.0 / DAYS_PER_YEAR) - 1.0)


def sharpe(returns: Floats, risk_free: float = 0.0) -> Figure:
    """mean(r - rf) / std(r, ddof=1) * sqrt(365), annual (Sharpe 1994).

    returns: daily fractions; risk_free: annual fraction. KnownError with too few returns, or if
    they do not vary.
    """
    warning = checked("Sharpe ratio", returns)
    return Figure(_daily_sharpe(returns, risk_free) * ROOT_YEAR, len(returns), warning)


def sortino(returns: Floats, target: float = 0.0) -> Figure:
    """mean(r - t) / sqrt(sum(min(r - t, 0)^2) / n) * sqrt(365), annual; n counts every day.

    target: annual fraction. Sortino & van der Meer 1991. KnownError with too few returns, or if
    none is below the target.
    """
    warning = checked("Sortino ratio", returns)
    excess = returns - daily_rate(target)
    below = np.minimum(excess, 0.0)
    n = len(returns)
    downside = math.sqrt(float(below @ below) / n)
    if downside == 0.0:
        raise KnownError(
            "No return of this period is below the target, so there is no Sortino ratio.",
            "Choose a longer period.",
        )
    return Figure(float(excess.sum()) / n / downside * ROOT_YEAR, n, warning)


def calmar(returns: Floats) -> Figure:
    """Compound annual growth / largest drawdown, both fractions (Young 1991, on the whole period).

    Growth is prod(1 + r)^(365/n) - 1; the starting wealth counts as a peak. KnownError with too
    few returns, if nothing fell, or for a return below -100 %.
    """
    warning = checked("Calmar ratio", returns)
    if returns.min() < -1.0:
        raise KnownError(
            "A return of this period is below -100 %, so nothing compounds.",
            "Check the prices of this period.",
        )
    wealth = np.cumprod(1.0 + returns)
    highest = np.maximum(np.maximum.accumulate(wealth), 1.0)
    depth = float((1.0 - wealth / highest).max())
    if depth == 0.0:
        raise KnownError(
            "The value never fell in this period, so there is no Calmar ratio.",
            "Choose a longer period.",
        )
    n = len(returns)
    growth = float(wealth[-1]) ** (DAYS_PER_YEAR / n) - 1.0
    return Figure(growth / depth, n, warning)


def information_ratio(returns: Floats, benchmark: Floats) -> Figure:
    """mean(r - b) / std(r - b, ddof=1) * sqrt(365), annual (Goodwin 1998).

    returns, benchmark: daily fractions of the same days. KnownError with too few returns, or if
    the difference does not vary.
    """
    active = returns - benchmark
    warning = checked("information ratio", active)
    mean, deviation = mean_and_deviation(active, "information ratio")
    return Figure(mean / deviation * ROOT_YEAR, len(active), warning)


def sharpe_probability(
    sharpe: float, threshold: float, n: int, skew: float, kurtosis: float
) -> float:
    """The probability that the true Sharpe ratio is above a threshold, 0…1.

    Phi[(SR - SR*) sqrt(n - 1) / sqrt(1 - skew SR + (kurtosis - 1) / 4 SR^2)], both ratios per
    observation, kurtosis 3 for a normal law. Bailey & López de Prado 2012, "The Sharpe Ratio
    Efficient Frontier". KnownError if the shape of the returns makes the root's content negative.
    """
    spread = math.sqrt(_estimate_variance(sharpe, skew, kurtosis))
    return _NORMAL.cdf((sharpe - threshold) * math.sqrt(n - 1) / spread)


def track_record(
    sharpe: float, threshold: float, skew: float, kurtosis: float, confidence: float
) -> float:
    """Observations until `sharpe_probability` reaches a confidence (0…1), if all else stays.

    1 + (1 - skew SR + (kurtosis - 1) / 4 SR^2) (z / (SR - SR*))^2, ratios per observation; the
    paper as above. KnownError unless SR is above SR* and 0.5 <= confidence < 1.
    """
    if not 0.5 <= confidence < 1.0:
        raise KnownError("The confidence must be from 50 % to below 100 %.", "Choose 95 %.")
    if sharpe <= threshold:
        raise KnownError(
            "The Sharpe ratio is not above the threshold, so no record is long enough to show it.",
            "Choose a lower threshold.",
        )
    quantile = _NORMAL.inv_cdf(confidence)
    return 1.0 + _estimate_variance(sharpe, skew, kurtosis) * (quantile / (sharpe - threshold)) ** 2


def probabilistic_sharpe(returns: Floats, threshold: float = 0.0, risk_free: float = 0.0) -> Figure:
    """The probability, 0…1, that the true annual Sharpe ratio is above a threshold.

    threshold: annual Sharpe ratio; risk_free: annual fraction. Formula: `sharpe_probability`.
    """
    warning = checked("probabilistic Sharpe ratio", returns)
    return Figure(_probability(returns, threshold, risk_free), len(returns), warning)


def expected_best_sharpe(trials: int, deviation: float) -> float:
    """The Sharpe ratio to expect of the best of so many independent worthless trials.

    deviation ((1 - g) z(1 - 1/N) + g z(1 - 1/(N e))), g the Euler-Mascheroni constant; the unit is
    that of `deviation`, the spread of the trials' ratios. Bailey & López de Prado 2014, "The
    Deflated Sharpe Ratio". One trial is no selection: 0.
    """
    if trials <= 1:
        return 0.0
    first = _NORMAL.inv_cdf(1.0 - 1.0 / trials)
    second = _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return deviation * ((1.0 - _EULER) * first + _EULER * second)


def deflated_sharpe(returns: Floats, trials: Floats, risk_free: float = 0.0) -> Figure:
    """The probability, 0…1, that the best of several trials is better than nothing at all.

    returns: of the chosen trial; trials: the annual Sharpe ratios of all that were tried, the
    chosen one too. `probabilistic_sharpe` above `expected_best_sharpe`. KnownError with fewer than
    two trials or too few returns.
    """
    warning = checked("deflated Sharpe ratio", returns)
    if len(trials) < 2:
        raise KnownError(
            "A deflated Sharpe ratio needs the Sharpe ratios of at least two trials.",
            "Give those of all you tried, or use the probabilistic Sharpe ratio.",
        )
    luck = expected_best_sharpe(len(trials), float(np.std(trials, ddof=1)))
    return Figure(_probability(returns, luck, risk_free), len(returns), warning)


def minimum_track_record(
    returns: Floats, threshold: float = 0.0, confidence: float = 0.95, risk_free: float = 0.0
) -> Figure:
    """Days of such returns needed to be confident of a Sharpe ratio above a threshold (annual).

    Formula and errors: `track_record`; KnownError with too few returns too.
    """
    warning = checked("minimum track record", returns)
    ratio = _daily_sharpe(returns, risk_free)
    skew, kurtosis = skew_and_kurtosis(returns)
    days = track_record(ratio, threshold / ROOT_YEAR, skew, kurtosis, confidence)
    return Figure(days, len(returns), warning)


def _daily_sharpe(returns: Floats, risk_free: float) -> float:
    mean, deviation = mean_and_deviation(returns, "Sharpe ratio")
    return (mean - daily_rate(risk_free)) / deviation


def _probability(returns: Floats, threshold: float, risk_free: float) -> float:
    ratio = _daily_sharpe(returns, risk_free)
    skew, kurtosis = skew_and_kurtosis(returns)
    return sharpe_probability(ratio, threshold / ROOT_YEAR, len(returns), skew, kurtosis)


def _estimate_variance(sharpe: float, skew: float, kurtosis: float) -> float:
    """n - 1 times the variance of an estimated Sharpe ratio; never negative for real samples.

    Since kurtosis >= 1 + skew^2, the parabola 1 - skew SR + (kurtosis - 1) / 4 SR^2 stays >= 0.
    """
    variance = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2
    if variance <= 0.0:
        raise KnownError(
            "These returns are too one-sided to say how sure their Sharpe ratio is.",
            "Choose a longer period.",
        )
    return variance
