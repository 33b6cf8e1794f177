"""What may be typed where an answer asks which of its options was meant."""

import io
import sys
from typing import cast

import pytest

from engine.cli.ask import QUIT, choose
from engine.cli.conversation import Reply
from engine.core.cards import Choice
from engine.core.events import EventBus, TextDelta, TurnFinished
from engine.service import Service

OPTIONS = (Choice("a", "The price"), Choice("b", "The position"))


class FakeChat:
    """Answers a choice with its key."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    def choose(self, message_id: int, key: str) -> tuple[int, int]:
        self._bus.publish(TextDelta(message_id + 1, f"chosen {key}"))
        self._bus.publish(TurnFinished(message_id + 1, "complete", ""))
        return 3, message_id + 1


class FakeService:
    def __init__(self) -> None:
        self.bus = EventBus()
        self.chat = FakeChat(self.bus)


@pytest.mark.parametrize(
    ("typed", "text", "line"),
    [
        ("2\n", "chosen b", ""),
        (" 1.\n", "chosen a", ""),
        ("7\n2)\n", "chosen b", ""),
        ("\n", "", ""),
        ("/quit\n", "", QUIT),
        ("", "", QUIT),
        ("what is staking?\n", "", "what is staking?"),
        ("9" * 6_000 + "\n\n", "", ""),
    ],
)
def test_a_number_nothing_quit_or_a_question(
    monkeypatch: pytest.MonkeyPatch, typed: str, text: str, line: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))

    reply, instead = choose(
        cast(Service, FakeService()), Reply(chat_id=3, message_id=7, options=OPTIONS)
    )

    assert (reply.text, instead) == (text, line)
