"""Fixtures of the tests of remote models; import them where they are used."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.core.clock import FixedClock
from engine.core.errors import KnownError
from engine.model.chat_types import ChatRequest, Sampling
from engine.model.parsing import Part, TextPart, ThinkPart
from engine.model.remote.client import RemoteChat, Remotes
from engine.model.remote.endpoint import Endpoint
from engine.model.templates import PromptMessage
from tests.engine.loopback import Log, Loopback, serving
from tests.engine.model.openai_server import Answer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SAMPLING = Sampling(temperature=0.5, top_k=20, top_p=0.9, min_p=0.05, seed=7)
HELLO = ChatRequest((PromptMessage("user", "Hello"),), sampling=SAMPLING)

Connect = Callable[..., tuple[RemoteChat, Loopback]]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def connect(log: Log) -> Iterator[Connect]:
    """Starts a server and connects to it."""
    with ExitStack() as stack:

        def start(
            answer: Answer, key: str = "", private: bool = False, **changes: object
        ) -> tuple[RemoteChat, Loopback]:
            server = stack.enter_context(serving(answer))
            endpoint = Endpoint("home", server.url, "m", on=True)
            endpoint = replace(endpoint, **changes)  # type: ignore[arg-type]
            on = {"endpoint:home"} if endpoint.on else set()
            chat = Remotes(on.__contains__, log, FixedClock(NOW)).chat(
                endpoint, key, lambda request: private, lambda: endpoint.may_send_portfolio
            )
            return chat, server

        yield start


def joined(parts: list[Part]) -> list[Part]:
    """The same with neighbouring texts and thoughts put together."""
    out: list[Part] = []
    for part in parts:
        last = out[-1] if out else None
        if isinstance(part, TextPart) and isinstance(last, TextPart):
            out[-1] = TextPart(last.text + part.text)
        elif isinstance(part, ThinkPart) and isinstance(last, ThinkPart):
            out[-1] = ThinkPart(last.text + part.text)
        else:
            out.append(part)
    return out


def answered(connect: Connect, answer: Answer, request: ChatRequest = HELLO) -> list[Part]:
    """The parts of the answer, put together."""
    chat, _ = connect(answer)
    return joined(list(chat.chat(request)))


def told(connect: Connect, answer: Answer, request: ChatRequest = HELLO) -> KnownError:
    """The error an answer ends with."""
    chat, _ = connect(answer)
    with pytest.raises(KnownError) as caught:
        list(chat.chat(request))
    assert caught.value.sentence.endswith((".", "”"))
    return caught.value
