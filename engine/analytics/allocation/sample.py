"""The daily returns that an allocation is computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.analytics.returns import Floats, daily_returns, small_sample_warning
from engine.core.errors import KnownError
from engine.core.words import counted

MIN_RETURNS = 30
_RETURNS_PER_ASSET = 3


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Daily simple returns (fractions) of k assets on the same n days.

    assets: k names, each once. returns: n × k, column j belongs to assets[j]. first, last: the
    days of the first and the last row. Raises KnownError for fewer than MIN_RETURNS rows, and if
    an asset's price never moved.
    """

    assets: tuple[str, ...]
    returns: Floats
    first: date
    last: date

    def __post_init__(self) -> None:
        rows, columns = self.returns.shape
        if columns != len(self.assets) or len(set(self.assets)) != columns or columns == 0:
            raise ValueError("one column of returns for each of the assets, which are named once")
        if rows < MIN_RETURNS:
            raise _too_few(rows, columns, "Choose a longer period or import more prices.")
        if not np.all(np.isfinite(self.returns)):
            raise ValueError("returns must be finite")
        for name, spread in zip(self.assets, np.ptp(self.returns, axis=0), strict=True):
            if spread == 0.0:
                raise KnownError(
                    f"The price of {name} did not move, so its risk cannot be measured.",
                    f"Leave {name} out or choose another period.",
                )

    @property
    def means(self) -> Floats:
        """The mean daily return of each asset, a fraction."""
        means: Floats = self.returns.mean(axis=0)
        return means

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes figures from this sample rough: few days, or few days for so many assets."""
        rows, columns = self.returns.shape
        found = [small_sample_warning(rows)]
        if rows < _RETURNS_PER_ASSET * columns:
            found.append(
                f"{rows} daily returns are few for {columns} assets: "
                "a slightly different period can give quite different weights."
            )
        return tuple(sentence for sentence in found if sentence)


def common_sample(closes: Mapping[str, tuple[Sequence[date], Floats]]) -> Sample:
    """The returns of the days that all assets have.

    closes: for each asset its days, ascending, and its close on each. A return over a gap is left
    out. Raises KnownError as Sample does.
    """
    tables = {
        name: dict(zip(*_lists(days, values), strict=True))
        for name, (days, values) in closes.items()
    }
    common = sorted(set.intersection(*(set(table) for table in tables.values())))
    if len(common) < MIN_RETURNS:
        raise _too_few(len(common), len(tables), _way_out(tables))
    columns = [[table[day] for day in common] for table in tables.values()]
    return Sample(tuple(tables), np.array(columns).T, common[0], common[-1])


def _too_few(rows: int, columns: int, way_out: str) -> KnownError:
    who = "This asset has" if columns == 1 else "These assets have"
    many = f"only {counted(rows, 'daily return')}" if rows else "no daily returns"
    return KnownError(
        f"{who} {many}{' in common' if columns > 1 else ''} in this period; "
        f"at least {MIN_RETURNS} are needed.",
        way_out,
    )


def _way_out(tables: Mapping[str, Mapping[date, float]]) -> str:
    """What to do about too few days in common: name the asset that is to blame, if there is one."""
    longer = "Choose another period or import more prices."
    if len(tables) < 2:
        return longer
    youngest = min(tables, key=lambda name: len(tables[name]))
    rest = [set(table) for name, table in tables.items() if name != youngest]
    if len(set.intersection(*rest)) < MIN_RETURNS:
        return longer
    return f"Choose another period, leave out {youngest} or import more prices of it."


def _lists(days: Sequence[date], closes: Floats) -> tuple[list[date], list[float]]:
    kept, returns = daily_returns(days, closes)
    return kept, returns.tolist()
