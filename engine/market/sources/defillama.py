"""DefiLlama: the yields and deposits of pools, now and day by day.

Form of the answers: api-docs.defillama.com, yields.llama.fi /pools and /chart/{pool}.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.core.clock import Clock
from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.core.exchange import HttpError, Limits, Request
from engine.core.fields import FieldError, check_time, read_time
from engine.core.pace import Rate
from engine.core.steps import Step, unwatched
from engine.market.sources.base import (
    Fetch,
    Parsed,
    UnknownAsset,
    collect,
    member,
    number,
    read_json,
)
from engine.store.measurements import Measurement

NAME = "DefiLlama"
TOPIC = "yield"

_RATE = Rate(5, 5.0)
_ALL_POOLS_BYTES, _ALL_POOLS_TIME = 64 << 20, Limits(total=300.0)
_POOL = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool as it is now: apy, its parts and its mean as fractions a year, compounded; tvl in USD.

    id: DefiLlama's. None = unknown. stable: only coins held to a currency. meta: what tells it
    from its likes, such as "0.3%", or "".
    """

    id: str
    project: str
    symbol: str
    chain: str
    tvl: Decimal
    apy: Decimal
    apy_base: Decimal | None
    apy_reward: Decimal | None
    apy_mean_30d: Decimal | None
    stable: bool | None
    impermanent_loss: bool | None
    meta: str = ""

    @property
    def label(self) -> str:
        """For people: "lido STETH on Ethereum"; several pools may have the same."""
        text = f"{self.project} {self.symbol} on {self.chain}"
        return clean_text(f"{text}, {self.meta}" if self.meta else text, _LENGTH)

    def measured(self, name: str, day: date) -> list[Measurement]:
        """What is known of it on a day, under a name; yes is 1 and no is 0."""
        values = {
            "apy": self.apy,
            "apy_base": self.apy_base,
            "apy_reward": self.apy_reward,
            "tvl": self.tvl,
            "il_risk": self.impermanent_loss,
            "stablecoin": self.stable,
        }
        return [
            Measurement(TOPIC, name, field, day, Decimal(value))
            for field, value in values.items()
            if value is not None
        ]


@dataclass(frozen=True, slots=True)
class DefiLlama:
    """Asks DefiLlama."""

    fetch: Fetch
    clock: Clock
    base: str

    def pools(
        self, words: str = "", minimum_tvl: Decimal = Decimal(0), step: Step = unwatched
    ) -> Parsed[Pool]:
        """The pools whose label holds all the words, the largest first; minimum_tvl in USD.

        All pools are fetched and chosen from here, so that DefiLlama does not learn the words.
        """
        request = Request(
            "defillama",
            f"{self.base}/pools",
            rate=_RATE,
            max_bytes=_ALL_POOLS_BYTES,
            limits=_ALL_POOLS_TIME,
        )
        found = parse_pools(read_json(self.fetch(request, step).body, NAME))
        wanted = words.lower().split()
        rows = [
            pool
            for pool in found.rows
            if pool.tvl >= minimum_tvl and all(word in pool.label.lower() for word in wanted)
        ]
        return Parsed(tuple(sorted(rows, key=lambda pool: -pool.tvl)), found.dropped)

    def chart(self, pool: str, step: Step = unwatched) -> Parsed[Measurement]:
        """The history of a pool, named by its id. Raises KnownError."""
        if not _POOL.fullmatch(pool):
            raise UnknownAsset(f"{clean_text(pool, 40)!r} is not the id of a pool.")
        request = Request("defillama", f"{self.base}/chart/{pool}", rate=_RATE)
        try:
            data = read_json(self.fetch(request, step).body, NAME)
        except HttpError as error:
            if error.status in (400, 404):
                raise UnknownAsset(f"{NAME} has no pool {pool}.") from error
            raise
        return parse_chart(data, pool, self.clock.now())


def named(rows: Sequence[Measurement], pools: Mapping[str, Pool], today: date) -> list[Measurement]:
    """Histories under the names of their pools, and what is known of each pool today.

    pools: all there are, by id; of those with the same label each has the beginning of its id
    behind it, as in files of yields.
    """
    labels = Counter(pool.label for pool in pools.values())
    names = {
        pool_id: f"{pool.label} #{pool_id[:8]}" if labels[pool.label] > 1 else pool.label
        for pool_id, pool in pools.items()
    }
    found = [replace(row, name=names.get(row.name, row.name)) for row in rows]
    stated = {(row.name, row.field, row.day) for row in found}
    for pool_id in dict.fromkeys(row.name for row in rows):
        if pool_id in pools:
            measured = pools[pool_id].measured(names[pool_id], today)
            found += [row for row in measured if (row.name, row.field, row.day) not in stated]
    return found


def parse_pools(data: Any) -> Parsed[Pool]:
    """Pools from a /pools reply; those without an id, a yield or deposits are dropped."""

    def read(item: Any) -> Pool:
        if not isinstance(item, dict):
            raise FieldError("it is not an object")
        pool = _text(item, "pool")
        if not _POOL.fullmatch(pool):
            raise FieldError("the pool has no usable id")
        risk = item.get("ilRisk")
        stable = item.get("stablecoin")
        meta = item.get("poolMeta")
        return Pool(
            id=pool,
            project=_text(item, "project"),
            symbol=_text(item, "symbol"),
            chain=_text(item, "chain"),
            tvl=_tvl(item),
            apy=_fraction(item, "apy"),
            apy_base=_known_fraction(item, "apyBase"),
            apy_reward=_known_fraction(item, "apyReward"),
            apy_mean_30d=_known_fraction(item, "apyMean30d"),
            stable=stable if isinstance(stable, bool) else None,
            impermanent_loss={"yes": True, "no": False}.get(risk)
            if isinstance(risk, str)
            else None,
            meta=clean_text(meta, _LENGTH) if isinstance(meta, str) else "",
        )

    return collect(_data(data), read, NAME)


def parse_chart(data: Any, pool: str, now: datetime) -> Parsed[Measurement]:
    """A pool's apy (fractions a year) and tvl (USD) by day, the last of each day."""

    def read(item: Any) -> tuple[datetime, tuple[Measurement, ...]]:
        if not isinstance(item, dict):
            raise FieldError("it is not an object")
        stamp = item.get("timestamp")
        if not isinstance(stamp, str):
            raise FieldError("the time is not a text")
        moment = read_time(stamp)
        check_time(moment, now)
        if moment.date() > now.date():
            raise FieldError(f"the date {moment:%Y-%m-%d} is in the future")
        return moment, tuple(_values(pool, moment.date(), item))

    found = collect(_data(data), read, NAME)
    days = {moment.date(): values for moment, values in sorted(found.rows, key=lambda r: r[0])}
    return Parsed(tuple(one for day in sorted(days) for one in days[day]), found.dropped)


def _values(pool: str, day: date, item: dict[str, Any]) -> Iterator[Measurement]:
    yield Measurement(TOPIC, pool, "apy", day, _fraction(item, "apy"))
    yield Measurement(TOPIC, pool, "tvl", day, _tvl(item))


def _data(data: Any) -> list[Any]:
    if member(data, "status", str, NAME) != "success":
        raise KnownError(f"{NAME} sent an error.", "Try again later.")
    return member(data, "data", list, NAME)


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str) or not value.strip():
        raise FieldError(f"there is no {key}")
    return clean_text(value, _LENGTH)


def _tvl(item: dict[str, Any]) -> Decimal:
    tvl = number(item.get("tvlUsd"), "tvl")
    if tvl < 0:
        raise FieldError("the tvl is negative")
    return tvl


def _fraction(item: dict[str, Any], key: str) -> Decimal:
    fraction = number(item.get(key), key) / 100
    if fraction <= -1:
        raise FieldError(f"the {key} is -100 % or less")
    return fraction


def _known_fraction(item: dict[str, Any], key: str) -> Decimal | None:
    return None if item.get(key) is None else _fraction(item, key)
