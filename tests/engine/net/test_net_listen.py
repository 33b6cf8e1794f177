"""The socket of the user's own server."""

import socket

import pytest

from engine.core.errors import KnownError
from engine.net import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_it_listens_there_and_nowhere_else(host: str) -> None:
    with listen(host, 0) as server:
        where = server.getsockname()
        assert where[0] == ("127.0.0.1" if host == "localhost" else host)
        with socket.create_connection(where[:2], 2):
            server.accept()[0].close()


def test_a_port_that_is_taken_is_told_and_free_again_at_once() -> None:
    with listen("127.0.0.1", 0) as server:
        port = server.getsockname()[1]
        with pytest.raises(KnownError, match=f"Port {port} is taken"):
            listen("127.0.0.1", port)
        with socket.create_connection(("127.0.0.1", port), 2):
            server.accept()[0].close()
    listen("127.0.0.1", port).close()


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("192.0.2.1", 8000),
        ("example.org", 8000),
        ("", 8000),
        ("127.0.0.1", 65536),
        ("127.0.0.1", -1),
        ("fe80::1", 8000),
    ],
)
def test_what_cannot_be_listened_on_is_one_sentence(host: str, port: int) -> None:
    with pytest.raises(KnownError) as caught:
        listen(host, port)
    assert caught.value.sentence.endswith(".")
    assert caught.value.hint
