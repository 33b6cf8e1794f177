"""A chat area that answers by a script: slow, bursty, crashing, asking back; with branches."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.core.answer_figures import AnswerFigures
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
from engine.core.presets import PRECISE
from engine.service import Chat, Hit, Message

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


def ends(
    status: str = "complete", notice: str = "", figures: AnswerFigures | None = None
) -> list[Step]:
    """The step that ends an answer."""
    return [lambda m: TurnFinished(m, status, notice, figures)]


class ScriptedChat:
    """Answers every question by `script`, on a thread of its own."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self.script: Script = lambda question: [*says(f"You said: {question}"), *ends()]
        self.chats: dict[int, Chat] = {}
        self.stored: dict[int, list[Message]] = {}
        self.hits: list[Hit] = []
        self.exported: list[tuple[int, Path, bool]] = []
        self.asked: list[str] = []
        self.chosen: list[tuple[int, str]] = []
        self.regenerated: list[tuple[int, str]] = []
        self.confirmed: list[str] = []
        self.discarded: list[str] = []
        self._questions: dict[int, int] = {}
        self._stop = threading.Event()
        self._ids = iter(range(1, 1_000_000))
        self.threads: list[threading.Thread] = []

    def list(self) -> Sequence[Chat]:
        return list(reversed(self.chats.values()))

    def get(self, chat_id: int) -> Chat:
        return self.chats[chat_id]

    def new(self, model: str = "", preset: str = PRECISE.id) -> int:
        chat_id = self.add_chat("New chat")
        self.chats[chat_id] = replace(self.chats[chat_id], model=model, preset=preset)
        return chat_id

    def set_model(self, chat_id: int, model: str) -> None:
        self.chats[chat_id] = replace(self.chats[chat_id], model=model)

    def set_preset(self, chat_id: int, preset: str) -> None:
        self.chats[chat_id] = replace(self.chats[chat_id], preset=preset)

    def messages(self, chat_id: int) -> Sequence[Message]:
        """The path that is shown, each message with its siblings."""
        stored, path = self.stored.get(chat_id, []), []
        parent: int | None = None
        while True:
            family = [m for m in stored if m.parent_id == parent]
            shown = next((m for m in family if m.shown), None)
            if shown is None:
                return path
            path.append(replace(shown, siblings=tuple(m.id for m in family)))
            parent = shown.id

    def regenerate(self, message_id: int, model: str = "") -> tuple[int, int]:
        self.regenerated.append((message_id, model))
        chat_id, old = self._find(message_id)
        question = self._find(old.parent_id or 0)[1]
        return chat_id, self._answer_to(chat_id, question, question.text)

    def edit(self, message_id: int, text: str) -> tuple[int, int]:
        chat_id, old = self._find(message_id)
        self.asked.append(text)
        if text == "refused":
            raise KnownError("This question cannot be asked.", "Ask another.")
        asked = self._store(chat_id, "user", text, "complete", old.parent_id)
        return chat_id, self._answer_to(chat_id, self._find(asked)[1], text)

    def choose_branch(self, message_id: int) -> int:
        chat_id, message = self._find(message_id)
        while True:
            self._show(chat_id, message)
            if message.parent_id is None:
                return chat_id
            message = self._find(message.parent_id)[1]

    def branch(self, message_id: int) -> int:
        chat_id, message = self._find(message_id)
        copied = self.add_chat(f"{self.chats[chat_id].title} (branch)")
        path: list[Message] = [message]
        while path[0].parent_id is not None:
            path.insert(0, self._find(path[0].parent_id)[1])
        for one in path:
            self._store(copied, one.role, one.text, "complete")
        self._bus.publish(DataChanged(frozenset({"chats"})))
        return copied

    def search(self, words: str) -> Sequence[Hit]:
        return [hit for hit in self.hits if words.lower() in hit.snippet.lower()]

    def export(self, chat_id: int, path: Path, replace: bool = False) -> None:
        if path.name == "full.md":
            raise KnownError("Could not write full.md: the disk is full.", "Free some space.")
        self.exported.append((chat_id, path, replace))

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
        question = self._store(chat_id, "user", text, "complete")
        return chat_id, self._answer_to(chat_id, self._find(question)[1], text)

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

    def _find(self, message_id: int) -> tuple[int, Message]:
        return next((c, m) for c, all_ in self.stored.items() for m in all_ if m.id == message_id)

    def _show(self, chat_id: int, message: Message) -> None:
        """Of the messages with the same parent only this one is shown."""
        self.stored[chat_id] = [
            replace(m, shown=m.id == message.id) if m.parent_id == message.parent_id else m
            for m in self.stored[chat_id]
        ]

    def _store(
        self, chat_id: int, role: Any, text: str, status: Any, parent: int | None = -1
    ) -> int:
        """parent: -1 for the end of the path."""
        if parent == -1:
            path = self.messages(chat_id)
            parent = path[-1].id if path else None
        message = Message(
            next(self._ids), chat_id, role, text, "", status, (), "", NOW, parent_id=parent
        )
        self.stored[chat_id].append(message)
        self._show(chat_id, message)
        return message.id

    def _answer_to(self, chat_id: int, question: Message, text: str) -> int:
        """Begin an answer on a thread of its own; returns its id."""
        message_id = self._store(chat_id, "assistant", "", "streaming", question.id)
        self._stop.clear()
        self._questions[message_id] = question.id
        thread = threading.Thread(target=self._answer, args=(chat_id, message_id, text))
        self.threads.append(thread)
        thread.start()
        return message_id

    def _answer(self, chat_id: int, message_id: int, text: str) -> None:
        self._bus.publish(TurnStarted(chat_id, message_id, self._questions[message_id]))
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
            case TurnFinished(status=status, figures=figures):
                message = replace(message, status=status, figures=figures)
        self.stored[chat_id][at] = message


def choices() -> tuple[Choice, ...]:
    """Two meanings of a question."""
    return (
        Choice('{"name": "what_if"}', "What if BTC falls 30 %?"),
        Choice("text:How much did BTC fall?", "How much did BTC fall?"),
    )
