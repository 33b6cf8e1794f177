"""Kraken: daily candles of its spot markets, the last 720 days.

Form of the answers: docs.kraken.com, GET /0/public/OHLC.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from engine.core.clock import Clock
from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.core.exchange import Request
from engine.core.fields import FieldError
from engine.core.pace import Rate
from engine.core.records import PricePoint
from engine.core.steps import Step, unwatched
from engine.market.sources.base import (
    Fetch,
    Parsed,
    UnknownAsset,
    UnusableAnswer,
    at,
    candle,
    cells,
    collect,
    joined,
    member,
    one_per_day,
    read_json,
    unexpected,
    within,
)
from engine.market.sources.ids import kraken_pair

NAME = "Kraken"
DAYS_BACK = 720

_RATE = Rate(2, 2.0)
_DAY_MINUTES = 1_440
_SECOND = timedelta(seconds=1)
_BUSY = ("EAPI", "EService", "EGeneral:Too many", "EGeneral:Temporary")
"""How the errors begin that are about Kraken and whoever asks, not about what was asked."""


@dataclass(frozen=True, slots=True)
class Kraken:
    """Asks Kraken."""

    fetch: Fetch
    clock: Clock
    base: str

    def history(
        self, asset: str, currency: str, start: date, end: date, step: Step = unwatched
    ) -> Parsed[PricePoint]:
        """The candles from start to end, both included. Raises KnownError."""
        since = int(datetime.combine(start, time(), UTC).timestamp()) - 1
        query = {
            "pair": kraken_pair(asset, currency),
            "interval": _DAY_MINUTES,
            "since": since,
        }
        request = Request("kraken", f"{self.base}/0/public/OHLC?{urlencode(query)}", rate=_RATE)
        data = read_json(self.fetch(request, step).body, NAME)
        found = within(parse_ohlc(data, asset, currency, self.clock.now()), start, end)
        if (self.clock.today() - start).days < DAYS_BACK:
            return found
        return joined([found, Parsed((), (f"{NAME} gives the last {DAYS_BACK} days only",))])


def parse_ohlc(data: Any, asset: str, currency: str, now: datetime) -> Parsed[PricePoint]:
    """Candles from an OHLC reply with interval=1440.

    Raises KnownError with Kraken's own error if it sent one, or if nothing can be read.
    """

    def read(item: Any) -> PricePoint:
        stamp, *values = cells(item, 7)
        moment = at(stamp, _SECOND, now)
        if moment.time() != time():
            raise FieldError("it is not the candle of a UTC day")
        return candle(asset, currency, moment.date(), values[:4], values[5], "kraken")

    errors = member(data, "error", list, NAME)
    if errors:
        raise _refused(clean_text(str(errors[0]), 100), asset, currency)
    result = member(data, "result", dict, NAME)
    series = [value for key, value in result.items() if key != "last"]
    if len(series) != 1 or not isinstance(series[0], list):
        raise unexpected(NAME)
    return one_per_day(collect(series[0], read, NAME))


def _refused(error: str, asset: str, currency: str) -> KnownError:
    if error.startswith("EQuery:Unknown asset"):
        return UnknownAsset(f"{NAME} has no market of {asset} in {currency}.")
    kind = KnownError if error.startswith(_BUSY) else UnusableAnswer
    return kind(f"{NAME} refused the request: {error}.", "Try again later.")
