"""Connects the chat page with the service: opens conversations, asks, follows answers."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QWidget

from desktop.bridge import Bridge, Call
from desktop.chat.answer import Answer, Asked
from desktop.chat.manners import Manners
from desktop.chat.offers import DraftCard
from desktop.chat.page import ChatPage
from desktop.chat.questions import UserRow
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


_BESIDE = ""
"""Stands for the text of a question while an answer is begun beside another one."""


class ChatPresenter(QObject):
    """Keeps what is known of answers in progress, so that leaving a chat loses nothing."""

    opened = Signal(object)
    """The id of the conversation shown now, or None for a new one."""

    branched = Signal(int)
    """The id of a conversation that was begun as a branch of the one shown."""

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
        # Its row, until its number is known.
        self._asked_row: UserRow | None = None
        self._rows_asked: dict[int, UserRow] = {}
        self.manners = Manners(service, bridge, page.manner)
        self.opened.connect(self.manners.open)
        bridge.received.connect(self._on_event)
        page.composer.sent.connect(self.ask)
        page.composer.stop_wanted.connect(self.stop)
        page.welcome.asked.connect(self.ask)
        page.transcript.row_added.connect(self._watch)

    def open(self, chat_id: int, title: str, message_id: int = 0) -> None:
        """Show a stored conversation; message_id: lead its path there and go to that message."""
        self._leave(chat_id)
        self._page.set_title(title)

        def read() -> "Sequence[Message]":
            if message_id:
                self._service.chat.choose_branch(message_id)
            return self._service.chat.messages(chat_id)

        def show(messages: "Sequence[Message]") -> None:
            # The title may be another one by now.
            self._page.show_path([self._entry(message) for message in messages], message_id)

        self._loading = self._bridge.run(read, show, owner=self._page)
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
        self._begin(text)
        chat_id, manner = self.chat_id, self.manners.of_new()

        def ask() -> tuple[int, int]:
            chat = self._service.chat
            return chat.ask(chat.new(*manner) if manner else chat_id, text)

        self._bridge.run(
            ask,
            lambda ids: self._asked(text, *ids),
            lambda sentence: self._not_asked(text, sentence),
            owner=self._page,
        )

    def ask_about(self, text: str, call: str) -> None:
        """Answer a call, as JSON, in a new conversation."""
        self.new()
        self._begin(text)
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

    def regenerate(self, message_id: int, model: str = "") -> None:
        """Answer a question once more, beside the answer there is; model: if not the chat's."""
        self._ask_beside(lambda: self._service.chat.regenerate(message_id, model))

    def offer_others(self, message_id: int, over: QWidget) -> None:
        """Offer the models there are below a widget; the one chosen answers once more."""
        menu = self._page.manner.others_menu(partial(self.regenerate, message_id))
        menu.popup(over.mapToGlobal(QPoint(0, over.height())))

    def regenerate_last(self) -> None:
        """The same for the newest answer."""
        row = self._page.transcript.last_answer()
        if row is not None and not self._busy():
            self.regenerate(row.answer.message_id)

    def edit(self, message_id: int, text: str) -> None:
        """Ask a question in other words, beside the one there is."""
        self._ask_beside(lambda: self._service.chat.edit(message_id, text))

    def edit_last(self) -> None:
        """Let the user change the newest question."""
        row = self._page.transcript.last_question()
        if row is not None and not self._busy():
            self._page.transcript.ensureWidgetVisible(row)
            row.begin_edit()

    def choose_branch(self, message_id: int) -> None:
        """Show the branch that a message is on."""
        chat_id = self.chat_id

        def read() -> "Sequence[Message]":
            self._service.chat.choose_branch(message_id)
            return self._service.chat.messages(chat_id or 0)

        def show(messages: "Sequence[Message]") -> None:
            if chat_id == self.chat_id:
                entries = [self._entry(message) for message in messages]
                self._page.show_path(entries, message_id)

        if self._loading is not None:
            self._loading.cancel()
        self._loading = self._bridge.run(read, show, owner=self._page)

    def branch(self, message_id: int) -> None:
        """Continue from a message in a new conversation, which is shown."""
        self._bridge.run(
            lambda: self._service.chat.branch(message_id), self.branched.emit, owner=self._page
        )

    def _ask_beside(self, begin: Callable[[], tuple[int, int]]) -> None:
        """Begin an answer that stands beside another one, and show the path it is on."""
        if self._busy():
            self.said.emit(self.tr("An answer is being written in this chat. Stop it first."))
            return

        def read() -> "tuple[int, Sequence[Message]]":
            chat_id, message_id = begin()
            return message_id, self._service.chat.messages(chat_id)

        def show(found: "tuple[int, Sequence[Message]]") -> None:
            message_id, messages = found
            chat_id = messages[-1].chat_id
            self._answers.setdefault(message_id, Answer(message_id, chat_id))
            if chat_id == self.chat_id:
                self._asking = None
                self._page.show_path([self._entry(message) for message in messages])
            self._page.composer.set_busy(self._busy())

        def failed(sentence: str) -> None:
            if self._asking == _BESIDE:
                self._asking = None
            self._page.composer.set_busy(self._busy())
            self.said.emit(sentence)

        self._asking = _BESIDE
        self._page.composer.set_busy(True)
        self._bridge.run(read, show, failed, owner=self._page)

    def _begin(self, text: str) -> None:
        """Show a question that is being asked."""
        self._asking = text
        row = self._page.add(text)
        self._asked_row = row if isinstance(row, UserRow) else None
        self._page.composer.set_busy(True)

    def _leave(self, chat_id: int | None) -> None:
        if self._loading is not None:
            self._loading.cancel()
        self._asking = self._asked_row = None
        self._rows_asked.clear()
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

    def _begun(self, answer: Answer) -> None:
        """An answer in the conversation shown begins; one beside another is shown with its path."""
        if answer.chat_id == self.chat_id and self._asking != _BESIDE:
            self._show_answer(answer.chat_id, answer.message_id)

    def _show_answer(self, chat_id: int, message_id: int) -> None:
        self._asking = None
        if self.chat_id is None:
            self.chat_id = chat_id
            self.opened.emit(chat_id)
        if not self._page.transcript.holds(message_id):
            self._page.add(self._answers[message_id])
        if self._asked_row is not None:
            self._rows_asked[message_id] = self._asked_row
            self._asked_row = None
        self._number_question(self._answers[message_id])
        self._page.composer.set_busy(self._busy())

    def _number_question(self, answer: Answer) -> None:
        """A question's number comes when its answer begins; from then on it can be changed."""
        row = self._rows_asked.get(answer.message_id)
        if row is not None and answer.question_id:
            del self._rows_asked[answer.message_id]
            self._page.transcript.known(row, answer.question_id)

    def _not_asked(self, text: str, sentence: str) -> None:
        if self._asking == text:
            self._asking = None
            self._page.composer.set_busy(self._busy())
            self._page.composer.put(text)
        self.said.emit(sentence)

    def _entry(self, message: "Message") -> Entry:
        """What the transcript shows for a stored message."""
        if message.role == "user":
            return Asked(message.id, message.text, message.siblings)
        answer = self._answers.get(message.id)
        if answer is None:
            answer = Answer(message.id, message.chat_id, message.text, message.thinking)
            answer.cards = list(message.cards)
            answer.notice = message.notice
            answer.figures = message.figures
            answer.status = "stopped" if message.status == "streaming" else message.status
        answer.siblings = message.siblings
        return answer

    def _on_event(self, event: Event) -> None:
        if isinstance(event, TurnStarted):
            begun = self._answers.setdefault(
                event.message_id, Answer(event.message_id, event.chat_id)
            )
            begun.question_id = event.question_id
            self._begun(begun)
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
                    row.append_thought(text)
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

    def _watch(self, row: AnswerRow | UserRow) -> None:
        row.version_wanted.connect(self.choose_branch)
        if isinstance(row, UserRow):
            row.edited.connect(self.edit)
            return
        row.again_wanted.connect(self.regenerate)
        row.other_wanted.connect(self.offer_others)
        row.branch_wanted.connect(self.branch)
        row.chosen.connect(self._choose)
        row.confirmed.connect(self._confirm)
        row.discarded.connect(self._discard)

    def _choose(self, message_id: int, option: Choice) -> None:
        text = option.key.removeprefix("text:") if option.key.startswith("text:") else option.label
        self._answers[message_id].choices = ()
        self._begin(text)
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
