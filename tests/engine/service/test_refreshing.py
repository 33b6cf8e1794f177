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
from engine.service.refreshing import ORDER, Refreshing
from engine.service.source_health import LONGEST_WAIT, Pair
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
    """Answers with one candle of today; it knows BTC only.

    errors: what it says of other pairs. before: done before each answer.
    """

    def __init__(self) -> None:
        self.price = "100000"
        self.status = 200
        self.asked: list[str] = []
        self.errors: dict[str, str] = {}
        self.before: Callable[[], object] = lambda: None

    def __call__(self, handler: Handler) -> None:
        pair = parse_qs(urlsplit(handler.path).query)["pair"][0]
        self.asked.append(pair)
        self.before()
        if self.status != 200:
            handler.reply(self.status)
        elif not pair.startswith("XBT"):
            handler.reply_json({"error": [self.errors.get(pair, "EQuery:Unknown asset pair")]})
        else:
            stamp = int(datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC).timestamp())
            row = [stamp, "90000", self.price, "90000", self.price, "95000", "1.5", 10]
            handler.reply_json({"error": [], "result": {"XXBTZUSD": [row], "last": 1}})


def refreshing(service: Service, *wanted: Pair) -> tuple[Refreshing, Clockwork]:
    """One that asks only when told to, with a clock that only passes by hand."""
    clock = Clockwork()
    return timed(service, clock.monotonic, *wanted), clock


def timed(service: Service, monotonic: Callable[[], float], *wanted: Pair) -> Refreshing:
    """One of its own with another clock."""
    return Refreshing(
        service.online,
        service.settings,
        lambda: wanted,
        FixedClock(NOW),
        service.bus.publish,
        monotonic,
    )


def gecko(price: float) -> Callable[[Handler], None]:
    """CoinGecko, which knows every coin at one price."""
    stamp = int(NOW.timestamp()) * 1000
    return lambda handler: handler.reply_json({"prices": [[stamp, price]]})


def wait(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


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
    # Where the thread began late, it also asks of its own accord.
    asked = {(one.source, one.outcome) for one in service.online.requests()}
    assert asked == {("kraken", "200")}


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


@pytest.mark.logs("Prices could not be refreshed")
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


@pytest.mark.alone
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
    assert arrived.wait(60)
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
    one, clock = refreshing(service, ("BTC", "USD"))

    def asked_after(minutes: float) -> int:
        """How often it has asked; every setting makes it look at the clock."""
        clock.now += minutes * MINUTES
        service.settings.set("alert_sound", not service.settings.get("alert_sound"))
        time.sleep(0.1)
        return len(kraken.asked)

    one.start()
    try:
        assert asked_after(1000) == 0
        service.settings.set("online_refresh_minutes", 20)
        wait(lambda: notices(events))
        assert asked_after(19.9) == 1
        assert asked_after(0.2) == 2
        assert asked_after(19.9) == 2
    finally:
        one.close()
    assert DataChanged(frozenset({"prices"})) in events


@pytest.mark.logs("Prices could not be refreshed")
def test_a_source_that_recovers_counts_before_the_one_that_stood_in_for_it(
    service: Service, host: Host
) -> None:
    kraken = Kraken()
    host("kraken", kraken)
    host("coingecko", gecko(99_000))
    for name in ("kraken", "coingecko"):
        service.online.switch(name, True)
    service.alerts.add_rule(above("120000"))
    one, clock = refreshing(service, ("BTC", "USD"))
    one.refresh_now()
    assert service.market.history("BTC")[-1].close == 100_000
    kraken.status = 403
    one.refresh_now()
    assert service.market.history("BTC")[-1].close == 99_000
    assert service.alerts.check_now() == []
    kraken.status, kraken.price = 200, "150000"
    clock.now += LONGEST_WAIT
    one.refresh_now()
    assert service.market.history("BTC")[-1].close == 150_000
    assert len(service.alerts.check_now()) == 1
    # Nothing is left of the other, and it may stand in again.
    assert [batch.source for batch in service.market.batches()] == ["Kraken"]
    kraken.status = 403
    one.refresh_now()
    assert service.market.history("BTC")[-1].close == 99_000


@pytest.mark.logs("Prices could not be refreshed")
def test_answers_that_are_of_no_use_do_not_stop_the_coins_after_them(
    service: Service, host: Host, events: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    kraken = Kraken()
    kraken.errors = {f"{coin}USD": "EGeneral:Invalid arguments" for coin in ("AAA", "AAB")}
    host("kraken", kraken)
    service.online.switch("kraken", True)
    one, _ = refreshing(service, ("AAA", "USD"), ("AAB", "USD"), ("BTC", "USD"))
    one.refresh_now()
    assert one.state.fresh == ("BTC",)
    one.refresh_now()
    # What went wrong is asked for last from then on, and said once.
    assert kraken.asked == ["AAAUSD", "AABUSD", "XBTUSD", "XBTUSD", "AAAUSD", "AABUSD"]
    assert len([notice for notice in notices(events) if notice]) == 1
    assert caplog.text.count("WARNING") == 1


@pytest.mark.logs("Prices could not be refreshed")
def test_coins_that_the_host_fails_at_do_not_starve_those_after_them(
    service: Service, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    kraken = Kraken()
    host("kraken", kraken)

    def fail_at_others() -> None:
        kraken.status = 200 if kraken.asked[-1].startswith("XBT") else 403

    kraken.before = fail_at_others
    service.online.switch("kraken", True)
    one, clock = refreshing(service, ("AAA", "USD"), ("AAB", "USD"), ("BTC", "USD"))
    one.refresh_now()
    assert one.state.fresh == ()
    clock.now += 30 * MINUTES
    one.refresh_now()
    assert one.state.fresh == ("BTC",)
    assert "403" in caplog.text


def test_a_coin_is_asked_for_again_once_its_name_there_is_given(
    service: Service, host: Host
) -> None:
    server = host("coingecko", gecko(2.5))
    service.online.switch("coingecko", True)
    one, _ = refreshing(service, ("WIF", "USD"))
    one.refresh_now()
    assert (server.asked, one.state.missing) == ([], ("WIF",))
    service.online.refresh("coingecko", ["WIF"], None, {"WIF": "dogwifcoin"}).future.result()
    one.refresh_now()
    assert (len(server.asked), one.state.fresh) == (2, ("WIF",))


def test_what_has_come_is_stored_while_more_is_asked_for_and_at_the_end(
    service: Service, host: Host
) -> None:
    hanging, go = threading.Event(), threading.Event()
    stored: list[set[str]] = []

    def answer(handler: Handler) -> None:
        stored.append({info.asset for info in service.market.series()})
        if len(stored) == 4:
            hanging.set()
            go.wait(5)
            return
        clock.now += 6.0
        gecko(2.5)(handler)

    host("coingecko", answer)
    service.online.switch("coingecko", True)
    one, clock = refreshing(service, *((coin, "USD") for coin in ("BTC", "ETH", "SOL", "XRP")))
    one.start()
    assert hanging.wait(60)
    one.close()
    go.set()
    # Each answer takes six seconds: two are stored after twelve, the third as it is cut short.
    assert stored == [set(), set(), {"BTC", "ETH"}, {"BTC", "ETH"}]
    assert {info.asset for info in service.market.series()} == {"BTC", "ETH", "SOL"}


def test_switching_a_source_off_meanwhile_is_no_failure(
    service: Service, host: Host, events: list[Event]
) -> None:
    kraken = Kraken()
    kraken.before = lambda: service.online.switch("kraken", False)
    host("kraken", kraken)
    service.online.switch("kraken", True)
    one, _ = refreshing(service, ("BTC", "USD"), ("ETH", "USD"), ("SOL", "USD"))
    one.refresh_now()
    assert kraken.asked == ["XBTUSD"]
    assert notices(events) == [""]
    assert {state.last_error for state in service.online.sources()} == {""}
    assert service.market.history("BTC")[-1].close == 100_000


@pytest.mark.logs("the prices could not be refreshed")
def test_it_goes_on_after_something_unexpected(
    service: Service, host: Host, events: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    kraken = Kraken()
    host("kraken", kraken)
    service.online.switch("kraken", True)
    failures = [ZeroDivisionError()]

    def monotonic() -> float:
        if failures:
            raise failures.pop()
        return 1000.0

    one = timed(service, monotonic, ("BTC", "USD"))
    one.start()
    try:
        wait(lambda: "the prices could not be refreshed" in caplog.text)
        assert kraken.asked == []
        service.settings.set("online_refresh_minutes", 20)
        wait(lambda: notices(events))
        assert kraken.asked == ["XBTUSD"]
    finally:
        one.close()
