"""CoinGecko: daily closes and present prices of coins; the free plan, with or without a key.

Form of the answers: docs.coingecko.com, /coins/{id}/market_chart/range and /simple/price.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from engine.core.clock import Clock
from engine.core.exchange import HttpError, Request
from engine.core.pace import Rate
from engine.core.records import PricePoint
from engine.core.steps import Step, unwatched
from engine.market.sources.base import (
    Fetch,
    Parsed,
    UnknownAsset,
    at,
    cells,
    collect,
    joined,
    member,
    positive,
    read_json,
    within,
)
from engine.market.sources.ids import coingecko_id

NAME = "CoinGecko"
DAYS_BACK = 365
"""How far back the free plan goes."""

_AFTER_MIDNIGHT = timedelta(minutes=5)
_MILLISECOND = timedelta(milliseconds=1)
_KEYLESS, _KEYED = Rate(5, 60.0), Rate(30, 60.0)


@dataclass(frozen=True, slots=True)
class CoinGecko:
    """Asks CoinGecko. key: of its free "demo" plan, or ""; ids: the user's own, by symbol."""

    fetch: Fetch
    clock: Clock
    base: str
    key: str = field(default="", repr=False)
    ids: Mapping[str, str] = field(default_factory=dict)

    def history(
        self, asset: str, currency: str, start: date, end: date, step: Step = unwatched
    ) -> Parsed[PricePoint]:
        """The closes from start to end, both included. Raises KnownError."""
        first = max(start, self.clock.today() - timedelta(days=DAYS_BACK - 1))
        shortened: Parsed[PricePoint] = Parsed(
            (), (f"{NAME} gives the last {DAYS_BACK} days only",)
        )
        if first > end:
            return shortened
        query: dict[str, str | int] = {
            "vs_currency": currency.lower(),
            "from": int(_midnight(first).timestamp()),
            # The close of the last day stands at the midnight that ends it.
            "to": int((_midnight(end + timedelta(days=1)) + _AFTER_MIDNIGHT).timestamp()),
            "precision": "full",
        }
        path = f"/coins/{coingecko_id(asset, self.ids)}/market_chart/range"
        data = self._ask(path, query, asset, step)
        found = within(parse_market_chart(data, asset, currency, self.clock.now()), first, end)
        if first == start:
            return found
        return joined([found, shortened])

    def _ask(self, path: str, query: Mapping[str, str | int], what: str, step: Step) -> Any:
        headers = (("x-cg-demo-api-key", self.key),) if self.key else ()
        url = f"{self.base}{path}?{urlencode(query)}"
        rate = _KEYED if self.key else _KEYLESS
        try:
            return read_json(
                self.fetch(Request("coingecko", url, headers, rate=rate), step).body, NAME
            )
        except HttpError as error:
            if error.status in (400, 404):
                raise UnknownAsset(f"{NAME} has no such prices of {what}.") from error
            raise


def closed_day(moment: datetime) -> date:
    """The day a price stands for: up to five minutes after midnight that of the day before."""
    return (moment - _AFTER_MIDNIGHT - _MILLISECOND).date()


def parse_market_chart(data: Any, asset: str, currency: str, now: datetime) -> Parsed[PricePoint]:
    """Closes from a market_chart reply, which holds one price a day, an hour or five minutes.

    The close of a day is the last price up to the midnight that ends it: with one price a day it
    is the one stamped 00:00 of the next day. Raises KnownError if nothing can be read.
    """

    def read(item: Any) -> tuple[datetime, PricePoint]:
        stamp, price = cells(item, 2)[:2]
        moment = at(stamp, _MILLISECOND, now)
        close = positive(price, "price")
        return moment, PricePoint(asset, currency, closed_day(moment), close, source="coingecko")

    found = collect(member(data, "prices", list, NAME), read, NAME)
    closes = {point.day: point for _, point in sorted(found.rows, key=lambda row: row[0])}
    return Parsed(tuple(closes[day] for day in sorted(closes)), found.dropped)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
