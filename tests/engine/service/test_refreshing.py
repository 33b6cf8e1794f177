"""Prices kept fresh by themselves, against a real server in the place of the sources' hosts."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.core.clock import FixedClock
from engine.core.events import AlertFired, DataChanged, Event, PricesRefreshed
from engine.market.sources.registry import SOURCES
from engine.service import Service
from engine.service.refreshing import LONGEST_WAIT, ORDER, Pair, Refreshing
from tests.engine.loopback import Clockwork, Handler, Host, hosts
from tests.engine.service.conftest import NOW, take, take_prices
from tests.engine.service.scripted import Listener
from tests.engine.service.test_alert_telling import above

TODAY = NOW.date()
MINUTES = 60.0


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    with hosts(monkeypatch) as put:
        yield put


class Kraken:
    """Answers with one candle of today; it knows BTC only."""

    def __init__(self) -> None:
        self.price = "100000"
        self.status = 200
        self.asked: list[str] = []

    def __call__(self, handler: Handler) -> None:
        pair = parse_qs(urlsplit(handler.path).query)["pair"][0]
        self.asked.append(pair)
        if self.status != 200:
            handler.reply(self.status)
        elif not pair.startswith("XBT"):
            handler.reply_json({"error": ["EQuery:Unknown asset pair"]})
        else:
            stamp = int(datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC).timestamp())
            row = [stamp, "90000", self.price, "90000", self.price, "95000", "1.5", 10]
            handler.reply_json({"error": [], "result": {"XXBTZUSD": [row], "last": 1}})


def refreshing(service: Service, *wanted: Pair) -> tuple[Refreshing, Clockwork]:
    """One that asks only when told to, with a clock that only passes by hand."""
    clock = Clockwork()
    made = Refreshing(
        service.online,
        service.settings,
        lambda: wanted,
        FixedClock(NOW),
        service.bus.publish,
        clock.monotonic,
    )
    return made, clock


def notices(events: list[Event]) -> list[str]:
    return [event.notice for event in events if isinstance(event, PricesRefreshed)]


def test_while_no_source_of_prices_is_on_not_one_socket_is_made(
    open_service: Callable[..., Service],
    purchases: Path,
    prices: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[object] = []

    class Watched(socket.socket):
        def __init__(self, *args: object, **options: object) -> None:
            made.append(args)
            super().__init__(*args, **options)  # type: ignore[arg-type]

    service = open_service()
    take(service, purchases)
    take_prices(service, prices)
    service.alerts.add_rule(above("95000"))
    for name in ("defillama", "nodes"):
        service.online.switch(name, True)
    monkeypatch.setattr(socket, "socket", Watched)
    service.refreshing.start()
    service.refreshing.refresh_now()
    time.sleep(0.1)
    assert made == []
    assert service.online.requests() == []


def test_the_watch_fetches_a_price_and_fires_by_it(service: Service, host: Host) -> None:
    listener = Listener()
    service.bus.subscribe(listener)
    server = host("kraken", Kraken())
    service.alerts.add_rule(above("95000"))
    service.alerts.start()
    service.refreshing.start()
    assert server.asked == []
    service.online.switch("kraken", True)
    listener.wait_for(lambda event: isinstance(event, AlertFired))
    (asked,) = service.online.requests()
    assert (asked.source, asked.outcome) == ("kraken", "200")


def test_what_alerts_and_the_portfolio_need_is_asked_for(
    service: Service, host: Host, purchases: Path
) -> None:
    kraken = Kraken()
    host("kraken", kraken)
    take(service, purchases)
    when = {"kind": "price", "asset": "BTC", "currency": "EUR", "direction": "above", "level": "1"}
    number = service.alerts.add("ETH", "above", Decimal(9_000), "USD")
    service.alerts.pause(service.alerts.add("SOL", "above", Decimal(900), "USD"))
    service.online.switch("kraken", True)
    service.refreshing.refresh_now()
    assert kraken.asked == ["ETHUSD", "XBTUSD"]
    assert service.refreshing.state.asked == NOW
    assert service.refreshing.state.fresh == ("BTC",)
    assert service.refreshing.state.missing == ("ETH",)
    service.alerts.delete(number)
    service.alerts.add_rule(json.dumps({"when": when}))
    service.refreshing.refresh_now()
    # A coin that it does not know is not asked for again.
    assert kraken.asked[2:] == ["XBTEUR", "XBTUSD"]


def test_what_comes_is_one_import_that_grows(service: Service, host: Host, prices: Path) -> None:
    kraken = Kraken()
    host("kraken", kraken)
    service.online.switch("kraken", True)
    one, _ = refreshing(service, ("BTC", "USD"))
    for price in ("100000", "101000", "101000"):
        kraken.price = price
        one.refresh_now()
    (batch,) = service.market.batches()
    assert (batch.source, batch.file_name, batch.rows) == ("Kraken", "kept up to date", 1)
    take_prices(service, prices)
    kraken.price = "102000"
    one.refresh_now()
    # What is newest counts, so that it is not behind the file.
    assert [one.source for one in service.market.batches()] == ["Kraken", "prices", "Kraken"]
    assert service.market.history("BTC")[-1].close == 102_000
    service.market.add_price("BTC", TODAY - timedelta(9), Decimal(7))
    kraken.price = "103000"
    one.refresh_now()
    assert len(service.market.batches()) == 4


def test_a_source_that_fails_is_asked_less_and_less_and_said_once(
    service: Service, host: Host, events: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    kraken = Kraken()
    host("kraken", kraken)
    kraken.status = 403
    service.online.switch("kraken", True)
    one, clock = refreshing(service, ("BTC", "USD"), ("ETH", "USD"), ("SOL", "USD"))
    asked = []
    for _ in range(64):
        one.refresh_now()
        asked.append(len(kraken.asked))
        clock.now += 15 * MINUTES
    # Two coins each time, then it is left alone; after 30, 60, 120, 240, 360 minutes it is tried.
    times = [n for n, (a, b) in enumerate(zip([0, *asked], asked, strict=False)) if b > a]
    assert times == [0, 2, 6, 14, 30, 54]
    assert asked[-1] == 2 * len(times)
    assert LONGEST_WAIT == 360 * MINUTES
    said = [notice for notice in notices(events) if notice]
    assert len(said) == 1
    assert said[0].startswith(
        "Prices could not be refreshed: 127.0.0.1 answered with an error: 403"
    )
    assert caplog.text.count("WARNING") == 1
    (state,) = [one for one in service.online.sources() if one.info.name == "kraken"]
    assert "403" in state.last_error
    kraken.status = 200
    clock.now += LONGEST_WAIT
    one.refresh_now()
    assert one.state.fresh == ("BTC",)
    (state,) = [one for one in service.online.sources() if one.info.name == "kraken"]
    assert state.last_error == ""
    # It may fail anew, which is news.
    kraken.status = 403
    one.refresh_now()
    assert len([notice for notice in notices(events) if notice]) == 2


def test_the_next_source_is_asked_for_what_one_does_not_have(service: Service, host: Host) -> None:
    kraken = Kraken()
    binance: list[str] = []

    def candles(handler: Handler) -> None:
        symbol = parse_qs(urlsplit(handler.path).query)["symbol"][0]
        binance.append(symbol)
        if symbol != "ETHUSDT":
            handler.reply(400, b'{"code": -1121, "msg": "Invalid symbol."}')
            return
        stamp = int(datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC).timestamp()) * 1000
        row = [stamp, "1", "2", "1", "2", "5", stamp + 86_399_999, "9", 1, "1", "1", "0"]
        handler.reply_json([row])

    host("kraken", kraken)
    host("binance", candles)
    for name in ("kraken", "binance"):
        service.online.switch(name, True)
    one, _ = refreshing(service, ("BTC", "USD"), ("ETH", "USD"), ("USD", "USD"), ("PUNKS#1", "USD"))
    one.refresh_now()
    assert (binance, kraken.asked) == (["ETHUSDT"], ["XBTUSD", "ETHUSD"])
    assert one.state.fresh == ("BTC", "ETH")
    assert set(ORDER) == {name for name, info in SOURCES.items() if info.kind == "prices"}


def test_a_slow_host_holds_up_neither_the_checks_nor_the_end(
    open_service: Callable[..., Service], host: Host, prices: Path
) -> None:
    service = open_service()
    arrived = threading.Event()

    def hang(handler: Handler) -> None:
        arrived.set()
        handler.server.released.wait(20)

    host("kraken", hang)
    service.alerts.add_rule(above("95000"))
    service.online.switch("kraken", True)
    listener = Listener()
    service.bus.subscribe(listener)
    service.alerts.start()
    service.refreshing.start()
    assert arrived.wait(5)
    take_prices(service, prices)
    listener.wait_for(lambda event: isinstance(event, AlertFired))
    begun = time.monotonic()
    service.close()
    assert time.monotonic() - begun < 3


def test_it_asks_at_the_interval_and_not_at_all_if_that_is_0(
    service: Service, host: Host, events: list[Event]
) -> None:
    kraken = Kraken()
    host("kraken", kraken)
    service.settings.set("online_refresh_minutes", 0)
    service.online.switch("kraken", True)
    service.alerts.add_rule(above("95000"))
    service.refreshing.start()
    time.sleep(0.1)
    assert kraken.asked == []
    service.settings.set("online_refresh_minutes", 20)
    deadline = time.monotonic() + 5
    while not notices(events) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert kraken.asked == ["XBTUSD"]
    assert 19 * MINUTES < service.refreshing._due() <= 20 * MINUTES
    assert DataChanged(frozenset({"prices"})) in events
