"""An assistant that says what a test tells it to, with the events of the real one."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from engine.assistant.cancel import Cancel
from engine.assistant.prompting import Exchange
from engine.assistant.turn import Assistant, Outcome
from engine.core.cards import Choice, Draft
from engine.core.events import ChoicesOffered, DraftOffered, Event, TextDelta
from engine.service.answering import Turn
from engine.service.chat import ChatArea
from engine.store.chat_search import ChatSearch
from engine.store.chats import ChatRepo

DRAFT = Draft(
    "d1",
    "alert",
    "BTC rises above $100,000.00",
    (("asset", "BTC"), ("condition", "above"), ("value", "100000"), ("currency", "USD")),
)
CHOICES = (
    Choice('{"name": "price", "arguments": {"asset": "BTC"}}', "The price of BTC"),
    Choice("text:what is bitcoin", "What Bitcoin is"),
)

Script = Callable[["Scripted", str], Iterable[Event | str] | None]


class Scripted:
    """Plays `script` for every question; strings become text."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[tuple[str, Mapping[str, Any] | None, Sequence[Exchange]]] = []
        self.turns: list[Turn] = []
        self.outcome: dict[str, Any] = {}
        self.publish: Callable[[Event], None] = lambda event: None
        self.message_id = 0
        self.cancel = Cancel()

    def answer(
        self,
        chat_id: int,
        message_id: int,
        question: str,
        history: Sequence[Exchange],
        cancel: Cancel,
    ) -> Outcome:
        return self._play(message_id, question, None, history, cancel)

    def run_call(
        self,
        chat_id: int,
        message_id: int,
        call: Mapping[str, Any],
        question: str,
        history: Sequence[Exchange],
        cancel: Cancel,
    ) -> Outcome:
        return self._play(message_id, question, call, history, cancel)

    def _play(
        self,
        message_id: int,
        question: str,
        call: Mapping[str, Any] | None,
        history: Sequence[Exchange],
        cancel: Cancel,
    ) -> Outcome:
        self.asked.append((question, call, history))
        self.message_id, self.cancel = message_id, cancel
        said = ""
        for item in self.script(self, question) or ():
            if isinstance(item, str):
                said += item
                self.publish(TextDelta(message_id, item))
            else:
                self.publish(item)
        if cancel.is_set():
            return Outcome("stopped", said)
        return Outcome(**{"status": "complete", "text": said} | self.outcome)


class Listener:
    """Collects events and waits for one of a kind."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def wait(self, kind: type[Event], message_id: int, seconds: float = 60.0) -> Any:
        """The first event of this kind about this message."""

        return self.wait_for(
            lambda e: type(e) is kind and getattr(e, "message_id", 0) == message_id, seconds
        )

    def wait_for(self, wanted: Callable[[Event], bool], seconds: float = 60.0) -> Any:
        """The first event that is wanted."""

        def found() -> Event | None:
            return next((event for event in self.events if wanted(event)), None)

        with self._news:
            assert self._news.wait_for(found, seconds), "the event did not come"
            return found()


def chat_area(
    repo: ChatRepo,
    scripted: Scripted,
    publish: Callable[[Event], None],
    confirm: Callable[[Draft], int] = lambda draft: 1,
) -> ChatArea:
    """The real chat area over the scripted assistant."""

    def make(to: Callable[[Event], None], turn: Turn) -> Assistant:
        scripted.publish = to
        scripted.turns.append(turn)
        return cast(Assistant, scripted)

    return ChatArea(repo, ChatSearch(repo._db), make, publish, confirm)


def offer_choices(self: Scripted, question: str) -> Iterable[Event | str]:
    """A script that is not sure."""
    return (ChoicesOffered(self.message_id, "Did you mean?", CHOICES), "Did you mean?")


def offer_draft(self: Scripted, question: str) -> Iterable[Event | str]:
    """A script that drafts an alert."""
    return ("Here is the alert.", DraftOffered(self.message_id, DRAFT))
