"""What the HTTP client sends, whom it asks, and what it says of a broken connection."""

import gzip
import socket

import pytest

from engine.core.clock import FixedClock
from engine.net import Client
from tests.engine.loopback import Clockwork, Handler, Log
from tests.engine.net.conftest import NOW, Serve, ask, refused

# What is sent, and what is logged.


def test_a_request_says_who_asks_and_nothing_more(client: Client, serve: Serve, log: Log) -> None:
    server = serve(lambda handler: handler.reply(body=b'{"a": 1}'))
    reply = client.fetch(ask(f"{server.url}/prices?coin=BTC"))
    assert (reply.status, reply.body) == (200, b'{"a": 1}')
    (asked,) = server.asked
    assert asked.path == "/prices?coin=BTC"
    sent = {name.lower(): value for name, value in asked.headers.items()}
    assert sent.pop("user-agent").startswith("Assay/")
    assert sent == {
        "host": f"127.0.0.1:{server.server_port}",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "connection": "close",
    }
    (exchange,) = log.exchanges
    assert (exchange.made, exchange.source, exchange.outcome) == (NOW, "kraken", "200")
    assert exchange.url == f"{server.url}/prices?coin=BTC"
    assert exchange.received_bytes == 8
    assert exchange.sent_bytes > len("GET /prices?coin=BTC HTTP/1.1\r\n")
    assert exchange.milliseconds >= 0


def test_a_body_is_posted_and_a_secret_stays_out_of_the_log(
    client: Client, serve: Serve, log: Log
) -> None:
    server = serve(lambda handler: handler.reply())
    request = ask(
        f"{server.url}/v3/SECRET", body=b"[1]", shown="the node", headers=(("X-Key", "K"),)
    )
    client.fetch(request)
    (asked,) = server.asked
    assert (asked.command, asked.body, asked.headers["X-Key"]) == ("POST", b"[1]", "K")
    assert "SECRET" not in repr(log.exchanges) + repr(request)
    assert "'K'" not in repr(request)


def test_the_proxies_of_the_environment_are_ignored(
    client: Client, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server = serve(lambda handler: handler.reply())
    assert client.fetch(ask(server.url)).status == 200


def test_no_cookie_comes_back(client: Client, serve: Serve) -> None:
    server = serve(lambda handler: handler.reply(Set_Cookie="id=1; Path=/"))
    client.fetch(ask(server.url))
    client.fetch(ask(server.url))
    assert [asked.headers["Cookie"] for asked in server.asked] == [None, None]


def test_what_is_switched_off_is_not_asked(
    serve: Serve, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(lambda source: source != "kraken", log, FixedClock(NOW))
    monkeypatch.setattr(socket, "socket", _no_socket)
    error = refused(client, ask("https://api.kraken.com/"))
    assert "switched off" in error.sentence
    assert log.exchanges == []


def _no_socket(*args: object, **options: object) -> None:
    raise AssertionError("a socket was made")


def test_a_source_switched_off_while_waiting_is_not_asked_again(
    serve: Serve, log: Log, clockwork: Clockwork
) -> None:
    on = {"kraken"}

    def answer(handler: Handler) -> None:
        on.clear()
        handler.reply(503)

    server = serve(answer)
    client = Client(
        on.__contains__,
        log,
        FixedClock(NOW),
        sleep=clockwork.sleep,
        monotonic=clockwork.monotonic,
    )
    assert "switched off" in refused(client, ask(server.url)).sentence
    assert len(server.asked) == 1


# Addresses.


@pytest.mark.parametrize(
    "url",
    [
        "http://api.kraken.com/0",
        "http://192.0.2.1:8545",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "https://",
        "https://user:word@127.0.0.1/",
        "https://127.0.0.1:99999/",
        "https://127.0.0.1/\r\nHost: elsewhere",
        "https://127.0.0.1/ blank",
        "https://exämple.org/",
        "https://[::1/",
        "",
    ],
)
def test_only_plain_addresses_over_https_are_asked(
    client: Client, url: str, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    monkeypatch.setattr(socket, "socket", _no_socket)
    refused(client, ask(url))
    assert log.exchanges == []


def test_a_node_the_user_named_may_be_asked_without_tls(
    client: Client, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = refused(client, ask("http://node.invalid:8545", plain=True))
    assert error.sentence == "node.invalid was not found."
    assert log.outcomes == ["node.invalid was not found."]


# Errors of the connection.


def test_a_refused_connection_names_the_host(client: Client) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert refused(client, ask(f"http://127.0.0.1:{port}/")).sentence == (
        "127.0.0.1 refused the connection."
    )


def test_a_host_that_hangs_up_is_told(client: Client, serve: Serve) -> None:
    def hang_up(handler: Handler) -> None:
        handler.close_connection = True

    server = serve(hang_up)
    assert refused(client, ask(server.url)).sentence == "The answer of 127.0.0.1 broke off."


def test_what_is_not_http_is_told(client: Client, serve: Serve) -> None:
    server = serve(lambda handler: _raw(handler, b"SSH-2.0-OpenSSH_9.6\r\n"))
    assert "cannot be read" in refused(client, ask(server.url)).sentence


def _raw(handler: Handler, data: bytes) -> None:
    handler.wfile.write(data)
    handler.wfile.flush()
    handler.close_connection = True


def test_endless_headers_end(client: Client, serve: Serve) -> None:
    def answer(handler: Handler) -> None:
        _raw(handler, b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 100_000 + b"\r\n\r\n")

    assert "cannot be read" in refused(client, ask(serve(answer).url)).sentence


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n',
        b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\nContent-Encoding: gzip\r\n\r\n"
        + gzip.compress(b"x" * 100)[:10],
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 100)[:-9],
    ],
)
def test_a_cut_off_answer_is_no_answer(client: Client, serve: Serve, raw: bytes) -> None:
    server = serve(lambda handler: _raw(handler, raw))
    assert refused(client, ask(server.url)).sentence == "The answer of 127.0.0.1 broke off."
