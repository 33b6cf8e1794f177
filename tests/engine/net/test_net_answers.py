"""Slow, large, redirected and refused answers to the HTTP client, polite and hostile."""

import gzip
import socket
import threading
import time

import pytest

from engine.core.errors import Cancelled
from engine.core.exchange import HttpError, Limits
from engine.core.pace import Rate
from engine.net import ATTEMPTS, Client
from tests.engine.loopback import Clockwork, Handler, Log
from tests.engine.net.conftest import Serve, ask, refused

# Time.


def test_silence_ends(client: Client, serve: Serve) -> None:
    server = serve(_hang)
    request = ask(server.url, limits=Limits(silence=0.1))
    assert refused(client, request).sentence == "127.0.0.1 did not answer in time."


def _hang(handler: Handler) -> None:
    handler.server.released.wait(10)


@pytest.mark.alone
@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_a_slow_drip_ends_however_lively_it_is(
    client: Client, serve: Serve, log: Log, head: bytes
) -> None:
    def drip(handler: Handler) -> None:
        handler.wfile.write(head)
        while not handler.server.released.wait(0.02):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    server = serve(drip)
    began = time.monotonic()
    refused(client, ask(server.url, limits=Limits(silence=5, total=0.3)))
    assert time.monotonic() - began < 2
    assert log.outcomes == ["127.0.0.1 did not answer in time."]
    _no_thread_is_left()


@pytest.mark.alone
def test_the_user_can_stop_it_at_any_moment(client: Client, serve: Serve, log: Log) -> None:
    server = serve(_hang)

    def step(fraction: float, text: str) -> None:
        assert text == "asking 127.0.0.1"
        raise Cancelled

    began = time.monotonic()
    with pytest.raises(Cancelled):
        client.fetch(ask(server.url), step)
    assert time.monotonic() - began < 2
    assert log.outcomes == ["stopped"]
    _no_thread_is_left()


def test_a_lookup_that_hangs_is_left_behind_and_then_sends_nothing(
    client: Client, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda handler: handler.reply())
    found, real = threading.Event(), socket.getaddrinfo

    def slow(*args: object, **options: object) -> object:
        found.wait(5)
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    refused(client, ask(server.url, limits=Limits(total=0.1)))
    found.set()
    _no_thread_is_left()
    assert server.asked == []


def _no_thread_is_left() -> None:
    for thread in threading.enumerate():
        if thread.name == "net":
            thread.join(60)
            assert not thread.is_alive()


# Size.


def test_too_much_is_not_read(client: Client, serve: Serve) -> None:
    server = serve(lambda handler: handler.reply(body=b"x" * (2 << 20)))
    error = refused(client, ask(server.url, max_bytes=1 << 20))
    assert error.sentence == "127.0.0.1 sent more than 1 MB, which was not read."


def test_too_much_in_chunks_is_not_read(client: Client, serve: Serve, log: Log) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not handler.server.released.is_set():
            handler.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    refused(client, ask(serve(answer).url, max_bytes=1 << 20))
    assert log.exchanges[0].received_bytes <= 2 << 20


def test_a_packed_answer_is_unpacked(client: Client, serve: Serve, log: Log) -> None:
    packed = gzip.compress(b"[1, 2, 3]" * 1000)
    server = serve(lambda handler: handler.reply(body=packed, Content_Encoding="gzip"))
    assert client.fetch(ask(server.url)).body == b"[1, 2, 3]" * 1000
    assert log.exchanges[0].received_bytes == len(packed)


def test_a_bomb_does_not_go_off(client: Client, serve: Serve) -> None:
    bomb = gzip.compress(bytes(200 << 20), compresslevel=1)
    server = serve(lambda handler: handler.reply(body=bomb, Content_Encoding="gzip"))
    assert "more than 1 MB" in refused(client, ask(server.url, max_bytes=1 << 20)).sentence


def test_what_follows_a_packed_answer_is_not_read_for_ever(client: Client, serve: Serve) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        handler.wfile.write(gzip.compress(b"[]"))
        while not handler.server.released.is_set():
            handler.wfile.write(bytes(0x10000))

    error = refused(client, ask(serve(answer).url, max_bytes=1 << 20))
    assert "more than 1 MB" in error.sentence


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip"])
def test_an_unknown_packing_is_refused(client: Client, serve: Serve, coding: str) -> None:
    server = serve(lambda handler: handler.reply(Content_Encoding=coding))
    assert "packed" in refused(client, ask(server.url)).sentence


def test_what_only_claims_to_be_packed_is_told(client: Client, serve: Serve) -> None:
    server = serve(lambda handler: handler.reply(Content_Encoding="gzip"))
    assert "cannot be read" in refused(client, ask(server.url)).sentence


# Redirects.


def test_a_redirect_within_the_host_is_followed(client: Client, serve: Serve, log: Log) -> None:
    def answer(handler: Handler) -> None:
        if handler.path == "/old":
            handler.reply(301, Location="/new")
        else:
            handler.reply(body=b"[]")

    server = serve(answer)
    assert client.fetch(ask(f"{server.url}/old")).body == b"[]"
    assert [one.url for one in log.exchanges] == [f"{server.url}/old", f"{server.url}/new"]


@pytest.mark.parametrize(
    "place",
    [
        "https://elsewhere.example/",
        "//127.0.0.1:1/",
        "http://localhost/",
        "gopher://x/",
        "http://[::1",
    ],
)
def test_a_redirect_elsewhere_is_not_followed(client: Client, serve: Serve, place: str) -> None:
    server = serve(lambda handler: handler.reply(302, Location=place))
    refused(client, ask(server.url))
    assert len(server.asked) == 1


def test_redirects_end(client: Client, serve: Serve) -> None:
    server = serve(lambda handler: handler.reply(307, Location="/again"))
    assert "on and on" in refused(client, ask(server.url)).sentence


def test_a_posted_request_is_not_turned_into_another(client: Client, serve: Serve) -> None:
    server = serve(lambda handler: handler.reply(302, Location="/"))
    with pytest.raises(HttpError) as caught:
        client.fetch(ask(server.url, body=b"{}"))
    assert caught.value.status == 302


# Asking again.


def test_too_many_requests_waits_as_long_as_asked(
    patient: Client, serve: Serve, clockwork: Clockwork, log: Log
) -> None:
    def answer(handler: Handler) -> None:
        if len(handler.server.asked) == 1:
            handler.reply(429, Retry_After="7")
        else:
            handler.reply()

    assert patient.fetch(ask(serve(answer).url)).status == 200
    assert clockwork.slept == 7
    assert log.outcomes == ["429", "200"]


def test_errors_of_the_server_are_waited_out_longer_and_longer(
    patient: Client, serve: Serve, clockwork: Clockwork
) -> None:
    def answer(handler: Handler) -> None:
        handler.reply((500, 502, 503, 200)[len(handler.server.asked) - 1])

    assert patient.fetch(ask(serve(answer).url)).status == 200
    assert clockwork.slept == 1 + 2 + 4


def test_it_gives_up_in_the_end(patient: Client, serve: Serve) -> None:
    server = serve(lambda handler: handler.reply(504))
    error = refused(patient, ask(server.url))
    assert error.sentence == "127.0.0.1 answered with an error: 504, Gateway Timeout."
    assert len(server.asked) == ATTEMPTS


def test_a_long_pause_is_left_to_the_user(
    patient: Client, serve: Serve, clockwork: Clockwork
) -> None:
    server = serve(lambda handler: handler.reply(429, Retry_After="600"))
    error = refused(patient, ask(server.url))
    assert str(error) == "127.0.0.1 has been asked too often. Try again in 10 minutes."
    assert (len(server.asked), clockwork.slept) == (1, 0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 451, 501, 999])
def test_other_errors_are_told_at_once(patient: Client, serve: Serve, status: int) -> None:
    server = serve(lambda handler: handler.reply(status, b'{"error": "no"}'))
    with pytest.raises(HttpError) as caught:
        patient.fetch(ask(server.url))
    assert caught.value.status == status
    assert len(server.asked) == 1


def test_a_wait_can_be_stopped(patient: Client, serve: Serve) -> None:
    server = serve(lambda handler: handler.reply(429, Retry_After="30"))

    def step(fraction: float, text: str) -> None:
        if "asks to wait" in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        patient.fetch(ask(server.url), step)


def test_a_host_is_not_asked_more_often_than_it_allows(
    patient: Client, serve: Serve, clockwork: Clockwork
) -> None:
    server, other = serve(lambda handler: handler.reply()), serve(lambda handler: handler.reply())
    rate = Rate(2, 10.0)
    for _ in range(4):
        patient.fetch(ask(server.url, rate=rate))
    assert clockwork.slept == 10
    patient.fetch(ask(other.url, rate=rate))
    assert clockwork.slept == 10
