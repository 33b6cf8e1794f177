"""The thread that keeps the prices of watched coins fresh while a source of prices is on."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.core.clock import Clock
from engine.core.errors import Cancelled, KnownError
from engine.core.events import Event, PricesRefreshed
from engine.core.records import PricePoint, is_nft
from engine.market.sources.base import UnknownAsset, UnusableAnswer
from engine.market.sources.registry import SOURCES, SourceInfo
from engine.service.online import OnlineArea
from engine.service.settings import Settings
from engine.service.source_health import Pair, SourceHealth

_log = logging.getLogger(__name__)

ORDER = ("kraken", "binance", "coingecko")
"""Candles before closes, and prices in dollars before those in USDT."""
_FAILURES = 2
"""Errors in a row after which a source that cannot be reached is asked nothing more for now."""
_HELD_BACK = 10.0
"""Seconds after which what has come is stored while more is asked for: not after each coin, as
everybody looks at the prices again each time."""
_AFTER_TROUBLE = 60.0
"""Seconds after which the thread goes on if something went wrong that should not."""


@dataclass(frozen=True, slots=True)
class RefreshState:
    """What was done last. asked: the moment (UTC), None if not since the start. fresh: the coins
    that a source answered about. missing: those that no source did."""

    asked: datetime | None = None
    fresh: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Refreshing:
    """Asks the sources that are on, in the order of ORDER, for what those before did not have.

    A source that fails is asked again after twice the interval, then four times it, and so on.
    An answer about one coin that is of no use does not stop the others.
    """

    def __init__(
        self,
        online: OnlineArea,
        settings: Settings,
        wanted: Callable[[], Iterable[Pair]],
        clock: Clock,
        publish: Callable[[Event], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """wanted: what is to be kept fresh."""
        self._online = online
        self._settings = settings
        self._wanted = wanted
        self._clock = clock
        self._publish = publish
        self._monotonic = monotonic
        self._turn = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._minutes: int | None = None
        self._last: float | None = None
        self._health = SourceHealth(monotonic)
        self.state = RefreshState()
        settings.on_change(self._on_setting)

    def start(self, minutes: int | None = None) -> None:
        """Keep the prices fresh until close(); the first time is at once. minutes: instead of the
        setting. RuntimeError if already started."""
        if self._thread is not None:
            raise RuntimeError("prices are already kept fresh")
        self._minutes = minutes
        self._thread = threading.Thread(target=self._run, name="refresh", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it, and a request that is under way."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()

    def interval(self) -> int:
        """Minutes between two times, 0 for never."""
        if self._minutes is not None:
            return self._minutes
        return int(self._settings.get("online_refresh_minutes"))

    def sources(self) -> tuple[SourceInfo, ...]:
        """The sources of prices that are on, in the order in which they are asked."""
        return tuple(SOURCES[name] for name in ORDER if self._online.is_on(name))

    def refresh_now(self) -> None:
        """Ask once, on the calling thread; nothing is asked if no source of prices is on.

        What goes wrong with a source is published and logged once, until it works again.
        """
        with self._turn:
            names = [info.name for info in self.sources()]
            if not names:
                return
            wanted = [one for one in dict.fromkeys(self._wanted()) if _has_price(*one)]
            fresh: set[Pair] = set()
            notices = []
            for name in names:
                left = [pair for pair in wanted if pair not in fresh]
                found, notice = self._ask(name, left)
                fresh |= found
                notices += [notice] if notice else []
            self.state = RefreshState(
                self._clock.now(),
                _names(pair for pair in wanted if pair in fresh),
                _names(pair for pair in wanted if pair not in fresh),
            )
        self._publish(PricesRefreshed(" ".join(notices)))

    def _ask(self, name: str, wanted: Sequence[Pair]) -> tuple[set[Pair], str]:
        """Ask a source; what it answered about, and what is to be said of it now."""
        ids = self._online.ids(name)
        fresh: set[Pair] = set()
        errors: dict[Pair, KnownError] = {}
        rows: list[PricePoint] = []
        in_a_row, kept = 0, self._monotonic()
        try:
            for pair in self._health.to_ask(name, wanted, ids):
                in_a_row += 1
                try:
                    rows += self._online.latest(name, *pair, self._step)
                    fresh.add(pair)
                    in_a_row = 0
                except UnknownAsset:
                    self._health.note_unknown(name, pair, ids)
                    in_a_row = 0
                except KnownError as error:
                    if not self._online.is_on(name):
                        break  # it was switched off meanwhile, which is no failure
                    errors[pair] = error
                    if isinstance(error, UnusableAnswer):
                        in_a_row = 0
                if in_a_row == _FAILURES:
                    break
                if rows and self._monotonic() - kept >= _HELD_BACK:
                    self._online.keep(name, rows)
                    rows, kept = [], self._monotonic()
        finally:
            # What has come counts, even if the rest is cut short.
            if rows:
                self._online.keep(name, rows)
        if fresh or errors:
            self._online.note_error(name, str(list(errors.values())[-1]) if errors else "")
        new = self._health.judge(name, fresh, errors, self.interval() * 60)
        return fresh, self._tell(new) if new else ""

    def _tell(self, error: KnownError) -> str:
        notice = f"Prices could not be refreshed: {error.sentence}"
        _log.warning("%s", notice)
        return notice

    def _step(self, fraction: float, text: str) -> None:
        if self._stopping.is_set():
            raise Cancelled

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                wait = self._refresh_if_due()
            except Cancelled:
                return
            except Exception:  # noqa: BLE001  (it goes on; the failure is in the log)
                _log.exception("the prices could not be refreshed")
                wait = _AFTER_TROUBLE
            self._wake.wait(wait)
            self._wake.clear()

    def _refresh_if_due(self) -> float | None:
        """Refresh if it is time; seconds until it is again, None for never."""
        due = self._due()
        if due is not None and due <= 0:
            self._last = self._monotonic()
            self.refresh_now()
            due = self._due()
        return due

    def _due(self) -> float | None:
        """Seconds until the next time, 0 or less for now, None for never."""
        minutes = self.interval()
        last = self._last  # read once: a setting may change it meanwhile
        if not minutes:
            return None
        return 0.0 if last is None else last + minutes * 60 - self._monotonic()

    def _on_setting(self, key: str) -> None:
        for name in ORDER:
            if SOURCES[name].setting == key:
                self._health.forget(name)
                if self._settings.get(key):
                    # Whoever switches a source on wants its prices now.
                    self._last = None
        self._wake.set()


def _has_price(asset: str, currency: str) -> bool:
    return asset != currency and not is_nft(asset)


def _names(pairs: Iterable[Pair]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(asset for asset, _ in pairs))
