"""Redirects of streams: within the host, to another host, and what goes along."""

import pytest

from engine.core.errors import KnownError
from engine.core.exchange import HttpError
from engine.net import Client
from tests.engine.loopback import Handler, Log
from tests.engine.net.conftest import Serve, ask

HEADERS = (("Authorization", "Bearer SECRET"), ("X-Key", "SECRET"), ("Range", "bytes=5-"))


def test_another_host_gets_the_range_and_no_secret(client: Client, serve: Serve, log: Log) -> None:
    store = serve(lambda handler: handler.reply(206, b"rest"))
    hub = serve(
        lambda handler: handler.reply(
            302, Location=f"{store.url}/blob?Signature=SIGNED", X_Linked_Etag='"abc"'
        )
    )
    request = ask(f"{hub.url}/m", headers=HEADERS, elsewhere=True, plain=True)
    with client.open(request) as stream:
        assert (stream.status, stream.read()) == (206, b"rest")
        assert stream.url == f"{store.url}/blob?Signature=SIGNED"
        (before,) = stream.passed
        assert before["x-linked-etag"] == '"abc"'
    assert hub.asked[0].headers["Authorization"] == "Bearer SECRET"
    (asked,) = store.asked
    assert "SECRET" not in str(asked.headers)
    assert asked.headers["Range"] == "bytes=5-"
    assert log.outcomes == ["302", "206"]
    assert [one.url for one in log.exchanges] == [f"{hub.url}/m", f"{store.url}/blob"]


def test_a_secret_that_was_dropped_does_not_come_back(client: Client, serve: Serve) -> None:
    def hub_answer(handler: Handler) -> None:
        if handler.path == "/back":
            handler.reply(body=b"here")
        else:
            handler.reply(302, Location=store.url)

    store = serve(lambda handler: handler.reply(302, Location=f"{hub.url}/back"))
    hub = serve(hub_answer)
    with client.open(ask(hub.url, headers=HEADERS, elsewhere=True)) as stream:
        assert stream.read() == b"here"
    assert [asked.headers["Authorization"] for asked in hub.asked] == ["Bearer SECRET", None]


def test_within_the_host_everything_goes_along(client: Client, serve: Serve) -> None:
    def answer(handler: Handler) -> None:
        if handler.path == "/old":
            handler.reply(307, Location="/new")
        else:
            handler.reply(body=b"here")

    server = serve(answer)
    with client.open(ask(f"{server.url}/old", headers=HEADERS)) as stream:
        assert (stream.read(), stream.url) == (b"here", f"{server.url}/new")
    assert server.asked[1].headers["Authorization"] == "Bearer SECRET"


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize(
    "place", ["http://192.0.2.1/", "http://example.org/", "ftp://127.0.0.1/", "http://[::1"]
)
def test_no_other_place_is_asked_over_http(
    client: Client, serve: Serve, elsewhere: bool, place: str
) -> None:
    server = serve(lambda handler: handler.reply(302, Location=place))
    for plain in (False, True):
        with pytest.raises(KnownError):
            client.open(ask(server.url, elsewhere=elsewhere, plain=plain))
    assert len(server.asked) == 2


def test_nothing_goes_elsewhere_unless_the_request_says_so(client: Client, serve: Serve) -> None:
    store = serve(lambda handler: handler.reply())
    hub = serve(lambda handler: handler.reply(302, Location=store.url))
    with pytest.raises(KnownError, match="refers to another place"):
        client.open(ask(hub.url))
    with pytest.raises(KnownError, match="refers to another place"):
        client.fetch(ask(hub.url))
    assert client.fetch(ask(hub.url, elsewhere=True)).status == 200
    assert len(store.asked) == 1


def test_what_is_posted_never_goes_elsewhere(client: Client, serve: Serve) -> None:
    store = serve(lambda handler: handler.reply())
    hub = serve(lambda handler: handler.reply(307, Location=store.url))
    with pytest.raises(KnownError, match="refers to another place"):
        client.open(ask(hub.url, elsewhere=True, body=b"private"))
    with pytest.raises(KnownError, match="refers to another place"):
        client.fetch(ask(hub.url, elsewhere=True, body=b"private"))
    assert store.asked == []


def test_redirects_end(client: Client, serve: Serve) -> None:
    server = serve(lambda handler: handler.reply(302, Location="/again"))
    with pytest.raises(KnownError, match="on and on"):
        client.open(ask(server.url, elsewhere=True))
    with pytest.raises(KnownError, match="on and on"):
        client.fetch(ask(server.url, elsewhere=True))


def test_an_error_without_a_place_is_an_error(client: Client, serve: Serve) -> None:
    server = serve(lambda handler: handler.reply(302))
    with client.open(ask(server.url, elsewhere=True)) as stream:
        assert stream.status == 302
    with pytest.raises(HttpError):
        client.fetch(ask(server.url, elsewhere=True))
