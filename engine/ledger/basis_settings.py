"""The cost-basis rules the user has chosen, as the body of a stored document."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from engine.core.errors import KnownError
from engine.ledger.methods import CostBasis, Method

NAME = "default"
"""The name of the document of kind "cost_basis"."""

_LEAP_YEAR, _COMMON_YEAR = 2024, 2023
_YEARS = range(2009, 2101)
_LONGEST_DAYS = 36_500


def basis_to_body(basis: CostBasis) -> dict[str, Any]:
    """The rules as JSON can hold them."""
    return {
        "method": basis.method,
        "universal": basis.universal,
        "switches": {str(year): method for year, method in basis.switches},
        "year_start": "{:02}-{:02}".format(*basis.year_start),
        "rank_with_fees": basis.rank_with_fees,
        "long_days": basis.long_days,
    }


def basis_from_body(body: Mapping[str, Any] | None) -> CostBasis:
    """The rules of a body, the defaults for what it lacks or if there is none.

    Raises KnownError if it says something that cannot be.
    """
    body = body or {}
    plain = CostBasis()
    switches = body.get("switches", {})
    if not isinstance(switches, Mapping):
        raise KnownError("The changes of method must be tax years with a method each.")
    return CostBasis(
        method=cast(Method, str(body.get("method", plain.method))),
        universal=_flag(body, "universal", plain.universal),
        switches=tuple(
            (read_year(str(year)), cast(Method, str(switches[year])))
            for year in sorted(switches, key=str)
        ),
        year_start=read_year_start(str(body.get("year_start", "01-01"))),
        rank_with_fees=_flag(body, "rank_with_fees", plain.rank_with_fees),
        long_days=_days(body.get("long_days", plain.long_days)),
    )


def read_year(text: str) -> int:
    """The number of a tax year; KnownError for what is none."""
    if not (text.isascii() and text.isdigit() and int(text) in _YEARS):
        raise KnownError(f"{text[:20]} is not a tax year.", "Write the year in which it starts.")
    return int(text)


def read_year_start(text: str) -> tuple[int, int]:
    """Month and day from "04-06"; KnownError for what is no day of every year."""
    try:
        day = date.fromisoformat(f"{_LEAP_YEAR}-{text}")
        day.replace(year=_COMMON_YEAR)
    except ValueError:
        raise KnownError(
            f"{text[:20]} is not a day on which every tax year can start.",
            "Write month and day as 04-06.",
        ) from None
    return day.month, day.day


def _flag(body: Mapping[str, Any], name: str, default: bool) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise KnownError(f"The cost-basis setting {name} must be true or false.")
    return value


def _days(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LONGEST_DAYS:
        raise KnownError("Held long must be a number of days from 1 to 36,500.")
    return value
