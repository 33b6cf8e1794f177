"""Answers read as they come: slow, cut, endless, stopped and closed."""

import gzip
import hashlib
import threading
import time
from collections.abc import Callable

import pytest

from engine.core.errors import Cancelled, KnownError
from engine.core.exchange import Limits, Request
from engine.core.steps import Step, unwatched
from engine.net import Client
from tests.engine.loopback import Handler, Log
from tests.engine.net.conftest import Serve, ask
from tests.engine.net.test_net_answers import _no_thread_is_left

CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc"
CUT_CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc"
CUT_BETWEEN = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"


def _whole(client: Client, request: Request, step: Step = unwatched) -> bytes:
    with client.open(request, step) as stream:
        return b"".join(iter(stream.read, b""))


def _fails(client: Client, request: Request) -> str:
    with pytest.raises(KnownError) as caught:
        _whole(client, request)
    return caught.value.sentence


def test_a_large_answer_comes_whole(client: Client, serve: Serve, log: Log) -> None:
    body = bytes(range(256)) * 40_000
    server = serve(lambda handler: handler.reply(206, body, ETag='"x"', Content_Range="bytes 0-9"))
    request = ask(server.url, headers=(("Range", "bytes=0-"),), max_bytes=1 << 30)
    digest = hashlib.sha256()
    with client.open(request) as stream:
        assert (stream.status, stream.headers["etag"]) == (206, '"x"')
        assert stream.headers["content-range"] == "bytes 0-9"
        assert stream.url == server.url
        while chunk := stream.read(1000):
            assert len(chunk) <= 1000
            digest.update(chunk)
        assert stream.read() == b""
    assert digest.digest() == hashlib.sha256(body).digest()
    assert server.asked[0].headers["Range"] == "bytes=0-"
    assert server.asked[0].headers["Accept-Encoding"] == "identity"
    assert log.outcomes == ["206"]
    assert log.exchanges[0].received_bytes == len(body)
    _no_thread_is_left()


def test_what_has_come_is_given_at_once(client: Client, serve: Serve) -> None:
    second = threading.Event()

    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\nb\r\n")
        second.wait(5)
        handler.wfile.write(b"4\r\nc\r\n\n\r\n0\r\n\r\n")

    with client.open(ask(serve(answer).url)) as stream:
        lines = stream.lines()
        assert next(lines) == b"a"
        second.set()
        assert list(lines) == [b"bc", b""]


def test_a_last_line_needs_no_end(client: Client, serve: Serve) -> None:
    server = serve(lambda handler: handler.reply(body=b"one\r\n\r\ntwo"))
    with client.open(ask(server.url)) as stream:
        assert list(stream.lines()) == [b"one", b"", b"two"]


def test_the_head_alone_can_be_asked_for(client: Client, serve: Serve) -> None:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(5 << 30))
        handler.end_headers()

    server = serve(answer)
    with client.open(ask(server.url, method="HEAD")) as stream:
        assert stream.headers["content-length"] == str(5 << 30)
        assert stream.read() == b""
    assert server.asked[0].command == "HEAD"


@pytest.mark.parametrize("status", [401, 404, 416, 429, 500, 503])
def test_an_error_is_given_as_it_is(client: Client, serve: Serve, status: int, log: Log) -> None:
    server = serve(lambda handler: handler.reply(status, b"no", Retry_After="7"))
    with client.open(ask(server.url)) as stream:
        assert (stream.status, stream.headers["retry-after"]) == (status, "7")
        assert stream.read() == b"no"
        assert stream.read() == b""
    assert len(server.asked) == 1
    assert log.outcomes == [str(status)]


# Time.


def test_a_long_silence_is_borne_if_the_request_says_so(client: Client, serve: Serve) -> None:
    def answer(handler: Handler) -> None:
        handler.server.released.wait(0.3)
        handler.reply(body=b"late")

    limits = Limits(silence=5, total=None)
    assert _whole(client, ask(serve(answer).url, limits=limits)) == b"late"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3",
    ],
)
def test_silence_ends_a_stream(client: Client, serve: Serve, log: Log, head: bytes) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(head)
        handler.server.released.wait(10)

    request = ask(serve(answer).url, limits=Limits(0.1, silence=0.1, total=None))
    assert _fails(client, request) == "127.0.0.1 did not answer in time."
    assert log.outcomes == ["127.0.0.1 did not answer in time."]
    _no_thread_is_left()


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;"]
)
def test_a_drip_that_says_nothing_is_silence(client: Client, serve: Serve, head: bytes) -> None:
    def drip(handler: Handler) -> None:
        handler.wfile.write(head)
        while not handler.server.released.wait(0.02):
            handler.wfile.write(b"x")

    request = ask(serve(drip).url, limits=Limits(0.1, silence=0.2, total=None))
    assert "in time" in _fails(client, request)
    _no_thread_is_left()


def test_the_whole_may_be_limited_however_lively_it_is(client: Client, serve: Serve) -> None:
    request = ask(serve(_endless).url, limits=Limits(total=0.2), max_bytes=1 << 40)
    assert "in time" in _fails(client, request)
    _no_thread_is_left()


def _endless(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not handler.server.released.is_set():
        handler.wfile.write(b"x" * 4096)


def test_whoever_reads_slowly_is_waited_for(client: Client, serve: Serve) -> None:
    body = b"x" * (8 << 20)
    server = serve(lambda handler: handler.reply(body=body))
    request = ask(server.url, limits=Limits(silence=0.1, total=None))
    with client.open(request) as stream:
        time.sleep(0.3)
        assert len(b"".join(iter(stream.read, b""))) == len(body)


def test_whoever_has_read_all_that_was_announced_has_not_stopped(
    client: Client, serve: Serve, log: Log
) -> None:
    with client.open(ask(serve(lambda handler: handler.reply(body=b"abc")).url)) as stream:
        assert stream.read(2) + stream.read(1) == b"abc"
    assert log.outcomes == ["200"]


# Stopping.


def _stops(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\nabc")
    handler.server.released.wait(10)


@pytest.mark.alone
@pytest.mark.parametrize("answer", [lambda handler: handler.server.released.wait(10), _stops])
def test_the_step_stops_it_at_any_moment(
    client: Client, serve: Serve, log: Log, answer: Callable[[Handler], None]
) -> None:
    began = time.monotonic()

    def step(fraction: float, text: str) -> None:
        if time.monotonic() > began + 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        _whole(client, ask(serve(answer).url), step)
    assert time.monotonic() - began < 1
    assert log.outcomes == ["stopped"]
    _no_thread_is_left()


def test_closing_from_another_thread_wakes_the_reader(
    client: Client, serve: Serve, log: Log
) -> None:
    with client.open(ask(serve(_stops).url)) as stream:
        assert stream.read() == b"abc"
        threading.Timer(0.1, stream.close).start()
        with pytest.raises(Cancelled):
            stream.read()
        with pytest.raises(Cancelled):
            stream.read()
    assert log.outcomes == ["stopped"]
    _no_thread_is_left()


def test_leaving_early_ends_the_connection(client: Client, serve: Serve, log: Log) -> None:
    with client.open(ask(serve(_endless).url, max_bytes=1 << 40)) as stream:
        stream.read(10)
    assert log.outcomes == ["stopped"]
    _no_thread_is_left()


# Broken and hostile.


@pytest.mark.parametrize("cut", [b"", CUT, CUT_CHUNK, CUT_BETWEEN])
def test_a_cut_connection_is_told(client: Client, serve: Serve, log: Log, cut: bytes) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(cut)
        handler.close_connection = True

    assert _fails(client, ask(serve(answer).url)) == "The answer of 127.0.0.1 broke off."
    assert log.outcomes == ["The answer of 127.0.0.1 broke off."]


@pytest.mark.parametrize("length", [b"", b"Content-Length: 5000000\r\n"])
def test_too_much_is_not_read(client: Client, serve: Serve, log: Log, length: bytes) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
        while not handler.server.released.is_set():
            handler.wfile.write(b"x" * 4096)

    sentence = _fails(client, ask(serve(answer).url, max_bytes=1 << 20))
    assert sentence == "127.0.0.1 sent more than 1 MB, which was not read."
    assert log.exchanges[0].received_bytes <= 2 << 20


def test_a_line_without_end_is_not_kept(client: Client, serve: Serve) -> None:
    request = ask(serve(_endless).url, max_bytes=1 << 40)
    with client.open(request) as stream, pytest.raises(KnownError, match="cannot be read"):
        next(stream.lines(100_000))
    _no_thread_is_left()


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_packed_stream_is_refused(client: Client, serve: Serve, coding: str) -> None:
    server = serve(lambda handler: handler.reply(body=gzip.compress(b"a"), Content_Encoding=coding))
    assert "packed" in _fails(client, ask(server.url))


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01 this is no HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot hex\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
    ],
)
def test_junk_is_one_sentence(client: Client, serve: Serve, junk: bytes) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(junk)
        handler.close_connection = True

    assert _fails(client, ask(serve(answer).url)).endswith(".")


def test_a_source_switched_off_is_not_opened(serve: Serve, log: Log, client: Client) -> None:
    server = serve(lambda handler: handler.reply())
    client._allowed = lambda source: False
    with pytest.raises(KnownError, match="switched off"):
        client.open(ask(server.url))
    assert (server.asked, log.exchanges) == ([], [])
