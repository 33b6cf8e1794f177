"""Conversations: asking, stopping, asking anew, choosing between meanings, confirming drafts."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.assistant.prompting import Exchange
from engine.assistant.turn import Assistant
from engine.core.cards import Choice, Draft
from engine.core.errors import KnownError
from engine.core.events import ChoicesOffered, DataChanged, DraftOffered, Event
from engine.core.presets import PRESETS, Preset, anew, preset_of
from engine.service.answering import Answering, Turn
from engine.service.chat_export import export
from engine.service.chat_memory import ChatMemory
from engine.service.recorder import Recorder
from engine.store.chat_search import ChatSearch, Hit
from engine.store.chats import Chat, ChatRepo, Message

HISTORY = 12
"""Earlier questions of a chat that the assistant is told of."""
MAX_QUESTION = 8_000
TITLE_LENGTH = 60
NEW_TITLE = "New chat"
BRANCH_TITLE = "{} (branch)"

MOST_HITS = 100

MakeAssistant = Callable[[Callable[[Event], None], Turn], Assistant]
# Inside the class the name `list` is the method.
Messages = list[Message]
Hits = list[Hit]


@dataclass(frozen=True, slots=True)
class _Offer:
    """A "did you mean" that has not been answered."""

    chat_id: int
    question: str
    options: tuple[Choice, ...]


class ChatArea:
    """What the screens need for conversations; ids are those of the store.

    Events follow every question: TurnStarted, the text as it comes, TurnFinished. Messages are a
    tree: an answer asked for anew and a changed question stand beside the old one, which stays.
    """

    def __init__(
        self,
        repo: ChatRepo,
        search: ChatSearch,
        make_assistant: MakeAssistant,
        publish: Callable[[Event], None],
        confirm_draft: Callable[[Draft], int],
        memory: ChatMemory | None = None,
    ) -> None:
        """make_assistant: gets where to publish to and what to answer, on the answering thread.

        confirm_draft: stores what a draft proposes, returns its id. memory: keeps what the model
        has read.
        """
        self._memory = memory
        self._repo = repo
        self._search = search
        self._publish = publish
        self._confirm_draft = confirm_draft
        self._lock = threading.Lock()
        self._offers: dict[int, _Offer] = {}
        self._drafts: dict[str, Draft] = {}
        recorder = Recorder(repo, self._on_event)
        self._answering = Answering(
            lambda turn: make_assistant(recorder.on_event, turn), recorder, publish, self._ended
        )

    def list(self) -> list[Chat]:
        """All conversations, the one used last first."""
        return self._repo.list()

    def get(self, chat_id: int) -> Chat:
        """One conversation; KnownError if it is gone."""
        return self._repo.get(chat_id)

    def messages(self, chat_id: int) -> Messages:
        """The path of a conversation that is shown, oldest first."""
        return self._repo.messages(chat_id)

    def new(self, model: str = "", preset: str = PRESETS[0].id) -> int:
        """Start an empty conversation; returns its id. model, preset: as in set_model and so on."""
        chat_id = self._repo.create(NEW_TITLE, model, _known(preset))
        self._changed()
        return chat_id

    def set_model(self, chat_id: int, model: str) -> None:
        """Answer in this conversation with a model of its own from the next question on.

        model: the number of a listed model, or a path; "" for the one that is chosen for the app.
        """
        self._repo.set_model(chat_id, model)
        self._changed()

    def set_preset(self, chat_id: int, preset: str) -> None:
        """Have answers in this conversation worded by a preset (engine.core.presets)."""
        self._repo.set_preset(chat_id, _known(preset))
        self._changed()

    def search(self, words: str, most: int = MOST_HITS) -> Hits:
        """Where all these words stand: titles first, then the newest messages of all branches."""
        return self._search.find(_storable(words), most)

    def export(self, chat_id: int, path: Path, replace: bool = False) -> None:
        """Write a conversation as Markdown (.md) or JSON (.json); KnownError if that cannot be.

        replace: also if there is a file of that name.
        """
        export(self._repo, chat_id, path, replace)

    def rename(self, chat_id: int, title: str) -> None:
        """Give a conversation another title; KnownError if it is empty or the chat is gone."""
        cleaned = shorten(_storable(title))
        if not cleaned:
            raise KnownError("A title needs at least one character.")
        self._repo.rename(chat_id, cleaned)
        self._changed()

    def delete(self, chat_id: int) -> None:
        """Delete a conversation; KnownError while it is being answered."""
        self._quiet(chat_id)
        self._repo.delete(chat_id)
        if self._memory is not None:
            self._memory.deleted(chat_id)
        self._changed()

    def ask(self, chat_id: int | None, text: str) -> tuple[int, int]:
        """Store a question and begin its answer; None begins a new conversation.

        Returns the ids of the conversation and of the answer at once. Raises KnownError.
        """
        question = _question(text)
        return self._begin(chat_id, question, question, None)

    def regenerate(self, message_id: int, model: str = "") -> tuple[int, int]:
        """Answer a question once more; the new answer stands beside the old one and is shown.

        message_id: of the old answer. model: what answers this once, as in set_model; "" for what
        answers in the chat, in other words then. Returns as ask() does; KnownError while the chat
        is being answered.
        """
        *before, question, answer = self._answered(message_id)
        self._quiet(answer.chat_id)
        new = self._repo.begin_answer_beside(message_id)
        calls = json.loads(question.calls)
        call = calls[-1] if calls else None
        preset = preset_of(self._repo.get(answer.chat_id).preset)
        preset = preset if model else anew(preset)
        self._submit(answer.chat_id, new, question.id, question.text, call, before, preset, model)
        return answer.chat_id, new

    def edit(self, message_id: int, text: str) -> tuple[int, int]:
        """Ask a question in other words; it stands beside the old one with an answer of its own.

        Returns as ask() does; KnownError while the chat is being answered.
        """
        question = _question(text)
        *before, old = self._repo.path_to(message_id)
        if old.role != "user":
            raise KnownError("Only questions can be changed.")
        self._quiet(old.chat_id)
        asked = self._repo.add_user_beside(message_id, question)
        new = self._repo.begin_answer(old.chat_id)
        self._submit(old.chat_id, new, asked, question, None, before)
        return old.chat_id, new

    def siblings(self, message_id: int) -> tuple[int, ...]:
        """The messages in the place of one, itself included, oldest first."""
        return self._repo.path_to(message_id)[-1].siblings

    def choose_branch(self, message_id: int) -> int:
        """Show the branch a message is on, as far as it was shown last; returns its chat."""
        return self._repo.show(message_id)

    def branch(self, message_id: int) -> int:
        """Continue from an earlier message in a new conversation; returns its id.

        It begins with copies of the message and of all that lead to it.
        """
        message = self._repo.path_to(message_id)[-1]
        title = self._repo.get(message.chat_id).title
        room = TITLE_LENGTH - len(BRANCH_TITLE.format(""))
        chat_id = self._repo.copy_path(message_id, BRANCH_TITLE.format(shorten(title, room)))
        self._changed()
        return chat_id

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
            before: Messages = []
        else:
            before = self._repo.messages(chat_id)
            if not before and self._repo.get(chat_id).title == NEW_TITLE:
                self._repo.rename(chat_id, shorten(shown))
        # An answer asked for anew must be of the same call.
        calls = "[]" if call is None else json.dumps([call])
        question_id = self._repo.add_user(chat_id, shown, calls)
        message_id = self._repo.begin_answer(chat_id)
        self._submit(chat_id, message_id, question_id, question, call, before)
        return chat_id, message_id

    def _submit(
        self,
        chat_id: int,
        message_id: int,
        question_id: int,
        question: str,
        call: dict[str, Any] | None,
        before: Sequence[Message],
        preset: Preset | None = None,
        model: str = "",
    ) -> None:
        """Queue an answer that is stored as begun; preset, model: if not those of the chat."""
        chat = self._repo.get(chat_id)
        earlier = exchanges(before)
        turn = Turn(
            chat_id,
            message_id,
            question,
            call,
            earlier[-HISTORY:],
            question_id=question_id,
            model=model or chat.model,
            preset=preset or preset_of(chat.preset),
            untold=max(0, len(earlier) - HISTORY),
        )
        self._changed()
        self._answering.submit(turn)

    def _answered(self, message_id: int) -> Messages:
        """The path to an answer, which follows a question; KnownError for anything else."""
        path = self._repo.path_to(message_id)
        if [one.role for one in path[-2:]] != ["user", "assistant"]:
            raise KnownError("Only answers can be asked for anew.")
        return path

    def _quiet(self, chat_id: int) -> None:
        """KnownError while a conversation is being answered."""
        if self._answering.is_open(chat_id):
            raise KnownError("An answer is being written in this chat.", "Stop it first.")

    def _ended(self, turn: Turn) -> None:
        if self._memory is not None:
            self._memory.after(turn.chat_id)

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


def shorten(text: str, most: int = TITLE_LENGTH) -> str:
    """A title made of the first words of a text."""
    words = " ".join(text.split())
    if len(words) <= most:
        return words
    return words[: most - 1].rsplit(" ", 1)[0] + "…"


def _question(text: str) -> str:
    """What the user asks, without blanks around it; KnownError if it is no question."""
    question = _storable(text).strip()
    if not question:
        raise KnownError("There is no question to answer.", "Type one.")
    if len(question) > MAX_QUESTION:
        raise KnownError(
            f"The question has {len(question):,} characters; {MAX_QUESTION:,} are possible.",
            "Shorten it.",
        )
    return question


def _known(preset: str) -> str:
    """The id of a preset there is; KnownError for another one."""
    if all(one.id != preset for one in PRESETS):
        names = ", ".join(one.id for one in PRESETS)
        raise KnownError(f"There is no preset {preset}.", f"There are {names}.")
    return preset


def _storable(text: str) -> str:
    """The text with "?" for halves of characters, which no file can hold."""
    return text.encode(errors="replace").decode()


def exchanges(messages: Sequence[Message]) -> list[Exchange]:
    """The questions of a path with the answers they got."""
    found = []
    for question, answer in pairwise(messages):
        if question.role == "user" and answer.role == "assistant":
            calls = json.loads(answer.calls)
            found.append(Exchange(question.text, calls[-1] if calls else None, answer.text))
    return found
