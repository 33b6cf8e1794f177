"""A chat area that answers by a script: slow, bursty, crashing, asking back."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from engine.core.cards import Choice
from engine.core.errors import KnownError
from engine.core.events import (
    CardReady,
    DataChanged,
    Event,
    EventBus,
    TextDelta,
    ThinkDelta,
    TurnFinished,
    TurnStarted,
)
from engine.service import Chat, Message

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

Step = float | Callable[[int], Event]
"""A pause in seconds, or an event made for the message that is being answered."""

Script = Callable[[str], Iterable[Step]]


def says(text: str, piece: int = 7, pause: float = 0.0) -> list[Step]:
    """Steps that stream a text in pieces of so many characters."""
    steps: list[Step] = []
    for at in range(0, len(text), piece):
        steps.append(lambda m, part=text[at : at + piece]: TextDelta(m, part))
        if pause:
            steps.append(pause)
    return steps


def ends(status: str = "complete", notice: str = "") -> list[Step]:
    """The step that ends an answer."""
    return [lambda m: TurnFinished(m, status, notice)]


class ScriptedChat:
    """Answers every question by `script`, on a thread of its own."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self.script: Script = lambda question: [*says(f"You said: {question}"), *ends()]
        self.chats: dict[int, Chat] = {}
        self.stored: dict[int, list[Message]] = {}
        self.asked: list[str] = []
        self.chosen: list[tuple[int, str]] = []
        self.confirmed: list[str] = []
        self.discarded: list[str] = []
        self._stop = threading.Event()
        self._ids = iter(range(1, 1_000_000))
        self.threads: list[threading.Thread] = []

    def list(self) -> Sequence[Chat]:
        return list(reversed(self.chats.values()))

    def messages(self, chat_id: int) -> Sequence[Message]:
        return list(self.stored.get(chat_id, []))

    def add_chat(self, title: str, *pairs: tuple[str, str]) -> int:
        """Store a conversation of questions and answers."""
        chat_id = next(self._ids)
        self.chats[chat_id] = Chat(chat_id, title, NOW)
        self.stored[chat_id] = []
        for question, answer in pairs:
            self._store(chat_id, "user", question, "complete")
            self._store(chat_id, "assistant", answer, "complete")
        return chat_id

    def ask(self, chat_id: int | None, text: str) -> tuple[int, int]:
        self.asked.append(text)
        if text == "refused":
            raise KnownError("This question cannot be asked.", "Ask another.")
        if chat_id is None:
            chat_id = self.add_chat(text)
            self._bus.publish(DataChanged(frozenset({"chats"})))
        self._store(chat_id, "user", text, "complete")
        message_id = self._store(chat_id, "assistant", "", "streaming")
        self._stop.clear()
        thread = threading.Thread(target=self._answer, args=(chat_id, message_id, text))
        self.threads.append(thread)
        thread.start()
        return chat_id, message_id

    def stop(self) -> None:
        self._stop.set()

    def choose(self, message_id: int, key: str) -> tuple[int, int]:
        self.chosen.append((message_id, key))
        chat_id = next(
            c for c, all_ in self.stored.items() if any(m.id == message_id for m in all_)
        )
        return self.ask(chat_id, key.removeprefix("text:"))

    def confirm(self, draft_id: str) -> int:
        if draft_id == "broken":
            raise KnownError("This draft is not open any more.", "Ask again.")
        self.confirmed.append(draft_id)
        return 1

    def discard(self, draft_id: str) -> None:
        self.discarded.append(draft_id)

    def rename(self, chat_id: int, title: str) -> None:
        self.chats[chat_id] = replace(self.chats[chat_id], title=title)
        self._bus.publish(DataChanged(frozenset({"chats"})))

    def delete(self, chat_id: int) -> None:
        del self.chats[chat_id]
        self._bus.publish(DataChanged(frozenset({"chats"})))

    def _store(self, chat_id: int, role: Any, text: str, status: Any) -> int:
        message = Message(next(self._ids), chat_id, role, text, "", status, (), "", NOW)
        self.stored[chat_id].append(message)
        return message.id

    def _answer(self, chat_id: int, message_id: int, text: str) -> None:
        self._bus.publish(TurnStarted(chat_id, message_id))
        for step in self.script(text):
            if self._stop.is_set():
                self._bus.publish(TurnFinished(message_id, "stopped", ""))
                return
            if isinstance(step, float):
                time.sleep(step)
                continue
            event = step(message_id)
            self._bus.publish(event)
            self._keep(chat_id, message_id, event)

    def _keep(self, chat_id: int, message_id: int, event: Event) -> None:
        at = next(n for n, m in enumerate(self.stored[chat_id]) if m.id == message_id)
        message = self.stored[chat_id][at]
        match event:
            case TextDelta(text=text):
                message = replace(message, text=message.text + text)
            case ThinkDelta(text=text):
                message = replace(message, thinking=message.thinking + text)
            case CardReady(card=card):
                message = replace(message, cards=(*message.cards, card))
            case TurnFinished(status=status):
                message = replace(message, status=status)
        self.stored[chat_id][at] = message


def choices() -> tuple[Choice, ...]:
    """Two meanings of a question."""
    return (
        Choice('{"name": "what_if"}', "What if BTC falls 30 %?"),
        Choice("text:How much did BTC fall?", "How much did BTC fall?"),
    )
