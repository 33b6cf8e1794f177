"""A child's requests and their ends, with a child that does what the test says."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.model import link, messages, protocol
from engine.model.client import GenerateRequest, ModelClient
from engine.model.link import Ended, Link

NewClient = Callable[[], ModelClient]


class Child:
    """In place of a process; on_send is called with each request."""

    def __init__(
        self,
        on_event: Callable[[messages.Event], None],
        on_end: Callable[[int, str], None],
        states: Path | None = None,
    ) -> None:
        self.says = on_event
        self.ends = on_end
        self.sent: list[messages.Request] = []
        self.killed = False
        self.on_send: Callable[[messages.Request], None] = self.sent.append

    def send(self, request: messages.Request) -> None:
        self.on_send(request)

    def kill(self) -> None:
        self.killed = True


class Setup:
    """A link with such a child; done counts how often a request's end was told."""

    def __init__(self) -> None:
        self.link = Link(lambda link, ended: None)
        child = self.link._child
        assert isinstance(child, Child)
        self.child = child
        self.done = 0

    def ask(self, request: messages.Request) -> link.Answer:
        return self.link.request(request, self.end)

    def end(self) -> None:
        self.done += 1


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> Setup:
    monkeypatch.setattr(link, "ChildProcess", Child)
    return Setup()


def too_large(request: messages.Request) -> None:
    raise protocol.TooLarge("9 M characters")


def test_a_text_that_is_too_long_has_no_end(setup: Setup) -> None:
    setup.child.on_send = too_large
    with pytest.raises(KnownError, match="too long"):
        setup.ask(messages.Count(1, "x"))
    setup.child.ends(-9, "")
    assert setup.done == 0


def test_a_child_that_dies_while_a_long_text_is_written_ends_it_once(setup: Setup) -> None:
    """The one who asks is let out either by the error or by the end, never by both."""

    def dies(request: messages.Request) -> None:
        setup.child.ends(-9, "")
        too_large(request)

    setup.child.on_send = dies
    answer = setup.ask(messages.Count(1, "x"))
    assert answer.get_nowait() == Ended(-9, "")
    assert setup.done == 1


def test_a_client_outlives_that(new_client: NewClient, tiny_model: Path) -> None:
    client = new_client()
    client.load(tiny_model)
    first = client._link
    assert first is not None

    def dies(request: messages.Request) -> None:
        first.kill()
        while first._ended is None:
            pass
        too_large(request)

    first._child.send = dies  # type: ignore[method-assign]
    assert client.generate(GenerateRequest("x", max_tokens=1)) is not None
    assert client._gate.inside <= 1
    client.close()  # nobody is left inside
    assert client._gate.inside == 0
