"""Saves an answer while it streams, and passes its events on."""

import time
from collections.abc import Callable

from engine.assistant.calls import call_json
from engine.assistant.turn import Outcome
from engine.core.errors import KnownError
from engine.core.events import CardReady, Event, TextDelta, TextReplaced, ThinkDelta
from engine.store.chats import ChatRepo

WRITE_SECONDS = 0.25
"""Text is written no more often than this: every write waits for the disk."""


class Recorder:
    """The one answer being written; used from the answering thread only.

    A storage error does not break the stream: it is kept in `failure`, and on_failure is called
    once so that the answer is not continued in vain.
    """

    def __init__(self, chats: ChatRepo, publish: Callable[[Event], None]) -> None:
        self._chats = chats
        self._publish = publish
        self.begin(0, lambda: None)

    def begin(self, message_id: int, on_failure: Callable[[], None]) -> None:
        """Record the answer with this id from now on."""
        self._message_id = message_id
        self._on_failure = on_failure
        self._stored = ""
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._due = time.monotonic() + WRITE_SECONDS
        self.failure: KnownError | None = None

    @property
    def text(self) -> str:
        """The answer so far."""
        return self._stored + "".join(self._text)

    def on_event(self, event: Event) -> None:
        """Pass an event of the assistant on, and store what it says."""
        self._publish(event)
        match event:
            case TextDelta(text=text):
                self._text.append(text)
                self._flush_if_due()
            case ThinkDelta(text=text):
                self._thinking.append(text)
                self._flush_if_due()
            case TextReplaced(text=text):
                self._replace(text)
            case CardReady(card=card):
                self._store(lambda: self._chats.add_card(self._message_id, card))

    def finish(self, outcome: Outcome) -> None:
        """Store the end of the answer, after which it is complete on disk. Raises KnownError."""
        self._flush()
        if self.text != outcome.text:
            self._replace(outcome.text)
        if outcome.calls:
            calls = ", ".join(call_json(one["name"], one["arguments"]) for one in outcome.calls)
            self._store(lambda: self._chats.set_calls(self._message_id, f"[{calls}]"))
        self._store(
            lambda: self._chats.finish(
                self._message_id, outcome.status, outcome.notice, outcome.figures
            )
        )
        if self.failure:
            raise self.failure

    def _flush_if_due(self) -> None:
        if time.monotonic() >= self._due:
            self._flush()

    def _flush(self) -> None:
        text, thinking = "".join(self._text), "".join(self._thinking)
        self._text, self._thinking = [], []
        if text:
            self._stored += text
            self._store(lambda: self._chats.append(self._message_id, text))
        if thinking:
            self._store(lambda: self._chats.append_thinking(self._message_id, thinking))
        self._due = time.monotonic() + WRITE_SECONDS

    def _replace(self, text: str) -> None:
        self._text = []
        self._stored = text
        self._store(lambda: self._chats.replace(self._message_id, text))

    def _store(self, write: Callable[[], None]) -> None:
        if self.failure:
            return
        try:
            write()
        except KnownError as error:
            self.failure = error
            self._on_failure()
