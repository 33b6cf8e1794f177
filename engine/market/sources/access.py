"""The sources over the one client that may open a socket."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Protocol

from engine.core.clock import Clock
from engine.core.errors import KnownError
from engine.core.exchange import Exchange
from engine.core.records import PricePoint
from engine.core.steps import Step
from engine.market.sources.base import Parsed
from engine.market.sources.binance import Binance
from engine.market.sources.coingecko import CoinGecko
from engine.market.sources.defillama import DefiLlama
from engine.market.sources.jsonrpc import JsonRpc
from engine.market.sources.kraken import Kraken
from engine.market.sources.registry import SOURCES, source
from engine.net import Client


class PriceAdapter(Protocol):
    """A source of daily prices."""

    def history(
        self, asset: str, currency: str, start: date, end: date, step: Step
    ) -> Parsed[PricePoint]:
        """The prices from start to end, both included. Raises KnownError."""
        ...


class Sources:
    """Makes the adapters; nothing is sent for a source that is switched off."""

    def __init__(
        self, is_on: Callable[[str], bool], log: Callable[[Exchange], None], clock: Clock
    ) -> None:
        """is_on: whether a source is switched on, by its name. log: told of every request."""
        self._clock = clock
        self._fetch = Client(is_on, log, clock).fetch

    def prices(self, name: str, key: str, ids: Mapping[str, str]) -> PriceAdapter:
        """A source of prices. key: the user's or ""; ids: what it calls some assets.

        Raises KnownError if the source has no prices.
        """
        info = source(name)
        match name:
            case "coingecko":
                return CoinGecko(self._fetch, self._clock, info.base, key, ids)
            case "binance":
                return Binance(self._fetch, self._clock, info.base)
            case "kraken":
                return Kraken(self._fetch, self._clock, info.base)
        others = ", ".join(one.name for one in SOURCES.values() if one.kind == "prices")
        raise KnownError(f"{info.title} has no prices.", f"Prices come from {others}.")

    def yields(self) -> DefiLlama:
        """The source of yields."""
        return DefiLlama(self._fetch, self._clock, source("defillama").base)

    def node(self, url: str, chain_id: int | None, step: Step) -> JsonRpc:
        """A node the user has named; chain_id: the chain it must be on, if that is known."""
        return JsonRpc(self._fetch, url, chain_id, step)
