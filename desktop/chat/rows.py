"""One answer in the transcript."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget

from desktop.chat.answer import Answer
from desktop.chat.evidence import link_figures
from desktop.chat.footer import Footer
from desktop.chat.offers import Choices, DraftCard
from desktop.chat.thinking import Thinking
from desktop.safetext import clean, label
from desktop.theme import follow_theme
from desktop.theme.icons import set_label_icon
from desktop.widgets.activity import Activity
from desktop.widgets.announce import announce
from desktop.widgets.card import card_widget
from desktop.widgets.layout import boxed, column, framed, row
from desktop.widgets.markdown_view import MarkdownView
from engine.core.cards import Card, Choice, Draft

CARD_PATIENCE_SECONDS = 2.0
"""Results wait for the text above them no longer than this, so that it does not push them down."""


class AnswerRow(QWidget):
    """What the assistant answered: thinking, text, cards, offers and notice."""

    chosen = Signal(int, object)
    confirmed = Signal(object, object)
    discarded = Signal(object, object)
    again_wanted = Signal(int)
    other_wanted = Signal(int, object)
    branch_wanted = Signal(int)
    version_wanted = Signal(int)

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer
        self.thinking = Thinking()
        self.text = MarkdownView(self.tr("Answer"))
        self.activity = Activity()
        self._cards = column(gap=12)
        self._card_box = boxed(self._cards)
        self._card_box.hide()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._card_box.show)
        self._remarks = column(gap=10)
        self._remark_box = boxed(self._remarks)
        self._remark_box.hide()
        self._end = column(gap=10)
        said = (self.thinking, self.text, self.activity, self._remark_box)
        self.setLayout(column(*said, self._card_box, self._end, gap=14))
        self.choices: Choices | None = None
        self.draft: DraftCard | None = None
        self.footer: Footer | None = None
        self._fill()

    def append_text(self, text: str) -> None:
        """More of the answer arrived."""
        self.activity.stop()
        self.thinking.finish()
        self.text.show()
        self.text.append(text)

    def append_thought(self, text: str) -> None:
        """More of the thinking arrived, which says for itself what is being done."""
        self.activity.stop()
        self.thinking.append(text)

    def replace_text(self, text: str) -> None:
        """The whole text was replaced; an empty one is being written once more."""
        self.text.set_text(text)
        self.text.setVisible(bool(text))
        if text:
            self.activity.stop()
        else:
            self.show_activity(self.tr("Checking the figures…"))

    def show_activity(self, text: str) -> None:
        """Say what is being done for the answer."""
        self.activity.start(text or self.tr("Thinking…"))

    def add_card(self, card: Card) -> None:
        """Show a result under the text: once that is written, or if it is long in coming."""
        self._cards.addWidget(card_widget(card))
        if not self._patience.isActive():
            self._patience.start(round(1000 * CARD_PATIENCE_SECONDS))

    def shows_cards(self) -> bool:
        """Whether results stand under the text."""
        return not self._card_box.isHidden()

    def text_height(self) -> int:
        """How far down, in pixels, the text and what is said about it reach."""
        return self._card_box.y() if self.shows_cards() else self.height()

    def offer_choices(self, question: str, options: tuple[Choice, ...]) -> None:
        """Ask which of the options was meant."""
        self.activity.stop()
        self.choices = Choices(
            question, options, lambda option: self.chosen.emit(self.answer.message_id, option)
        )
        self.choices.say_once(self.answer.text)
        self._end.addWidget(self.choices)

    def offer_draft(self, draft: Draft) -> None:
        """Ask to confirm something."""
        self.draft = card = DraftCard(
            draft,
            lambda: self.confirmed.emit(draft, card),
            lambda: self.discarded.emit(draft, card),
        )
        self._end.addWidget(card)

    def finish(self) -> None:
        """The answer is complete, stopped or failed."""
        self.activity.stop()
        figures = self.answer.figures
        self.thinking.finish(figures.thinking_seconds if figures else None)
        self.text.finish()
        self._patience.stop()
        self._card_box.setVisible(bool(self.answer.cards))
        if self.choices is not None:
            self.choices.say_once(self.answer.text)
        if self.answer.status == "stopped":
            self._remark(label(self.tr("Stopped."), "small"))
        if self.answer.notice:
            self._remark(_notice(self.answer.notice, self.answer.status == "failed"))
        self._show_footer()
        if self.answer.cards:
            follow_theme(self, self._link_figures)

    def announce(self) -> None:
        """Have a screen reader read the answer."""
        announce(self.text, f"{self.answer.text} {self.answer.notice}")

    def _fill(self) -> None:
        answer = self.answer
        self.text.setVisible(bool(answer.text))
        if answer.streaming and not answer.text:
            self.thinking.append(answer.thinking)
        else:
            self.thinking.show_old(answer.thinking)
        for card in answer.cards:
            self.add_card(card)
        if answer.choices:
            self.offer_choices(answer.question, answer.choices)
        if answer.draft is not None:
            self.offer_draft(answer.draft)
        if answer.streaming:
            self.text.append(answer.text)
            if not answer.text:
                self.show_activity(answer.activity)
        else:
            self.text.set_text(answer.text)
            self.finish()

    def _remark(self, widget: QWidget) -> None:
        """Say something about the answer, right below it and over its results."""
        self._remarks.addWidget(widget)
        self._remark_box.show()

    def _link_figures(self) -> None:
        """Once the text stands still, show which of its figures are on the cards."""
        if self.text.settled():
            link_figures(self.text.document(), self.answer.cards)
        else:
            QTimer.singleShot(50, self.text, self._link_figures)

    def _show_footer(self) -> None:
        message_id = self.answer.message_id
        self.footer = footer = Footer(self.answer)
        footer.copy_wanted.connect(self._copy)
        footer.again_wanted.connect(lambda: self.again_wanted.emit(message_id))
        footer.other_wanted.connect(lambda: self.other_wanted.emit(message_id, footer.other))
        footer.branch_wanted.connect(lambda: self.branch_wanted.emit(message_id))
        footer.version_wanted.connect(self.version_wanted.emit)
        self._end.addWidget(footer)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(clean(self.answer.text))


def _notice(text: str, failed: bool) -> QWidget:
    mark = QLabel()
    set_label_icon(mark, "warning" if failed else "info", "negative" if failed else "muted", 16)
    words = label(text, "body" if failed else "small", wrap=True, selectable=True)
    line = row(gap=8, margins=(12, 10, 12, 10) if failed else (0, 0, 0, 0))
    line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(words, 1)
    return framed(line, "notice") if failed else boxed(line)
