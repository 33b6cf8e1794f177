"""Connects the chat page with the service: opens conversations, asks, follows answers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.bridge import Bridge, Call
from desktop.chat.answer import Answer
from desktop.chat.offers import DraftCard
from desktop.chat.page import ChatPage
from desktop.chat.rows import AnswerRow
from desktop.chat.transcript import Entry
from engine.core.cards import Choice, Draft
from engine.core.events import (
    CardReady,
    ChoicesOffered,
    DraftOffered,
    Event,
    StatusChanged,
    TextDelta,
    TextReplaced,
    ThinkDelta,
    TurnFinished,
    TurnStarted,
)

if TYPE_CHECKING:
    from engine.service import Message, Service

_OF_ANSWERS = (
    TextDelta,
    ThinkDelta,
    TextReplaced,
    CardReady,
    ChoicesOffered,
    DraftOffered,
    StatusChanged,
    TurnFinished,
)


class ChatPresenter(QObject):
    """Keeps what is known of answers in progress, so that leaving a chat loses nothing."""

    opened = Signal(object)
    """The id of the conversation shown now, or None for a new one."""

    said = Signal(str)
    """A sentence for the user that belongs to no answer."""

    def __init__(self, service: "Service", bridge: Bridge, page: ChatPage) -> None:
        super().__init__(page)
        self._service = service
        self._bridge = bridge
        self._page = page
        self.chat_id: int | None = None
        self._answers: dict[int, Answer] = {}
        self._loading: Call | None = None
        # The text of a question whose conversation and answer are not known yet.
        self._asking: str | None = None
        bridge.received.connect(self._on_event)
        page.composer.sent.connect(self.ask)
        page.composer.stop_wanted.connect(self.stop)
        page.welcome.asked.connect(self.ask)
        page.transcript.row_added.connect(self._watch)

    def open(self, chat_id: int, title: str) -> None:
        """Show a stored conversation."""
        self._leave(chat_id)
        self._page.set_title(title)

        def show(messages: "Sequence[Message]") -> None:
            self._page.show_chat(title, [self._entry(message) for message in messages])

        self._loading = self._bridge.run(
            lambda: self._service.chat.messages(chat_id), show, owner=self._page
        )
        self.opened.emit(chat_id)

    def new(self) -> None:
        """Show an empty conversation; it is stored with its first question."""
        self._leave(None)
        self._page.show_chat("", [])
        self.opened.emit(None)

    def ask(self, text: str) -> None:
        """Ask a question in the conversation shown."""
        if self._busy():
            return
        self._asking = text
        self._page.add(text)
        self._page.composer.set_busy(True)
        chat_id = self.chat_id
        self._bridge.run(
            lambda: self._service.chat.ask(chat_id, text),
            lambda ids: self._asked(text, *ids),
            lambda sentence: self._not_asked(text, sentence),
            owner=self._page,
        )

    def ask_about(self, text: str, call: str) -> None:
        """Answer a call, as JSON, in a new conversation."""
        self.new()
        self._asking = text
        self._page.add(text)
        self._page.composer.set_busy(True)
        self._bridge.run(
            lambda: self._service.chat.ask_call(text, call),
            lambda ids: self._asked(text, *ids),
            lambda sentence: self._not_asked(text, sentence),
            owner=self._page,
        )

    def stop(self) -> None:
        """Stop the answer being written."""
        self._bridge.run(self._service.chat.stop)

    def stop_if_busy(self) -> None:
        """Stop the answer being written in the conversation shown, if there is one."""
        if self._busy():
            self.stop()

    def _leave(self, chat_id: int | None) -> None:
        if self._loading is not None:
            self._loading.cancel()
        self._asking = None
        self.chat_id = chat_id
        self._page.composer.set_busy(self._busy())

    def _busy(self) -> bool:
        return self._asking is not None or any(
            answer.streaming and answer.chat_id == self.chat_id for answer in self._answers.values()
        )

    def _asked(self, text: str, chat_id: int, message_id: int) -> None:
        """The question is stored; the answer comes as events, of which some may be here."""
        self._answers.setdefault(message_id, Answer(message_id, chat_id))
        if self._asking == text:
            self._show_answer(chat_id, message_id)

    def _show_answer(self, chat_id: int, message_id: int) -> None:
        self._asking = None
        if self.chat_id is None:
            self.chat_id = chat_id
            self.opened.emit(chat_id)
        if self._page.transcript.row(message_id) is None:
            self._page.add(self._answers[message_id])
        self._page.composer.set_busy(self._busy())

    def _not_asked(self, text: str, sentence: str) -> None:
        if self._asking == text:
            self._asking = None
            self._page.composer.set_busy(self._busy())
            self._page.composer.put(text)
        self.said.emit(sentence)

    def _entry(self, message: "Message") -> Entry:
        """What the transcript shows for a stored message."""
        if message.role == "user":
            return message.text
        answer = self._answers.get(message.id)
        if answer is None:
            answer = Answer(message.id, message.chat_id, message.text, message.thinking)
            answer.cards = list(message.cards)
            answer.notice = message.notice
            answer.status = "stopped" if message.status == "streaming" else message.status
        return answer

    def _on_event(self, event: Event) -> None:
        if isinstance(event, TurnStarted):
            self._answers.setdefault(event.message_id, Answer(event.message_id, event.chat_id))
            if event.chat_id == self.chat_id:
                self._show_answer(event.chat_id, event.message_id)
        elif isinstance(event, _OF_ANSWERS):
            answer = self._answers.get(event.message_id)
            if answer is not None and answer.streaming:
                answer.take(event)
                self._show(event, answer)

    def _show(self, event: Event, answer: Answer) -> None:
        row = self._page.transcript.row(answer.message_id)
        if row is not None:
            match event:
                case TextDelta(text=text):
                    row.append_text(text)
                case ThinkDelta(text=text):
                    row.thinking.append(text)
                case TextReplaced(text=text):
                    row.replace_text(text)
                case CardReady(card=card):
                    row.add_card(card)
                case ChoicesOffered(question=question, options=options):
                    row.offer_choices(question, options)
                case DraftOffered(draft=draft):
                    row.offer_draft(draft)
                case StatusChanged(text=text):
                    row.show_activity(text)
                case TurnFinished():
                    row.finish()
                    row.announce()
        if isinstance(event, TurnFinished):
            self._page.composer.set_busy(self._busy())

    def _watch(self, row: AnswerRow) -> None:
        row.chosen.connect(self._choose)
        row.confirmed.connect(self._confirm)
        row.discarded.connect(self._discard)

    def _choose(self, message_id: int, option: Choice) -> None:
        text = option.key.removeprefix("text:") if option.key.startswith("text:") else option.label
        self._answers[message_id].choices = ()
        self._asking = text
        self._page.add(text)
        self._page.composer.set_busy(True)
        self._bridge.run(
            lambda: self._service.chat.choose(message_id, option.key),
            lambda ids: self._asked(text, *ids),
            lambda sentence: self._not_asked(text, sentence),
            owner=self._page,
        )

    def _confirm(self, draft: Draft, card: DraftCard) -> None:
        def failed(sentence: str) -> None:
            card.reopen()
            self.said.emit(sentence)

        self._bridge.run(
            lambda: self._service.chat.confirm(draft.draft_id),
            lambda _: self._settle(draft, card, self.tr("Done. It is listed under Alerts.")),
            failed,
            owner=card,
        )

    def _discard(self, draft: Draft, card: DraftCard) -> None:
        self._bridge.run(
            lambda: self._service.chat.discard(draft.draft_id),
            lambda _: self._settle(draft, card, self.tr("Discarded.")),
            owner=card,
        )

    def _settle(self, draft: Draft, card: DraftCard, sentence: str) -> None:
        for answer in self._answers.values():
            if answer.draft is draft:
                answer.draft = None
        card.settle(sentence)
