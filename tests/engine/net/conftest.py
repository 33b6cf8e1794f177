"""Servers on loopback, clients of them, and their log."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime

import pytest

from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.core.exchange import Request
from engine.net import Client
from tests.engine.loopback import Clockwork, Handler, Log, Loopback, serving

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Serve = Callable[..., Loopback]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that are stopped at the end."""
    with ExitStack() as stack:

        def start(
            answer: Callable[[Handler], None], context: ssl.SSLContext | None = None
        ) -> Loopback:
            server: AbstractContextManager[Loopback] = serving(answer, context)
            return stack.enter_context(server)

        yield start


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def clockwork() -> Clockwork:
    return Clockwork()


@pytest.fixture
def client(log: Log) -> Client:
    return Client(lambda source: True, log, FixedClock(NOW))


@pytest.fixture
def patient(log: Log, clockwork: Clockwork) -> Client:
    """A client whose waiting takes no time."""
    return Client(
        lambda source: True,
        log,
        FixedClock(NOW),
        sleep=clockwork.sleep,
        monotonic=clockwork.monotonic,
    )


def ask(url: str, **changes: object) -> Request:
    return Request("kraken", url, **changes)  # type: ignore[arg-type]


def refused(client: Client, request: Request) -> KnownError:
    with pytest.raises(KnownError) as caught:
        client.fetch(request)
    assert caught.value.sentence.endswith(".")
    return caught.value
