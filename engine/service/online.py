"""The online sources: switches, keys, fetching prices and yields, and the log of every request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from engine.core.clock import Clock
from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.core.exchange import Exchange
from engine.core.fields import FieldError, read_symbol
from engine.core.jobs import Job, JobPool, Progress
from engine.core.records import MANUAL, SIMULATED, PricePoint, is_nft
from engine.core.steps import Step, part
from engine.core.words import capitalised
from engine.market.sources import refresh, secrets
from engine.market.sources.base import Parsed
from engine.market.sources.defillama import Pool, named
from engine.market.sources.registry import SOURCES, SourceInfo, source
from engine.service.nodes import Nodes
from engine.service.settings import Settings
from engine.store.documents import DocumentRepo
from engine.store.measurements import MeasurementRepo
from engine.store.prices import PriceRepo
from engine.store.requests import RequestRepo

if TYPE_CHECKING:
    from engine.market.sources.access import Sources

T = TypeVar("T")

Period = tuple[date, date]
"""The first and the last day, both included."""

FIRST_TIME_DAYS = 365
"""How far back a series is fetched that has no prices yet."""
_FETCHED = 0.95
"""The part of a job after which only storing is left."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source as it is now. last_error: of its last job, "" if that went well."""

    info: SourceInfo
    on: bool
    last_error: str


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What was stored; batch: None if nothing was new. notes: what did not come, and why."""

    batch: int | None
    rows: int
    notes: tuple[str, ...]


class OnlineArea:
    """Everything that leaves this computer goes through here, and only if its switch is on."""

    def __init__(
        self,
        settings: Settings,
        prices: PriceRepo,
        measurements: MeasurementRepo,
        requests: RequestRepo,
        documents: DocumentRepo,
        jobs: JobPool,
        clock: Clock,
        publish: Callable[[Event], None],
        assets: Callable[[], Sequence[str]],
    ) -> None:
        """assets: the coins of the portfolio."""
        self._settings = settings
        self._prices = prices
        self._measurements = measurements
        self._requests = requests
        self._jobs = jobs
        self._clock = clock
        self._publish = publish
        self._assets = assets
        self._documents = documents
        self._errors: dict[str, str] = {}
        self.nodes = Nodes(documents, lambda: self._sources, jobs, publish)

    def sources(self) -> list[SourceState]:
        """All sources with their switches."""
        return [
            SourceState(info, self.is_on(name), self._errors.get(name, ""))
            for name, info in SOURCES.items()
        ]

    def is_on(self, name: str) -> bool:
        """Whether a source is switched on; KnownError if there is none of that name.

        Where requests cannot be logged, because a newer version has used the data, none is made.
        """
        return bool(self._settings.get(source(name).setting)) and not self._requests.read_only

    def switch(self, name: str, on: bool) -> None:
        """Switch a source on or off."""
        self._settings.set(source(name).setting, on)

    def has_key(self, name: str) -> bool:
        """Whether the keyring holds a key for a source. KnownError if it is locked."""
        return bool(secrets.get_key(source(name).name))

    def set_key(self, name: str, key: str) -> None:
        """Keep the user's key for a source, in the keyring only. Raises KnownError."""
        info = source(name)
        if not info.takes_key:
            raise KnownError(f"{info.title} takes no key.")
        secrets.set_key(name, key)

    def forget_key(self, name: str) -> None:
        """Delete a key from the keyring; harmless if there is none."""
        secrets.delete_key(source(name).name)

    def refresh(
        self,
        name: str,
        assets: Sequence[str] = (),
        period: Period | None = None,
        ids: Mapping[str, str] | None = None,
    ) -> Job[Refreshed]:
        """Fetch daily prices in the reporting currency and store those that are new as one import.

        assets: those of the portfolio if empty. period: from the last stored day until today if
        None. ids: what the source calls some of the assets, which is remembered if it has them.
        """
        info = source(name)

        def work(progress: Progress) -> Refreshed:
            currency = self._settings.text("currency")
            # Whoever takes no key does not need an open keyring either.
            key = secrets.get_key(name) if info.takes_key else ""
            adapter = self._sources.prices(name, key, {**self.ids(name), **(ids or {})})
            wanted = _symbols(assets or self._assets(), currency)

            def ask(asset: str, step: Step) -> Parsed[PricePoint]:
                start, end = period or self._missing(asset, currency)
                return adapter.history(asset, currency, start, end, step)

            found = refresh.fetch_each(wanted, ask, part(progress.step, 0.0, _FETCHED))
            came = {row.asset for row in found.rows}
            if known := {asset: one for asset, one in (ids or {}).items() if asset in came}:
                self._documents.put("source", name, {"ids": {**self.ids(name), **known}})
            rows = refresh.news(found.rows, lambda asset: self._stored(asset, currency))
            if not rows:
                return Refreshed(None, 0, found.notes)
            what = f"{', '.join(sorted({row.asset for row in rows}))} in {currency}"
            batch = self._prices.add_batch(info.title, what, rows, step=progress.report)
            self._publish(DataChanged(frozenset({"prices"})))
            return Refreshed(batch, len(rows), found.notes)

        return self._submit(name, f"Fetching prices from {info.title}", work)

    def latest(self, name: str, asset: str, currency: str, step: Step) -> tuple[PricePoint, ...]:
        """Fetch the prices of one asset that are newer than the stored ones; see keep().

        Raises KnownError, UnknownAsset if the source does not have it, and what step raises.
        """
        info = source(name)
        key = secrets.get_key(name) if info.takes_key else ""
        adapter = self._sources.prices(name, key, self.ids(name))
        start, end = self._missing(asset, currency)
        found = adapter.history(asset, currency, start, end, step)
        return tuple(refresh.news(found.rows, lambda asset: self._stored(asset, currency)))

    def keep(self, name: str, rows: Sequence[PricePoint]) -> None:
        """Store what latest() has fetched, as part of one import that goes on growing."""
        self._prices.keep_up(source(name).title, rows)
        self._publish(DataChanged(frozenset({"prices"})))

    def ids(self, name: str) -> Mapping[str, str]:
        """What a source calls some assets, as the user has said."""
        ids: Mapping[str, str] = (self._documents.get("source", name) or {}).get("ids", {})
        return ids

    def note_error(self, name: str, sentence: str) -> None:
        """Remember what went wrong last with a source, "" if nothing."""
        if sentence:
            self._errors[name] = sentence
        else:
            self._errors.pop(name, None)

    def pools(self, words: str = "", minimum_tvl: Decimal = Decimal(0)) -> Job[tuple[Pool, ...]]:
        """DefiLlama's pools whose names hold all the words; minimum_tvl: deposits in USD."""

        def work(progress: Progress) -> tuple[Pool, ...]:
            return self._sources.yields().pools(words, minimum_tvl, progress.step).rows

        return self._submit("defillama", "Fetching pools from DefiLlama", work)

    def refresh_pools(self, pools: Sequence[str]) -> Job[Refreshed]:
        """Fetch the yields and deposits of pools, named by DefiLlama's ids, and store them."""

        def work(progress: Progress) -> Refreshed:
            step = part(progress.step, 0.0, _FETCHED)
            yields = self._sources.yields()
            found = refresh.fetch_each(pools, yields.chart, step)
            if not found.rows:
                return Refreshed(None, 0, found.notes)
            # The histories know ids only; the list has the names, and what else is known now.
            known = {pool.id: pool for pool in yields.pools(step=progress.step).rows}
            rows = named(found.rows, known, self._clock.today())
            batch = self._measurements.add_batch(
                source("defillama").title, ", ".join(pools), rows, step=progress.report
            )
            self._publish(DataChanged(frozenset({"prices"})))
            return Refreshed(batch, len(rows), found.notes)

        return self._submit("defillama", "Fetching yields from DefiLlama", work)

    def requests(self, limit: int = 100) -> list[Exchange]:
        """What was asked, newest first."""
        return self._requests.newest(limit)

    def clear_requests(self) -> None:
        """Forget what was asked."""
        self._requests.clear()

    @cached_property
    def _sources(self) -> "Sources":
        # Where nothing is switched on, not even the means of opening a connection are loaded.
        from engine.market.sources.access import Sources  # noqa: PLC0415

        return Sources(self.is_on, self._log, self._clock)

    def _log(self, exchange: Exchange) -> None:
        self._requests.add(exchange)

    def _submit(self, name: str, title: str, work: Callable[[Progress], T]) -> Job[T]:
        def noted(progress: Progress) -> T:
            try:
                result = work(progress)
            except KnownError as error:
                self.note_error(name, str(error))
                raise
            self.note_error(name, "")
            return result

        return self._jobs.submit(title, noted)

    def _missing(self, asset: str, currency: str) -> Period:
        """From the last real price on, as that day may not have been over.

        One that the user has entered says nothing of the days before it.
        """
        today = self._clock.today()
        stored = self._stored(asset, currency)
        real = [day for day, one in stored.items() if one.source not in (SIMULATED, MANUAL)]
        return max(real, default=today - timedelta(days=FIRST_TIME_DAYS - 1)), today

    def _stored(self, asset: str, currency: str) -> dict[date, PricePoint]:
        return {point.day: point for point in self._prices.series(asset, currency)}


def _symbols(assets: Sequence[str], currency: str) -> list[str]:
    """The assets that may have a price, each once. KnownError if there are none."""
    try:
        symbols = [read_symbol(asset) for asset in assets]
    except FieldError as error:
        raise KnownError(f"{capitalised(str(error))}.", "BTC is one.") from error
    wanted = [one for one in dict.fromkeys(symbols) if one != currency and not is_nft(one)]
    if not wanted:
        raise KnownError("There is no coin to fetch prices of.", "Name one, such as BTC.")
    return wanted
