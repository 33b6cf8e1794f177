"""One question and its answer in the terminal; used by `assay ask` and `assay chat`."""

import queue
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from engine.cli import terminal
from engine.cli.render import render
from engine.cli.waiting import Waiting
from engine.core.cards import Card, Choice, Draft
from engine.core.events import (
    CardReady,
    ChoicesOffered,
    DraftOffered,
    Event,
    ModelStateChanged,
    TextDelta,
    TextReplaced,
    TurnFinished,
)
from engine.service import Service

_TICK_SECONDS = 0.5
_WITHDRAWN = "[The text above is withdrawn: not all of its figures could be traced.]"


@dataclass(slots=True)
class Reply:
    """What has come of an answer so far; model: whose words it is in the end, "" for Assay's."""

    chat_id: int = 0
    message_id: int = 0
    text: str = ""
    cards: list[Card] = field(default_factory=list)
    question: str = ""
    options: tuple[Choice, ...] = ()
    draft: Draft | None = None
    status: Literal["streaming", "complete", "stopped", "failed"] = "streaming"
    notice: str = ""
    model: str = ""
    interrupted: bool = False


class View(Protocol):
    """Shows an answer while it comes."""

    def show(self, event: Event) -> None:
        """Show what an event of this answer adds."""

    def tick(self) -> None:
        """Show that time passes."""

    def end(self, reply: Reply) -> None:
        """Show what is left when the answer has ended."""


class Streaming:
    """For a person at a terminal: everything at once, as it comes."""

    def __init__(self) -> None:
        self._waiting = Waiting()
        self._markdown = terminal.PlainMarkdown()
        self._open_line = False

    def show(self, event: Event) -> None:
        """Show what an event of this answer adds."""
        match event:
            case TextDelta(text=text):
                self._write(text)
            case TextReplaced(text=text):
                if self._open_line:
                    self._end_line()
                    terminal.say(_WITHDRAWN)
                self._write(text)
            case CardReady(card=card):
                self._end_line()
                terminal.say(render(card, terminal.width()) + "\n")
            case _ if not self._open_line:
                self._waiting.take(event)

    def tick(self) -> None:
        """Show that time passes, where no line of the answer is begun."""
        if not self._open_line:
            self._waiting.tick()

    def end(self, reply: Reply) -> None:
        """Show what is left when the answer has ended."""
        self._end_line()
        _end_matter(reply)

    def _write(self, text: str) -> None:
        if text:
            self._waiting.clear()
            terminal.say(self._markdown.feed(text), end="")
            self._open_line = True

    def _end_line(self) -> None:
        self._waiting.clear()
        if self._open_line:
            terminal.say(self._markdown.end())
            self._open_line = False


class Whole:
    """For a pipe or a file: the final answer only, with nothing that was withdrawn."""

    def __init__(self) -> None:
        self._waiting = Waiting()

    def show(self, event: Event) -> None:
        """Nothing of the answer yet, but what is being done for it."""
        self._waiting.take(event)

    def tick(self) -> None:
        """Show that time passes."""
        self._waiting.tick()

    def end(self, reply: Reply) -> None:
        """Show the answer."""
        self._waiting.clear()
        for card in reply.cards:
            terminal.say(render(card, terminal.width()) + "\n")
        if reply.text:
            terminal.say(terminal.PlainMarkdown().feed(reply.text))
        _end_matter(reply)


class Silent:
    """For --json: the caller shows the reply."""

    def show(self, event: Event) -> None:
        """Nothing."""

    def tick(self) -> None:
        """Nothing."""

    def end(self, reply: Reply) -> None:
        """Nothing."""


class ModelNews:
    """Says once, on standard error, when answers have to do without the model."""

    def __init__(self, service: Service) -> None:
        self._models = service.models
        self._told = ""

    def tell(self, said: str = "") -> None:
        """Say it if it is news; said: what the user has just read anyway."""
        status = self._models.current()
        if status.state != "failed" or status.notice == self._told:
            return
        self._told = status.notice
        if not said.startswith(status.notice):
            terminal.complain(status.notice)


def view() -> View:
    """The view that suits where standard output goes."""
    return Streaming() if terminal.interactive() else Whole()


def converse(
    service: Service,
    start: Callable[[], tuple[int, int]],
    shown: View,
    stop: Callable[[], None] | None = None,
) -> Reply:
    """Begin an answer with `start`, show it, return it once it is stored.

    Ctrl-C stops the answer and keeps what there is of it; a second one does not wait for that.
    stop: does so, if it is no answer of a chat.
    """
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    unsubscribe = service.bus.subscribe(events.put)
    reply = Reply()
    try:
        reply.chat_id, reply.message_id = start()
        while reply.status == "streaming":
            try:
                _take(events.get(timeout=_TICK_SECONDS), reply, shown)
            except queue.Empty:
                shown.tick()
            except KeyboardInterrupt:
                if reply.interrupted:
                    raise
                reply.interrupted = True
                (stop or service.chat.stop)()
    finally:
        unsubscribe()
    shown.end(reply)
    return reply


def _take(event: Event, reply: Reply, shown: View) -> None:
    if isinstance(event, ModelStateChanged):
        shown.show(event)
        return
    if getattr(event, "message_id", None) != reply.message_id:
        return
    match event:
        case TextDelta(text=text):
            reply.text += text
        case TextReplaced(text=text):
            reply.text = text
        case CardReady(card=card):
            reply.cards.append(card)
        case ChoicesOffered(question=question, options=options):
            reply.question, reply.options = question, options
        case DraftOffered(draft=draft):
            reply.draft = draft
        case TurnFinished(status=status, notice=notice, figures=figures):
            reply.status, reply.notice = status, notice
            reply.model = figures.model if figures is not None else ""
    shown.show(event)


def _end_matter(reply: Reply) -> None:
    if reply.notice:
        terminal.say(reply.notice)
    if reply.options:
        if reply.question != reply.text:
            terminal.say(reply.question)
        for number, option in enumerate(reply.options, start=1):
            terminal.say(f"  {number}. {option.label}")
    if reply.draft and reply.draft.title not in reply.text:
        terminal.say(f"Draft: {reply.draft.title}")
