"""Binance: daily candles of its spot markets.

Form of the answers: developers.binance.com, GET /api/v3/klines.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from engine.core.clock import Clock
from engine.core.exchange import HttpError, Request
from engine.core.fields import FieldError
from engine.core.pace import Rate
from engine.core.records import PricePoint
from engine.core.steps import Step, unwatched
from engine.market.sources.base import (
    DAY_MS,
    Fetch,
    Parsed,
    UnknownAsset,
    at,
    candle,
    cells,
    collect,
    joined,
    one_per_day,
    read_json,
    unexpected,
    within,
)
from engine.market.sources.ids import BINANCE_DOLLAR, binance_pair

NAME = "Binance"
PAGE = 1_000

_RATE = Rate(5, 1.0)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Binance:
    """Asks Binance."""

    fetch: Fetch
    clock: Clock
    base: str

    def history(
        self, asset: str, currency: str, start: date, end: date, step: Step = unwatched
    ) -> Parsed[PricePoint]:
        """The candles from start to end, both included. Raises KnownError.

        Prices in dollars are those in USDT, which is said among what was dropped.
        """
        pair = binance_pair(asset, currency)
        parts = []
        while start <= end:
            last = min(end, start + timedelta(days=PAGE - 1))
            part = self._page(pair, asset, currency, start, last, step)
            parts.append(within(part, start, last))
            start = last + timedelta(days=1)
        if currency == "USD":
            note = f"{NAME} prices {asset} in {BINANCE_DOLLAR}, which is taken for the dollar"
            parts.append(Parsed((), (note,)))
        return joined(parts)

    def _page(
        self, pair: str, asset: str, currency: str, start: date, end: date, step: Step
    ) -> Parsed[PricePoint]:
        query = {
            "symbol": pair,
            "interval": "1d",
            "startTime": _milliseconds(start),
            "endTime": _milliseconds(end),
            "limit": PAGE,
        }
        request = Request("binance", f"{self.base}/api/v3/klines?{urlencode(query)}", rate=_RATE)
        try:
            data = read_json(self.fetch(request, step).body, NAME)
        except HttpError as error:
            if error.status == 400:
                raise UnknownAsset(f"{NAME} has no market {pair}.") from error
            raise
        return parse_klines(data, asset, currency, self.clock.now())


def parse_klines(data: Any, asset: str, currency: str, now: datetime) -> Parsed[PricePoint]:
    """Candles from a klines reply with interval=1d; other intervals are dropped row by row.

    Raises KnownError if nothing can be read.
    """

    def read(item: Any) -> PricePoint:
        opened, *values = cells(item, 7)
        prices, volume, closed = values[:4], values[4], values[5]
        moment = at(opened, _MILLISECOND, now)
        if moment.time() != time() or closed != opened + DAY_MS - 1:
            raise FieldError("it is not the candle of a UTC day")
        return candle(asset, currency, moment.date(), prices, volume, "binance")

    if not isinstance(data, list):
        raise unexpected(NAME)
    return one_per_day(collect(data, read, NAME))


def _milliseconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000
