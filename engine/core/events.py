"""What the engine tells its listeners, as frozen dataclasses, and the bus that carries them."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine.core.answer_figures import AnswerFigures
from engine.core.cards import Card, Choice, Draft

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class TurnStarted(Event):
    """An answer has begun in a chat; question_id: what it answers, 0 if that is not known."""

    chat_id: int
    message_id: int
    question_id: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta(Event):
    """More text of an answer."""

    message_id: int
    text: str


@dataclass(frozen=True, slots=True)
class ThinkDelta(Event):
    """More of the model's thinking."""

    message_id: int
    text: str


@dataclass(frozen=True, slots=True)
class TextReplaced(Event):
    """The whole text of an answer was replaced (by the grounding check)."""

    message_id: int
    text: str


@dataclass(frozen=True, slots=True)
class CardReady(Event):
    """A card belongs beside an answer."""

    message_id: int
    card: Card


@dataclass(frozen=True, slots=True)
class ChoicesOffered(Event):
    """The assistant is not sure and asks which of the options was meant."""

    message_id: int
    question: str
    options: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class DraftOffered(Event):
    """Something waits for the user's confirmation."""

    message_id: int
    draft: Draft


@dataclass(frozen=True, slots=True)
class StatusChanged(Event):
    """A short line saying what is being done for an answer."""

    message_id: int
    text: str


@dataclass(frozen=True, slots=True)
class TurnFinished(Event):
    """An answer has ended; notice is one sentence for the user or "".

    figures: what the model did for it; None if there was no model or it wrote nothing.
    """

    message_id: int
    status: Literal["complete", "stopped", "failed"]
    notice: str
    figures: AnswerFigures | None = None


@dataclass(frozen=True, slots=True)
class ModelStateChanged(Event):
    """The model child changed state; notice is one sentence for the user or ""."""

    state: Literal["none", "loading", "ready", "failed", "busy"]
    name: str
    notice: str


@dataclass(frozen=True, slots=True)
class JobProgress(Event):
    """A job moved on; fraction is 0…1, or None if unknown; done comes once, last."""

    job_id: str
    title: str
    fraction: float | None
    text: str
    done: bool


@dataclass(frozen=True, slots=True)
class DataChanged(Event):
    """Stored data changed; of "transactions" "prices" "measurements" "documents" "alerts" "chats"
    "models" "settings" "builds"."""

    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class AlertFired(Event):
    """An alert's condition came true, and now is the time to tell; sound: with a sound."""

    alert_id: int
    title: str
    text: str
    priority: str = "normal"
    sound: bool = False


@dataclass(frozen=True, slots=True)
class AlertCommandFailed(Event):
    """The program that the user has run for alerts did not work; notice says what happened."""

    notice: str


@dataclass(frozen=True, slots=True)
class PricesRefreshed(Event):
    """The online sources were asked by themselves; notice says what is wrong since now, or ""."""

    notice: str


class EventBus:
    """Hands every event to every subscriber, on the publisher's thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: tuple[Callable[[Event], None], ...] = ()

    def subscribe(self, fn: Callable[[Event], None]) -> Callable[[], None]:
        """Call fn with every event from now on; returns the function that ends it."""
        with self._lock:
            self._subscribers = (*self._subscribers, fn)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers = tuple(s for s in self._subscribers if s is not fn)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Hand the event to all; a subscriber that raises is logged and the others still get it."""
        for fn in self._subscribers:
            try:
                fn(event)
            except Exception:  # noqa: BLE001  (one listener must not break the others)
                _log.exception("a subscriber failed on %s", type(event).__name__)
