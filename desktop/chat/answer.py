"""Questions and answers as the window knows them: all that the store or their events have said."""

from dataclasses import dataclass, field

from engine.core.answer_figures import AnswerFigures
from engine.core.cards import Card, Choice, Draft
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
)


@dataclass(slots=True)
class Asked:
    """A question; message_id is 0 until it is known. siblings: all in its place, oldest first."""

    message_id: int
    text: str
    siblings: tuple[int, ...] = ()


@dataclass(slots=True)
class Answer:
    """Filled by events while it streams, or from the store when it is old."""

    message_id: int
    chat_id: int
    text: str = ""
    thinking: str = ""
    cards: list[Card] = field(default_factory=list)
    question: str = ""
    choices: tuple[Choice, ...] = ()
    draft: Draft | None = None
    activity: str = ""
    status: str = "streaming"
    notice: str = ""
    question_id: int = 0
    siblings: tuple[int, ...] = ()
    figures: AnswerFigures | None = None

    @property
    def streaming(self) -> bool:
        """Whether more is to come."""
        return self.status == "streaming"

    def take(self, event: Event) -> None:
        """Note what an event says about this answer."""
        match event:
            case TextDelta(text=text):
                self.text += text
            case ThinkDelta(text=text):
                self.thinking += text
            case TextReplaced(text=text):
                self.text = text
            case CardReady(card=card):
                self.cards.append(card)
            case ChoicesOffered(question=question, options=options):
                self.question, self.choices = question, options
            case DraftOffered(draft=draft):
                self.draft = draft
            case StatusChanged(text=text):
                self.activity = text
            case TurnFinished(status=status, notice=notice, figures=figures):
                self.status, self.notice, self.activity = status, notice, ""
                self.figures = figures
