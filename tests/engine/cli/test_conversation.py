"""How an answer is shown, event by event."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from engine.cli.conversation import ModelNews, Reply, Silent, Streaming, View, Whole, converse
from engine.core.cards import Choice, Draft, FactsCard
from engine.core.events import (
    CardReady,
    ChoicesOffered,
    DraftOffered,
    Event,
    EventBus,
    StatusChanged,
    TextDelta,
    TextReplaced,
    TurnFinished,
)
from engine.service import ModelStatus, Service

CARD = CardReady(7, FactsCard("Risk", (("days", "365"),), "", simulated=True))
SHOWN_CARD = "Risk (simulated)\ndays  365\n\n"


class FakeChat:
    """Publishes its events as soon as it is asked."""

    def __init__(self, bus: EventBus, events: tuple[Event, ...]) -> None:
        self._bus = bus
        self._events = events
        self.stops = 0

    def ask(self) -> tuple[int, int]:
        for event in self._events:
            self._bus.publish(event)
        return 3, 7

    def stop(self) -> None:
        self.stops += 1
        self._bus.publish(TurnFinished(7, "stopped", ""))


class FakeService:
    def __init__(self, *events: Event) -> None:
        self.bus = EventBus()
        self.chat = FakeChat(self.bus, events)


def show(view: View, *events: Event) -> Reply:
    service = FakeService(*events)
    return converse(cast(Service, service), service.chat.ask, view)


def test_text_and_cards_appear_in_the_order_in_which_they_come(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reply = show(
        Streaming(),
        StatusChanged(7, "Looking…"),
        CARD,
        TextDelta(7, "**It** is"),
        TextDelta(7, " so."),
        TurnFinished(7, "complete", "No advice."),
    )

    assert capsys.readouterr().out == SHOWN_CARD + "It is so.\nNo advice.\n"
    assert (reply.chat_id, reply.message_id, reply.text) == (3, 7, "**It** is so.")
    assert reply.status == "complete"


def test_text_on_the_screen_that_is_replaced_is_marked_as_withdrawn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reply = show(
        Streaming(),
        TextDelta(7, "It is 8."),
        TextReplaced(7, ""),
        TextDelta(7, "It is 7."),
        TurnFinished(7, "complete", ""),
    )

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "It is 8."
    assert "withdrawn" in lines[1]
    assert lines[2] == "It is 7."
    assert reply.text == "It is 7."


def test_a_pipe_gets_the_final_answer_only(capsys: pytest.CaptureFixture[str]) -> None:
    show(
        Whole(),
        StatusChanged(7, "Looking…"),
        TextDelta(7, "It is 8."),
        TextReplaced(7, "It is `7`."),
        CARD,
        TurnFinished(7, "complete", ""),
    )

    assert capsys.readouterr().out == SHOWN_CARD + "It is 7.\n"


def test_other_answers_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show(Whole(), TextDelta(6, "other"), TextDelta(7, "mine"), TurnFinished(7, "complete", ""))

    assert capsys.readouterr().out == "mine\n"


def test_choices_and_drafts_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    options = (Choice("a", "The price"), Choice("b", "The position"))
    draft = Draft("d", "alert", "BTC above $1.00", ())
    reply = show(
        Whole(),
        TextDelta(7, "Which?"),
        ChoicesOffered(7, "Which?", options),
        DraftOffered(7, draft),
        TurnFinished(7, "complete", ""),
    )

    assert capsys.readouterr().out == (
        "Which?\n  1. The price\n  2. The position\nDraft: BTC above $1.00\n"
    )
    assert (reply.options, reply.draft) == (options, draft)


@pytest.mark.parametrize("view", [Whole, Streaming])
def test_a_draft_that_the_answer_names_is_not_named_again(
    capsys: pytest.CaptureFixture[str], view: Callable[[], View]
) -> None:
    text = "Draft: **BTC above $1.00**. Nothing is stored until you confirm."
    show(
        view(),
        TextDelta(7, text),
        DraftOffered(7, Draft("d", "alert", "BTC above $1.00", ())),
        TurnFinished(7, "complete", ""),
    )

    assert capsys.readouterr().out == text.replace("**", "") + "\n"


def test_silence_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show(Silent(), TextDelta(7, "x"), TurnFinished(7, "complete", ""))

    assert capsys.readouterr() == ("", "")


def test_a_model_that_fails_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    statuses = [
        ModelStatus("loading", "m", "Loading"),
        ModelStatus("failed", "m", "It is missing."),
        ModelStatus("failed", "m", "It is missing."),
        ModelStatus("failed", "m", "It died."),
    ]
    service = SimpleNamespace(models=SimpleNamespace(current=lambda: statuses.pop(0)))
    news = ModelNews(cast(Service, service))

    for said in ("", "", "", "It died. Ask again."):
        news.tell(said)

    assert capsys.readouterr().err == "It is missing.\n"


@pytest.mark.parametrize("make_view", [Streaming, Whole])
def test_ctrl_c_stops_the_answer_and_keeps_what_there_is(
    make_view: Callable[[], View], capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupting:
        """A view during which the user presses Ctrl-C."""

        def __init__(self) -> None:
            self._inner = make_view()
            self._pressed = False

        def show(self, event: Event) -> None:
            self._inner.show(event)
            if not self._pressed:
                self._pressed = True
                raise KeyboardInterrupt

        def tick(self) -> None:
            self._inner.tick()

        def end(self, reply: Reply) -> None:
            self._inner.end(reply)

    service = FakeService(TextDelta(7, "Half"))

    reply = converse(cast(Service, service), service.chat.ask, Interrupting())

    assert service.chat.stops == 1
    assert (reply.status, reply.text, reply.interrupted) == ("stopped", "Half", True)
    assert capsys.readouterr().out == "Half\n"
