"""The bus: everybody hears everything, on the publisher's thread, whoever fails."""

import logging
import threading

import pytest

from engine.core.events import DataChanged, Event, EventBus, TextDelta


def test_all_subscribers_hear_in_order_on_the_publishers_thread() -> None:
    bus = EventBus()
    heard: list[tuple[str, Event, int]] = []
    for name in "ab":
        bus.subscribe(lambda event, name=name: heard.append((name, event, threading.get_ident())))
    event = TextDelta(1, "x")
    thread = threading.Thread(target=bus.publish, args=(event,))
    thread.start()
    thread.join()
    assert heard == [("a", event, thread.ident), ("b", event, thread.ident)]


def test_unsubscribing_even_while_publishing() -> None:
    bus = EventBus()
    heard: list[Event] = []
    ends = []

    def once(event: Event) -> None:
        heard.append(event)
        ends[0]()

    ends.append(bus.subscribe(once))
    bus.subscribe(heard.append)
    event = DataChanged(frozenset({"prices"}))
    bus.publish(event)
    bus.publish(event)
    ends[0]()
    assert heard == [event] * 3


@pytest.mark.logs("a subscriber failed on TextDelta")
def test_a_failing_subscriber_is_logged_and_disturbs_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bus = EventBus()
    heard: list[Event] = []

    def fail(event: Event) -> None:
        raise LookupError("broken")

    bus.subscribe(fail)
    bus.subscribe(heard.append)
    with caplog.at_level(logging.ERROR):
        bus.publish(TextDelta(1, "x"))
    assert len(heard) == 1
    assert "TextDelta" in caplog.text
    assert "broken" in caplog.text


def test_events_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        TextDelta(1, "x").text = "y"  # type: ignore[misc]
