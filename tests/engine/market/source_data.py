"""What the tests of the online sources share: a time, and a fetch over a real server."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from engine.core.clock import FixedClock
from engine.market.sources.base import Fetch, read_json
from engine.net import Client
from tests.engine.loopback import Clockwork, Handler, Log, Loopback, serving

NOW = datetime(2024, 3, 10, 15, 30, tzinfo=UTC)
CLOCK = FixedClock(NOW)


def exact(value: object) -> Any:
    """A value as it comes out of JSON text; a Decimal is written as a number."""
    return read_json(json.dumps(value, default=_number).encode(), "the test")


def _number(value: object) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


@contextmanager
def fetching(answer: Callable[[Handler], None]) -> Iterator[tuple[Loopback, Fetch]]:
    """A server, and a fetch of a client whose waiting takes no time."""
    clockwork = Clockwork()
    client = Client(
        lambda source: True,
        Log(),
        CLOCK,
        sleep=clockwork.sleep,
        monotonic=clockwork.monotonic,
    )
    with serving(answer) as server:
        yield server, client.fetch
