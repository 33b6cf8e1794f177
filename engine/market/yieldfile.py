"""Importing yields of pools: a list as of one day, or a history, as DefiLlama's replies are.

A row becomes up to six values of the topic "yield": apy, apy_base and apy_reward as fractions a
year (the file has per cent), tvl in USD, il_risk and stablecoin as 1 or 0.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from engine.core.csvfile import Row, clean_text
from engine.core.errors import KnownError
from engine.core.fields import FieldError, check_time, read_number, read_time
from engine.core.steps import Step
from engine.market.files.tables import (
    Columns,
    DataTable,
    Given,
    cell,
    find_columns,
    readable,
)
from engine.market.measurements import MeasurementPreview, measurement_preview
from engine.store.measurements import Measurement

T = TypeVar("T")

TOPIC = "yield"
FORMATS = (
    "A file of yields needs a column apy, in per cent, and pool, or project, symbol and chain; "
    "date, apy_base, apy_reward, tvl, il_risk and stablecoin are read where they are."
)
NAME_LENGTH = 100

_NAMES = {
    "day": ("date", "day", "timestamp", "time", "datetime"),
    "pool": ("pool", "pool id", "pool name"),
    "project": ("project", "protocol"),
    "symbol": ("symbol", "token", "asset", "coin"),
    "chain": ("chain", "network"),
    "meta": ("poolmeta", "pool meta"),
    "apy": ("apy",),
    "apy_base": ("apybase", "apy base", "base apy"),
    "apy_reward": ("apyreward", "apy reward", "reward apy"),
    "tvl": ("tvl", "tvlusd", "tvl usd"),
    "il_risk": ("ilrisk", "il risk"),
    "stablecoin": ("stablecoin", "stable"),
}
_RATES = ("apy", "apy_base", "apy_reward")
_FLAGS = {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row that was read; pool: the source's id, "" if it has none."""

    moment: datetime
    name: str
    pool: str
    values: tuple[tuple[str, Decimal], ...]


def yield_columns(columns: tuple[str, ...]) -> Columns | None:
    """Which column holds what, or None without a yield, or without what it is of or from when."""
    found = find_columns(_NAMES, columns)
    named = {"pool", "project", "symbol", "day"} & found.keys()
    return found if "apy" in found and named else None


def read_yields(
    table: DataTable[T], columns: Columns, given: Given, now: datetime, step: Step
) -> MeasurementPreview:
    """The yields of a table whose columns are known.

    given.asset: names the pool where no column does. now: without a column for it, the day of
    all rows. Raises KnownError.
    """
    name = clean_text(given.asset or "", NAME_LENGTH)
    if not {"pool", "project", "symbol"} & columns.keys() and not name:
        raise KnownError(
            f"{table.name} does not say whose yields these are.",
            "Name the pool when importing it, or add a column called pool.",
        )
    entries, refused = readable(table, lambda row: _entry(row, columns, name, now), step)
    latest: dict[tuple[str, date], _Entry] = {}
    for entry in sorted(_told_apart(entries), key=lambda entry: entry.moment):
        latest[entry.name, entry.moment.date()] = entry
    repeated = len(entries) - len(latest)
    rows = tuple(
        Measurement(TOPIC, name, field, day, value)
        for (name, day), entry in sorted(latest.items(), key=lambda item: item[0])
        for field, value in entry.values
    )
    return measurement_preview(
        table.facts,
        TOPIC,
        rows,
        tuple(refused),
        (f"Left out {repeated:,}: rows of a day that has a later one.",) if repeated else (),
    )


def _entry(row: Row, columns: Columns, given: str, now: datetime) -> _Entry:
    moment = now
    if "day" in columns:
        moment = read_time(cell(row, columns, "day"))
        check_time(moment, now)
    values = [(role, _rate(row, columns, role)) for role in _RATES]
    if values[0][1] is None:
        raise FieldError("no apy")
    values += [("tvl", _tvl(row, columns))]
    values += [(role, _flag(row, columns, role)) for role in ("il_risk", "stablecoin")]
    known = tuple((role, value) for role, value in values if value is not None)
    return _Entry(moment, _name(row, columns, given), cell(row, columns, "pool"), known)


def _name(row: Row, columns: Columns, given: str) -> str:
    """For people: "lido STETH on Ethereum"; else the pool's own name."""
    project, symbol, chain, meta = (
        cell(row, columns, role) for role in ("project", "symbol", "chain", "meta")
    )
    if project and symbol:
        text = f"{project} {symbol}" + (f" on {chain}" if chain else "")
        text += f", {meta}" if meta else ""
    else:
        text = cell(row, columns, "pool") or project or symbol or given
    name = clean_text(text, NAME_LENGTH)
    if not name:
        raise FieldError("no pool")
    return name


def _told_apart(entries: Sequence[_Entry]) -> list[_Entry]:
    """Pools that would have the same name get the beginning of their id behind it."""
    pools: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        pools[entry.name].add(entry.pool)
    return [
        replace(entry, name=f"{entry.name} #{clean_text(entry.pool[:8], 8)}")
        if len(pools[entry.name]) > 1
        else entry
        for entry in entries
    ]


def _rate(row: Row, columns: Columns, role: str) -> Decimal | None:
    text = cell(row, columns, role).removesuffix("%")
    if not text:
        return None
    rate = read_number(text, role) / 100
    if rate <= -1:
        raise FieldError(f"the {role} is -100 % or less")
    return rate


def _tvl(row: Row, columns: Columns) -> Decimal | None:
    text = cell(row, columns, "tvl")
    if not text:
        return None
    tvl = read_number(text, "tvl")
    if tvl < 0:
        raise FieldError("the tvl is negative")
    return tvl


def _flag(row: Row, columns: Columns, role: str) -> Decimal | None:
    text = cell(row, columns, role).lower()
    if not text or text == "unknown":
        return None
    if text not in _FLAGS:
        raise FieldError(f"the {role} is neither yes nor no")
    return Decimal(_FLAGS[text])
