"""Conversations: asking, stopping, choosing between meanings, confirming drafts."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from engine.assistant.cancel import Cancel
from engine.assistant.prompting import Exchange
from engine.assistant.turn import Assistant
from engine.core.cards import Choice, Draft
from engine.core.errors import KnownError
from engine.core.events import ChoicesOffered, DataChanged, DraftOffered, Event
from engine.service.answering import Answering, Turn
from engine.service.recorder import Recorder
from engine.store.chats import Chat, ChatRepo, Message

HISTORY = 12
"""Earlier questions of a chat that the assistant is told of."""
MAX_QUESTION = 8_000
TITLE_LENGTH = 60
NEW_TITLE = "New chat"

MakeAssistant = Callable[[Callable[[Event], None], Cancel], Assistant]
# Inside the class the name `list` is the method.
Messages = list[Message]


@dataclass(frozen=True, slots=True)
class _Offer:
    """A "did you mean" that has not been answered."""

    chat_id: int
    question: str
    options: tuple[Choice, ...]


class ChatArea:
    """What the screens need for conversations; ids are those of the store.

    Events follow every question: TurnStarted, the text as it comes, TurnFinished.
    """

    def __init__(
        self,
        repo: ChatRepo,
        make_assistant: MakeAssistant,
        publish: Callable[[Event], None],
        confirm_draft: Callable[[Draft], int],
    ) -> None:
        """make_assistant: gets where to publish to and the stop button, on the answering thread.

        confirm_draft: stores what a draft proposes, returns its id.
        """
        self._repo = repo
        self._publish = publish
        self._confirm_draft = confirm_draft
        self._lock = threading.Lock()
        self._offers: dict[int, _Offer] = {}
        self._drafts: dict[str, Draft] = {}
        recorder = Recorder(repo, self._on_event)
        self._answering = Answering(
            lambda cancel: make_assistant(recorder.on_event, cancel), recorder, publish
        )

    def list(self) -> list[Chat]:
        """All conversations, the one used last first."""
        return self._repo.list()

    def messages(self, chat_id: int) -> Messages:
        """The messages of a conversation, oldest first."""
        return self._repo.messages(chat_id)

    def new(self) -> int:
        """Start an empty conversation; returns its id."""
        chat_id = self._repo.create(NEW_TITLE)
        self._changed()
        return chat_id

    def rename(self, chat_id: int, title: str) -> None:
        """Give a conversation another title; KnownError if it is empty or the chat is gone."""
        cleaned = shorten(_storable(title))
        if not cleaned:
            raise KnownError("A title needs at least one character.")
        self._repo.rename(chat_id, cleaned)
        self._changed()

    def delete(self, chat_id: int) -> None:
        """Delete a conversation; KnownError while it is being answered."""
        if self._answering.is_open(chat_id):
            raise KnownError("An answer is being written in this chat.", "Stop it first.")
        self._repo.delete(chat_id)
        self._changed()

    def ask(self, chat_id: int | None, text: str) -> tuple[int, int]:
        """Store a question and begin its answer; None begins a new conversation.

        Returns the ids of the conversation and of the answer at once. Raises KnownError.
        """
        question = _storable(text).strip()
        if not question:
            raise KnownError("There is no question to answer.", "Type one.")
        if len(question) > MAX_QUESTION:
            raise KnownError(
                f"The question has {len(question):,} characters; {MAX_QUESTION:,} are possible.",
                "Shorten it.",
            )
        return self._begin(chat_id, question, question, None)

    def stop(self) -> None:
        """Stop the answer being written and those that wait; what there is of it is kept."""
        self._answering.stop()

    def choose(self, message_id: int, key: str) -> tuple[int, int]:
        """Answer a "did you mean" with one of its options; returns as ask() does."""
        with self._lock:
            offer = self._offers.get(message_id)
            option = next((o for o in offer.options if o.key == key), None) if offer else None
            if offer is None or option is None:
                raise KnownError("This choice is not open any more.", "Ask again.")
            del self._offers[message_id]
        if key.startswith("text:"):
            rephrased = key.removeprefix("text:")
            return self._begin(offer.chat_id, rephrased, rephrased, None)
        return self._begin(offer.chat_id, option.label, offer.question, json.loads(key))

    def ask_call(self, text: str, key: str) -> tuple[int, int]:
        """Begin a conversation in which a call (as JSON) is answered under the words of `text`.

        Returns as ask() does.
        """
        return self._begin(None, text, text, json.loads(key))

    def confirm(self, draft_id: str) -> int:
        """Store what a draft proposes; returns its id. KnownError if it is not open any more."""
        with self._lock:
            draft = self._drafts.pop(draft_id, None)
        if draft is None:
            raise KnownError("This draft is not open any more.", "Ask again.")
        try:
            return self._confirm_draft(draft)
        except KnownError:
            with self._lock:
                self._drafts[draft_id] = draft
            raise

    def discard(self, draft_id: str) -> None:
        """Forget a draft; harmless if it is gone."""
        with self._lock:
            self._drafts.pop(draft_id, None)

    def close(self) -> bool:
        """Stop answering; False if the answering thread does not end in time."""
        return self._answering.close()

    def _begin(
        self, chat_id: int | None, shown: str, question: str, call: dict[str, Any] | None
    ) -> tuple[int, int]:
        """Store what the user said and queue the answer."""
        if chat_id is None:
            chat_id = self._repo.create(shorten(shown))
            messages: Messages = []
        else:
            messages = self._repo.messages(chat_id)
            if not messages and self._title(chat_id) == NEW_TITLE:
                self._repo.rename(chat_id, shorten(shown))
        self._repo.add_user(chat_id, shown)
        message_id = self._repo.begin_answer(chat_id)
        self._changed()
        self._answering.submit(Turn(chat_id, message_id, question, call, exchanges(messages)))
        return chat_id, message_id

    def _title(self, chat_id: int) -> str:
        return next((chat.title for chat in self._repo.list() if chat.id == chat_id), "")

    def _on_event(self, event: Event) -> None:
        """Remember what an answer offers before anybody can take it up."""
        match event:
            case ChoicesOffered(message_id=message_id, options=options):
                turn = self._answering.turn(message_id)
                if turn is not None:
                    with self._lock:
                        self._offers[message_id] = _Offer(turn.chat_id, turn.question, options)
            case DraftOffered(draft=draft):
                with self._lock:
                    self._drafts[draft.draft_id] = draft
        self._publish(event)

    def _changed(self) -> None:
        self._publish(DataChanged(frozenset({"chats"})))


def shorten(text: str) -> str:
    """A title made of the first words of a text."""
    words = " ".join(text.split())
    if len(words) <= TITLE_LENGTH:
        return words
    return words[: TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"


def _storable(text: str) -> str:
    """The text with "?" for halves of characters, which no file can hold."""
    return text.encode(errors="replace").decode()


def exchanges(messages: Sequence[Message]) -> list[Exchange]:
    """The last questions of a chat with the answers they got."""
    found = []
    for question, answer in pairwise(messages):
        if question.role == "user" and answer.role == "assistant":
            calls = json.loads(answer.calls)
            found.append(Exchange(question.text, calls[-1] if calls else None, answer.text))
    return found[-HISTORY:]
