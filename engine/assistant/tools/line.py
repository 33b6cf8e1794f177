"""The daily values that figures of risk are about: of one asset, or of the whole portfolio."""

import hashlib
from datetime import date, timedelta
from typing import NamedTuple

from engine.analytics.returns import daily_returns
from engine.assistant.tools.base import Arguments
from engine.assistant.tools.context import ToolContext
from engine.core.errors import KnownError
from engine.ledger.performance import observed_returns, wealth
from engine.ledger.pricing import Floats

PORTFOLIO = "the portfolio"


class Line(NamedTuple):
    """A series of closes (of the portfolio, what one unit became), the days with a return of their
    own, those returns as fractions, and what is not counted for lack of a price."""

    name: str
    days: list[date]
    closes: Floats
    seen: list[date]
    returns: Floats
    unpriced: tuple[str, ...] = ()

    @property
    def span(self) -> tuple[date, date]:
        """The first and the last day whose return counts; those of the closes if there is none."""
        days = self.seen or self.days
        return days[0], days[-1]


def period_of(arguments: Arguments) -> str | None:
    """The period among the arguments."""
    return str(arguments["period"]) if "period" in arguments else None


def line_of(context: ToolContext, arguments: Arguments) -> Line:
    """The line of the asset among the arguments, else of the portfolio, over their period."""
    period = period_of(arguments)
    if "asset" in arguments:
        return asset_line(context, str(arguments["asset"]), period)
    history = context.history_of(period)
    days = [history.days[0] - timedelta(1), *history.days]
    seen, returns = observed_returns(history)
    return Line(PORTFOLIO, days, wealth(history), seen, returns, history.unpriced)


def asset_line(context: ToolContext, asset: str, period: str | None) -> Line:
    """The line of one asset; KnownError without prices in the period."""
    days, closes = context.closes(asset, period)
    if not days:
        _, _, label = context.window(period)
        raise KnownError(f"There are no prices of {asset} in {label}.", "Choose another period.")
    return Line(asset, days, closes, *daily_returns(days, closes))


def conventions(line: Line, risk_free: float | None = None) -> str:
    """What figures of a line rest on, as a sentence: enough to compute them again elsewhere."""
    rate = "" if risk_free is None else f", risk-free rate {risk_free:.2%}"
    first, last = line.span
    return (
        f"Simple daily returns, 365 days a year, ddof 1{rate}; n = {len(line.returns)}, "
        f"{first} to {last}; data {data_hash(line.returns)}."
    )


def data_hash(*arrays: Floats) -> str:
    """Eight hexadecimal digits that change with any of the numbers."""
    digest = hashlib.sha256()
    for one in arrays:
        digest.update(one.tobytes())
    return digest.hexdigest()[:8]
