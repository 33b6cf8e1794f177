"""Replies of the online sources that were saved as files: the same forms, read by the same code."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.core.records import PricePoint
from engine.market.sources.base import Parsed
from engine.market.sources.binance import parse_klines
from engine.market.sources.coingecko import parse_market_chart
from engine.market.sources.kraken import parse_ohlc


@dataclass(frozen=True, slots=True)
class SavedPrices:
    """A form of reply that holds the prices of one asset, which it does not name.

    parse: of the reply, the asset, the currency and the time now. Raises KnownError.
    """

    what: str
    is_one: Callable[[Any], bool]
    parse: Callable[[Any, str, str, datetime], Parsed[PricePoint]]


def saved_prices(data: Any) -> SavedPrices | None:
    """The form a JSON value has, or None."""
    return next((form for form in _FORMS if form.is_one(data)), None)


def _is_market_chart(data: Any) -> bool:
    return isinstance(data, dict) and _is_lists(data.get("prices"))


def _is_ohlc(data: Any) -> bool:
    return (
        isinstance(data, dict)
        and isinstance(data.get("error"), list)
        and ("result" in data or bool(data["error"]))
    )


def _is_lists(data: Any) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], list)


_FORMS = (
    SavedPrices("CoinGecko market_chart", _is_market_chart, parse_market_chart),
    SavedPrices("Binance klines", _is_lists, parse_klines),
    SavedPrices("Kraken OHLC", _is_ohlc, parse_ohlc),
)
