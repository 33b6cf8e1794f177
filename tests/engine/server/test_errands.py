"""Vectors and tokens wait for their turn like answers, and end when their client goes away."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from engine.model.client import Stoppable
from tests.engine.server.conftest import Caller, Reply, Serve
from tests.engine.server.scripted import KEY, ScriptedBackend

QUESTION = {"messages": [{"role": "user", "content": "Hi"}]}


@contextmanager
def waiting(caller: Caller, path: str = "/v1/embeddings") -> Iterator[socket.socket]:
    """A request whose answer nobody reads; left, its client is gone."""
    body = json.dumps({"input": "x", "content": "x"})
    connection = http.client.HTTPConnection("127.0.0.1", caller.port, timeout=60)
    headers = {"Content-Type": "application/json", "X-Api-Key": KEY}
    connection.request("POST", path, body, headers)
    assert connection.sock is not None
    try:
        yield connection.sock
    finally:
        connection.close()


def until(true: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


def test_vectors_of_clients_that_left_are_not_computed(serve: Serve) -> None:
    backend = ScriptedBackend(embed_seconds=120.0)
    caller = serve(backend)
    with ExitStack() as clients:
        for _ in range(20):
            clients.enter_context(waiting(caller))
        for _ in range(4):
            assert backend.embedding.acquire(timeout=60)
        assert caller.server.busy == 4
    assert until(lambda: caller.server.busy == 0)
    begun = 4
    while backend.embedding.acquire(blocking=False):
        begun += 1  # before it was known that its client had left
    assert backend.embeds_stopped == begun < 20
    backend.embed_seconds = 0
    assert caller.ask("POST", "/v1/embeddings", {"input": "x"}).status == 200
    assert caller.chat().status == 200


def test_too_many_requests_for_vectors(serve: Serve) -> None:
    backend = ScriptedBackend(embed_seconds=120.0)
    caller = serve(backend, running=1, waiting=2)
    with ExitStack() as clients:
        for _ in range(2):
            clients.enter_context(waiting(caller))
        clients.enter_context(waiting(caller, "/tokenize"))
        replies: list[Reply] = []

        def refused() -> bool:
            replies.append(caller.ask("POST", "/tokenize", {"content": "x"}))
            return replies[-1].status == 503

        assert until(refused)
        assert replies[-1].error["type"] == "unavailable_error"


def test_answers_are_read_while_vectors_are_computed(serve: Serve) -> None:
    backend = ScriptedBackend(embed_seconds=120.0)
    caller = serve(backend, running=7)
    with ExitStack() as clients:
        for _ in range(6):  # as many threads as asyncio has where there are two cores
            clients.enter_context(waiting(caller))
            assert backend.embedding.acquire(timeout=60)
        assert caller.chat().status == 200


def test_the_end_of_the_server_ends_them(serve: Serve) -> None:
    backend = ScriptedBackend(embed_seconds=120.0)
    caller = serve(backend)
    with waiting(caller) as sock:
        assert backend.embedding.acquire(timeout=60)
        caller.server.close()
        assert b" 503 " in sock.recv(1000)


def test_texts_are_no_longer_counted_either(serve: Serve) -> None:
    backend = ScriptedBackend()
    counted = threading.Semaphore(0)
    go_on = threading.Event()
    tokenize = backend.tokenize

    def slow(text: str, start: bool = False, special: bool = True) -> list[int]:
        counted.release()
        go_on.wait(60)
        return tokenize(text, start, special)

    def never(texts: object, stoppable: Stoppable) -> None:
        raise AssertionError("vectors for nobody")

    backend.tokenize, backend.embed = slow, never  # type: ignore[method-assign,assignment]
    caller = serve(backend)
    body = json.dumps({"input": ["x"] * 50}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", caller.port, timeout=60)
    headers = {"Content-Type": "application/json", "X-Api-Key": KEY}
    connection.request("POST", "/v1/embeddings", body, headers)
    assert counted.acquire(timeout=60)
    connection.close()
    time.sleep(0.3)  # for the server to see it
    go_on.set()
    assert until(lambda: caller.server.busy == 0)
    assert not counted.acquire(blocking=False)
