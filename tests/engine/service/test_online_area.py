"""Online sources through the service, against a real server in the place of their hosts."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import keyring
import pytest

from engine.core.errors import Cancelled, KnownError
from engine.core.events import DataChanged, Event, JobProgress
from engine.core.exchange import Exchange
from engine.core.paths import Paths
from engine.core.records import PricePoint
from engine.core.steps import unwatched
from engine.service import Service
from tests.engine.loopback import Handler, Host, hosts
from tests.engine.memory_keyring import MemoryKeyring
from tests.engine.service.conftest import NOW, plain_text, take, take_prices

TODAY = NOW.date()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """Puts a server of the test in the place of a source's host."""
    with hosts(monkeypatch) as put:
        yield put


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    return backend


def ohlc(handler: Handler) -> None:
    """Kraken, with BTC 100 higher each day, at 100,000 today, and nothing else."""
    query = parse_qs(urlsplit(handler.path).query)
    if not query["pair"][0].startswith("XBT"):
        handler.reply_json({"error": ["EQuery:Unknown asset pair"]})
        return
    first = datetime.fromtimestamp(int(query["since"][0]) + 1, UTC).date()
    days = [first + timedelta(n) for n in range((TODAY - first).days + 1)]
    rows = []
    for day in days:
        price = str(100_000 - 100 * (TODAY - day).days)
        stamp = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        rows.append([stamp, price, price, price, price, price, "1.5", 10])
    handler.reply_json({"error": [], "result": {"XXBTZUSD": rows, "last": 1}})


def stored(service: Service, asset: str = "BTC") -> dict[date, Decimal]:
    points: list[PricePoint] = service.online._prices.series(asset, "USD")
    return {point.day: point.close for point in points}


def test_everything_is_off_and_then_not_one_socket_is_made(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []

    class Watched(socket.socket):
        def __init__(self, *args: object, **options: object) -> None:
            made.append(args)
            super().__init__(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "socket", Watched)
    assert [state.on for state in service.online.sources()] == [False] * 5
    area = service.online
    service.online.nodes._documents.put(
        "node", "mine", {"url": "http://127.0.0.1:1", "chain_id": 1}
    )
    for ask in (
        *(area.refresh(name, ["BTC"]).future.result for name in ("coingecko", "binance", "kraken")),
        area.pools("lido").future.result,
        area.refresh_pools(["a"]).future.result,
        area.nodes.add("home", "http://127.0.0.1:8545").future.result,
        lambda: area.nodes.rpc("mine").call("eth_blockNumber", []),
        lambda: area.nodes.rpc("mine").batch([("eth_blockNumber", [])]),
    ):
        with pytest.raises(KnownError, match="switched off, so nothing was asked"):
            ask()
    assert made == []
    assert service.online.requests() == []


def test_prices_are_fetched_stored_and_taken_back(
    service: Service, events: list[Event], host: Host
) -> None:
    server = host("kraken", ohlc)
    service.online.switch("kraken", True)
    period = (TODAY - timedelta(2), TODAY)

    done = service.online.refresh("kraken", ["btc", "BTC"], period).future.result()

    assert (done.rows, done.notes) == (3, ())
    assert len(server.asked) == 1
    assert stored(service) == {TODAY - timedelta(n): Decimal(100_000 - 100 * n) for n in range(3)}
    (batch,) = service.market.batches()
    assert (batch.id, batch.source, batch.rows) == (done.batch, "Kraken", 3)
    assert DataChanged(frozenset({"prices"})) in events
    jobs = [event for event in events if isinstance(event, JobProgress)]
    assert (jobs[-1].title, jobs[-1].done) == ("Fetching prices from Kraken", True)
    service.undo(batch.id)
    assert stored(service) == {}


def test_only_what_is_missing_is_asked_for_and_only_what_is_new_is_stored(
    service: Service, host: Host, prices: Path
) -> None:
    take_prices(service, prices)  # 90,000 yesterday and 100,000 today
    server = host("kraken", ohlc)
    service.online.switch("kraken", True)

    done = service.online.refresh("kraken", ["BTC"]).future.result()

    since = int(datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC).timestamp()) - 1
    assert f"since={since}" in server.asked[0].path
    # The close is known, the rest of the candle is new.
    assert done.rows == 1
    again = service.online.refresh("kraken", ["BTC"]).future.result()
    assert (again.batch, again.rows) == (None, 0)
    assert len(service.market.batches()) == 2


def test_what_the_user_entered_does_not_hide_the_days_before_it(
    service: Service, host: Host
) -> None:
    service.market.add_price("BTC", TODAY, Decimal(7), "USD")
    host("kraken", ohlc)
    service.online.switch("kraken", True)
    assert service.online.refresh("kraken", ["BTC"]).future.result().rows == 365
    assert len(stored(service)) == 365
    assert stored(service)[TODAY] == 7


def test_a_source_without_keys_needs_no_keyring(
    service: Service, host: Host, memory: MemoryKeyring
) -> None:
    memory.locked = True
    host("kraken", ohlc)
    for name in ("kraken", "coingecko"):
        service.online.switch(name, True)
    assert service.online.refresh("kraken", ["BTC"], (TODAY, TODAY)).future.result().rows == 1
    with pytest.raises(KnownError, match="keyring does not answer"):
        service.online.refresh("coingecko", ["BTC"]).future.result()


def test_the_first_time_it_is_a_year_of_the_coins_of_the_portfolio(
    service: Service, host: Host, purchases: Path
) -> None:
    take(service, purchases)
    host("kraken", ohlc)
    service.online.switch("kraken", True)
    done = service.online.refresh("kraken").future.result()
    assert done.rows == 365
    assert min(stored(service)) == TODAY - timedelta(364)


def test_without_a_coin_nothing_is_asked(service: Service) -> None:
    service.online.switch("kraken", True)
    for assets in ((), ("USD",), ("PUNKS#1",)):
        with pytest.raises(KnownError, match="no coin"):
            service.online.refresh("kraken", assets).future.result()
    with pytest.raises(KnownError, match="not a symbol"):
        service.online.refresh("kraken", ["B T C"]).future.result()


def test_a_coin_it_does_not_know_does_not_stop_the_others(service: Service, host: Host) -> None:
    host("kraken", ohlc)
    service.online.switch("kraken", True)
    done = service.online.refresh("kraken", ["XYZ", "BTC"], (TODAY, TODAY)).future.result()
    assert done.rows == 1
    assert done.notes == ("Kraken has no market of XYZ in USD.",)
    with pytest.raises(KnownError, match="no market of XYZ"):
        service.online.refresh("kraken", ["XYZ"]).future.result()


def test_what_came_before_an_error_is_kept_and_the_error_is_shown(
    service: Service, host: Host
) -> None:
    def answer(handler: Handler) -> None:
        if "XBT" in handler.path:
            ohlc(handler)
        else:
            handler.reply(403)

    host("kraken", answer)
    service.online.switch("kraken", True)
    done = service.online.refresh("kraken", ["BTC", "ETH", "SOL"], (TODAY, TODAY)).future.result()
    assert done.rows == 1
    assert done.notes[0].startswith("127.0.0.1 answered with an error: 403, Forbidden.")
    assert done.notes[0].endswith("1 more not asked about.")
    with pytest.raises(KnownError, match="403"):
        service.online.refresh("kraken", ["ETH"]).future.result()
    assert "403" in error_of(service, "kraken")
    service.online.refresh("kraken", ["BTC"], (TODAY, TODAY)).future.result()
    assert error_of(service, "kraken") == ""


def error_of(service: Service, name: str) -> str:
    (found,) = [one.last_error for one in service.online.sources() if one.info.name == name]
    return found


def test_a_refresh_can_be_stopped_and_then_stores_nothing(service: Service, host: Host) -> None:
    arrived = threading.Event()

    def answer(handler: Handler) -> None:
        if "XBT" in handler.path:
            ohlc(handler)
        else:
            arrived.set()
            handler.server.released.wait(10)

    host("kraken", answer)
    service.online.switch("kraken", True)
    job = service.online.refresh("kraken", ["BTC", "ETH"])
    assert arrived.wait(60)
    job.cancel()
    with pytest.raises(Cancelled):
        job.future.result(5)
    assert stored(service) == {}
    assert [one.outcome for one in service.online.requests()] == ["stopped", "200"]


def test_every_request_is_in_the_log_and_it_can_be_cleared(service: Service, host: Host) -> None:
    server = host("kraken", ohlc)
    service.online.switch("kraken", True)
    service.online.refresh("kraken", ["BTC"], (TODAY, TODAY)).future.result()
    (asked,) = service.online.requests()
    assert isinstance(asked, Exchange)
    assert (asked.made, asked.source, asked.outcome) == (NOW, "kraken", "200")
    assert asked.url == f"{server.url}{server.asked[0].path}"
    service.online.clear_requests()
    assert service.online.requests() == []


def test_a_key_is_sent_and_stays_in_the_keyring(
    service: Service, paths: Paths, host: Host, memory: MemoryKeyring
) -> None:
    server = host("coingecko", lambda handler: handler.reply_json({"prices": []}))
    service.online.switch("coingecko", True)
    service.online.set_key("coingecko", "CG-c4n4ry")
    assert service.online.has_key("coingecko")
    assert service.online.refresh("coingecko", ["BTC"]).future.result().batch is None
    assert server.asked[0].headers["x-cg-demo-api-key"] == "CG-c4n4ry"
    assert "coingecko" in plain_text(service)
    assert "CG-c4n4ry" not in plain_text(service)
    service.online.forget_key("coingecko")
    assert not service.online.has_key("coingecko")
    with pytest.raises(KnownError, match="takes no key"):
        service.online.set_key("kraken", "K")
    service.close()
    for file in paths.root.rglob("*"):
        assert not file.is_file() or b"CG-c4n4ry" not in file.read_bytes()


def test_yields_of_pools_are_found_fetched_and_stored(
    service: Service, events: list[Event], host: Host
) -> None:
    pool = {
        "pool": "p1",
        "project": "lido",
        "symbol": "STETH",
        "chain": "Ethereum",
        "tvlUsd": 10,
        "apy": 3,
    }
    day = {"timestamp": f"{TODAY}T00:00:00.000Z", "tvlUsd": 10, "apy": 3.5}

    def answer(handler: Handler) -> None:
        rows = [pool] if handler.path == "/pools" else [day]
        handler.reply_json({"status": "success", "data": rows})

    host("defillama", answer)
    service.online.switch("defillama", True)
    (found,) = service.online.pools("lido").future.result()
    assert (found.id, found.apy) == ("p1", Decimal("0.03"))
    done = service.online.refresh_pools(["p1"]).future.result()
    assert done.rows == 2
    (row,) = service.online._measurements.series("yield", "lido STETH on Ethereum", "apy")
    assert (row.day, row.value) == (TODAY, Decimal("0.035"))
    assert DataChanged(frozenset({"prices"})) in events
    with pytest.raises(KnownError, match="no prices"):
        service.online.refresh("defillama", ["BTC"]).future.result()


def test_an_unknown_source_is_answered_with_the_known_ones(service: Service) -> None:
    for ask in (service.online.is_on, service.online.has_key, service.online.refresh):
        with pytest.raises(KnownError, match="coingecko, binance"):
            ask("mtgox")


def test_what_a_source_calls_a_coin_is_remembered_if_it_has_it(
    service: Service, host: Host, memory: MemoryKeyring
) -> None:
    now = int(NOW.timestamp()) * 1000

    def answer(handler: Handler) -> None:
        if "/pepe/" in handler.path:
            handler.reply_json({"prices": [[now, 0.5]]})
        else:
            handler.reply(404)

    host("coingecko", answer)
    service.online.switch("coingecko", True)
    ids = {"PEPE": "pepe", "OTHER": "nothing"}
    service.online.refresh("coingecko", ["PEPE", "OTHER"], None, ids).future.result()
    assert service.online.ids("coingecko") == {"PEPE": "pepe"}
    again = service.online.refresh("coingecko", ["PEPE"]).future.result()
    assert (again.rows, again.notes) == (0, ())
    assert service.online.latest("coingecko", "PEPE", "USD", unwatched) == ()
