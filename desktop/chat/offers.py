"""What an answer may ask of the user: to choose a meaning, or to confirm a draft."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QWidget

from desktop.alerts.drafts import draft_facts
from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.facts import Facts
from desktop.widgets.layout import column, row
from engine.core.cards import Choice, Draft


class Choices(QWidget):
    """A question with one button per option; once one is taken the others rest."""

    def __init__(
        self, question: str, options: tuple[Choice, ...], on_choice: Callable[[Choice], object]
    ) -> None:
        super().__init__()
        self._buttons = [
            button(option.label, partial(self._take, option), kind="chip") for option in options
        ]
        self._on_choice = on_choice
        self._question = label(question or self.tr("Did you mean…"), "muted", wrap=True)
        lines = column(self._question, gap=8)
        for one in self._buttons:
            lines.addLayout(row(one, None))
        self.setLayout(lines)

    def say_once(self, answer: str) -> None:
        """Leave the question out where the answer has said the same."""
        self._question.setVisible(self._question.text().strip() != answer.strip())

    def close_offer(self) -> None:
        """The offer is over: nothing can be chosen any more."""
        for one in self._buttons:
            one.setEnabled(False)

    def _take(self, option: Choice) -> None:
        self.close_offer()
        self._on_choice(option)


class DraftCard(CardFrame):
    """What would be stored, to be confirmed or discarded."""

    def __init__(
        self, draft: Draft, on_confirm: Callable[[], object], on_discard: Callable[[], object]
    ) -> None:
        super().__init__(draft.title)
        self._confirm = button(
            self.tr("Confirm"), lambda: self._wait(on_confirm), kind="primary", icon="check"
        )
        self._discard = button(self.tr("Discard"), lambda: self._wait(on_discard))
        self._outcome = label("", "muted", wrap=True)
        self._outcome.hide()
        self.body.addWidget(Facts(draft_facts(draft)))
        self.body.addSpacing(4)
        self.body.addLayout(row(self._confirm, self._discard, self._outcome, None))

    def settle(self, sentence: str) -> None:
        """It was confirmed or discarded; say so in place of the buttons."""
        for one in (self._confirm, self._discard):
            one.hide()
        self._outcome.setText(sentence)
        self._outcome.show()

    def reopen(self) -> None:
        """It did not work: let the user try again."""
        for one in (self._confirm, self._discard):
            one.setEnabled(True)

    def _wait(self, act: Callable[[], object]) -> None:
        for one in (self._confirm, self._discard):
            one.setEnabled(False)
        act()
