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
from engine.market.sources.base import UnknownAsset
from engine.market.sources.registry import SOURCES, SourceInfo
from engine.service.online import OnlineArea
from engine.service.settings import Settings

_log = logging.getLogger(__name__)

Pair = tuple[str, str]
"""An asset and the currency of its price."""

ORDER = ("kraken", "binance", "coingecko")
"""Candles before closes, and prices in dollars before those in USDT."""
LONGEST_WAIT = 6 * 3600.0
"""Seconds after which a source that fails is asked again at the latest."""
_FAILURES = 2
"""Errors in a row after which a source is left alone: one may be about a single coin."""


@dataclass(frozen=True, slots=True)
class RefreshState:
    """What was done last. asked: the moment (UTC), None if not since the start. fresh: the coins
    that a source answered about. missing: those that no source did."""

    asked: datetime | None = None
    fresh: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Failing:
    """A source that does not answer: how often in a row, and when it is asked again."""

    times: int
    until: float


class Refreshing:
    """Asks the sources that are on, in the order of ORDER, for what those before did not have.

    A source that fails is asked again after twice the interval, then four times it, and so on.
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
        self._unknown: set[tuple[str, Pair]] = set()
        self._failing: dict[str, _Failing] = {}
        self._said: set[tuple[str, Pair]] = set()
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
        failing = self._failing.get(name)
        if failing and self._monotonic() < failing.until:
            return set(), ""
        rows: list[PricePoint] = []
        fresh: set[Pair] = set()
        errors: list[tuple[Pair, KnownError]] = []
        in_a_row = 0
        for pair in wanted:
            if (name, pair) in self._unknown:
                continue
            try:
                rows += self._online.latest(name, *pair, self._step)
            except UnknownAsset:
                self._unknown.add((name, pair))
            except KnownError as error:
                errors.append((pair, error))
                in_a_row += 1
                if in_a_row == _FAILURES:
                    break
                continue
            else:
                fresh.add(pair)
            in_a_row = 0
        if rows:
            self._online.keep(name, rows)
        return fresh, self._judge(name, fresh, errors)

    def _judge(self, name: str, fresh: set[Pair], errors: Sequence[tuple[Pair, KnownError]]) -> str:
        """Note how a source does; a sentence if something is wrong that has not been said."""
        self._said -= {(name, pair) for pair in fresh}
        if fresh or errors:
            self._online.note_error(name, str(errors[-1][1]) if errors else "")
        if not errors or fresh:
            self._failing.pop(name, None)
            new = [one for pair, one in errors if (name, pair) not in self._said]
            self._said |= {(name, pair) for pair, _ in errors}
            return self._tell(new[-1]) if new else ""
        before = self._failing.get(name)
        times = before.times + 1 if before else 1
        pause = min(self.interval() * 60 * 2.0**times, LONGEST_WAIT)
        self._failing[name] = _Failing(times, self._monotonic() + pause)
        return "" if before else self._tell(errors[-1][1])

    def _tell(self, error: KnownError) -> str:
        notice = f"Prices could not be refreshed: {error.sentence}"
        _log.warning("%s", notice)
        return notice

    def _step(self, fraction: float, text: str) -> None:
        if self._stopping.is_set():
            raise Cancelled

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._due() <= 0:
                self._last = self._monotonic()
                try:
                    self.refresh_now()
                except Cancelled:
                    return
                except Exception:  # noqa: BLE001  (it goes on; the failure is in the log)
                    _log.exception("the prices could not be refreshed")
            self._wake.wait(self._due() if self.interval() else None)
            self._wake.clear()

    def _due(self) -> float:
        """Seconds until the next time, 0 or less for now."""
        if not self.interval():
            return 1.0
        if self._last is None:
            return 0.0
        return self._last + self.interval() * 60 - self._monotonic()

    def _on_setting(self, key: str) -> None:
        for name in ORDER:
            if SOURCES[name].setting == key:
                self._failing.pop(name, None)
                self._unknown = {one for one in self._unknown if one[0] != name}
                if self._settings.get(key):
                    # Whoever switches a source on wants its prices now.
                    self._last = None
        self._wake.set()


def _has_price(asset: str, currency: str) -> bool:
    return asset != currency and not is_nft(asset)


def _names(pairs: Iterable[Pair]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(asset for asset, _ in pairs))
